"""Gap tables beside sets, which say the same the long way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.stats import gaps

# Ids at both edges of a container, so that room is made on the way.
IDS = st.sampled_from([0, 1, 2, 7, 65_535, 65_536, 65_537, 131_072])
PERIODS = st.lists(st.lists(IDS, max_size=6), min_size=1, max_size=9)


def built(periods: list[list[int]]) -> gaps.Tables:
    builder = gaps.Builder(len(periods))
    for at, customers in enumerate(periods):
        builder.add(at, np.array(customers, np.uint32))
    return builder.tables()


def union(sets: list[set[int]]) -> set[int]:
    return set().union(*sets)


@settings(deadline=None)
@given(PERIODS)
def test_the_tables_say_what_sets_say(periods: list[list[int]]) -> None:
    tables, days = built(periods), [set(one) for one in periods]
    growth = tables.growth()
    for at, today in enumerate(days):
        before = days[at - 1] if at else set()
        ever = union(days[:at])
        assert growth.active[at] == len(today)
        assert growth.new[at] == len(today - ever)
        assert growth.retained[at] == len(today & before)
        assert growth.resurrected[at] == len((today & ever) - before)
        assert growth.churned[at] == len(before - today)
        cohort = today - ever
        for after in range(len(days) - at):
            assert tables.came_back(after)[at] == len(cohort & days[at + after])
            later = union(days[at + after :])
            assert tables.came_back(after, or_later=True)[at] == len(cohort & later)
    for width in range(1, len(days) + 3):
        windows = [len(union(days[max(0, at - width + 1) : at + 1])) for at in range(len(days))]
        assert tables.rolling(width).tolist() == windows


@settings(deadline=None)
@given(PERIODS, st.data())
def test_taken_up_again_it_comes_to_the_same(periods: list[list[int]], data: st.DataObject) -> None:
    stop = data.draw(st.integers(0, len(periods) - 1))
    first = gaps.Builder(stop + 1)
    for at, customers in enumerate(periods[: stop + 1]):
        first.add(at, np.array(customers, np.uint32))
    again = gaps.Builder.taken_up(first.save(), len(periods))
    again.add(stop, np.array(periods[stop], np.uint32))  # late, and known already
    for at, customers in enumerate(periods[stop + 1 :], start=stop + 1):
        again.add(at, np.array(customers, np.uint32))
    whole = built(periods)
    found = gaps.Tables.load(again.tables().dump())
    assert (found.returned == whole.returned).all()
    assert (found.gaps == whole.gaps).all()
    assert (found.last == whole.last).all()


def test_a_share_has_only_cohorts_whose_day_has_passed() -> None:
    tables = built([[1, 2], [1, 3], [3]])
    assert tables.pooled(1) == (2, 3)
    assert tables.pooled(2) == (0, 2)
    assert tables.pooled(2, or_later=True) == (0, 2)
    assert tables.pooled(3) == (0, 0)
    assert tables.pooled(1, since=1, until=1) == (1, 1)


def test_without_anybody_there_are_zeros_and_no_ratio() -> None:
    empty = built([[], []])
    assert empty.growth().active.tolist() == [0, 0]
    assert empty.growth().quick_ratio(1) is None
    assert empty.pooled(1) == (0, 0)
    nothing = gaps.Builder(0).tables()
    assert nothing.growth().churned.tolist() == []
    assert nothing.rolling(7).tolist() == []


def test_who_grows_more_than_it_loses_has_a_ratio_above_one() -> None:
    growth = built([[1, 2], [3, 4, 1]]).growth()
    assert growth.quick_ratio(1) == 2.0


def test_periods_come_in_order() -> None:
    builder = gaps.Builder(3)
    builder.add(2, np.array([1], np.uint32))
    with pytest.raises(ValueError, match="in order"):
        builder.add(1, np.array([1], np.uint32))
    with pytest.raises(ValueError, match="window"):
        builder.tables().rolling(0)
