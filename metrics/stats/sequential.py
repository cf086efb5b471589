"""Intervals that hold however often one looks, and stops when one likes what one sees.

A fixed interval looked at every day claims a difference that is not there far more often than
its level says. An asymptotic confidence sequence is wider, and holds on all days together.

[1] Robbins (1970), Statistical methods related to the law of the iterated logarithm: the
    boundary from a normal mixture of likelihood ratios.
[2] Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Time-uniform central limit theory and
    asymptotic confidence sequences, Annals of Statistics 52(6): Theorem 2.2, for estimated
    variance; rho is tuned as in their appendix B.2.
[3] Slepian (1962): of two Gaussian courses with the same variances, the one whose days go
    together more crosses a line less often.

With a difference D of standard error s, and information u (how far the course has run, in units
of the mixture's variance), the interval at level 1 - alpha is
    D +- s sqrt((1 + 1/u) log((1 + u) / alpha^2)),
which is [2] with u = n rho^2. What u is, depends on how the data comes:

- customers who arrive: u grows with n, and D n is a random walk;
- groups that are frozen at the start, whose share of converted customers p grows: the difference
  of two empirical distributions runs like a Brownian bridge, which is a Brownian motion in the
  odds p / (1 - p); u grows with these;
- frozen groups whose sums grow (revenue): u grows with the sums' variance. Customers who bought
  much go on buying much, so days go together more than in a random walk, and by [3] the interval
  errs on the safe side.
"""

import math

from metrics.stats.differences import Difference, Interval


def planned_information(alpha: float) -> float:
    """The information at which the interval is narrowest: n rho^2 of [2], appendix B.2."""
    bits = -2 * math.log(alpha)
    return bits + math.log(bits + 1)


def multiplier(information: float, alpha: float) -> float:
    """How many standard errors the interval is wide to each side; always more than fixed ones."""
    u = information
    return math.sqrt((1 + 1 / u) * math.log((1 + u) / alpha**2))


def interval(found: Difference, *, done_share: float, level: float = 0.95) -> Interval | None:
    """Bounds for the difference that hold on all days together.

    `done_share` is how much of the planned information is there (1: all; more is allowed). The
    plan has to be made before looking. None before there is anything to bound.
    """
    if found.effect is None or not found.error or done_share <= 0:
        return None
    alpha = 1 - level
    half = found.error * multiplier(done_share * planned_information(alpha), alpha)
    return Interval(found.effect - half, found.effect + half)


def p_value(found: Difference, *, done_share: float, alpha: float = 0.05) -> float | None:
    """The chance under no difference of ever seeing as much as this: 1 over the mixture's
    likelihood ratio [1]. `alpha` only tunes where it is sharpest."""
    if found.effect is None or not found.error or done_share <= 0:
        return None
    u = done_share * planned_information(alpha)
    z = found.effect / found.error
    return min(1.0, math.exp(0.5 * math.log1p(u) - z * z * u / (2 * (1 + u))))


def odds(share: float) -> float:
    """The information of a share that only grows; it has an end at 1."""
    return share / (1 - share) if share < 1 else math.inf
