"""Taking the past out: least squares, less variance, and the same effect."""

import numpy as np
import pytest

from metrics.stats import cuped, differences
from metrics.stats.samples import Pair
from tests.metrics.stats import simulated

RUNS = 2_000


def drawn(rng: np.random.Generator, n: int, effect: int) -> list[Pair]:
    """Customers whose spending goes on as before, for the larger part."""
    before = rng.gamma(1.2, 3_000.0, (RUNS, n)).astype(np.int64)
    noise = rng.normal(0, 2_000.0, (RUNS, n)).astype(np.int64)
    return simulated.pairs(before * 8 // 10 + noise + effect, before)


def test_the_difference_is_the_coefficient_of_least_squares() -> None:
    rng = np.random.default_rng(31)
    group = np.repeat([0, 1], [700, 500])
    x = rng.integers(0, 900, 1_200)
    y = 3 * x + 50 * group + rng.integers(-400, 400, 1_200)
    design = np.column_stack([np.ones(1_200), group, x])
    expected = np.linalg.lstsq(design, y, rcond=None)[0]
    pairs = [simulated.pairs(y[None, group == g], x[None, group == g])[0] for g in (0, 1)]
    found = cuped.adjusted(pairs)
    assert found is not None
    assert cuped.theta(pairs) == pytest.approx(expected[2], rel=1e-10)
    assert (found[1].mean or 0) - (found[0].mean or 0) == pytest.approx(expected[1], rel=1e-9)


def test_the_variance_falls_by_what_the_past_explains() -> None:
    pairs = [one[0] for one in (drawn(np.random.default_rng(32), 4_000, 0),) * 2]
    found = cuped.adjusted(pairs)
    assert found is not None
    before, after = pairs[0].of_y.variance, found[0].variance
    assert before is not None
    assert after is not None
    assert after == pytest.approx(before * (1 - cuped.explained(pairs)), rel=1e-6)
    assert cuped.explained(pairs) > 0.5


def test_the_alarm_keeps_its_rate_and_power_grows() -> None:
    rng = np.random.default_rng(33)
    control, same, better = drawn(rng, 300, 0), drawn(rng, 300, 0), drawn(rng, 300, 500)

    def alarms(variant: list[Pair], *, with_past: bool) -> int:
        found = 0
        for a, b in zip(control, variant, strict=True):
            adjusted = cuped.adjusted([a, b]) if with_past else None
            one, other = adjusted or (a.of_y, b.of_y)
            found += (differences.means(one, other).p or 0) < 0.05
        return found

    assert simulated.is_in_band(alarms(same, with_past=True), RUNS, 0.05)
    assert alarms(better, with_past=True) > 1.5 * alarms(better, with_past=False)


def test_the_p_values_of_equal_groups_are_uniform() -> None:
    rng = np.random.default_rng(35)
    found = [
        differences.means(*adjusted).p or 0.0
        for pair in zip(drawn(rng, 300, 0), drawn(rng, 400, 0), strict=True)
        if (adjusted := cuped.adjusted(pair))
    ]
    assert len(found) == RUNS
    assert simulated.is_uniform(found)


@pytest.mark.parametrize("level", [0.90, 0.95, 0.99])
def test_the_interval_of_adjusted_means_holds_the_truth_as_often_as_it_says(level: float) -> None:
    rng = np.random.default_rng(36)
    held = 0
    for pair in zip(drawn(rng, 300, 0), drawn(rng, 400, 500), strict=True):
        adjusted = cuped.adjusted(pair)
        assert adjusted is not None
        interval = differences.means(*adjusted, level=level).interval
        assert interval is not None
        held += 500 in interval
    assert simulated.is_in_band(held, RUNS, level)


def test_a_past_that_says_nothing_is_left_out() -> None:
    rng = np.random.default_rng(34)
    x, y = rng.integers(0, 100, 5_000), rng.integers(0, 100, 5_000)
    pairs = [
        simulated.pairs(y[None, half], x[None, half])[0] for half in np.split(np.arange(5_000), 2)
    ]
    assert cuped.adjusted(pairs) is None


def test_a_past_that_is_the_same_for_all_is_left_out() -> None:
    groups = [Pair(3, 6, 14, 0, 0, 0), Pair(3, 9, 29, 0, 0, 0)]
    assert (cuped.theta(groups), cuped.adjusted(groups)) == (None, None)


def test_an_empty_group_and_one_customer_are_defined() -> None:
    full = Pair(4, 10, 30, 10, 30, 30)
    found = cuped.adjusted([full, Pair(0, 0, 0, 0, 0, 0), Pair(1, 3, 9, 3, 9, 9)])
    assert found is not None
    assert found[1] == cuped.Adjusted(0, None, None)
    assert found[2].mean is not None
    assert found[2].variance is None
