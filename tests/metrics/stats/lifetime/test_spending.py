"""Gamma-Gamma and discounted value: published numbers, slopes, refunds."""

import numpy as np
import pytest

from metrics.stats.lifetime import histories, purchasing, spending, worth
from metrics.stats.lifetime.spending import Spending
from tests.metrics.stats.lifetime import cdnow

PUBLISHED = Spending(6.25, 3.74, 15.44, 38.81)


@pytest.fixture(scope="module")
def fit() -> spending.Fit:
    known = cdnow.sample()
    return spending.fit(known.histories.x, known.spent_again)


def test_the_note_s_946_repeaters_give_its_parameters(fit: spending.Fit) -> None:
    assert fit.arrived
    assert fit.customers == 946
    found = [fit.found.p, fit.found.q, fit.found.v]
    assert found == pytest.approx([6.25, 3.74, 15.44], abs=5e-3)
    assert fit.correlation == pytest.approx(0.11, abs=5e-3)  # the note's 0.11


def test_one_customer_s_year_is_worth_what_is_known(fit: spending.Fit) -> None:
    # 36.2785 with the times and the average rounded to hundredths; the widely copied 140.096
    # puts days into a model of weeks.
    model = purchasing.fit(cdnow.sample().histories).found
    one = histories.made(np.array([2]), np.array([213]), np.array([272]))
    average = spending.average(fit.found, one.x, np.array([2 * 22.35]))
    orders = worth.orders(model, one, months=12, discount=0.01)
    assert (orders * average)[0] == pytest.approx(36.2785, abs=5e-3)


def test_without_a_discount_a_year_s_orders_are_those_expected() -> None:
    known = cdnow.sample().histories
    model = purchasing.fit(known).found
    year = worth.orders(model, known, months=12, discount=0.0)
    assert year == pytest.approx(purchasing.expected(model, known, 12 * worth.MONTH))
    assert (worth.orders(model, known, months=12, discount=0.02) < year).all()


def test_the_slope_is_that_of_the_likelihood() -> None:
    known = cdnow.sample()
    chosen = spending.usable(known.histories.x, known.spent_again)
    sums = spending._Sums(known.histories.x[chosen].astype(float), known.spent_again[chosen])
    at, step = np.log([5.0, 3.0, 12.0]), 1e-5
    _value, slope = sums.log_likelihood(at)
    for place, way in enumerate(np.eye(3) * step):
        above, below = (sums.log_likelihood(at + d)[0] for d in (way, -way))
        assert slope[place] == pytest.approx((above - below) / (2 * step), rel=1e-5)


def test_the_unit_of_money_changes_only_the_scale(fit: spending.Fit) -> None:
    known = cdnow.sample()
    cents = spending.fit(known.histories.x, known.spent_again * 100)
    assert cents.found.v == pytest.approx(fit.found.v * 100)
    assert [cents.found.p, cents.found.q] == pytest.approx([fit.found.p, fit.found.q])


def test_an_average_lies_between_the_customer_s_own_and_everybody_s() -> None:
    found = spending.average(PUBLISHED, np.array([0, 1, 100]), np.array([0.0, 200.0, 20_000.0]))
    assert found[0] == pytest.approx(PUBLISHED.average)
    assert PUBLISHED.average < found[1] < found[2] < 200


def test_refunds_and_nothing_paid_give_everybody_s_average() -> None:
    found = spending.average(PUBLISHED, np.array([3, 2, 0]), np.array([-50.0, 0.0, -1.0]))
    assert found == pytest.approx([PUBLISHED.average] * 3)


def test_a_mean_without_limit_gives_way_to_the_plain_one() -> None:
    wild = Spending(0.3, 0.6, 10.0, 38.0)
    found = spending.average(wild, np.array([0, 1, 5]), np.array([0.0, 40.0, 200.0]))
    assert found[0] == 38.0
    assert found[1] == 40.0  # p + q is below 1: not even with one order
    assert np.isfinite(found).all()
    assert (found > 0).all()


def test_nothing_paid_by_anybody_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="Nobody paid anything"):
        spending.fit(np.array([0, 2, 1]), np.array([10.0, 0.0, -5.0]))


def test_equal_amounts_give_numbers_or_say_that_they_did_not_arrive() -> None:
    fit = spending.fit(np.full(60, 2), np.full(60, 20.0))
    average = spending.average(fit.found, np.array([0, 2]), np.array([0.0, 20.0]))
    assert average == pytest.approx([10.0, 10.0], rel=0.05)


@pytest.mark.parametrize("seed", range(80))
def test_where_all_customers_spend_alike_the_search_arrives_at_the_edge(seed: int) -> None:
    """Orders vary and customers do not: q goes as far as it may, along which others are sought."""
    chance = np.random.default_rng(seed)
    x = chance.integers(1, 30, int(chance.integers(40, 400)))
    total = np.array([chance.integers(500, 5_000, orders).sum() for orders in x]) / 100
    assert spending.fit(x, total).arrived
