"""Arms are stable, balanced, independent of each other, and the same for one as for many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from campaigns import assignment

MANY = BitMap(range(1, 60_001))


@given(
    st.sets(st.integers(1, 2**31 - 1), max_size=40),
    st.dictionaries(st.text(max_size=4), st.integers(0, 50), min_size=1, max_size=5).filter(
        lambda weights: sum(weights.values()) > 0
    ),
    st.text(max_size=8),
)
def test_everybody_is_in_exactly_one_arm_and_alone_in_the_same_one(
    ids: set[int], weights: dict[str, int], salt: str
) -> None:
    arms = assignment.split(BitMap(ids), weights, salt=salt)
    assert list(arms) == list(weights)
    assert BitMap.union(*arms.values()) == BitMap(ids)
    assert sum(map(len, arms.values())) == len(ids)
    for name, members in arms.items():
        assert all(assignment.arm_of(one, weights, salt=salt) == name for one in members)
        assert weights[name] or not members


def test_arms_have_the_sizes_of_their_weights() -> None:
    arms = assignment.split(MANY, {"a": 1, "b": 1, "c": 2}, salt="campaign 7")
    for name, part in (("a", 0.25), ("b", 0.25), ("c", 0.5)):
        off = len(arms[name]) - part * len(MANY)
        assert abs(off) < 4 * (part * (1 - part) * len(MANY)) ** 0.5  # four standard deviations


def test_two_salts_divide_independently() -> None:
    first = assignment.split(MANY, {"a": 1, "b": 1}, salt="campaign 7")
    second = assignment.split(MANY, {"a": 1, "b": 1}, salt="campaign 8")
    both = len(first["a"] & second["a"])
    assert abs(both - len(MANY) / 4) < 4 * (3 / 16 * len(MANY)) ** 0.5


def test_a_share_that_grows_keeps_everybody() -> None:
    five, ten = (assignment.share(MANY, part, salt="holdout") for part in (500, 1000))
    assert five < ten
    assert abs(len(five) - 3000) < 4 * (0.05 * 0.95 * len(MANY)) ** 0.5
    assert not assignment.share(MANY, 0, salt="holdout")
    assert assignment.share(MANY, assignment.WHOLE, salt="holdout") == MANY


def test_a_newcomer_changes_nobody_elses_arm() -> None:
    before = assignment.share(BitMap(range(1, 1000)), 300, salt="x")
    after = assignment.share(BitMap(range(1, 2000)), 300, salt="x")
    assert before == after & BitMap(range(1, 1000))


def test_assignments_stay_what_they_were_released_as() -> None:
    assert assignment.share(BitMap(range(1, 41)), 2500, salt="holdout 1") == GOLDEN


GOLDEN = BitMap([2, 5, 7, 9, 14, 17, 19, 24, 27, 30, 31, 32])


@pytest.mark.parametrize("weights", [{}, {"a": 0}, {"a": -1, "b": 3}])
def test_weights_that_divide_nothing_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        assignment.split(MANY, weights, salt="")
