"""Many comparisons of the same kind drawn at once, for tests by simulation."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from metrics.stats import distributions
from metrics.stats.samples import Mean, Pair, Proportion

Sums = Any  # arrays of whole numbers, one place a run


def proportions(rng: np.random.Generator, runs: int, n: int, p: float) -> list[Proportion]:
    return [Proportion(n, int(count)) for count in rng.binomial(n, p, runs)]


def means(values: Sums) -> list[Mean]:
    """A row a run, a column a customer."""
    rows = zip(values.sum(axis=1), (values * values).sum(axis=1), strict=True)
    return [Mean(values.shape[1], int(total), int(squares)) for total, squares in rows]


def pairs(y: Sums, x: Sums) -> list[Pair]:
    sums = [y, y * y, x, x * x, x * y]
    rows = zip(*(one.sum(axis=1) for one in sums), strict=True)
    return [Pair(y.shape[1], *(int(one) for one in row)) for row in rows]


def revenue(rng: np.random.Generator, runs: int, n: int) -> Sums:
    """Most buy nothing, some much, a few give back: minor units, heavy to the right."""
    buys = rng.random((runs, n)) < 0.3
    amount = rng.gamma(1.5, 4_000.0, (runs, n)) - 500.0
    return np.where(buys, amount, 0.0).astype(np.int64)


def is_in_band(hits: int, runs: int, rate: float, *, deviations: float = 4.0) -> bool:
    """Whether so many hits are what a binomial of this rate gives (4 deviations: 1 in 16,000)."""
    return abs(hits - runs * rate) <= deviations * (runs * rate * (1 - rate)) ** 0.5


def is_uniform(p_values: Iterable[float], *, alarm: float = 1e-4) -> bool:
    """Kolmogorov and Smirnov's test with Stephens' correction for n."""
    ordered = np.sort(np.fromiter(p_values, float))
    n = len(ordered)
    steps = np.arange(1, n + 1) / n
    distance = max((steps - ordered).max(), (ordered - steps + 1 / n).max())
    scaled = (n**0.5 + 0.12 + 0.11 / n**0.5) * distance
    p = 2 * sum((-1) ** (k - 1) * np.exp(-2 * k * k * scaled * scaled) for k in range(1, 50))
    return bool(p > alarm)


def normal_band(level: float) -> float:
    return distributions.normal_quantile((1 + level) / 2)
