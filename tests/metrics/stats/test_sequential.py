"""Looking daily: held by the sequential interval, and shown to be inflated for the fixed one."""

import math

import numpy as np
import pytest

from metrics.stats import differences, sequential
from metrics.stats.differences import Difference
from metrics.stats.samples import Mean, Proportion
from tests.metrics.stats import simulated

RUNS, DAYS = 2_000, 28


def alarms(looks: list[tuple[Difference, float]]) -> tuple[bool, bool]:
    """Whether the fixed, and the sequential interval ever leave out no difference."""
    fixed = any(one.interval is not None and 0 not in one.interval for one, _ in looks)
    held = (sequential.interval(one, done_share=done) for one, done in looks)
    return fixed, any(one is not None and 0 not in one for one in held)


def counted(runs: list[list[tuple[Difference, float]]]) -> tuple[float, float]:
    """The share of runs with a false alarm, fixed and sequential."""
    found = [alarms(looks) for looks in runs]
    return sum(one for one, _ in found) / len(runs), sum(one for _, one in found) / len(runs)


def test_customers_who_arrive_daily() -> None:
    rng = np.random.default_rng(21)
    a_day = 200
    counts = rng.binomial(a_day, 0.2, (RUNS, 2, DAYS)).cumsum(axis=2)
    runs = [
        [
            (
                differences.proportions(
                    Proportion(a_day * (day + 1), int(run[0, day])),
                    Proportion(a_day * (day + 1), int(run[1, day])),
                ),
                (day + 1) / DAYS,
            )
            for day in range(DAYS)
        ]
        for run in counts
    ]
    fixed, held = counted(runs)
    assert fixed > 0.15
    assert held <= 0.05


def test_frozen_groups_that_convert_bit_by_bit() -> None:
    rng = np.random.default_rng(22)
    n, last = 2_000, 0.3
    a_day = 1 - (1 - last) ** (1 / DAYS)
    left = np.full((RUNS, 2), n)
    counts = np.zeros((RUNS, 2, DAYS), int)
    for day in range(DAYS):
        counts[:, :, day] = rng.binomial(left, a_day)
        left = left - counts[:, :, day]
    counts = counts.cumsum(axis=2)
    planned = sequential.odds(last)
    runs = [
        [
            (
                differences.proportions(
                    Proportion(n, int(run[0, day])), Proportion(n, int(run[1, day]))
                ),
                sequential.odds(int(run[:, day].sum()) / (2 * n)) / planned,
            )
            for day in range(DAYS)
        ]
        for run in counts
    ]
    fixed, held = counted(runs)
    assert fixed > 0.15
    assert held <= 0.05


@pytest.mark.parametrize("loyal", [False, True])
def test_frozen_groups_whose_revenue_grows(loyal: bool) -> None:
    """With each customer's own pace the days go together, and the interval is the safer."""
    rng = np.random.default_rng(23)
    n, runs_here = 250, 1_000
    pace = rng.gamma(0.5, 0.4, (runs_here, 2, n)) if loyal else np.full((runs_here, 2, n), 0.2)
    total = np.zeros((runs_here, 2, n), np.int64)
    samples: list[list[tuple[Mean, Mean]]] = []
    for _day in range(DAYS):
        total += rng.poisson(pace) * 100
        samples.append(
            list(zip(simulated.means(total[:, 0]), simulated.means(total[:, 1]), strict=True))
        )
    runs = []
    for run in range(runs_here):
        looks = [differences.means(*day[run]) for day in samples]
        planned = (looks[-1].error or 0) ** 2
        runs.append([(one, (one.error or 0) ** 2 / planned) for one in looks])
    fixed, held = counted(runs)
    assert held <= 0.05
    assert fixed > (0.06 if loyal else 0.15)


def test_a_true_difference_is_found_before_the_end() -> None:
    rng = np.random.default_rng(24)
    counts = rng.binomial(400, [[0.2], [0.25]], (200, 2, DAYS)).cumsum(axis=2)
    found = 0
    for run in counts:
        n = 400 * (DAYS // 2)
        half = differences.proportions(
            Proportion(n, int(run[0, DAYS // 2 - 1])), Proportion(n, int(run[1, DAYS // 2 - 1]))
        )
        interval = sequential.interval(half, done_share=0.5)
        found += interval is not None and interval.low > 0
    assert found > 180


def test_the_interval_is_that_of_the_paper() -> None:
    """Theorem 2.2 written out, at n = 1000, sigma = 2, rho tuned for 500, alpha = 0.05."""
    n, sigma, alpha = 1_000, 2.0, 0.05
    rho = math.sqrt((-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / 500)
    half = sigma * math.sqrt(
        2 * (n * rho**2 + 1) / (n**2 * rho**2) * math.log(math.sqrt(n * rho**2 + 1) / alpha)
    )
    found = sequential.interval(Difference(0.0, sigma / math.sqrt(n)), done_share=n / 500)
    assert found is not None
    assert found.high == pytest.approx(half)


def test_the_p_value_and_the_interval_say_the_same() -> None:
    for z in (0.5, 2.0, 2.9, 3.05, 3.5, 5.0):
        found = Difference(z, 1.0)
        p = sequential.p_value(found, done_share=0.8)
        interval = sequential.interval(found, done_share=0.8)
        assert p is not None
        assert interval is not None
        assert (p < 0.05) == (0 not in interval)


def test_it_is_narrowest_around_the_plan_and_always_wider_than_the_fixed_one() -> None:
    planned = sequential.planned_information(0.05)
    at_plan = sequential.multiplier(planned, 0.05)
    assert at_plan < sequential.multiplier(planned / 30, 0.05)
    assert at_plan < sequential.multiplier(planned * 30, 0.05)
    assert at_plan > simulated.normal_band(0.95)


def test_before_anything_is_there_nothing_is_bounded() -> None:
    assert sequential.interval(Difference(), done_share=0.5) is None
    assert sequential.interval(Difference(0.0, 0.0), done_share=0.5) is None
    assert sequential.p_value(Difference(1.0, 1.0), done_share=0) is None
    assert sequential.odds(1) == math.inf
