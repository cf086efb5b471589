"""The value score: what changes it and what must not, tiers, and recipes that make no sense."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.rules.nodes import RuleError
from segments.scoring import value
from segments.scoring.value import SCORE, Factor, Tier, Value

amounts = st.lists(st.one_of(st.integers(0, 30), st.just(np.nan)), min_size=1, max_size=100).map(
    lambda found: np.array(found, float)
)
TIERS = (Tier("high", 20), Tier("rest", 100))
TWO = Value((Factor("money", 60, "spent"), Factor("visits", 40, "days")), TIERS)


def score(recipe: Value, **columns: Any) -> value.Valued:
    found = {key: np.asarray(one, float) for key, one in columns.items()}
    return value.score(recipe, found, max(map(len, found.values())))


def test_a_factor_is_where_one_stands_among_those_who_have_any() -> None:
    stands = value.ranked(TWO.factors[0], np.array([np.nan, 0, 5, 5, 9, 100]))
    assert stands.tolist() == [0, 0, 0.25, 0.25, 0.625, 0.875]


def test_where_less_is_better_nought_is_the_best() -> None:
    factor = Factor("fast", 1, "days", less_is_better=True)
    assert value.ranked(factor, np.array([0, 4, np.nan])).tolist() == [0.75, 0.25, 0]


@given(column=amounts)
def test_factors_run_from_0_to_1_and_average_one_half(column: Any) -> None:
    stands = value.ranked(TWO.factors[0], column)
    assert ((stands >= 0) & (stands < 1)).all()
    if (column > 0).any():
        assert stands[column > 0].mean() == pytest.approx(0.5)


@given(column=amounts, better=st.booleans())
def test_one_customer_stands_where_they_stand_among_all(column: Any, better: bool) -> None:
    factor = Factor("f", 1, "t", less_is_better=better)
    expected = value.ranked(factor, column)
    found = [value.stands(factor, column, at) for at in range(len(column))]
    assert found == pytest.approx(expected.tolist())


@given(column=amounts)
def test_stretching_a_trait_or_all_weights_changes_no_score(column: Any) -> None:
    before = score(TWO, spent=column, days=column[::-1])
    stretched = score(TWO, spent=column**2 * 3, days=np.log1p(column[::-1]))
    doubled = replace(TWO, factors=tuple(replace(f, weight=f.weight / 2) for f in TWO.factors))
    assert before.score.tolist() == stretched.score.tolist()
    assert before.score.tolist() == score(doubled, spent=column, days=column[::-1]).score.tolist()


@given(column=amounts, seed=st.integers(0, 9))
def test_the_order_of_customers_changes_nothing_and_equals_score_equal(
    column: Any, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(column))
    found = score(TWO, spent=column, days=column)
    assert score(TWO, spent=column[order], days=column[order]).score.tolist() == (
        found.score[order].tolist()
    )
    for one in np.unique(column[~np.isnan(column)]):
        assert len(set(found.score[column == one])) == 1
        assert len(set(found.tier[column == one])) == 1


def test_the_score_is_the_weighted_average_of_the_factors() -> None:
    found = score(TWO, spent=[1, 2, 3, 4], days=[0, 0, 0, 7])
    assert found.score.tolist() == [75, 225, 375, round(1000 * (0.6 * 0.875 + 0.4 * 0.5))]
    assert found.shares == {"money": 0.6, "visits": 0.4}


def test_a_factor_that_nobody_knows_leaves_its_weight_to_the_others() -> None:
    found = score(TWO, spent=[1, 2])
    assert found.shares == {"money": 1.0, "visits": 0.0}
    assert found.score.tolist() == [250, 750]


def test_of_whom_nothing_is_known_there_is_no_score_and_no_tier() -> None:
    found = score(TWO, spent=[np.nan, 5], days=[np.nan, np.nan])
    assert (found.score.tolist(), found.tier.tolist()) == ([-1, 500], [-1, 0])


def test_stages_give_their_points() -> None:
    factor = Factor("stage", 1, stage_set="life", points=(("new", 50), ("loyal", 100)))
    found = score(Value((factor,), TIERS), **{"stage:life": [0, 1, np.nan, 0]})
    assert found.score.tolist() == [500, 1000, -1, 500]


def test_tiers_by_share_and_by_score() -> None:
    column = np.arange(1, 11)
    by_share = score(TWO, spent=column)
    assert by_share.tier.tolist() == [1] * 8 + [0] * 2
    fixed = replace(TWO, tiers=(Tier("high", 900), Tier("rest", 0)), by=SCORE)
    assert score(fixed, spent=column).tier.tolist() == [1] * 9 + [0]
    sizes = value.sizes(fixed, score(fixed, spent=column), column.astype(float))
    assert sizes[0] == {"key": "high", "customers": 1, "spent": 10, "from": 900}
    assert sum(value.histogram(by_share.score)) == 10


def test_what_ships_can_be_written_down_and_read_again() -> None:
    assert value.read(value.write(value.SHIPPED)) == value.SHIPPED
    assert len(value.SHIPPED.factors) == 6
    assert sum(one.weight for one in value.SHIPPED.factors) == 100


def factor(**values: Any) -> dict[str, Any]:
    return {"factors": [{"key": "a", "weight": 1, "trait": "orders", **values}]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(factor(weight=0), "weight above 0", id="no weight"),
        pytest.param(factor(weight=-3), "from 0 to 100", id="negative"),
        pytest.param(factor(weight=float("nan")), "ordinary number", id="nan"),
        pytest.param(factor(stage_set="life"), "on one of them", id="two sources"),
        pytest.param(factor(trait="", stage_set="life"), "its points", id="no points"),
        pytest.param({"tiers": [{"key": "a", "at": 50}]}, "everybody who is left", id="open end"),
        pytest.param(
            {"tiers": [{"key": "a", "at": 60}, {"key": "b", "at": 20}, {"key": "c", "at": 100}]},
            "best down",
            id="order",
        ),
        pytest.param({"by": "luck"}, "There is no “luck” here", id="by"),
    ],
)
def test_a_recipe_without_sense_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleError, match=words):
        value.read({**value.write(value.SHIPPED), **change})
