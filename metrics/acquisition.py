"""What new customers cost and bring, by the channel by which they came."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from django.db.models import Max, Sum

from metrics import attribution, channel_months, history
from metrics.models import Channel, Measurement, Payback, Spend
from metrics.recipes.nodes import Simple
from metrics.stats import acquisition
from metrics.stats.acquisition import Line
from segments import acquired, activity, definitions, sheet, tallies, traits
from segments.arrays import Array, known
from segments.recipes.nodes import Events

MONTH, MONTHS = 30, 24
BY = "channel="
NEW, CONVERTED, REVENUE = "new_customers", "first_order_conversion", "revenue"


@dataclass(frozen=True)
class Row:
    """One channel's line with all that is told of it."""

    line: Line
    name: str
    cap_minor: int | None
    converted: Decimal | None  # share of its new customers with a first order in time
    revenue: int | None

    @property
    def is_over(self) -> bool:
        return acquisition.is_over(self.line, self.cap_minor)

    @property
    def roi(self) -> Decimal | None:
        """What the channel's customers brought in these days, less its spend, over its spend."""
        if self.revenue is None or not self.line.spend:
            return None
        return Decimal(self.revenue - self.line.spend) / self.line.spend


@dataclass(frozen=True)
class Report:
    """Channels of some days, what remains, and everything together."""

    since: dt.date
    until: dt.date
    rows: Sequence[Row]
    without_spend: Sequence[Row]
    rest: Row
    total: Row
    has_rest: bool
    computed_at: dt.datetime | None
    first_day: dt.date | None  # with any event
    early: int  # of the spend, what came before it, when nobody could be seen to come


def report(since: dt.date, until: dt.date) -> Report:
    """Channels and cost of these days, from what was measured: a handful of queries."""
    found = _measured(since, until)
    spent = _spent(since, until)
    channels = {one.key: one for one in Channel.objects.all()}
    keys = sorted({*spent, *found[NEW]} - {""}, key=str.lower)
    lines = [Line(key, found[NEW].get(key, (0, 0))[0], spent.get(key, 0)) for key in keys]
    total = Line("", found[NEW].get("", (0, 0))[0], sum(spent.values()))
    table = acquisition.table(lines, total)
    cap = attribution.current().cap_minor
    measured = Measurement.objects.filter(metric__key=NEW, day__gte=since, day__lte=until)

    def row(line: Line, key: str | None = None) -> Row:
        channel = channels.get(line.key) if line.key else None
        key = line.key if key is None else key
        own_cap = channel.cap_minor if channel and channel.cap_minor is not None else cap
        return Row(
            line,
            channel.name if channel else line.key,
            own_cap,
            _share(found[CONVERTED].get(key)),
            found[REVENUE].get(key, (None, 0))[0],
        )

    first = activity.first_day()
    early = _spent(since, min(until, first - history.DAY)) if first and since < first else {}
    return Report(
        since,
        until,
        [row(line) for line in table.explained],
        [row(line) for line in table.without_spend],
        row(table.rest, "-"),
        row(total),
        has_rest=bool(table.explained or spent) and table.has_rest,
        computed_at=measured.aggregate(at=Max("computed_at"))["at"],
        first_day=first,
        early=sum(early.values()),
    )


def _measured(since: dt.date, until: dt.date) -> dict[str, dict[str, tuple[int, int]]]:
    """By metric and channel (empty: everybody): the sums of values or numerators, denominators."""
    rows = Measurement.objects.filter(
        metric__key__in=(NEW, CONVERTED, REVENUE), day__gte=since, day__lte=until
    ).order_by()
    sums = rows.values_list("metric__key", "slice").annotate(
        value=Sum("value"), above=Sum("numerator"), below=Sum("denominator")
    )
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for key, part, value, above, below in sums:
        if part and not part.startswith(BY):
            continue
        first = above if key == CONVERTED else value
        found[key][part.removeprefix(BY)] = (int(first or 0), int(below or 0))
    return found


def _spent(since: dt.date, until: dt.date) -> dict[str, int]:
    """What was spent by channel; what no channel tells under the empty key."""
    rows = Spend.objects.filter(Spend.ACQUIRES, day__gte=since, day__lte=until).order_by()
    sums = rows.values_list("channel__key").annotate(amount=Sum("amount_minor"))
    return {key or "": int(amount) for key, amount in sums}


