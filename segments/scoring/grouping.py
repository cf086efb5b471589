"""Puts the customers into clusters: measures, tries every k, pairs with the last run, tells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from segments.scoring import clusters, kmeans
from segments.scoring.clusters import (
    FEWEST,
    LARGEST,
    MOST,
    Before,
    Clusters,
    Grouped,
    Profile,
    Tried,
)
from segments.scoring.reading import Numbers

SAMPLE, JUDGED = 8_000, 1_500  # customers that k-means learns from; and of the silhouettes
STARTS = 3
TAIL = 1.0  # percent that is cut off at either end

# --- measuring --------------------------------------------------------------


@dataclass(frozen=True)
class _Scale:
    """What turns a feature into standard units, learned from a sample."""

    low: Numbers
    high: Numbers
    mean: Numbers
    deviation: Numbers

    def units(self, points: Numbers) -> Numbers:
        return (np.clip(points, self.low, self.high) - self.mean) / self.deviation

    def back(self, units: Numbers) -> Numbers:
        return units * self.deviation + self.mean


def _measures(recipe: Clusters, columns: Mapping[str, Numbers], rows: Numbers) -> Numbers:
    """A row a customer and a column a feature, by logarithm where wanted; gaps stay gaps."""
    parts = []
    for one in recipe.features:
        part = columns[one.trait][rows]
        parts.append(np.log1p(np.maximum(part, 0)) if one.log else part)
    return np.stack(parts, axis=1)


def _scale(recipe: Clusters, sample: Numbers) -> _Scale:
    bounds = []
    for column in sample.T:
        known = column[~np.isnan(column)]
        low, high = np.percentile(known, [TAIL, 100 - TAIL]) if len(known) else (0.0, 0.0)
        if low == high and len(known):  # nearly everybody alike: the few others tell
            low, high = known.min(), known.max()
        bounds.append((low, high))
    low, high = np.array(bounds).T
    filled = np.clip(_filled(recipe, sample, low, high), low, high)
    deviation = filled.std(0)
    return _Scale(low, high, filled.mean(0), np.where(deviation > 0, deviation, 1.0))


def _filled(recipe: Clusters, points: Numbers, low: Numbers, high: Numbers) -> Numbers:
    """Gaps become the lowest or the highest value, as each feature says."""
    missing = [
        high[at] if one.missing == LARGEST else low[at] for at, one in enumerate(recipe.features)
    ]
    return np.where(np.isnan(points), np.array(missing), points)


# --- grouping ---------------------------------------------------------------


def group(
    recipe: Clusters,
    columns: Mapping[str, Numbers],
    length: int,
    before: Before | None = None,
) -> Grouped | None:
    """Everybody of whom a feature is known, in clusters; nothing while there are too few."""
    recipe = _known_of(recipe, columns)
    if not recipe.features:
        return None
    anything = np.zeros(length, bool)
    for one in recipe.features:
        anything |= ~np.isnan(columns[one.trait])
    rows = np.flatnonzero(anything)
    sample_rows = rows[:: max(1, -(-len(rows) // SAMPLE))]
    raw = _measures(recipe, columns, sample_rows)
    scale = _scale(recipe, raw) if len(rows) else None
    if scale is None:
        return None
    sample = scale.units(_filled(recipe, raw, scale.low, scale.high))
    different = len(np.unique(sample[:JUDGED], axis=0))
    if different < FEWEST:
        return None
    goes_on = before if before and before.traits == recipe.traits else None
    fits = _fits(sample, scale, min(MOST, different), goes_on)
    tried = tuple(Tried(k, fit.inertia, _judge(sample, fit)) for k, fit in fits.items())
    k, why = clusters.choose(recipe, tried, len(goes_on.numbers) if goes_on else None)
    centres = fits[k].centres
    numbers = _numbers(centres, fits[k].labels, scale, goes_on)
    labels = _label_all(recipe, columns, rows, scale, centres)
    of_customers = np.zeros(length, np.int8)
    of_customers[rows] = np.array(numbers, np.int8)[labels]
    profiles = _profiles(recipe, columns, of_customers, dict(zip(numbers, centres, strict=True)))
    following = Before(recipe.traits, tuple(numbers), scale.back(centres))
    return Grouped(of_customers, tried, k, why, profiles, following)


def _known_of(recipe: Clusters, columns: Mapping[str, Numbers]) -> Clusters:
    """The recipe with the features that there are columns of."""
    features = tuple(one for one in recipe.features if one.trait in columns)
    return replace(recipe, features=features)


def _fits(
    sample: Numbers, scale: _Scale, most: int, before: Before | None
) -> dict[int, kmeans.Fit]:
    first = None
    if before is not None:
        first = (before.centres - scale.mean) / scale.deviation
    return {k: kmeans.fit(sample, k, starts=STARTS, first=first) for k in range(FEWEST, most + 1)}


def _judge(sample: Numbers, fit: kmeans.Fit) -> float:
    step = max(1, -(-len(sample) // JUDGED))
    return kmeans.silhouette(sample[::step], fit.labels[::step])


def _numbers(centres: Numbers, labels: Numbers, scale: _Scale, before: Before | None) -> list[int]:
    """A number for each cluster: the one it had, or the next free; at first by size."""
    found: list[int | None] = [None] * len(centres)
    if before is not None:
        old = (before.centres - scale.mean) / scale.deviation
        found = [None if at is None else before.numbers[at] for at in kmeans.pair(centres, old)]
    free = iter(sorted({*range(1, MOST + 1)} - {one for one in found if one}))
    by_size = np.argsort(-np.bincount(labels, minlength=len(centres)), kind="stable")
    for at in by_size:
        if found[at] is None:
            found[at] = next(free)
    return [one or 0 for one in found]


def _label_all(
    recipe: Clusters, columns: Mapping[str, Numbers], rows: Numbers, scale: _Scale, centres: Numbers
) -> Numbers:
    """Everybody's nearest centre, some at a time so that memory stays small."""
    labels = np.empty(len(rows), np.int8)
    for start in range(0, len(rows), kmeans.AT_ONCE):
        part = rows[start : start + kmeans.AT_ONCE]
        points = _filled(recipe, _measures(recipe, columns, part), scale.low, scale.high)
        labels[start : start + len(part)] = kmeans.assign(scale.units(points), centres)[0]
    return labels


# --- what the clusters are --------------------------------------------------


def _profiles(
    recipe: Clusters,
    columns: Mapping[str, Numbers],
    numbers: Numbers,
    centres: Mapping[int, Numbers],
) -> tuple[Profile, ...]:
    sizes = np.bincount(numbers, minlength=MOST + 1)
    means: dict[int, dict[str, float | None]] = {number: {} for number in centres}
    for one in recipe.features:
        column = columns[one.trait]
        known = ~np.isnan(column)
        counts = np.bincount(numbers[known], minlength=MOST + 1)
        sums = np.bincount(numbers[known], column[known], MOST + 1)
        for number in centres:
            mean = float(sums[number] / counts[number]) if counts[number] else None
            means[number][one.trait] = mean
    differences = {
        number: dict(zip(recipe.traits, map(float, centre), strict=True))
        for number, centre in centres.items()
    }
    suggested = clusters.suggest(recipe, differences)
    return tuple(
        Profile(
            number=number,
            customers=int(sizes[number]),
            means=means[number],
            differences=differences[number],
            suggestion=suggested.get(number, ""),
        )
        for number in sorted(centres, key=lambda one: (-sizes[one], one))
    )
