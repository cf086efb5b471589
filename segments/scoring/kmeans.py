"""K-means with the k-means++ start, silhouettes, and the pairing of clusters of two runs.

Arthur and Vassilvitskii (2007), Lloyd (1982), Rousseeuw (1987). Everything starts from a fixed
seed, so that the same customers fall into the same clusters.
"""

from dataclasses import dataclass

import numpy as np

from segments.scoring.reading import Numbers

SEED = 20_110_912
ROUNDS = 60
AT_ONCE = 1 << 18  # rows whose distances are held at a time


@dataclass(frozen=True)
class Fit:
    """Centres (a row each), each point's centre, and the sum of squared distances."""

    centres: Numbers
    labels: Numbers
    inertia: float


def fit(points: Numbers, k: int, *, starts: int = 5, first: Numbers | None = None) -> Fit:
    """The best of several starts; `first` are centres to try before those."""
    random = np.random.default_rng(SEED)
    begin = [first] if first is not None and len(first) == k else []
    begin += [_begin(points, k, random) for _ in range(starts)]
    return min((_settle(points, centres) for centres in begin), key=lambda one: one.inertia)


def _begin(points: Numbers, k: int, random: np.random.Generator) -> Numbers:
    """Centres far from each other: each next one with a chance as its squared distance."""
    centres = [points[random.integers(len(points))]]
    nearest = np.full(len(points), np.inf)
    for _ in range(1, k):
        nearest = np.minimum(nearest, ((points - centres[-1]) ** 2).sum(1))
        total = nearest.sum()
        # When all points are alike any will do.
        at = random.choice(len(points), p=nearest / total if total else None)
        centres.append(points[at])
    return np.array(centres)


def _settle(points: Numbers, centres: Numbers) -> Fit:
    labels, inertia = assign(points, centres)
    for _ in range(ROUNDS):
        sums = np.stack([np.bincount(labels, column, len(centres)) for column in points.T], axis=1)
        counts = np.bincount(labels, minlength=len(centres))[:, None]
        # A centre that nobody is nearest to stays where it is.
        moved = np.where(counts > 0, sums / np.maximum(counts, 1), centres)
        if np.allclose(moved, centres, atol=1e-4):
            break
        centres = moved
        labels, inertia = assign(points, centres)
    return Fit(centres, labels, inertia)


def assign(points: Numbers, centres: Numbers) -> tuple[Numbers, float]:
    """The nearest centre of each point, and the sum of squared distances."""
    labels = np.empty(len(points), np.int8)
    inertia = 0.0
    for start in range(0, len(points), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        distances = _squared(points[part], centres)
        labels[part] = distances.argmin(1)
        inertia += float(distances.min(1).sum())
    return labels, inertia


def _squared(points: Numbers, others: Numbers) -> Numbers:
    """Squared distances: |a|² - 2ab + |b|², never below 0."""
    both = (points**2).sum(1)[:, None] + (others**2).sum(1)[None, :]
    return np.maximum(both - 2 * points @ others.T, 0.0)


def silhouette(points: Numbers, labels: Numbers) -> float:
    """How well points sit in their clusters, on average, from -1 to 1; 0 with one cluster.

    Of each point: (b - a) / max(a, b), where a is its mean distance to the others of its
    cluster and b the mean distance to the nearest other cluster. Alone in a cluster it is 0.
    """
    names, own = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return 0.0
    distances = np.sqrt(_squared(points, points))
    sums = np.stack([distances[:, own == at].sum(1) for at in range(len(names))], axis=1)
    counts = np.bincount(own)
    rows = np.arange(len(points))
    inside = sums[rows, own] / np.maximum(counts[own] - 1, 1)
    means = sums / counts
    means[rows, own] = np.inf
    outside = means.min(1)
    wider = np.maximum(np.maximum(inside, outside), np.finfo(float).tiny)
    found = np.where(counts[own] > 1, (outside - inside) / wider, 0.0)
    return float(found.mean())


def pair(new: Numbers, old: Numbers) -> list[int | None]:
    """For each new centre the old one that it goes on from, none twice.

    Of all pairings the one with the smallest sum of squared distances; with at most eight
    clusters all sets of old ones can be walked through.
    """
    cost = _squared(new, old)
    # Who is paired with which set of old centres: set -> (cost, choices so far).
    best: dict[int, tuple[float, tuple[int | None, ...]]] = {0: (0.0, ())}
    spare = max(len(new) - len(old), 0)
    for at in range(len(new)):
        following: dict[int, tuple[float, tuple[int | None, ...]]] = {}
        for taken, (sofar, choices) in best.items():
            options: list[tuple[int, float, int | None]] = [
                (taken | 1 << one, sofar + float(cost[at, one]), one)
                for one in range(len(old))
                if not taken >> one & 1
            ]
            if choices.count(None) < spare:
                options.append((taken, sofar, None))
            for key, sum_, one in options:
                if key not in following or sum_ < following[key][0]:
                    following[key] = (sum_, (*choices, one))
        best = following
    return list(min(best.values(), key=lambda one: one[0])[1])
