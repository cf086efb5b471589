"""Adds up the days' events for simple metrics, one pass for all that ask the same of the lake.

What each customer did on each day is kept in files already (`segments.tallies`): only days whose
files changed ask the lake.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from metrics.recipes.nodes import Simple
from metrics.slicing import Cut
from segments import history, tallies
from segments.arrays import Array
from segments.recipes.nodes import AMOUNT
from segments.tallies import EVERYTHING, Measure
from segments.tally_files import Columns, Tally

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
                    one = _Day(tally, self.now)
                    for key in keys:
                        one.note(found[key], day, *wanted[key])
        return found

    def who(self, recipe: Simple, names: tuple[str, ...]) -> dict[dt.date, Array]:
        """The customers of each day whose events fulfil the recipe's conditions."""
        measure = measure_of(recipe, names)
        with tallies.reading() as kept:
            return {
                day: np.unique(_Day(tally, self.now).who(names))
                for day, tally in kept.days(measure, since=self.since, until=self.until)
            }

    def rows(self, recipe: Simple, names: tuple[str, ...], tally: Tally) -> tuple[Array, Array]:
        """Of a day, who did any of these, and what is added up of each."""
        one = _Day(tally, self.now)
        return one.who(names), one.values(recipe, names)


class _Day:
    """A day's tally; what several metrics look at is looked up once."""

    def __init__(self, tally: Tally, now: Array) -> None:
        self.tally, self.now = tally, now
        self._rows: dict[tuple[str, ...], Columns] = {}
        self._who: dict[tuple[str, ...], Array] = {}
        self._places: dict[tuple[tuple[str, ...], str], Array] = {}

    def note(
        self,
        found: Sums,
        day: dt.date,
        recipe: Simple,
        names: tuple[str, ...],
        cuts: Sequence[Cut],
    ) -> None:
        """What the day comes to, for everybody and by slice."""
        values = self.values(recipe, names)
        found[""][day] = total(values)
        for cut in cuts:
            sums = totals(values, self.places(names, cut), len(cut.names))
            for name, value in zip(cut.names, sums, strict=True):
                found[name][day] = value

    def rows(self, names: tuple[str, ...]) -> Columns:
        """What there is of these events."""
        if names not in self._rows:
            self._rows[names] = self.tally.of(names)
        return self._rows[names]

    def values(self, recipe: Simple, names: tuple[str, ...]) -> Array:
        """What is added up of each row."""
        column = "total" if recipe.take in {"sum", "seconds"} else "times"
        return self.rows(names)[column]

    def who(self, names: tuple[str, ...]) -> Array:
        """Whose rows they are now."""
        if names not in self._who:
            who = self.rows(names)["customer"].astype(np.int64)
            if len(self.now):
                moved = who < len(self.now)
                who[moved] = self.now[who[moved]]
            self._who[names] = who
        return self._who[names]

    def places(self, names: tuple[str, ...], cut: Cut) -> Array:
        """The place of each row's slice; -1 in none."""
        key = names, cut.dimension
        if key not in self._places:
            who = self.who(names)
            inside = who < len(cut.codes)
            places = np.full(len(who), -1, np.int64)
            places[inside] = cut.codes[who[inside]]
            self._places[key] = places
        return self._places[key]


def total(values: Array) -> Decimal:
    """The sum, exact for whole numbers; beyond 64 bits it stays at their edge."""
    if values.dtype.kind == "f":
        return Decimal(str(float(values.sum()))).quantize(MILLIONTH)
    about = float(values.astype(np.float64).sum())
    if abs(about) > _EDGE:
        return Decimal(2**63 - 1) * (1 if about > 0 else -1)
    return Decimal(int(values.sum(dtype=np.int64)))


def totals(values: Array, places: Array, count: int) -> list[Decimal]:
    """The same for each place below `count`."""
    about = np.bincount(places + 1, values.astype(np.float64), minlength=count + 1)[1:]
    if values.dtype.kind == "f":
        return [Decimal(str(one)).quantize(MILLIONTH) for one in about.tolist()]
    exact = np.zeros(count + 1, np.int64)
    np.add.at(exact, places + 1, values)
    return [
        Decimal(whole) if abs(near) <= _EDGE else Decimal(2**63 - 1) * (1 if near > 0 else -1)
        for whole, near in zip(exact[1:].tolist(), about.tolist(), strict=True)
    ]
