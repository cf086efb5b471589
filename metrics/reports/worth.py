"""Resources by predicted value: whether money goes where customers will bring it (R111)."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from django.db.models import Count, Max, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Message, Redemption
from console import charts, clock, figures, jobs
from console.states import NotAllowed
from metrics import answers, groups, history
from metrics.answers import Fresh, Question
from metrics.groups import By
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import events
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import COUNT, DIFFERENCE, NUMBER, SHARE, TEXT, Column, Part
from metrics.reports.report import Report
from segments import arrays, foretold, traits
from segments.models import Column as Kept
from segments.models import Customer

DAYS = 90
USUAL = "trait:value_tier"
AT_A_TIME = 100_000
A_DAY = dt.timedelta(days=1)
LATE = 30 * A_DAY  # a message may be sent so long after it was claimed


class Worth(Report):
    kind = Kind.WORTH
    icon = "balance"
    sentence = gettext_lazy("Does money go to the customers who will bring it?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        by = By.read(str(given.get("by", "")) or USUAL)
        return {**events.read_days(given, usual=DAYS), "by": str(by)}

    def fields(self, settings: Settings) -> list[Field]:
        by, offered = settings["by"], groups.offered()  # without groups there is nothing to divide
        return [
            *events.day_fields(settings),
            Field("by", _("Customers"), "grouped", by, groups=offered),
        ]

    def question(self, settings: Settings) -> Question:
        return Question(self.kind.value, events.dated(settings))

    # --- answering ------------------------------------------------------------

    def version(self, question: Question) -> str:
        by = groups.version(By.read(question.about["by"]), day=clock.today())
        kept = Kept.objects.filter(key=foretold.VALUE).values_list("version", flat=True).first()
        return f"{history.last_closed_day()}-{kept}-{by}"[:64]

    def compute(self, question: Question, progress: jobs.Progress) -> Fresh:
        about, now, today = question.about, self.version(question), clock.today()
        since, until = events.days(about)
        known = traits.read(foretold.VALUE, day=today).get(foretold.VALUE)
        if known is None:
            raise NotAllowed(_("No value is predicted yet: “Lifetime value” does it every night."))
        length = 1 + (Customer.objects.aggregate(last=Max("pk"))["last"] or 0)
        value = np.zeros(length, np.int64)
        there = known.values[:length]
        value[: len(there)] = np.where(arrays.known(there), there, 0)
        spent, messages = _spent(since, until, length)
        rest, rows = np.ones(length, bool), []
        for group in groups.of(By.read(about["by"]), day=today):
            mine = rest if group.members is None else arrays.mask(group.members, length)
            size = length if group.members is None else len(group.members)
            rows.append([group.label, size, *_sums(mine, value, spent, messages)])
            rest = rest & ~mine
        others = _sums(rest, value, spent, messages)
        if any(others):
            rows.append([None, None, *others])
        return Fresh(answers.as_json(rows), until, now)

    # --- showing --------------------------------------------------------------

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        assert answer.data is not None
        said = [
            [_("all others") if label is None else label or _("all customers"), *rest]
            for label, *rest in answers.from_json(answer.data)
        ]
        worth, spent = (sum(row[at] for row in said) for at in (2, 3))
        currency = clock.project().currency
        rows = [_row(row, worth, spent, currency) for row in said]
        return [
            Part(
                "worth",
                _("Predicted value and spend"),
                [
                    Column(_("Customers"), TEXT),
                    Column(_("How many"), COUNT),
                    Column(_("Predicted value (%(currency)s)") % {"currency": currency}, NUMBER),
                    Column(_("Share of the value"), SHARE),
                    Column(_("Spent (%(currency)s)") % {"currency": currency}, NUMBER),
                    Column(_("Share of the spend"), SHARE),
                    Column(_("Difference"), DIFFERENCE),
                    Column(
                        _("By value it would be (%(currency)s)") % {"currency": currency}, NUMBER
                    ),
                    Column(_("Messages"), COUNT),
                ],
                rows,
                charts.grouped(
                    [row[0] for row in rows],
                    {
                        _("Share of the value"): [row[3] for row in rows],
                        _("Share of the spend"): [row[5] for row in rows],
                    },
                    unit=charts.unit("share"),
                ),
                definition=_(
                    "What the model of lifetime value expects of the customers, and what their "
                    "messages and redeemed coupons cost on these days. By value it would be: the "
                    "same money, divided as the value is."
                ),
                note=_advice(said, worth, spent, currency),
                empty=_("Nobody has a predicted value yet."),
            )
        ]


def _sums(mine: Any, *columns: Any) -> list[int]:
    return [int(column[mine].sum()) for column in columns]


# --- what it cost -------------------------------------------------------------


def _spent(since: dt.date, until: dt.date, length: int) -> tuple[Any, Any]:
    """By customer's number what messages and coupons cost on these days, and how many messages."""
    first, end = (
        dt.datetime.combine(day, dt.time(), clock.zone()) for day in (since, until + A_DAY)
    )
    ahead = clock.now() - timezone.now()  # of a project whose date is pinned
    sent = Message.objects.filter(
        status=Message.Status.SENT,
        sent_at__gte=first,
        sent_at__lt=end,
        created_at__gte=first - ahead - LATE,  # by which days of long ago are not read
    )
    used = Redemption.objects.filter(at__gte=first, at__lt=end, reversed_at=None)
    cost, many = np.zeros((2, length), np.int64)
    each = sent.values_list("customer_id").annotate(Sum("cost_minor"), Count("pk"))
    for customer, minor, messages in _rows(each):
        cost[customer] += minor
        many[customer] += messages
    for customer, minor in _rows(used.values_list("coupon__customer").annotate(Sum("cost_minor"))):
        if customer is not None:
            cost[customer] += minor
    merged = Customer.objects.exclude(merged_into=None).values_list("pk", "merged_into")
    for was, now in _rows(merged):
        for column in (cost, many):
            column[now] += column[was]
            column[was] = 0
    return cost, many


