"""Whether more of those whom something hit stayed away than of others on ordinary days.

Two doubts, and the wider one holds: chance among so few customers (Newcombe's bounds of the
difference of two shares), and how much ordinary weeks differ from each other anyway (the bounds of
one more observation by Student's t: one week against the mean of the others).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from metrics.stats import differences, distributions
from metrics.stats.differences import Interval
from metrics.stats.samples import Proportion

LEAST_WEEKS = 3  # before they say how much weeks differ


@dataclass(frozen=True)
class Aftermath:
    """Shares that stayed away, and by how much more of those who were hit."""

    hit: float
    usual: float
    interval: Interval | None

    @property
    def more(self) -> float:
        return self.hit - self.usual


def against(
    hit: Proportion, weeks: Sequence[Proportion], *, level: float = 0.95
) -> Aftermath | None:
    """Those who were hit against the same hours of ordinary weeks; None: one side has nobody."""
    known = [week for week in weeks if week.n]
    if not hit.n or not known:
        return None
    usual = Proportion(sum(week.n for week in known), sum(week.count for week in known))
    found, expected = hit.count / hit.n, usual.count / usual.n
    few = differences.newcombe(usual, hit, level=level)
    if few is None or len(known) < LEAST_WEEKS:
        return Aftermath(found, expected, few)
    shares = [week.count / week.n for week in known]
    quantile = distributions.t_quantile((1 + level) / 2, len(shares) - 1)
    half = quantile * math.sqrt(variance(shares) * (1 + 1 / len(shares)))
    middle = found - fmean(shares)
    return Aftermath(
        found, expected, Interval(min(few.low, middle - half), max(few.high, middle + half))
    )
