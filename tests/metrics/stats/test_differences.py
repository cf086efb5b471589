"""Differences of samples: golden numbers, simulations, and what has no answer."""

import itertools
import math

import numpy as np
import pytest

from metrics.stats import differences
from metrics.stats.differences import Interval
from metrics.stats.samples import Mean, Pair, Proportion, Ratio
from tests.metrics.stats import simulated

RUNS = 2_000
LEVELS = [0.9, 0.95, 0.99]


def mean_of(values: list[int]) -> Mean:
    return Mean(len(values), sum(values), sum(value * value for value in values))


def bounds(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return interval.low, interval.high


# --- golden: statsmodels 0.15.0 and SciPy 1.17.1 --------------------------------------


@pytest.mark.parametrize(
    ("control", "variant", "p", "interval"),
    [
        ((10_000, 500), (10_000, 560), 0.05825780603351623, (-0.00020922034623, 0.01220922034623)),
        ((4_000, 120), (2_500, 90), 0.1831941507622188, (-0.00301510996527, 0.01501510996527)),
        # Few: Fisher's p and Newcombe's interval.
        ((40, 3), (45, 9), 0.12546697019214698, (-0.02854308116707, 0.27171245305092)),
    ],
)
def test_two_shares(
    control: tuple[int, int], variant: tuple[int, int], p: float, interval: tuple[float, float]
) -> None:
    """proportions_ztest and confint_proportions_2indep, wald and newcomb; scipy's fisher_exact."""
    found = differences.proportions(Proportion(*control), Proportion(*variant))
    assert found.p == pytest.approx(p, rel=1e-9)
    assert bounds(found.interval) == pytest.approx(interval, abs=1e-12)


@pytest.mark.parametrize(
    ("level", "interval"),
    [
        (0.9, (-2.3251908565422084, 9.275190856542208)),
        (0.95, (-3.6479088981657433, 10.597908898165743)),
        (0.99, (-6.628803940115246, 13.578803940115245)),
    ],
)
def test_two_means(level: float, interval: tuple[float, float]) -> None:
    """CompareMeans.ttest_ind and tconfint_diff with unequal variances."""
    control, variant = [3, 5, -2, 0, 0, 8, 12, 1, 0, 7], [4, 9, 0, 0, 15, 22, 6, -1]
    found = differences.means(mean_of(control), mean_of(variant), level=level)
    assert found.p == pytest.approx(0.30368786211342425, rel=1e-9)
    assert found.freedom == pytest.approx(10.320561825238658)
    assert bounds(found.interval) == pytest.approx(interval, rel=1e-9)


# --- golden: published ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "n", "printed"),
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611))],
)
def test_one_share_as_newcombe_printed_it(count: int, n: int, printed: tuple[float, float]) -> None:
    """Statistics in Medicine 17, 857-872, table I, method 3."""
    low, high = bounds(differences.wilson(Proportion(n, count)))
    assert (round(low, 4), round(high, 4)) == printed


@pytest.mark.parametrize(
    ("variant", "control", "printed"),
    [
        ((70, 56), (80, 48), (0.0524, 0.3339)),
        ((10, 9), (10, 3), (0.1705, 0.8090)),
        ((56, 5), (29, 0), (-0.0381, 0.1926)),
        ((10, 10), (10, 0), (0.6075, 1.0)),
    ],
)
def test_two_shares_as_newcombe_printed_them(
    variant: tuple[int, int], control: tuple[int, int], printed: tuple[float, float]
) -> None:
    """Statistics in Medicine 17, 873-890, table II, method 10."""
    low, high = bounds(differences.newcombe(Proportion(*control), Proportion(*variant)))
    assert (round(low, 4), round(high, 4)) == printed


def test_the_lady_tasting_tea() -> None:
    """Fisher, The design of experiments (1935), chapter 2: three of four cups, two-sided."""
    assert differences.fisher(Proportion(4, 1), Proportion(4, 3)) == pytest.approx(34 / 70)


# --- by simulation --------------------------------------------------------------------


def test_equal_shares_differ_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(11)
    one = simulated.proportions(rng, RUNS, 20_000, 0.07)
    other = simulated.proportions(rng, RUNS, 15_000, 0.07)
    found = [differences.proportions(a, b) for a, b in zip(one, other, strict=True)]
    p_values = [one.p for one in found if one.p is not None]
    assert len(p_values) == RUNS
    assert simulated.is_in_band(sum(p < 0.05 for p in p_values), RUNS, 0.05)
    assert simulated.is_uniform(p_values)


