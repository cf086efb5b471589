"""The questions that the console asks the lake.

Each is an Ibis expression over the events of exactly the days it needs, so that it runs
on any engine and opens no other day's files. Days are inclusive at both ends; of two
moments the second is not included.
"""

import datetime as dt
import functools
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segments.lake import operations, properties
from segments.lake.engine import Lake
from segments.lake.properties import Condition

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import BooleanValue, Table


@dataclass(frozen=True)
class Step:
    """An event under conditions, as one step of a sequence."""

    event: str
    where: tuple[Condition, ...] = ()


# --- for day sets and counts ------------------------------------------------


def daily_counts(lake: Lake, *, since: dt.date, until: dt.date) -> "pa.Table":
    """event, day, customer, times: how often each customer did each thing on each day."""
    events = lake.events(since, until)
    counts = events.group_by(["event", "day", "customer"]).agg(times=events.count())
    return lake.ask(counts.order_by(["event", "day", "customer"]))


def daily_sums(lake: Lake, *, since: dt.date, until: dt.date) -> "pa.Table":
    """day, event, events, customers, amount: what each day came to."""
    events = lake.events(since, until)
    sums = events.group_by(["day", "event"]).agg(
        events=events.count(),
        customers=events.customer.nunique(),
        amount=operations.total(events.amount),
    )
    return lake.ask(sums.order_by(["day", "event"]))


def shapes(lake: Lake, *, since: dt.date | None = None, until: dt.date | None = None) -> "pa.Table":
    """event, day, shape, volume, first, last: how often each kind of event had which properties.

    Events of one kind have few shapes, so that no property of a single event is looked at.
    """
    events = lake.events(since, until)
    shape = properties.shape(events).name("shape")
    found = events.group_by(["event", "day", shape]).agg(
        volume=events.count(), first=events.time.min(), last=events.time.max()
    )
    return lake.ask(found.order_by(["day", "event", "shape"]))


def volumes(lake: Lake) -> "pa.Table":
    """event, volume, first, last: what is in the lake altogether."""
    events = lake.events()
    found = events.group_by("event").agg(
        volume=events.count(), first=events.time.min(), last=events.time.max()
    )
    return lake.ask(found.order_by("event"))


# --- for traits -------------------------------------------------------------


def order_totals(lake: Lake, *, events: Sequence[str], day: dt.date) -> "pa.Table":
    """customer, orders, amount, first_day, last_day, and of the last 30 and 90 days
    orders_30d, amount_30d, orders_90d, amount_90d: everything up to and with the day.

    The last 30 days are the day itself and the 29 before it.
    """
    happened = lake.events(until=day)
    done = happened.filter(happened.event.isin(events))
    in_30 = done.day > day - dt.timedelta(days=30)
    in_90 = done.day > day - dt.timedelta(days=90)
    totals = done.group_by("customer").agg(
        orders=done.count(),
        amount=operations.total(done.amount),
        first_day=done.day.min(),
        last_day=done.day.max(),
        orders_30d=done.count(where=in_30),
        amount_30d=operations.total(done.amount, where=in_30),
        orders_90d=done.count(where=in_90),
        amount_90d=operations.total(done.amount, where=in_90),
    )
    return lake.ask(totals.order_by("customer"))


# --- for rules --------------------------------------------------------------


def who_did(
    lake: Lake,
    *,
    event: str,
    since: dt.date | None = None,
    until: dt.date | None = None,
    times: int = 1,
    where: Sequence[Condition] = (),
) -> "pa.Table":
    """customer: everybody who did it at least so many times, each time under all conditions."""
    events = lake.events(since, until)
    done = events.filter(
        events.event == event, *(properties.holds(events, condition) for condition in where)
    )
    counted = done.group_by("customer").agg(times=done.count())
    found = counted.filter(counted.times >= times).select("customer")
    return lake.ask(found.order_by("customer"))


