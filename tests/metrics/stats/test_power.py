"""How many customers it takes, sizes of groups, and verdicts."""

import numpy as np
import pytest

from metrics.stats import differences, power, sample_ratio
from metrics.stats.differences import Interval
from metrics.stats.verdicts import Verdict, verdict
from tests.metrics.stats import simulated

RUNS = 2_000


@pytest.mark.parametrize(
    ("base", "difference", "alpha", "wanted", "n"),
    [(0.10, 0.05, 0.05, 0.8, 686), (0.05, 0.02, 0.01, 0.9, 4_194)],
)
def test_customers_for_two_shares(
    base: float, difference: float, alpha: float, wanted: float, n: int
) -> None:
    """statsmodels 0.15.0: samplesize_proportions_2indep_onetail, two-sided (685.6 and 4193.5)."""
    assert power.sample_size_of_shares(base, difference, alpha=alpha, power=wanted) == n


def test_customers_for_two_means() -> None:
    """statsmodels 0.15.0: NormalIndPower (62.79 a group; 0.68777). Cohen prints 64, by the t."""
    assert power.sample_size_of_means(1.0, 0.5) == 63
    assert power.power_of(0.2, (2 / 300) ** 0.5) == pytest.approx(0.687770420076401)


def test_the_sizes_of_a_known_broken_experiment() -> None:
    """Kohavi, Tang, Xu (2020), Trustworthy online controlled experiments, chapter 21."""
    p = sample_ratio.p_value([821_588, 815_482], [1, 1])
    assert p == pytest.approx(1.8e-6, rel=0.03)
    # By chisquare of SciPy.
    assert sample_ratio.p_value([500, 260, 240], [2, 1, 1]) == pytest.approx(0.6703200460356394)


def test_power_is_as_planned() -> None:
    rng = np.random.default_rng(41)
    n = power.sample_size_of_shares(0.1, 0.02)
    assert n is not None
    one, other = simulated.proportions(rng, RUNS, n, 0.1), simulated.proportions(rng, RUNS, n, 0.12)
    shown = sum(
        (differences.proportions(a, b).p or 0) < 0.05 for a, b in zip(one, other, strict=True)
    )
    assert simulated.is_in_band(shown, RUNS, 0.8)


def test_the_detectable_effect_is_detected_as_often_as_planned() -> None:
    rng = np.random.default_rng(42)
    plain, variant = simulated.revenue(rng, RUNS, 300), simulated.revenue(rng, RUNS, 300)
    error = 2**0.5 * float(plain.std()) / 300**0.5
    effect = power.detectable(error)
    assert effect is not None
    pairs = zip(simulated.means(plain), simulated.means(variant + round(effect)), strict=True)
    shown = sum((differences.means(a, b).p or 0) < 0.05 for a, b in pairs)
    assert shown / RUNS == pytest.approx(0.8, abs=0.03)
    assert power.power_of(effect, error) == pytest.approx(0.8, abs=1e-6)


def test_no_difference_takes_no_number_of_customers() -> None:
    assert power.sample_size_of_shares(0.1, 0) is None
    assert power.sample_size_of_shares(0.95, 0.1) is None
    assert power.sample_size_of_means(4.0, 0) is None
    assert power.detectable(None) is None


def test_the_alarm_for_sizes_keeps_its_rate() -> None:
    rng = np.random.default_rng(43)
    many = 40_000
    sizes = rng.multinomial(10_000, [0.5, 0.25, 0.25], many)
    p_values = [sample_ratio.p_value([int(n) for n in one], [2, 1, 1]) or 0 for one in sizes[:RUNS]]
    alarms = sum(sample_ratio.is_broken([int(n) for n in one], [2, 1, 1]) for one in sizes)
    assert simulated.is_in_band(alarms, many, sample_ratio.ALARM)
    assert simulated.is_uniform(p_values)


def test_lost_customers_set_the_alarm_off() -> None:
    assert not sample_ratio.is_broken([5_050, 4_950], [1, 1])
    assert sample_ratio.is_broken([5_200, 4_800], [1, 1])


def test_sizes_without_groups_or_customers_have_no_answer() -> None:
    assert sample_ratio.p_value([7], [1]) is None
    assert sample_ratio.p_value([0, 0], [1, 1]) is None
    with pytest.raises(ValueError, match="more than nothing"):
        sample_ratio.p_value([3, 4], [1, 0])


UP, DOWN, AROUND = Interval(0.1, 0.2), Interval(-0.2, -0.1), Interval(-0.1, 0.1)
SAID = {
    "fixed": UP,
    "sequential": UP,
    "is_over": True,
    "is_random": True,
    "is_broken": False,
    "events": 500,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, Verdict.WON),
        ({"fixed": DOWN}, Verdict.LOST),
        ({"fixed": AROUND}, Verdict.NO_DIFFERENCE),
        ({"is_over": False}, Verdict.WON),
        ({"is_over": False, "sequential": AROUND}, Verdict.TOO_EARLY),
        ({"is_over": False, "sequential": None}, Verdict.TOO_EARLY),
        ({"fixed": None}, Verdict.TOO_EARLY),
        ({"events": 19}, Verdict.TOO_EARLY),
        ({"is_broken": True}, Verdict.BROKEN),
        ({"is_random": False}, Verdict.HIGHER),
        ({"is_random": False, "fixed": DOWN}, Verdict.LOWER),
        ({"is_random": False, "is_broken": True}, Verdict.HIGHER),
    ],
    ids=lambda value: str(value),
)
def test_the_verdict(changed: dict, said: Verdict) -> None:
    assert verdict(**{**SAID, **changed}) == said
