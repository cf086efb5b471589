"""Rolling unions against the plainest way to count them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from metrics.stats import windows

DAYS = st.lists(st.sets(st.integers(0, 12)), max_size=40)


@given(days=DAYS, width=st.integers(1, 45))
def test_rolling_sizes_equal_the_union_of_each_window(days: list[set[int]], width: int) -> None:
    plain = [len(set().union(*days[max(0, i - width + 1) : i + 1])) for i in range(len(days))]
    assert windows.rolling_sizes([BitMap(day) for day in days], width) == plain


@pytest.mark.parametrize("count", [29, 30, 31, 59, 60, 61])
def test_the_edges_of_the_blocks_lose_nobody(count: int) -> None:
    days = [BitMap([number]) for number in range(count)]
    assert windows.rolling_sizes(days, 30) == [min(number + 1, 30) for number in range(count)]


def test_containers_of_a_large_set_are_counted_across_their_edges() -> None:
    days = [BitMap(range(65_530, 65_540)), BitMap(range(65_535, 131_080)), BitMap()]
    assert windows.rolling_sizes(days, 2) == [10, 65_550, 65_545]


def test_the_days_given_are_not_changed() -> None:
    days = [BitMap([1]), BitMap([2])]
    windows.rolling_sizes(days, 2)
    assert days == [BitMap([1]), BitMap([2])]


def test_no_days_have_no_sizes_and_empty_days_have_size_nothing() -> None:
    assert windows.rolling_sizes([], 30) == []
    assert windows.rolling_sizes([BitMap(), BitMap()], 30) == [0, 0]


def test_a_window_of_no_width_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        windows.rolling_sizes([BitMap()], 0)
