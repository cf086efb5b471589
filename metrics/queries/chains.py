"""The events that are a step under conditions on their properties, in the order of time."""

import datetime as dt
import functools
import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from console import jobs
from segments import history
from segments.lake import properties
from segments.lake.properties import Condition
from segments.lake.trails import Rows

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import BooleanValue, Table

    from segments.lake.engine import Lake

DAYS_AT_A_TIME = 7  # of which the rows are held twice


@dataclass(frozen=True)
class Step:
    """One of these events, each condition true of it."""

    events: frozenset[str]
    where: tuple[Condition, ...] = ()


def rows(
    steps: Sequence[Step],
    since: dt.date,
    until: dt.date,
    *,
    progress: jobs.Progress = jobs.silent,
) -> list[Rows]:
    """Each day's events that are a step; the code of a row says which, a bit each."""
    found: list[Rows] = []
    count = (until - since).days + 1
    with history.opened() as lake:
        for at in range(0, count, DAYS_AT_A_TIME):
            first = since + dt.timedelta(days=at)
            last = min(until, first + dt.timedelta(days=DAYS_AT_A_TIME - 1))
            found += _by_day(_ask(lake, steps, first, last))
            progress(at, count)
    return found


def _ask(lake: "Lake", steps: Sequence[Step], since: dt.date, until: dt.date) -> "pa.Table":
    events = lake.events(since, until)
    flags = {f"is_{at}": _is(events, one).cast("int8") for at, one in enumerate(steps)}
    marked = events.select("day", "customer", "time", **flags)
    marked = marked.filter(functools.reduce(operator.or_, (marked[name] == 1 for name in flags)))
    return lake.ask(marked.order_by(["day", "customer", "time", *flags]))


def _is(events: "Table", step: Step) -> "BooleanValue":
    holding = [properties.holds(events, one).fill_null(False) for one in step.where]
    return functools.reduce(operator.and_, holding, events.event.isin(sorted(step.events)))


def _by_day(table: "pa.Table") -> Iterator[Rows]:
    days = table["day"].to_numpy().astype("datetime64[D]")
    moments = table["time"].to_numpy().astype("datetime64[ms]").astype(np.int64)
    customers = table["customer"].to_numpy().astype(np.uint32)
    codes = np.zeros(len(days), np.uint8)
    for at, name in enumerate(table.column_names[3:]):
        codes |= table[name].to_numpy().astype(np.uint8) << at
    bounds = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)] if len(days) else [0]
    for start, end in itertools.pairwise(bounds):
        part, origin = slice(start, end), int(moments[start:end].min())
        own = (moments[part] - origin).astype(np.uint32)
        yield Rows(origin, customers[part], own, codes[part], ())