def who_did_in_order(
    lake: Lake,
    *,
    first: Step,
    then: Step,
    within: dt.timedelta,
    since: dt.date | None,
    until: dt.date,
    over: dt.datetime | None = None,
) -> "pa.Table":
    """customer: everybody who did `first` on these days, and `then` within so long after it.

    With a moment at which waiting is `over`: everybody who did `first` at least so long before
    it, and did not do `then` meanwhile. An event never follows itself: of the same kind it has to
    be a later one, of another kind it may be one of the same moment.
    """
    import ibis  # heavy: not in the web process

    events = lake.events(since, until)
    steps = {"is_first": _is(events, first), "is_then": _is(events, then)}
    done = events.filter(functools.reduce(operator.or_, steps.values()))
    flags = {
        name: _is(done, step).fill_null(False).cast("int8")
        for name, step in (("is_first", first), ("is_then", then))
    }
    moments = done.group_by(["customer", "time"]).agg(
        **{name: flag.max() for name, flag in flags.items()}
    )
    came = (moments.is_then == 1).ifelse(moments.time, None)
    # From the newest back: whoever looks ahead from each moment anew takes the square of them.
    later = ibis.window(
        group_by="customer", order_by=moments.time.desc(), preceding=(None, 1), following=None
    )
    next_one = came.min().over(later)
    if first.event != then.event:
        next_one = ibis.coalesce(came, next_one)
    waited = moments.mutate(next_one=next_one)
    waited = waited.filter(waited.is_first == 1)
    end = waited.time + ibis.interval(seconds=int(within.total_seconds()))
    if over is None:
        found = waited.filter(waited.next_one <= end)
    else:
        in_vain = waited.next_one.isnull() | (waited.next_one > end)
        found = waited.filter(in_vain, end <= over)
    return lake.ask(found.select("customer").distinct().order_by("customer"))


def _is(events: "Table", step: Step) -> "BooleanValue":
    holding = [properties.holds(events, condition) for condition in step.where]
    return functools.reduce(operator.and_, holding, events.event == step.event)


# --- for one customer -------------------------------------------------------


def newest_first(
    lake: Lake,
    *,
    customer: int,
    limit: int,
    since: dt.date | None = None,
    until: dt.date | None = None,
    before: tuple[dt.datetime, str] | None = None,
    event: str = "",
) -> "pa.Table":
    """One customer's events, newest first; `before` is the time and key of the last one seen."""
    found = lake.events_of(customer, since, until)
    if event:
        found = found.filter(found.event == event)
    if before is not None:
        time, key = before
        found = found.filter((found.time < time) | ((found.time == time) & (found.key < key)))
    return lake.ask(found.order_by([found.time.desc(), found.key.desc()]).limit(limit))


def everything_of(lake: Lake, customers: Iterable[int]) -> "pa.Table":
    """time, event, amount, properties: all that these customers did, oldest first."""
    events = lake.events().semi_join(lake.ids(customers), "customer")
    found = events.select("time", "event", "amount", "properties", "key")
    return lake.ask(found.order_by(["time", "key"])).drop_columns(["key"])


def days_of(lake: Lake, customers: Iterable[int]) -> list[dt.date]:
    """The days on which these customers did anything, oldest first."""
    events = lake.events().semi_join(lake.ids(customers), "customer")
    return lake.ask(events.select("day").distinct().order_by("day"))["day"].to_pylist()


# --- for campaigns ----------------------------------------------------------


def did_between(
    lake: Lake,
    *,
    event: str,
    since: dt.datetime,
    until: dt.datetime,
    among: Iterable[int] | None = None,
    where: Sequence[Condition] = (),
) -> "pa.Table":
    """customer, times, amount: who, of `among`, did it from one moment to before another."""
    # A day of any zone lies within a day of the day in UTC.
    a_day = dt.timedelta(days=1)
    events = lake.events((since - a_day).date(), (until + a_day).date())
    done = events.filter(
        events.event == event,
        events.time >= since,
        events.time < until,
        *(properties.holds(events, condition) for condition in where),
    )
    if among is not None:
        done = done.semi_join(lake.ids(among), "customer")
    sums = done.group_by("customer").agg(times=done.count(), amount=operations.total(done.amount))
    return lake.ask(sums.order_by("customer"))
