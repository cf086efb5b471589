"""Scores from 1 to 5: equal values share a score, and cuts are nearest-rank quantiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.scoring import rfm

numbers = st.lists(st.integers(-50, 50), min_size=1, max_size=200).map(np.array)


def test_ten_different_customers_make_five_pairs() -> None:
    spent = np.array([100, 10, 90, 20, 80, 30, 70, 40, 60, 50])
    assert rfm.more_is_better(spent).tolist() == [5, 1, 5, 1, 4, 2, 4, 2, 3, 3]


def test_fewer_days_since_the_last_order_score_higher() -> None:
    assert rfm.less_is_better(np.array([1, 400, 30, 90, 7])).tolist() == [5, 1, 3, 2, 4]


def test_customers_who_all_ordered_once_all_have_the_lowest_score() -> None:
    assert set(rfm.more_is_better(np.ones(1000, np.int32)).tolist()) == {1}


def test_nobody_gets_no_score() -> None:
    assert rfm.more_is_better(np.array([], np.int64)).tolist() == []


@given(values=numbers)
def test_cut_points_are_numpys_inverted_cdf_quantiles(values: "np.ndarray") -> None:
    expected = np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
    assert rfm.cut_points(values).tolist() == expected.tolist()


@given(values=numbers)
def test_scores_follow_the_values_and_ties_share_theirs(values: "np.ndarray") -> None:
    scores = rfm.more_is_better(values)
    assert ((scores >= 1) & (scores <= 5)).all()
    order = np.argsort(values, kind="stable")
    assert (np.diff(scores[order]) >= 0).all()
    for value in np.unique(values):
        assert len(np.unique(scores[values == value])) == 1


@pytest.mark.parametrize("customers", [5, 10, 4338])
def test_without_ties_every_score_has_a_fifth(customers: int) -> None:
    found = np.bincount(rfm.more_is_better(np.random.default_rng(1).permutation(customers)))[1:]
    assert found.sum() == customers
    assert found.max() - found.min() <= 1
