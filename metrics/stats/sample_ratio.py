"""Whether the groups are as large as they were meant to be.

Fabijan et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments, KDD:
where customers were lost or doubled on the way into a group, no difference means anything.
Pearson's chi-squared test, with an alarm only when chance is out of the question.
"""

from collections.abc import Sequence

from metrics.stats import distributions

ALARM = 0.001


def p_value(sizes: Sequence[int], planned: Sequence[float]) -> float | None:
    """How likely sizes as far from the plan are; `planned` are weights, such as 50 and 50.

    None for fewer than two groups, or where nobody is.

    Raises:
        ValueError: a weight is not positive, or there are not as many as groups.
    """
    if len(sizes) != len(planned) or any(weight <= 0 for weight in planned):
        raise ValueError("Each group has its weight, which is more than nothing.")
    everybody, weights = sum(sizes), sum(planned)
    if len(sizes) < 2 or not everybody:
        return None
    expected = [everybody * weight / weights for weight in planned]
    distance = sum(
        (size - wanted) ** 2 / wanted for size, wanted in zip(sizes, expected, strict=True)
    )
    return distributions.chi2_beyond(distance, len(sizes) - 1)


def is_broken(sizes: Sequence[int], planned: Sequence[float]) -> bool:
    p = p_value(sizes, planned)
    return p is not None and p < ALARM
