"""Which of several ways is surely the best, however often one looks.

Every pair of ways gets a confidence sequence for the difference of their shares (see
`metrics.stats.sequential`), and all pairs together one chance of error (Bonferroni), because
which way leads is seen from the same data.

The information of such a course grows with the customers who arrive, and, of those who got it
already, with the odds of the share that did it; their product grows with either.

[1] Agresti, Caffo (2000), Simple and effective confidence intervals for proportions and
    differences of proportions, The American Statistician 54, 280-288.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from metrics.stats import differences, sequential
from metrics.stats.differences import Interval
from metrics.stats.samples import Proportion

LEVEL = 0.95
ONE_OF_EACH = Proportion(2, 1)
PLANNED_SHARE = 0.1  # for which the sequence is sharpest; it holds for all others


@dataclass(frozen=True)
class Way:
    """One of them: how many got it, and how many of those did what counts."""

    key: str
    sample: Proportion

    @property
    def share(self) -> float:
        return self.sample.mean or 0.0


@dataclass(frozen=True)
class Lead:
    """Who leads, by how much against each other one, and whether that is sure."""

    leader: str
    ahead_of: dict[str, Interval | None]
    is_sure: bool


def lead(ways: Sequence[Way], *, least: int, level: float = LEVEL) -> Lead:
    """The way with the largest share; of equal ones the first.

    Sure is it only when each was tried `least` times, and the sequence of every pair leaves the
    leader ahead.
    """
    first = max(ways, key=lambda one: one.share)
    pairs = len(list(combinations(ways, 2)))
    sure = 1 - (1 - level) / pairs
    planned = 2 * least * sequential.odds(PLANNED_SHARE)
    ahead = {
        one.key: between(one.sample, first.sample, planned=planned, level=sure)
        for one in ways
        if one is not first
    }
    is_tried = all(one.sample.n >= least for one in ways)
    wins = all(interval is not None and interval.low > 0 for interval in ahead.values())
    return Lead(first.key, ahead, is_tried and wins)


def between(
    lower: Proportion, upper: Proportion, *, planned: float, level: float
) -> Interval | None:
    """How much more often it is done in `upper`, with bounds that hold at all looks together.

    None while too few did it, or did not, for the normal approximation.
    """
    both = lower + upper
    if min(both.count, both.n - both.count) < differences.FEW or not lower.n or not upper.n:
        return None
    # One more who did it and one who did not, in each [1]: nobody did it is no certainty.
    found = differences.proportions(lower + ONE_OF_EACH, upper + ONE_OF_EACH, level=level)
    information = both.n * sequential.odds(both.count / both.n)
    return sequential.interval(found, done_share=information / planned, level=level)