def _share(parts: tuple[int, int] | None) -> Decimal | None:
    return Decimal(parts[0]) / parts[1] if parts and parts[1] else None


# --- payback --------------------------------------------------------------------


def compute_payback(until: dt.date | None = None) -> Payback | None:
    """What customers brought by months since they came, over the whole history; None without."""
    columns = sheet.read(acquired.ON, acquired.CHANNEL)
    last = until or history.last_closed_day()
    if acquired.ON not in columns:
        return None
    on = columns[acquired.ON].values
    channel = columns.get(acquired.CHANNEL)
    words = list(channel.words) if channel else []
    codes = np.full(len(on), len(words), np.int64)  # the last place: no channel is known
    if channel is not None:
        mine = channel.values[: len(on)]
        has = known(mine)
        codes[: len(mine)][has] = mine[has]
    revenue, early = _revenue(on, codes, len(words) + 1, last)
    customers = _customers(on, codes, len(words) + 1, last)
    lines = {word: _pairs(revenue[place], customers[place]) for place, word in enumerate(words)} | {
        "": _pairs(revenue.sum(axis=0), customers.sum(axis=0))
    }
    since = activity.first_day()
    months = channel_months.sums(on, codes, early, words, since=since, last=last) if since else {}
    return Payback.objects.update_or_create(day=last, defaults={"lines": lines, "months": months})[
        0
    ]


def _revenue(on: Array, codes: Array, channels: int, last: dt.date) -> tuple[Array, Array]:
    """Channels × months: of customers whose month is over by the last day; and by customer what
    they paid in their first days."""
    from metrics.adding import Adding  # heavy: not in the web process

    found, early = np.zeros((channels, MONTHS), np.int64), np.zeros(len(on), np.int64)
    names = tuple(definitions.events(definitions.PAID))
    if not names:
        return found, early
    end = (last - traits.EPOCH).days
    adding = Adding(traits.EPOCH, last)
    recipe = Simple("sum", Events(word=definitions.PAID))
    with tallies.reading() as kept:
        for day, tally in kept.days(tallies.Measure("all"), since=None, until=last):
            who, amounts = adding.rows(recipe, names, tally)
            inside = who < len(on)
            who, amounts = who[inside], amounts[inside]
            inside = known(on[who])
            who, amounts = who[inside], amounts[inside]
            age = np.maximum((day - traits.EPOCH).days - on[who], 0)
            young = age < channel_months.WINDOW
            np.add.at(early, who[young], amounts[young])
            month = age // MONTH
            counts = (month < MONTHS) & (on[who] + (month + 1) * MONTH <= end + 1)
            np.add.at(found, (codes[who[counts]], month[counts]), amounts[counts])
    return found, early


def _customers(on: Array, codes: Array, channels: int, last: dt.date) -> Array:
    """Channels × months: how many customers have so many whole months behind them."""
    came = known(on)
    months = np.minimum(((last - traits.EPOCH).days + 1 - on[came]) // MONTH, MONTHS)
    found = np.zeros((channels, MONTHS + 1), np.int64)
    np.add.at(found, (codes[came], np.maximum(months, 0)), 1)
    return found[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]


def _pairs(revenue: Array, customers: Array) -> list[list[int]]:
    return [
        [int(amount), int(many)]
        for amount, many in zip(revenue.tolist(), customers.tolist(), strict=True)
        if many
    ]


@dataclass(frozen=True)
class Course:
    """What a channel's customers brought, month by month, and when that paid for them."""

    key: str
    values: Sequence[Decimal]  # each, in minor units, from their first month on
    cost: Decimal | None
    months: int | None  # until it is paid back


def courses(kept: Payback, costs: Mapping[str, Decimal | None]) -> list[Course]:
    """The lines of a payback, everybody first; `costs` of a customer are by channel."""
    found = []
    for key, pairs in sorted(kept.lines.items()):
        values = acquisition.cumulated([one for one, _ in pairs], [many for _, many in pairs])
        if values:
            cost = costs.get(key)
            found.append(Course(key, values, cost, acquisition.paid_back(values, cost)))
    return found
