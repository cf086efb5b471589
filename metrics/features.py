"""What using a feature is worth in customers who come again: users against non-users alike.

Alike: as many active days in the same week, as many in the four weeks before, and paid or not in
them. The same week counts because who comes on more days has more chances to use anything; what a
feature adds within the week is not credited to it, which errs on the careful side.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pyroaring import BitMap

from console import jobs
from metrics.stats import alike
from metrics.stats.alike import Cell, Contrast
from metrics.stats.samples import Proportion
from segments import activity, arrays, bitmaps, definitions
from segments.arrays import Array

WEEK, BEFORE = 7, 28  # days
MOST = 30  # features that are looked at together
DAY = dt.timedelta(days=1)
IN_WEEK = np.array([0, 0, 1, 2, 2, 3, 3, 3])  # active days of the week → 1, 2, 3-4, 5-7
IN_BEFORE = np.digitize(np.arange(BEFORE + 1), [1, 4, 11])  # of the four weeks → 0, 1-3, 4-10, 11+
CELLS = 4 * 4 * 2
Days = Mapping[dt.date, BitMap]


def weeks(until: dt.date, many: int) -> list[dt.date]:
    """The first days of so many weeks that end with a day, the oldest first."""
    return [until - DAY * (WEEK * number - 1) for number in range(many, 0, -1)]


def contrasts(
    features: Sequence[str],
    *,
    until: dt.date,
    many: int,
    back: int,
    within: BitMap | None = None,
    progress: jobs.Progress = jobs.silent,
) -> dict[str, list[Contrast]]:
    """Of each feature week by week: who used it in the week, and who came again in `back` days."""
    first = weeks(until, many)[0] - DAY * BEFORE
    active = activity.daily_active(first, until + DAY * back)
    paid = activity.daily(definitions.PAID, first, until)
    found: dict[str, list[Contrast]] = {name: [] for name in features}
    for place, start in enumerate(weeks(until, many)):
        progress(place, many)
        week = _Week(start, active, paid, back, within)
        for name in features:
            found[name].append(week.contrast(name))
    progress(many, many)
    return found


def most_used(names: Sequence[str], since: dt.date, until: dt.date) -> list[str]:
    """Of some kinds of events those that most customers did on these days, most first."""
    sizes = {name: len(activity.did_any([name], since, until)) for name in names}
    used = [name for name in names if sizes[name]]
    return sorted(used, key=lambda name: (-sizes[name], name))[:MOST]


class _Week:
    """Who was active in a week, in their cells, and who of them came again."""

    def __init__(
        self, start: dt.date, active: Days, paid: Days, back: int, within: BitMap | None
    ) -> None:
        self.since, self.start, self.end = start - DAY * BEFORE, start, start + DAY * (WEEK - 1)
        days = list(_span(active, start, self.end))
        everybody = bitmaps.union(days)
        self.everybody = everybody if within is None else everybody & within
        self.ids = bitmaps.to_array(self.everybody)
        later = bitmaps.union(list(_span(active, self.end + DAY, self.end + DAY * back)))
        self.came = self._has(later)
        self.cells = self._cells(days, active, paid)

    def contrast(self, feature: str) -> Contrast:
        did = activity.did_any([feature], self.start, self.end)
        before = activity.did_any([feature], self.since, self.start - DAY)
        users = self._has(did)
        others = ~users & ~self._has(before)
        return alike.contrast(
            Cell(Proportion(*one), Proportion(*other))
            for one, other in zip(self._count(users), self._count(others), strict=True)
        )

    def _cells(self, days: Sequence[BitMap], active: Days, paid: Days) -> Array:
        """The place of each one's cell."""
        now = sum(self._has(day).astype(np.int64) for day in days)
        past = sum(
            self._has(day).astype(np.int64) for day in _span(active, self.since, self.start - DAY)
        )
        bought = bitmaps.union(list(_span(paid, self.since, self.start - DAY)))
        return (IN_WEEK[now] * 4 + IN_BEFORE[past]) * 2 + self._has(bought)

    def _count(self, some: Array) -> Iterator[tuple[int, int]]:
        """How many of them are in each cell, and how many of those came again."""
        whole = np.bincount(self.cells[some], minlength=CELLS)
        again = np.bincount(self.cells[some & self.came], minlength=CELLS)
        return zip(whole.tolist(), again.tolist(), strict=True)

    def _has(self, members: BitMap) -> Array:
        """Who of the week's customers is in a set."""
        length = int(self.ids[-1]) + 1 if len(self.ids) else 0
        return arrays.mask(members, length)[self.ids]


def _span(days: Days, since: dt.date, until: dt.date) -> Iterator[BitMap]:
    return (days.get(since + DAY * n, BitMap()) for n in range((until - since).days + 1))


def as_json(found: Sequence[Contrast]) -> list[list[Any]]:
    return [[one.did, one.alike, one.came, one.others, one.error, one.plain] for one in found]


def from_json(said: Sequence[Sequence[Any]]) -> list[Contrast]:
    return [Contrast(*one) for one in said]
