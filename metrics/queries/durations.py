"""How long customers take from one thing to another."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from segments import history
from segments.lake import properties
from segments.recipes.nodes import Events

if TYPE_CHECKING:
    from ibis.expr.types import Table


def by_day(
    first: Events,
    first_names: Sequence[str],
    then: Events,
    then_names: Sequence[str],
    *,
    days: int,
    since: dt.date,
    until: dt.date,
) -> dict[dt.date, tuple[int, int]]:
    """For each day: the seconds from the day's first `first` of each customer to their next
    `then` within so many days, together; and of how many customers."""
    with history.opened() as lake:
        # A moment of the last day's end may be followed by one some days later.
        events = lake.events(since, until + dt.timedelta(days=days))
        starts = _done(events.filter(events.day <= until), first, first_names)
        starts = starts.group_by(["day", "customer"]).agg(start=starts.time.min())
        ends = _done(events, then, then_names).select("customer", end="time")
        both = starts.join(ends, "customer")
        seconds = both.end.epoch_seconds() - both.start.epoch_seconds()
        both = both.mutate(seconds=seconds)
        both = both.filter(both.end >= both.start, both.seconds <= days * 86_400)
        each = both.group_by(["day", "customer"]).agg(seconds=both.seconds.min())
        found = each.group_by("day").agg(
            seconds=each.seconds.sum().cast("int64"), customers=each.count()
        )
        rows = lake.ask(found).to_pylist()
    return {row["day"]: (row["seconds"], row["customers"]) for row in rows}


def _done(events: "Table", of: Events, names: Sequence[str]) -> "Table":
    return events.filter(
        events.event.isin(names), *(properties.holds(events, one) for one in of.where)
    )