def _rows(found: QuerySet[Any, Any]) -> Iterable[Any]:
    return found.order_by().iterator(chunk_size=AT_A_TIME)


# --- words --------------------------------------------------------------------


def _row(row: list[Any], worth: int, spent: int, currency: str) -> list[Any]:
    label, size, value, cost, messages = row
    of_value = value / worth if worth else None
    of_spend = cost / spent if spent else None
    apart = of_spend - of_value if of_spend is not None and of_value is not None else None
    fair = None if of_value is None else figures.major(round(spent * of_value), currency)
    return [
        label,
        size,
        figures.major(value, currency),
        of_value,
        figures.major(cost, currency),
        of_spend,
        apart,
        fair,
        messages,
    ]


def _advice(said: list[list[Any]], worth: int, spent: int, currency: str) -> str:
    """Who gets least beside what they are worth; that is no proof that money changes them most."""
    if not worth:
        return ""
    if not spent:
        return _("Nothing was spent on customers on these days.")
    gaps = {row[0]: row[2] / worth - row[3] / spent for row in said}
    poorest = max(gaps, key=lambda label: gaps[label])
    found = next(row for row in said if row[0] == poorest)
    told = {
        "who": poorest,
        "value": figures.share(found[2] / worth),
        "spend": figures.share(found[3] / spent),
        "amount": figures.money(round(gaps[poorest] * spent), currency),
    }
    words = _(
        "“%(who)s” brings %(value)s of the predicted value and gets %(spend)s of the money: "
        "%(amount)s more would be its share."
    )
    proof = _(
        "That says whom it is worth to keep, and not whom money changes: “Allocation” tells what "
        "campaigns with a control caused."
    )
    return f"{words % told} {proof}" if gaps[poorest] > 0 else proof
