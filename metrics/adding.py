"""Adds up the days' events for simple metrics, one pass for all that ask the same of the lake.

What each customer did on each day is kept in files already (`segments.tallies`): only days whose
files changed ask the lake.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from metrics.recipes.nodes import Simple
from metrics.slicing import Cut
from segments import history, tallies
from segments.arrays import Array
from segments.computing import EVERYTHING
from segments.recipes.nodes import AMOUNT
from segments.tallies import Measure, Tally

METRICS = "metrics"  # keeps the files that no trait needs
MILLIONTH = Decimal("0.000001")
_EDGE = float(2**63 - 1024)

# slice → day → what it comes to; the empty slice is everybody
Sums = dict[str, dict[dt.date, Decimal]]


def measure_of(recipe: Simple, names: tuple[str, ...]) -> Measure:
    """What has to be kept of each customer and day to answer this."""
    where = recipe.of.where
    if recipe.take in {"visits", "seconds"}:
        return Measure("visits", names, where, kept_by=METRICS)
    if recipe.take == "sum" and recipe.value != AMOUNT:
        return Measure("some", names, where, recipe.value, kept_by=METRICS)
    return Measure("some", names, where, kept_by=METRICS) if where else EVERYTHING


class Adding:
    """One pass over the days; `now` is under whom to count whom."""

    def __init__(self, since: dt.date, until: dt.date) -> None:
        self.since, self.until = since, until
        self.now = history.moved().lookup()

    def sums(
        self, wanted: Mapping[str, tuple[Simple, tuple[str, ...], Sequence[Cut]]]
    ) -> dict[str, Sums]:
        """What each recipe comes to, by slice and day; days without events are left out."""
        found: dict[str, Sums] = {key: defaultdict(dict) for key in wanted}
        groups: dict[Measure, list[str]] = defaultdict(list)
        for key, (recipe, names, _cuts) in wanted.items():
            groups[measure_of(recipe, names)].append(key)
        with tallies.reading() as kept:
            for measure, keys in groups.items():
                for day, tally in kept.days(measure, since=self.since, until=self.until):
                    for key in keys:
                        recipe, names, cuts = wanted[key]
                        who, values = self.rows(recipe, names, tally)
                        _note(found[key], day, who, values, cuts)
        return found

    def who(self, recipe: Simple, names: tuple[str, ...]) -> dict[dt.date, Array]:
        """The customers of each day whose events fulfil the recipe's conditions."""
        measure = measure_of(recipe, names)
        with tallies.reading() as kept:
            return {
                day: np.unique(self.rows(recipe, names, tally)[0])
                for day, tally in kept.days(measure, since=self.since, until=self.until)
            }

    def rows(self, recipe: Simple, names: tuple[str, ...], tally: Tally) -> tuple[Array, Array]:
        rows: Any = tallies.rows(tally, names) if "event" in tally else slice(None)
        column = "total" if recipe.take in {"sum", "seconds"} else "times"
        who = tally["customer"][rows].astype(np.int64)
        if len(self.now):
            moved = who < len(self.now)
            who[moved] = self.now[who[moved]]
        return who, tally[column][rows]


def _note(found: Sums, day: dt.date, who: Array, values: Array, cuts: Sequence[Cut]) -> None:
    found[""][day] = total(values)
    for cut in cuts:
        inside = who < len(cut.codes)
        codes = cut.codes[who[inside]]
        mine = values[inside]
        for place, name in enumerate(cut.names):
            found[name][day] = total(mine[codes == place])


def total(values: Array) -> Decimal:
    """The sum, exact for whole numbers; beyond 64 bits it stays at their edge."""
    if values.dtype.kind == "f":
        return Decimal(str(float(values.sum()))).quantize(MILLIONTH)
    about = float(values.astype(np.float64).sum())
    if abs(about) > _EDGE:
        return Decimal(2**63 - 1) * (1 if about > 0 else -1)
    return Decimal(int(values.sum(dtype=np.int64)))
