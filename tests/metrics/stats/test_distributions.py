"""Probabilities and quantiles against SciPy and printed tables."""

import math

import pytest
from scipy import special  # scipy.stats rests on it, and loads for seconds

from metrics.stats import distributions

FREEDOMS = [1, 1.7, 2, 5, 9.3, 30, 250.5, 40_000, 3_000_000]
SHARES = [0.0005, 0.025, 0.2, 0.5, 0.9, 0.95, 0.975, 0.995, 0.9995]


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_t_is_scipys(freedom: float) -> None:
    for t in (0.0, 0.01, 0.5, 1.0, 1.96, 3.3, 8.0, 25.0):
        assert distributions.t_beyond(t, freedom) == pytest.approx(
            2 * special.stdtr(freedom, -t), rel=1e-8, abs=1e-300
        )
    for p in SHARES:
        assert distributions.t_quantile(p, freedom) == pytest.approx(
            special.stdtrit(freedom, p), rel=1e-8, abs=1e-12
        )


@pytest.mark.parametrize("freedom", [1, 2, 3, 7.5, 40, 1_000])
def test_chi_squared_is_scipys(freedom: float) -> None:
    for x in (0.0, 1e-4, 0.4, 1.0, 3.84, 10.0, 55.0, 900.0, 1_200.0):
        assert distributions.chi2_beyond(x, freedom) == pytest.approx(
            special.chdtrc(freedom, x), rel=1e-9, abs=1e-300
        )


def test_the_normal_reaches_far_out() -> None:
    assert distributions.normal_beyond(1.959963984540054) == pytest.approx(0.05, rel=1e-12)
    assert distributions.normal_beyond(-20) == pytest.approx(2 * special.ndtr(-20), rel=1e-12)
    assert distributions.normal_quantile(0.995) == pytest.approx(2.5758293035489004)


@pytest.mark.parametrize(
    ("freedom", "p", "printed"),
    # Pearson and Hartley, Biometrika tables for statisticians I, tables 12 and 8.
    [(1, 0.975, 12.706), (10, 0.975, 2.228), (30, 0.95, 1.697), (120, 0.995, 2.617)],
)
def test_t_is_that_of_the_printed_table(freedom: float, p: float, printed: float) -> None:
    assert round(distributions.t_quantile(p, freedom), 3) == printed


@pytest.mark.parametrize(
    ("freedom", "x", "printed"), [(1, 3.841, 0.05), (3, 11.345, 0.01), (10, 29.588, 0.001)]
)
def test_chi_squared_is_that_of_the_printed_table(freedom: float, x: float, printed: float) -> None:
    assert distributions.chi2_beyond(x, freedom) == pytest.approx(printed, rel=1e-3)


def test_without_end_of_freedom_t_is_the_normal() -> None:
    assert distributions.t_quantile(0.975, math.inf) == distributions.normal_quantile(0.975)
    assert distributions.t_beyond(2, math.inf) == distributions.normal_beyond(2)
