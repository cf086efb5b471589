"""How a share goes with a score: points more for each point of it, with robust bounds.

The straight line through yes and no by least squares; the errors of White (1980), because a share
spreads most near a half. It says how both go together, and not that one makes the other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from metrics.stats import distributions
from metrics.stats.differences import Interval


@dataclass(frozen=True)
class Slope:
    """Of a share by one point of a score."""

    value: float
    interval: Interval


def slope(rows: Sequence[tuple[float, int, int]], *, level: float = 0.95) -> Slope | None:
    """From score, customers and how many of them did; None where all have one score."""
    n = sum(many for _score, many, _did in rows)
    if n < 3:
        return None
    middle = sum(score * many for score, many, _did in rows) / n
    spread = sum(many * (score - middle) ** 2 for score, many, _did in rows)
    if spread <= 0:
        return None
    share = sum(did for _score, _many, did in rows) / n
    value = sum((score - middle) * (did - many * share) for score, many, did in rows) / spread
    error2 = 0.0
    for score, many, did in rows:
        fitted = share + value * (score - middle)
        squares = did * (1 - fitted) ** 2 + (many - did) * fitted**2
        error2 += (score - middle) ** 2 * squares
    half = math.sqrt(error2 * n / (n - 2)) / spread
    half *= distributions.t_quantile((1 + level) / 2, n - 2)
    return Slope(value, Interval(value - half, value + half))
