"""Who did what a campaign aims at, inside a window of each customer's own."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segments import history
from segments.lake import operations, properties
from segments.lake.properties import Condition

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table


@dataclass(frozen=True)
class Windows:
    """From when (inclusive) to when (exclusive) customers count; one's windows never overlap."""

    customers: Sequence[int]
    since: Sequence[dt.datetime]
    until: Sequence[dt.datetime]

    def table(self) -> "pa.Table":
        import pyarrow as pa  # heavy: not in the web process

        moment = pa.timestamp("us", tz="UTC")
        return pa.table(
            {
                "customer": pa.array(self.customers, pa.int32()),
                "opens": pa.array(self.since, moment),
                "closes": pa.array(self.until, moment),
            }
        )

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """Days that hold every window in whatever zone the lake's days are."""
        a_day = dt.timedelta(days=1)
        return min(self.since).date() - a_day, max(self.until).date() + a_day


@dataclass(frozen=True)
class Conversions:
    """How many different customers, the sum of their events' amounts in minor units, and how many
    of the events say an amount."""

    customers: int = 0
    amount: int = 0
    orders: int = 0


def count(
    event: str | Sequence[str], inside: Windows, *, where: Sequence[Condition] = ()
) -> Conversions:
    """The customers who did the event, or one of them, inside their windows; what it came to."""
    names = [event] if isinstance(event, str) else list(event)
    if not inside.customers:
        return Conversions()
    with history.opened() as lake:
        events = lake.events(*inside.days)
        done = events.filter(
            events.event.isin(names), *(properties.holds(events, condition) for condition in where)
        )
        found = lake.ask(_within(done, lake.rows(inside.table()))).to_pylist()[0]
    return Conversions(found["customers"], found["amount"], found["orders"])


def each(events: Sequence[str], inside: Windows) -> dict[int, int]:
    """Who did one of the events inside their window, and what theirs came to in minor units."""
    if not inside.customers or not events:
        return {}
    with history.opened() as lake:
        done = lake.events(*inside.days)
        done = done.filter(done.event.isin(list(events)))
        mine = _inside(done, lake.rows(inside.table()))
        sums = mine.group_by("customer").agg(amount=operations.total(mine.amount))
        found = lake.ask(sums)
    return dict(zip(found["customer"].to_pylist(), found["amount"].to_pylist(), strict=True))


@dataclass(frozen=True)
class Firsts:
    """The first such event of each customer inside their windows, side by side."""

    customers: Sequence[int] = ()
    times: Sequence[dt.datetime] = ()
    amounts: Sequence[int | None] = ()

    def by_day(self, zone: dt.tzinfo) -> list[tuple[str, int]]:
        """Of how many of them it was on which day of the zone (ISO 8601), the earliest first."""
        return sorted(Counter(at.astimezone(zone).date().isoformat() for at in self.times).items())


def firsts(event: str, inside: Windows) -> Firsts:
    """Of everybody who did the event inside their windows, when first and what that one came to."""
    if not inside.customers:
        return Firsts()
    with history.opened() as lake:
        done = lake.events(*inside.days)
        mine = _inside(done.filter(done.event == event), lake.rows(inside.table()))
        found = lake.ask(mine.select("customer", "time", "amount"))
    found = found.sort_by(
        [("customer", "ascending"), ("time", "ascending"), ("amount", "ascending")]
    )
    numbers = found["customer"].to_numpy()
    is_first = np.ones(len(numbers), bool)
    is_first[1:] = numbers[1:] != numbers[:-1]
    found = found.filter(is_first)
    return Firsts(*(found[name].to_pylist() for name in ("customer", "time", "amount")))


def _inside(done: "Table", windows: "Table") -> "Table":
    kept = done.select("customer", "time", "amount").join(windows, "customer")
    return kept.filter(kept.time >= kept.opens, kept.time < kept.closes)


def _within(done: "Table", windows: "Table") -> "Table":
    kept = _inside(done, windows)
    return kept.aggregate(
        customers=kept.customer.nunique(),
        amount=operations.total(kept.amount),
        orders=kept.amount.count(),
    )