def test_equal_means_differ_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(12)
    one = simulated.means(simulated.revenue(rng, RUNS, 500))
    other = simulated.means(simulated.revenue(rng, RUNS, 400))
    p_values = [differences.means(a, b).p for a, b in zip(one, other, strict=True)]
    known = [p for p in p_values if p is not None]
    assert len(known) == RUNS
    assert simulated.is_in_band(sum(p < 0.05 for p in known), RUNS, 0.05)
    assert simulated.is_uniform(known)


def test_equal_quotients_differ_as_often_as_the_level_says() -> None:
    """Amounts per order, where the orders of a customer go together."""
    rng = np.random.default_rng(13)
    samples = []
    for n in (600, 500):
        orders = rng.poisson(2.0, (RUNS, n))
        usual = rng.gamma(8.0, 500.0, (RUNS, n))  # a customer's own order size
        samples.append(
            [Ratio(one) for one in simulated.pairs((orders * usual).astype(int), orders)]
        )
    p_values = [differences.means(a, b).p or 0.0 for a, b in zip(*samples, strict=True)]
    assert simulated.is_in_band(sum(p < 0.05 for p in p_values), RUNS, 0.05)
    assert simulated.is_uniform(p_values)


@pytest.mark.parametrize("level", LEVELS)
def test_the_intervals_hold_the_truth_as_often_as_they_say(level: float) -> None:
    rng = np.random.default_rng(14)
    plain, variant = simulated.revenue(rng, RUNS, 500), simulated.revenue(rng, RUNS, 500) + 300
    middle = 0.3 * (1.5 * 4_000 - 500)
    held = held_relative = 0
    for a, b in zip(simulated.means(plain), simulated.means(variant), strict=True):
        found = differences.means(a, b, level=level)
        assert found.interval is not None
        assert found.relative_interval is not None
        held += 300 in found.interval
        held_relative += 300 / middle in found.relative_interval
    assert simulated.is_in_band(held, RUNS, level)
    assert simulated.is_in_band(held_relative, RUNS, level)


@pytest.mark.parametrize("level", LEVELS)
def test_the_interval_of_two_quotients_holds_the_truth_as_often_as_it_says(level: float) -> None:
    """Revenue an order, where the orders of a customer go together: 300 more in the variant."""
    rng = np.random.default_rng(17)
    samples = []
    for n, more in ((600, 0), (500, 300)):
        orders = rng.poisson(2.0, (RUNS, n))
        usual = rng.gamma(8.0, 500.0, (RUNS, n)) + more
        revenue = np.rint(orders * usual).astype(int)
        samples.append([Ratio(one) for one in simulated.pairs(revenue, orders)])
    held = 0
    for a, b in zip(*samples, strict=True):
        interval = differences.means(a, b, level=level).interval
        assert interval is not None
        held += 300 in interval
    assert simulated.is_in_band(held, RUNS, level)


@pytest.mark.parametrize("level", LEVELS)
def test_the_interval_of_two_shares_holds_the_truth_as_often_as_it_says(level: float) -> None:
    rng = np.random.default_rng(15)
    one = simulated.proportions(rng, RUNS, 20_000, 0.05)
    other = simulated.proportions(rng, RUNS, 20_000, 0.06)
    held = [
        0.01 in interval
        for a, b in zip(one, other, strict=True)
        if (interval := differences.proportions(a, b, level=level).interval)
    ]
    assert simulated.is_in_band(sum(held), RUNS, level)


def test_with_few_the_alarm_is_no_more_frequent_and_the_interval_no_narrower() -> None:
    rng = np.random.default_rng(16)
    one = simulated.proportions(rng, RUNS, 60, 0.05)
    other = simulated.proportions(rng, RUNS, 50, 0.05)
    found = [differences.proportions(a, b) for a, b in zip(one, other, strict=True)]
    alarms = sum(one.p is not None and one.p < 0.05 for one in found)
    held = sum(one.interval is not None and 0 in one.interval for one in found)
    assert alarms <= RUNS * 0.05
    assert held >= RUNS * 0.94


# --- what has no answer, and what has one nevertheless --------------------------------


