"""How long customers take from one thing to another."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from segments import history
from segments.lake import operations, properties
from segments.recipes.nodes import Events

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table


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
    `then` within so many days, together; and of how many customers.

    What follows may be of the same moment; the same thing has to be done once more. Of each
    moment the whole seconds count.
    """
    import ibis  # heavy: not in the web process

    with history.opened() as lake:
        # A moment of the last day's end may be followed by one some days later.
        events = lake.events(since, until + dt.timedelta(days=days))
        moments = _moments(events, (first, first_names), (then, then_names))
        waited = _waited(moments, again=first == then)
        starts = waited.filter(waited.is_first == 1, waited.day <= until)
        # Who starts later on the day does not come to the next one sooner.
        each = starts.group_by(["day", "customer"]).agg(
            start=starts.time.min(), end=starts.next_one.min()
        )
        within = each.filter(each.end <= each.start + ibis.interval(seconds=days * 86_400))
        found = within.group_by("day").agg(
            starts=operations.seconds(within.start).sum(),
            ends=operations.seconds(within.end).sum(),
            customers=within.count(),
        )
        rows = lake.ask(found.order_by("day")).to_pylist()
    return {row["day"]: (row["ends"] - row["starts"], row["customers"]) for row in rows}


Step = tuple[Events, Sequence[str]]


def _moments(events: "Table", first: Step, then: Step) -> "Table":
    """customer, time, day, is_first, is_then: once for each moment with either."""
    done = events.filter(_is(events, *first) | _is(events, *then))
    flags = {
        name: _is(done, *step).cast("int8")
        for name, step in (("is_first", first), ("is_then", then))
    }
    return done.group_by(["customer", "time"]).agg(
        day=done.day.min(), **{name: flag.max() for name, flag in flags.items()}
    )


def _waited(moments: "Table", *, again: bool) -> "Table":
    """With when `then` came next, nothing where it did not.

    From the newest moment back, so that each adds one to what is known: an engine that looks
    ahead from each moment anew would take the square of a busy customer's events.
    """
    import ibis  # heavy: not in the web process

    came = (moments.is_then == 1).ifelse(moments.time, None)
    newest_first = moments.time.desc()
    later = ibis.window(
        group_by="customer",
        order_by=newest_first,
        preceding=(None, 1 if again else 0),
        following=None,
    )
    return moments.mutate(next_one=came.min().over(later))


def _is(events: "Table", of: Events, names: Sequence[str]) -> "BooleanValue":
    found = events.event.isin(names)
    for one in of.where:
        found &= properties.holds(events, one).fill_null(False)
    return found
