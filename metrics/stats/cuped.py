"""Taking out of a comparison what the customers' past explains already.

Deng, Xu, Kohavi, Walker (2013), Improving the sensitivity of online controlled experiments by
utilizing pre-experiment data, WSDM: Y - theta (X - mean X), with theta = Cov(Y, X) / Var(X)
(eq. 4) leaves the effect as it is and the variance times 1 - correlation^2 (eq. 5). With theta
from within the groups, the difference is the coefficient that least squares of y on the group
and x gives, to the last digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.stats.samples import Pair, spread

# A past that explains less is not worth the explaining.
WORTHWHILE = 0.01


@dataclass(frozen=True)
class Adjusted:
    """A sample after its past: the mean is what it would be with everybody's mean past."""

    n: int
    mean: float | None
    variance: float | None


def theta(groups: Sequence[Pair]) -> float | None:
    """The slope of y over x inside the groups, pooled; None where nobody's past differs."""
    shared = sum(_sum_of_squares(group.n, group.x, group.y, group.xy) for group in groups)
    past = sum(_sum_of_squares(group.n, group.x, group.x, group.xx) for group in groups)
    return shared / past if past > 0 else None


def explained(groups: Sequence[Pair]) -> float:
    """Which share of the variance inside the groups the past explains, 0 to 1."""
    shared = sum(_sum_of_squares(group.n, group.x, group.y, group.xy) for group in groups)
    past = sum(_sum_of_squares(group.n, group.x, group.x, group.xx) for group in groups)
    now = sum(_sum_of_squares(group.n, group.y, group.y, group.yy) for group in groups)
    return min(1.0, shared * shared / (past * now)) if past > 0 and now > 0 else 0.0


def adjusted(groups: Sequence[Pair]) -> list[Adjusted] | None:
    """The groups after their past; None where it does not help."""
    slope = theta(groups)
    if slope is None or explained(groups) < WORTHWHILE:
        return None
    everybody = sum(group.n for group in groups)
    middle = sum(group.x for group in groups) / everybody
    return [_adjust(group, slope, middle) for group in groups]


def _adjust(group: Pair, slope: float, middle: float) -> Adjusted:
    if not group.n:
        return Adjusted(0, None, None)
    mean = group.y / group.n - slope * (group.x / group.n - middle)
    y, x = spread(group.n, group.y, group.yy), spread(group.n, group.x, group.xx)
    shared = group.covariance
    if y is None or x is None or shared is None:
        return Adjusted(group.n, mean, None)
    return Adjusted(group.n, mean, max(0.0, y - 2 * slope * shared + slope * slope * x))


def _sum_of_squares(n: int, x: int, y: int, xy: int) -> float:
    return (n * xy - x * y) / n if n else 0.0
