"""Where new customers came from: what the events of their first day tell."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from segments import history
from segments.arrays import Array
from segments.lake import properties

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import StringValue, Table


def of(
    customers: Array,
    days: Array,
    *,
    channels: Sequence[str],
    devices: Sequence[str],
    since: dt.date,
    until: dt.date,
) -> "pa.Table":
    """customer, channel, device: of all who told either. `days` are their first ones, since 1970.

    The earliest event of the day that has one of the properties tells; of two of one moment the
    one whose key comes first.
    """
    import pyarrow as pa  # heavy: not in the web process

    firsts = pa.table(
        {
            "customer": pa.array(customers.astype(np.int32)),
            "day": pa.array(days.astype("datetime64[D]"), pa.date32()),
        }
    )
    with history.opened() as lake:
        events = lake.events(since, until).join(lake.rows(firsts), ["customer", "day"])
        told = events.select(
            "customer",
            "time",
            "key",
            channel=_first(events, channels),
            device=_first(events, devices),
        )
        found = _earliest(_earliest(told, "channel"), "device")
        found = found.group_by("customer").agg(
            channel=found.channel.max(), device=found.device.max()
        )
        found = found.filter(found.channel.notnull() | found.device.notnull())
        return lake.ask(found.order_by("customer"))


def _earliest(told: "Table", name: str) -> "Table":
    """With the word of the earliest event alone.

    Without leaving rows out before the end: an engine would do that, and read the properties
    for it, before it looks whose first day it is.
    """
    word = told[name]
    for column in ("time", "key"):
        mine = word.notnull().ifelse(told[column], None)
        told = told.mutate(mine=mine, least=mine.min().over(group_by="customer"))
        told = told.mutate(**{name: (told.mine == told.least).ifelse(told[name], None)})
        word = told[name]
    return told


def _first(events: "Table", wanted: Sequence[str]) -> "StringValue":
    """The first of the properties that is there and not empty."""
    import ibis  # heavy: not in the web process

    found = [properties.text(events, name).nullif("") for name in wanted]
    return ibis.coalesce(*found) if found else ibis.null("string")