def test_nobody_who_did_it_is_no_difference_with_bounds() -> None:
    found = differences.proportions(Proportion(50, 0), Proportion(40, 0))
    assert (found.effect, found.p, found.relative) == (0, 1, None)
    low, high = bounds(found.interval)
    assert -0.1 < low < 0 < high < 0.1


def test_everybody_against_nobody_is_a_difference() -> None:
    found = differences.proportions(Proportion(30, 0), Proportion(30, 30))
    assert found.effect == 1
    assert found.p is not None
    assert found.p < 1e-9
    assert found.interval is not None
    assert 0.8 < found.interval.low < 1


def test_nobody_at_all_has_no_difference() -> None:
    assert differences.proportions(Proportion(0, 0), Proportion(9, 3)).effect is None
    assert differences.means(Mean(0, 0, 0), mean_of([1, 2])).effect is None
    assert differences.wilson(Proportion(0, 0)) is None


def test_one_customer_has_a_difference_without_bounds() -> None:
    found = differences.means(mean_of([5]), mean_of([7, 9]))
    assert (found.effect, found.p, found.interval) == (3, None, None)


def test_equal_values_are_equal_for_certain_and_unequal_ones_for_nothing() -> None:
    same = differences.means(mean_of([4, 4, 4]), mean_of([4, 4]))
    assert (same.effect, same.p, same.relative) == (0, 1, 0)
    apart = differences.means(mean_of([4, 4, 4]), mean_of([5, 5]))
    assert (apart.effect, apart.p, apart.interval) == (1, None, None)


def test_refunds_may_outweigh_and_then_no_share_of_them_is_told() -> None:
    found = differences.means(mean_of([-9, -2, 1, -4]), mean_of([3, 8, -1, 5]))
    assert found.effect == 7.25
    assert found.interval is not None
    assert (found.relative, found.relative_interval) == (None, None)


def test_a_control_that_may_be_nothing_bounds_no_quotient() -> None:
    found = differences.means(mean_of([0, 0, 0, 9]), mean_of([5, 6, 7, 8]))
    assert found.relative is not None
    assert found.relative_interval is None


def test_fieller_ends_where_the_quotient_is_just_not_refused() -> None:
    interval = differences.fieller(10, 12, 0.5, 0.8, quantile=1.96)
    for end in bounds(interval):
        r = end + 1
        assert (12 - r * 10) ** 2 == pytest.approx(1.96**2 * (0.8 + r * r * 0.5))


def test_more_than_all_is_no_proportion() -> None:
    with pytest.raises(ValueError, match="no proportion"):
        Proportion(3, 4)


def test_sums_add_up_to_the_sum_of_all() -> None:
    values = list(itertools.product([3, -1, 10**9], repeat=2))
    y, x = [a for a, _ in values], [b for _, b in values]
    whole = pair_of(y, x)
    assert pair_of(y[:4], x[:4]) + pair_of(y[4:], x[4:]) == whole
    assert mean_of(y[:2]) + mean_of(y[2:]) == whole.of_y
    assert Proportion(3, 1) + Proportion(4, 2) == Proportion(7, 3)


def pair_of(y: list[int], x: list[int]) -> Pair:
    together = zip(x, y, strict=True)
    return Pair(
        len(y),
        sum(y),
        sum(a * a for a in y),
        sum(x),
        sum(a * a for a in x),
        sum(a * b for a, b in together),
    )


def test_the_variance_of_large_amounts_loses_nothing() -> None:
    """Floats would lose it all: 10**15 + 1 and the like, squared."""
    values = [10**15 + 1, 10**15 + 2, 10**15 + 3]
    assert mean_of(values).variance == 1


def test_a_quotients_variance_is_that_of_the_delta_method() -> None:
    rng = np.random.default_rng(17)
    x = rng.poisson(3, 4_000)
    y = x * 7 + rng.integers(-5, 9, 4_000)
    found = Ratio(simulated.pairs(y[None, :], x[None, :])[0])
    quotient = y.sum() / x.sum()
    residual = (y - quotient * x) / x.mean()
    assert found.mean == pytest.approx(quotient)
    assert found.variance == pytest.approx(residual.var(ddof=1), rel=1e-9)
    assert math.isclose(found.n, 4_000)


def test_nothing_bought_is_no_average_order() -> None:
    assert Ratio(pair_of([0, 0], [0, 0])).mean is None
    assert differences.means(Ratio(pair_of([0, 0], [0, 0])), mean_of([1, 2])).effect is None
