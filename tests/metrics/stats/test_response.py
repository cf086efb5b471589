"""Response to money: known answers, coverage by simulation, and moves that are worth it."""

import math
import random

import pytest

from metrics.stats import reallocation, response
from metrics.stats.response import Trial


def trials(
    levels: dict[str, float], *, bend: float, spends: list[int], error: float, seed: int
) -> list[Trial]:
    """Campaigns whose truth is known: level times (spend / 1000) to the bend, and noise."""
    chance = random.Random(seed)
    return [
        Trial(group, spend, level * (spend / 1_000) ** bend + chance.gauss(0, error), error)
        for group, level in levels.items()
        for spend in spends
    ]


def test_one_campaign_tells_its_own_return_and_leaves_open_how_it_falls() -> None:
    found = response.fit([Trial("mail", 1_000, 3_000.0, 100.0)])
    assert found is not None
    told = found.caused("mail", 1_000)
    assert told.middle == pytest.approx(3_000)
    assert (told.low, told.high) == pytest.approx((3_000 - 196, 3_000 + 196), abs=1)
    marginal = found.marginal("mail", 1_000)
    assert marginal.low < 1.5 < 3.0 < marginal.high * 1.1
    assert found.exponent == pytest.approx(0.5 + 0.5 * 0.625, abs=0.01)


def test_what_spent_nothing_or_has_no_error_tells_nothing() -> None:
    assert response.fit([Trial("mail", 0, 5.0, 1.0), Trial("mail", 10, 5.0, 0.0)]) is None


def test_returns_that_fall_are_found() -> None:
    data = trials(
        {"a": 5_000, "b": 5_000}, bend=0.5, spends=[200, 1_000, 5_000] * 4, error=200, seed=1
    )
    found = response.fit(data)
    assert found is not None
    assert found.exponent == pytest.approx(0.5, abs=0.06)
    truth = 0.5 * 5_000 / 1_000
    assert found.marginal("a", 1_000).middle == pytest.approx(truth, rel=0.1)


def test_a_group_with_little_data_is_drawn_to_the_others() -> None:
    many = trials(
        {"a": 1_000, "b": 3_000, "c": 2_000}, bend=1, spends=[1_000] * 9, error=90, seed=2
    )
    found = response.fit([*many, Trial("thin", 1_000, 9_000.0, 3_000.0)])
    assert found is not None
    assert found.drawn("thin") > 0.8 > 0.1 > found.drawn("a")
    assert found.caused("thin", 1_000).middle < 4_000


def test_the_bounds_hold_the_truth_as_often_as_they_say() -> None:
    chance, inside, asked = random.Random(3), 0, 0
    for run in range(60):
        levels = {name: chance.gauss(3_000, 700) for name in "abcde"}
        bend = chance.choice([0.5, 0.7, 1.0])
        data = trials(levels, bend=bend, spends=[300, 700, 1_500, 3_000], error=500, seed=run)
        found = response.fit(data)
        assert found is not None
        for name, level in levels.items():
            told = found.marginal(name, 1_000)
            inside += told.low <= bend * level / 1_000 <= told.high
            asked += 1
    assert 0.90 <= inside / asked <= 0.995


def moves(data: list[Trial]) -> list[reallocation.Move]:
    found = response.fit(data)
    assert found is not None
    return reallocation.moves(found, reallocation.standings(found, data))


def test_money_goes_where_one_more_unit_brings_more() -> None:
    data = trials(
        {"good": 6_000, "poor": 500}, bend=0.8, spends=[500, 1_000, 2_000], error=150, seed=4
    )
    (move,) = moves(data)
    assert (move.source, move.target) == ("poor", "good")
    assert 0 < move.amount <= 0.2 * 3_500
    assert move.gain.low > 0
    assert move.gain.sure >= reallocation.SURE


def test_groups_that_are_alike_are_left_alone_however_much_they_spend() -> None:
    """Else the assumption that returns fall would move money by itself."""
    same = trials({"a": 3_000}, bend=1, spends=[1_000] * 4, error=300, seed=5)
    more = [Trial("b", 5_000, 15_000.0 + 700 * n, 1_500.0) for n in (-1, 0, 1)]
    assert moves([*same, *more]) == []


def test_one_campaign_moves_no_money() -> None:
    assert moves([Trial("a", 1_000, 9_000.0, 100.0), Trial("b", 1_000, 100.0, 100.0)]) == []


def test_no_campaign_becomes_much_larger_than_any_that_was_measured() -> None:
    data = trials({"good": 9_000, "poor": 100}, bend=1, spends=[1_000] * 3, error=50, seed=6)
    data += [Trial("poor", 90_000, 9_000.0, 500.0)] * 2
    (move,) = moves(data)
    assert move.amount <= (1_250 - 1_000) * 3


@pytest.mark.parametrize(
    ("amount", "rounded"), [(0.4, 0), (7.9, 7), (199, 190), (123_456, 120_000)]
)
def test_amounts_are_told_to_two_digits(amount: float, rounded: int) -> None:
    assert reallocation.round_down(amount) == rounded


def test_a_mixture_has_the_quantiles_of_its_parts() -> None:
    one = [(1.0, 5.0, 2.0)]
    assert response._quantile(one, 0.975) == pytest.approx(5 + 2 * 1.959964, abs=1e-6)
    two = [(0.5, -1.0, 0.0), (0.5, 1.0, 0.0)]
    assert response._quantile(two, 0.25) == pytest.approx(-1.0, abs=1e-6)
    assert math.isclose(response._below(two, 0.0), 0.5)
