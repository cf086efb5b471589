"""Where new customers came from: what the events of their first day tell."""

import datetime as dt
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from segments import history
from segments.arrays import Array
from segments.lake import properties

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import StringColumn, Table


def of(
    customers: Array,
    days: Array,
    *,
    channels: Sequence[str],
    devices: Sequence[str],
    since: dt.date,
    until: dt.date,
) -> dict[str, "pa.Table"]:
    """Channel and device: customer, word. `days` are the customers' first ones, since 1970.

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
        return {
            name: lake.ask(_earliest(events, wanted))
            for name, wanted in (("channel", channels), ("device", devices))
            if wanted
        }


def _earliest(events: "Table", wanted: Sequence[str]) -> "Table":
    told = events.mutate(word=_first(events, wanted))
    told = told.filter(told.word.notnull()).select("customer", "time", "key", "word")
    for column in ("time", "key"):
        least = told.mutate(least=told[column].min().over(group_by="customer"))
        told = least.filter(least[column] == least.least).select("customer", "time", "key", "word")
    return told.group_by("customer").agg(word=told.word.min()).order_by("customer")


def _first(events: "Table", wanted: Sequence[str]) -> "StringColumn":
    """The first of the properties that is there and not empty."""
    import ibis  # heavy: not in the web process

    found = [properties.text(events, name).nullif("") for name in wanted]
    return functools.reduce(lambda one, other: ibis.coalesce(one, other), found)
