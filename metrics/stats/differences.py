"""Whether two samples differ, by how much, and within which bounds.

[1] Welch (1947), The generalization of Student's problem; Satterthwaite (1946).
[2] Wilson (1927), Probable inference, the law of succession, and statistical inference.
[3] Newcombe (1998), Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17, 873-890, method 10.
[4] Fieller (1954), Some problems in interval estimation, JRSS B 16, 175-185.
[5] Fisher (1935), The logic of inductive inference (the exact test of a 2 x 2 table).
"""

import math
from dataclasses import dataclass, replace

from metrics.stats import distributions
from metrics.stats.samples import Proportion, Sample, error2

# With fewer who did it, or did not, in a group, the normal approximation is not to be trusted.
FEW = 10
# Tables whose probability differs by rounding alone are equally likely.
AS_LIKELY = 1 + 1e-7


@dataclass(frozen=True)
class Interval:
    """Bounds; an infinite one says that the data does not bound that side."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Difference:
    """The variant less the control. What has no answer is None, and never NaN.

    `relative` is the difference as a share of the control's mean, and there only for a control
    above zero: a share of nothing, or of a loss, says nothing.
    """

    effect: float | None = None
    error: float | None = None
    freedom: float = math.inf
    p: float | None = None
    interval: Interval | None = None
    relative: float | None = None
    relative_interval: Interval | None = None


def proportions(control: Proportion, variant: Proportion, *, level: float = 0.95) -> Difference:
    """Two shares: the z test, pooled for p and unpooled for the interval.

    With few of a kind, Newcombe's interval [3] and Fisher's exact p [5] take their place.
    """
    if not control.n or not variant.n:
        return Difference()
    found = _normal(control, variant, level=level)
    few_seen = any(min(one.count, one.n - one.count) < FEW for one in (control, variant))
    return replace(
        found,
        p=fisher(control, variant) if _expects_few(control, variant) else found.p,
        interval=newcombe(control, variant, level=level) if few_seen else found.interval,
    )


def means(control: Sample, variant: Sample, *, level: float = 0.95) -> Difference:
    """Two means of unequal spread: Welch's t [1]. Quotients and adjusted samples too."""
    v0, v1 = error2(control), error2(variant)
    if v0 is None or v1 is None or control.mean is None or variant.mean is None:
        return Difference(effect=_less(variant.mean, control.mean))
    if v0 + v1 == 0:  # nobody differs from anybody in their group: no test can tell by how much
        return _without_spread(control.mean, variant.mean)
    freedom = (v0 + v1) ** 2 / (v0**2 / (control.n - 1) + v1**2 / (variant.n - 1))
    return _tested(control.mean, variant.mean, v0, v1, level=level, freedom=freedom)


def wilson(sample: Proportion, *, level: float = 0.95) -> Interval | None:
    """The score interval of one share [2]; it stays inside 0 and 1 for any count."""
    if not sample.n:
        return None
    n, p = sample.n, sample.count / sample.n
    z = distributions.normal_quantile((1 + level) / 2)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if sample.count == 0 else middle - half
    return Interval(low, 1.0 if sample.count == n else middle + half)


def newcombe(control: Proportion, variant: Proportion, *, level: float = 0.95) -> Interval | None:
    """The difference of two shares, from the score interval of each ([3], method 10)."""
    of_control, of_variant = wilson(control, level=level), wilson(variant, level=level)
    if of_control is None or of_variant is None:
        return None
    p0, p1 = control.count / control.n, variant.count / variant.n
    down = math.hypot(p1 - of_variant.low, of_control.high - p0)
    up = math.hypot(of_variant.high - p1, p0 - of_control.low)
    return Interval(p1 - p0 - down, p1 - p0 + up)


def fisher(control: Proportion, variant: Proportion) -> float:
    """Two-sided: all tables with the same margins that are not likelier than this one [5]."""
    did, everybody = control.count + variant.count, control.n + variant.n
    lowest, highest = max(0, did - control.n), min(did, variant.n)

    def chance(k: int) -> float:
        return math.exp(
            _choose(variant.n, k) + _choose(control.n, did - k) - _choose(everybody, did)
        )

    limit = chance(variant.count) * AS_LIKELY
    likely = (chance(k) for k in range(lowest, highest + 1))
    return min(1.0, math.fsum(one for one in likely if one <= limit))


def fieller(
    control: float, variant: float, v0: float, v1: float, *, quantile: float
) -> Interval | None:
    """Bounds of variant / control - 1: the quotients r with
    (variant - r control)^2 <= quantile^2 (v1 + r^2 v0)  [4].

    None where the control's mean may be zero itself: then every quotient is possible.
    """
    g = quantile**2 * v0 / control**2 if control > 0 else math.inf
    if g >= 1:
        return None
    r = variant / control
    half = quantile / control * math.sqrt(v1 * (1 - g) + r * r * v0)
    return Interval((r - half) / (1 - g) - 1, (r + half) / (1 - g) - 1)


# --- the parts ----------------------------------------------------------------------


def _tested(
    m0: float, m1: float, v0: float, v1: float, *, level: float, freedom: float = math.inf
) -> Difference:
    error = math.sqrt(v0 + v1)
    quantile = distributions.t_quantile((1 + level) / 2, freedom)
    half = quantile * error
    return Difference(
        effect=m1 - m0,
        error=error,
        freedom=freedom,
        p=distributions.t_beyond((m1 - m0) / error, freedom),
        interval=Interval(m1 - m0 - half, m1 - m0 + half),
        relative=_relative(m0, m1),
        relative_interval=fieller(m0, m1, v0, v1, quantile=quantile),
    )


def _normal(control: Proportion, variant: Proportion, *, level: float) -> Difference:
    """Unpooled for the interval. Under equality both groups have one share, and so one
    variance: pooled for p."""
    m0, m1 = control.count / control.n, variant.count / variant.n
    v0, v1 = error2(control) or 0.0, error2(variant) or 0.0
    both = control + variant
    pooled = (error2(both) or 0.0) * both.n * (1 / control.n + 1 / variant.n)
    p = distributions.normal_beyond((m1 - m0) / math.sqrt(pooled)) if pooled else 1.0
    if v0 + v1 == 0:
        return replace(_without_spread(m0, m1), p=p)
    return replace(_tested(m0, m1, v0, v1, level=level), p=p)


def _without_spread(m0: float, m1: float) -> Difference:
    """Equal values are equal for certain; of unequal ones nothing says how certain."""
    return Difference(effect=m1 - m0, p=1.0 if m0 == m1 else None, relative=_relative(m0, m1))


def _expects_few(control: Proportion, variant: Proportion) -> bool:
    """Whether, were both alike, either group would expect too few of a kind."""
    both = control + variant
    rarer = min(both.count, both.n - both.count)
    return min(control.n, variant.n) * rarer < FEW * both.n


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _relative(control: float, variant: float) -> float | None:
    return variant / control - 1 if control > 0 else None


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
