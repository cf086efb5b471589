"""What the pages of budgets show: the bar, the burn-down with its table, the ledger, askings."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, Sum
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from console import (
    approvals,
    budgets,
    burn_down,
    charts,
    figures,
    kept_words,
    policy_words,
    transfers,
)
from console.charts import Chart
from console.models import Approval, Budget, BudgetEntry, Reservation, Transfer

FEW_DAYS = 3  # with fewer there is no line to see
ENTRIES, ASKINGS, THINGS = 100, 10, 50
Kind = BudgetEntry.Kind
PARTS = ("spent", "committed", "reserved", "available")
HEADINGS = [
    *("id", "day", "at", "kind", "for", "amount", "available", "reserved", "committed", "spent"),
    *("currency", "rule", "key", "by", "why"),
]


def cards(found: Iterable[Budget], *, today: dt.date) -> list[dict[str, Any]]:
    return [card(one, today=today) for one in found]


def card(budget: Budget, *, today: dt.date) -> dict[str, Any]:
    """A budget with its bar: what was spent, committed, reserved, and what is available."""
    names = {
        "spent": _("spent"),
        "committed": _("committed"),
        "reserved": _("reserved"),
        "available": _("available"),
    }
    total = budget.total_minor
    parts = [
        {
            "part": part,
            "name": names[part],
            "money": figures.money(getattr(budget, f"{part}_minor"), budget.currency),
            "width": _percent(getattr(budget, f"{part}_minor"), total),
        }
        for part in PARTS
    ]
    room = budgets.room(budget, 0, on=today)
    return {
        "budget": budget,
        "parts": parts,
        "words": ", ".join(f"{one['name']} {one['money']}" for one in parts),
        "total": figures.money(total, budget.currency),
        "left": figures.share(room.left_share, digits=0),
        "is_low": room.warns and total > 0,
        "is_empty": total == 0,
        "time": _time(budget, today),
    }


def chart(budget: Budget, *, today: dt.date) -> Chart:
    """The burn-down, and the same day by day."""
    found = burn_down.burn_down(budget, today=today)
    series: dict[str, Sequence[Any]] = {
        _("not spent"): found.unspent,
        _("available"): found.available,
        _("evenly over the period"): found.even,
    }
    note = ""
    if found.ends_on is not None:
        note = _("At the pace of the last 14 days it is spent on %(day)s.") % {
            "day": found.ends_on.isoformat()
        }
    days = list(enumerate(found.days)) if len(found.days) >= FEW_DAYS else []
    return Chart(
        id="burn-down",
        title=_("Burn-down"),
        definition=_(
            "What was not spent, and what nobody has reserved, at the end of each day; beside it, "
            "what would be left if it were spent evenly."
        ),
        option=charts.lines(found.days, series, unit=charts.unit("money", budget.currency)),
        columns=[_("Day"), *series],
        rows=[
            [
                day.isoformat(),
                *(figures.money(values[n], budget.currency) for values in series.values()),
            ]
            for n, day in reversed(days)
        ],
        note=note,
        size="tall",
        empty=_("It is drawn from the third day on; until then the bar above says all of it."),
    )


def lines(budget: Budget) -> list[dict[str, Any]]:
    """The newest entries of the ledger."""
    return [
        {
            "entry": one,
            "what": one.reservation or kept_words.said(one.because),
            "amount": figures.money(one.amount_minor, budget.currency),
        }
        for one in _entries(budget)[:ENTRIES]
    ]


def cells(budget: Budget) -> Iterable[list[object]]:
    """The whole ledger for a file; money in whole units."""
    yield list(HEADINGS)
    for one in _entries(budget).order_by("pk").iterator(chunk_size=2000):
        moves = (getattr(one, f"{part}_minor") for part in reversed(PARTS))
        yield [
            one.pk,
            one.on,
            one.at.isoformat(timespec="seconds"),
            one.kind,
            str(one.reservation or ""),
            figures.major(one.amount_minor, budget.currency),
            *(figures.major(moved, budget.currency) for moved in moves),
            budget.currency,
            one.rule.number,
            one.key,
            one.by.username if one.by else "console",
            kept_words.said(one.because),
        ]


def things(budget: Budget) -> list[dict[str, Any]]:
    """What its money is for: the newest things, with what each asked for, spent and gave back."""
    found = Reservation.objects.filter(budget=budget).select_related("subject_type")
    rows = list(found[:THINGS])
    unspent = BudgetEntry.objects.filter(reservation__in=rows, kind=Kind.UNSPENT).order_by()
    sums: dict[int, int] = dict(
        unspent.values_list("reservation").annotate(all=Sum("amount_minor"))
    )

    def money(amount: int) -> str:
        return figures.money(amount, budget.currency)

    return [
        {
            "thing": one,
            "link": _page_of(one),
            "reserved": money(one.reserved_minor),
            "left": money(one.committed_minor),
            "spent": money(one.spent_minor),
            # Of what was approved: a reservation that got no yes never was anybody's to give back.
            "given_back": money(sums.get(one.pk, 0)),
        }
        for one in rows
    ]


def _page_of(thing: Reservation) -> str:
    """The page of what the money is for; nothing where it has none."""
    kind = thing.subject_type
    try:
        return reverse(f"admin:{kind.app_label}_{kind.model}_change", args=[thing.subject_id])
    except NoReverseMatch:
        return ""


def asking(budget: Budget, *, by: Any) -> list[tuple[str, str]]:
    """What whoever asks for money wants to know before: what there is, and who decides."""
    ways = policy_words.deciders(approvals.possible(Transfer, by=by))
    total = {"total": figures.money(budget.total_minor, budget.currency)}
    left = figures.money(budget.available_minor, budget.currency)
    return [
        (_("Budget"), str(budget)),
        (_("Available"), _("%(left)s of %(total)s") % {"left": left, **total}),
        (_("Until"), budget.until.isoformat()),
        *[(_("Who decides"), said) for said in ways],
    ]


def askings(budget: Budget, staff: Any) -> list[dict[str, Any]]:
    """The newest askings for money that concern it, with what became of each."""
    found = Transfer.objects.filter(Q(target=budget) | Q(source=budget))
    rows = list(found.select_related("source", "target", "asked_by")[:ASKINGS])
    kind = ContentType.objects.get_for_model(Transfer)
    decided = {
        one.subject_id: one
        for one in Approval.objects.filter(
            subject_type=kind, subject_id__in=[row.pk for row in rows]
        )
    }
    return [
        {
            "transfer": row,
            "amount": figures.money(row.amount_minor, budget.currency),
            "approval": decided.get(row.pk),
            "may_refuse": row.source_id == budget.pk and transfers.may_refuse(row, staff),
        }
        for row in rows
    ]


def _entries(budget: Budget) -> Any:
    rows = BudgetEntry.objects.filter(budget=budget)
    return rows.select_related("reservation", "rule", "by")


def _percent(part: int, total: int) -> float:
    return round(100 * part / total, 2) if total else 0.0


def _time(budget: Budget, today: dt.date) -> str:
    if budget.archived_at:
        return _("archived")
    if today > budget.until:
        return _("over")
    return _("to come") if today < budget.since else ""
