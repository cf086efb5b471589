"""What each customer did on each day, added up: the questions from whose answers traits are made.

Every answer has the columns `day` and `customer` and is in the order of the days, so that it
falls apart into days, each of which can be kept and put together with others later.
"""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from segments.lake import operations, properties
from segments.lake.engine import Lake
from segments.lake.properties import Condition

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table


def of_all(lake: Lake, since: dt.date, until: dt.date) -> "pa.Table":
    """day, event, customer, times, valued, total, low, high: of each kind of event.

    `valued` are those with an amount; the others are about the amounts, null where there is none.
    """
    events = lake.events(since, until)
    sums = events.group_by(["day", "event", "customer"]).agg(
        times=events.count().cast("int32"),
        valued=events.count(where=events.amount.notnull()).cast("int32"),
        total=operations.total(events.amount),
        low=events.amount.min(),
        high=events.amount.max(),
    )
    return lake.ask(sums.order_by(["day", "event", "customer"]))


def of_some(
    lake: Lake,
    since: dt.date,
    until: dt.date,
    *,
    names: Sequence[str],
    where: Sequence[Condition] = (),
    value: str = "",
) -> "pa.Table":
    """day, customer, times, valued, total, low, high: of these events under all conditions.

    The value is a property, read as a number; without a name it is the amount.
    """
    done = _done(lake, since, until, names, where)
    done = done.mutate(number=properties.number(done, value) if value else done.amount)
    sums = done.group_by(["day", "customer"]).agg(
        times=done.count().cast("int32"),
        valued=done.count(where=done.number.notnull()).cast("int32"),
        total=done.number.sum().fill_null(0) if value else operations.total(done.number),
        low=done.number.min(),
        high=done.number.max(),
    )
    return lake.ask(sums.order_by(["day", "customer"]))


def of_values(
    lake: Lake,
    since: dt.date,
    until: dt.date,
    *,
    names: Sequence[str],
    where: Sequence[Condition] = (),
    value: str,
) -> "pa.Table":
    """day, customer, value, times, total: how often each value of a property came up."""
    done = _done(lake, since, until, names, where)
    done = done.mutate(value=properties.text(done, value))
    done = done.filter(done.value.notnull())
    sums = done.group_by(["day", "customer", "value"]).agg(
        times=done.count().cast("int32"), total=operations.total(done.amount)
    )
    return lake.ask(sums.order_by(["day", "customer", "value"]))


def moments(
    lake: Lake,
    since: dt.date,
    until: dt.date,
    *,
    names: Sequence[str],
    where: Sequence[Condition] = (),
) -> "pa.Table":
    """day, customer, time: when they did any of these, one after the other."""
    done = _done(lake, since, until, names, where)
    columns = ["day", "customer", "time"]
    return lake.ask(done.select(columns).order_by(columns))


def _done(
    lake: Lake,
    since: dt.date,
    until: dt.date,
    names: Sequence[str],
    where: Sequence[Condition],
) -> "Table":
    events = lake.events(since, until)
    return events.filter(
        events.event.isin(names), *(properties.holds(events, one) for one in where)
    )
