"""How small a difference a comparison can show, and how many customers it takes.

[1] Fleiss, Levin, Paik (2003), Statistical methods for rates and proportions, 3rd ed., section
    4.3 (two shares; without the correction for continuity).
[2] Cohen (1988), Statistical power analysis for the behavioral sciences, section 2.4 (two means;
    with the normal for the t, which at sizes like ours differ by a customer).
"""

import math

from metrics.stats.distributions import STANDARD, normal_quantile

POWER = 0.8


def sample_size_of_shares(
    base: float, difference: float, *, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """How many customers a group it takes to show that a share differs by so much [1].

    None where the other share would not be one, or there is no difference to show.
    """
    other = base + difference
    if not (0 <= base <= 1 and 0 <= other <= 1) or difference == 0:
        return None
    middle = (base + other) / 2
    under_none = math.sqrt(2 * middle * (1 - middle))
    under_some = math.sqrt(base * (1 - base) + other * (1 - other))
    reach = normal_quantile(1 - alpha / 2) * under_none + normal_quantile(power) * under_some
    return math.ceil((reach / difference) ** 2)


def sample_size_of_means(
    variance: float, difference: float, *, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """The same for a mean of values that vary so much [2]."""
    if difference == 0:
        return None
    return max(2, math.ceil(2 * variance * (_reach(alpha, power) / difference) ** 2))


def detectable(error: float | None, *, alpha: float = 0.05, power: float = POWER) -> float | None:
    """The minimum detectable effect: the true difference that a comparison with this standard
    error shows with this power."""
    return None if error is None else _reach(alpha, power) * error


def power_of(difference: float, error: float, *, alpha: float = 0.05) -> float:
    """How likely a comparison with this standard error shows a true difference."""
    z, away = normal_quantile(1 - alpha / 2), difference / error
    return STANDARD.cdf(away - z) + STANDARD.cdf(-away - z)


def _reach(alpha: float, power: float) -> float:
    return normal_quantile(1 - alpha / 2) + normal_quantile(power)
