"""BG/NBD: the published CDNOW numbers, its own slopes, and every strange history."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.stats.lifetime import histories, purchasing
from metrics.stats.lifetime.histories import WEEK, Counted, Histories
from metrics.stats.lifetime.purchasing import Purchasing
from tests.metrics.stats.lifetime import cdnow

PUBLISHED = Purchasing(0.243, 4.414, 0.793, 2.426)


def one(x: int, t_x: int, T: int) -> Histories:
    return histories.made(np.array([x]), np.array([t_x]), np.array([T]))


def parameters(found: Purchasing) -> list[float]:
    return [found.r, found.alpha, found.a, found.b]


# --- published ----------------------------------------------------------------


def test_the_sample_of_the_paper_gives_its_parameters_and_likelihood() -> None:
    fit = purchasing.fit(cdnow.sample().histories)
    assert fit.arrived
    assert parameters(fit.found) == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=5e-4)
    assert fit.log_likelihood == pytest.approx(-9582.429, abs=5e-4)


def test_all_customers_of_cdnow_give_the_known_parameters() -> None:
    fit = purchasing.fit(cdnow.master().histories)
    known = [0.251624, 4.788943, 0.723434, 2.161088]
    assert parameters(fit.found) == pytest.approx(known, abs=1e-6)
    assert fit.log_likelihood == pytest.approx(-95368.444, abs=5e-4)


def test_the_paper_s_customer_is_expected_to_order_as_often_as_it_says() -> None:
    # Two orders, the last after 30.43 weeks of 38.86: 1.226 in the next 39.
    found = purchasing.fit(cdnow.sample().histories).found
    assert purchasing.expected(found, one(2, 213, 272), 39 * WEEK)[0] == pytest.approx(
        1.226, abs=5e-4
    )


def test_a_fit_goes_on_from_last_night_s_and_says_the_same() -> None:
    known = cdnow.sample().histories
    cold = purchasing.fit(known)
    warm = purchasing.fit(known, start=cold.found)
    assert warm.looks < 4
    assert parameters(warm.found) == pytest.approx(parameters(cold.found), abs=1e-7)


def test_a_fit_of_many_begins_with_a_few_and_arrives_where_a_plain_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = cdnow.master().histories
    plain = purchasing.fit(known)
    monkeypatch.setattr(purchasing, "FEW", 1 << 12)
    quick = purchasing.fit(known)
    assert quick.looks < plain.looks / 2
    assert parameters(quick.found) == pytest.approx(parameters(plain.found), abs=1e-6)


# --- the likelihood -------------------------------------------------------------


def plain_likelihood(model: Purchasing, x: int, t_x: float, T: float) -> float:
    """Equation (6) as it stands in the paper, without logarithms, tables or groups."""
    from scipy import special

    r, alpha, a, b = parameters(model)
    together = special.beta(a, b + x) / special.beta(a, b)
    stayed = (
        together * special.gamma(r + x) * alpha**r / (special.gamma(r) * (alpha + T) ** (r + x))
    )
    left = 0.0
    if x:
        left = (
            special.beta(a + 1, b + x - 1)
            / special.beta(a, b)
            * special.gamma(r + x)
            * alpha**r
            / (special.gamma(r) * (alpha + t_x) ** (r + x))
        )
    return float(np.log(stayed + left))


HISTORY = st.tuples(st.integers(0, 12), st.integers(0, 300), st.integers(0, 300)).map(
    lambda one: (one[0], min(one[1:]), max(one[1:]))
)
POSITIVE = st.floats(0.05, 20)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(HISTORY, min_size=1, max_size=12), of=st.tuples(*[POSITIVE] * 4))
def test_the_likelihood_of_groups_is_the_sum_of_the_paper_s(
    rows: list[tuple[int, int, int]], of: tuple[float, float, float, float]
) -> None:
    x, t_x, T = np.array(rows).T
    known = histories.made(x, t_x, T)
    value, _slope = purchasing.log_likelihood(np.log(of), Counted(known))
    plain = sum(
        plain_likelihood(Purchasing(*of), *each)
        for each in zip(
            known.x.tolist(),
            (known.t_x / WEEK).tolist(),
            (known.T / WEEK).tolist(),
            strict=True,
        )
    )
    assert value == pytest.approx(plain, rel=1e-9, abs=1e-9)


def test_the_slope_is_that_of_the_likelihood() -> None:
    counted, at, step = Counted(cdnow.sample().histories), np.log([0.3, 5, 0.7, 2.0]), 1e-5
    _value, slope = purchasing.log_likelihood(at, counted)
    for place, way in enumerate(np.eye(4) * step):
        above, below = (purchasing.log_likelihood(at + d, counted)[0] for d in (way, -way))
        assert slope[place] == pytest.approx((above - below) / (2 * step), rel=1e-5)


# --- foretelling ------------------------------------------------------------------


def simulated(model: Purchasing, x: int, t_x: int, T: int, days: int) -> tuple[float, float]:
    """Orders to come and the chance of none, from many who might be the customer: each drawn
    from the prior and weighed by how likely their history is."""
    chance = np.random.default_rng(5)
    rate = chance.gamma(model.r, 1 / model.alpha, 400_000) / WEEK
    leaves = chance.beta(model.a, model.b, 400_000)
    until = rate**x * (1 - leaves) ** x * np.exp(-rate * T)
    gone = rate**x * leaves * (1 - leaves) ** max(x - 1, 0) * np.exp(-rate * t_x) * (x > 0)
    orders = (1 - np.exp(-rate * leaves * days)) / leaves
    whole = (until + gone).sum()
    quiet = (until * np.exp(-rate * days) + gone).sum() / whole
    return float((until * orders).sum() / whole), float(quiet)


@pytest.mark.parametrize(
    "history", [(0, 0, 100), (1, 3, 250), (4, 180, 200), (9, 100, 220)], ids=str
)
def test_orders_and_silence_are_those_of_a_simulation(history: tuple[int, int, int]) -> None:
    orders, quiet = simulated(PUBLISHED, *history, days=60)
    assert purchasing.expected(PUBLISHED, one(*history), 60)[0] == pytest.approx(orders, rel=0.03)
    assert purchasing.silent(PUBLISHED, one(*history), 60)[0] == pytest.approx(quiet, abs=0.01)


@pytest.mark.parametrize("model", [(1.4, 1.35, 0.02, 12), (1, 5, 80, 500), (0.9, 5, 2.7e4, 1.6e5)])
@pytest.mark.parametrize("history", [(0, 0, 0), (3, 9, 280), (500, 500, 560)], ids=str)
def test_orders_are_the_average_over_every_chance_to_leave(
    model: tuple[float, float, float, float], history: tuple[int, int, int]
) -> None:
    from scipy import special

    # By quadrature over the beta distribution, where the closed form nears what floats can hold.
    (r, alpha, a, b), (x, _t_x, T), weeks = model, history, 52
    leaves = special.betaincinv(a, b + x, (np.arange(20_000) + 0.5) / 20_000).clip(1e-200)
    orders = -np.expm1(-(r + x) * np.log1p(leaves * weeks / (alpha + T / WEEK))) / leaves
    found = purchasing.while_alive(Purchasing(*model), np.array([x]), np.array([T]), weeks)
    assert found[0] == pytest.approx(orders.mean(), rel=5e-3)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("leaving", [0.0, 0.15, 0.4])
def test_customers_who_do_not_differ_lead_to_an_edge_and_no_further(
    seed: int, leaving: float
) -> None:
    chance, rows = np.random.default_rng(seed), []
    for _customer in range(250):
        day, pace, days = float(chance.integers(0, 200)), chance.gamma(2, 20) + 5, []
        while day < 300:
            days.append(int(day))
            day += max(1.0, chance.exponential(pace))
            if chance.random() < leaving:
                break
        rows.append((len(days) - 1, days[-1] - days[0], 299 - days[0]))
    fit = purchasing.fit(histories.made(*np.array(rows).T))
    assert fit.arrived
    assert fit.looks < 500
    assert fit.found.leaving == pytest.approx(leaving, abs=0.1)


@pytest.mark.parametrize("a", [0.4, 1.0, 1.0 + 1e-9, 3.0, 3e4])
@pytest.mark.parametrize(
    "history",
    [(0, 0, 0), (0, 0, 3_000), (1, 0, 0), (3, 50, 50), (50_000, 2_999, 3_000), (7, 1, 3_000)],
    ids=str,
)
def test_every_history_has_an_answer(a: float, history: tuple[int, int, int]) -> None:
    model = Purchasing(0.5, 0.2, a, 0.6)  # a + b = 1 is where a plain formula divides by nought
    customer = one(*history)
    alive = purchasing.alive(model, customer)[0]
    orders = purchasing.expected(model, customer, 90)[0]
    quiet = purchasing.silent(model, customer, 90)[0]
    assert 0 <= alive <= 1
    assert 0 <= quiet <= 1
    assert np.isfinite(orders)
    assert orders >= 0
    assert alive == 1 or history[0]


def test_more_days_bring_more_orders_and_less_silence() -> None:
    known = cdnow.sample().histories
    orders = [purchasing.expected(PUBLISHED, known, days) for days in (0, 30, 60, 90)]
    quiet = [purchasing.silent(PUBLISHED, known, days) for days in (0, 30, 60, 90)]
    assert (np.diff(orders, axis=0) > 0).all()
    assert (np.diff(quiet, axis=0) < 0).all()
    assert (orders[0] == 0).all()
    assert np.allclose(quiet[0], 1)


# --- little and strange -------------------------------------------------------------


def test_nobody_who_came_again_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="Nobody came again"):
        purchasing.fit(histories.made(np.zeros(9), np.zeros(9), np.arange(9)))


def test_a_history_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with its first day"):
        one(1, 9, 8)


@pytest.mark.parametrize(
    "rows",
    [[(3, 20, 30)], [(3, 30, 30)] * 50, [(5_000, 5_000, 5_001)] * 3, [(1, 1, 300)] * 40],
    ids=["one customer", "nobody leaves", "every day for years", "all leave"],
)
def test_little_data_gives_numbers_or_says_that_it_did_not_arrive(
    rows: list[tuple[int, int, int]],
) -> None:
    x, t_x, T = np.array(rows).T
    fit = purchasing.fit(histories.made(x, t_x, T))
    assert all(np.isfinite(part) and part > 0 for part in parameters(fit.found))
    assert np.isfinite(fit.log_likelihood)
    assert fit.found.edges or not fit.arrived
