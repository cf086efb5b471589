"""Masks and planes say what the plain reading of a comparison and of a window says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from segments import arrays, bitmaps, masks, planes
from segments.rules import operators

TODAY = 20_000


@st.composite
def comparisons(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> tuple[str, Any]:
    op = draw(st.sampled_from(sorted(operators.TABLE.keys() - {"not_set"})))
    if op == "is_set":
        return op, None
    if op == "between":
        return op, tuple(sorted((draw(values), draw(values))))
    if op == "in":
        return op, tuple(draw(st.lists(values, min_size=1, max_size=9)))
    return op, draw(values)


numbers = st.integers(-5, 5) | st.sampled_from([-(2**31), 2**31 - 1, 2**40, -(2**40)])
shares = st.floats(-3, 3, width=32) | st.integers(-3, 3)


def column(dtype: str, values: list[Any]) -> Any:
    nothing = arrays.nothing(dtype)
    return np.array([nothing if one is None else one for one in values], dtype)


@given(
    values=st.lists(st.none() | st.integers(-(2**31) + 1, 2**31 - 1) | st.integers(-5, 5)),
    comparison=comparisons(numbers),
)
def test_a_comparison_of_whole_numbers(values: list[Any], comparison: tuple[str, Any]) -> None:
    check(column("<i4", values), values, comparison)


@given(values=st.lists(st.none() | shares), comparison=comparisons(shares))
def test_a_comparison_of_numbers(values: list[Any], comparison: tuple[str, Any]) -> None:
    check(column("<f8", values), values, comparison)


def check(found: Any, values: list[Any], comparison: tuple[str, Any]) -> None:
    expected = [
        at for at, one in enumerate(values) if operators.holds(comparison[0], one, comparison[1])
    ]
    assert list(masks.all_of([masks.compared(found, *comparison)])) == expected


@given(values=st.lists(st.none() | st.integers(-5, 5)), comparison=comparisons(st.integers(-6, 6)))
def test_days_since_a_date(values: list[Any], comparison: tuple[str, Any]) -> None:
    dates = column("<i4", [None if one is None else TODAY - one for one in values])
    test = masks.days_since(dates, *comparison, TODAY)
    expected = [
        at for at, one in enumerate(values) if operators.holds(comparison[0], one, comparison[1])
    ]
    assert list(masks.all_of([test])) == expected


def test_several_conditions_about_columns_of_different_lengths() -> None:
    long, short = np.arange(200_000, dtype=np.int32), np.arange(70_000, dtype=np.int64)
    wanted = [masks.compared(long, ">=", 65_000), masks.compared(long, "<", 150_000)]
    unwanted = [masks.compared(short, ">", 69_000)]
    assert masks.all_of(wanted, unwanted) == BitMap(range(65_000, 69_001)) | BitMap(
        range(70_000, 150_000)
    )
    assert masks.all_of([*wanted, masks.compared(short, ">", 69_000)]) == BitMap(
        range(69_001, 70_000)
    )
    pair = masks.both(wanted[0], masks.compared(short, "<", 65_010))
    assert masks.all_of([pair]) == BitMap(range(65_000, 65_010))
    assert masks.all_of([wanted[1]], [pair]) == BitMap(range(150_000)) - BitMap(
        range(65_000, 65_010)
    )


# --- planes -----------------------------------------------------------------

people = st.one_of(
    st.sets(st.integers(0, 300)),
    st.sets(st.sampled_from([0, 63, 64, 65_535, 65_536, planes.AT_A_TIME * 64, 700_000])),
    st.integers(1, 70_000).map(lambda most: set(range(0, most, 2))),
)


@given(
    counts=st.lists(st.tuples(people, people, people), max_size=6),
    times=st.integers(1, 3),
    within=st.none() | people,
    put_together=st.integers(0, 6),
)
def test_who_reaches_a_count_over_days(
    counts: list[Any], times: int, within: set[int] | None, put_together: int
) -> None:
    """Each day's levels lie within one another, as those of a day set do."""
    days, total = [], dict[int, int]()
    for once, twice, thrice in counts:
        levels = {1: once, 2: once & twice, 3: once & twice & thrice}
        days.append({at: planes.of(BitMap(one)) for at, one in levels.items()})
        for one in (who for level in levels.values() for who in level):
            total[one] = total.get(one, 0) + 1
    expected = {who for who, count in total.items() if count >= times}
    days = [planes.together(times, days[:put_together]), *days[put_together:]]
    found = set(planes.at_least(times, days, None if within is None else BitMap(within)))
    if within is None:
        assert found == expected
    else:
        assert found & within == expected & within


@pytest.mark.parametrize("step", [1, 7, 63, 64, 1000, 65_536])
def test_a_plane_is_at_most_a_bit_for_each_customer(step: int) -> None:
    members = BitMap(range(5, 500_000, step))
    plane = planes.of(members)
    assert plane.nbytes <= 8 * (500_000 // 64 + 1)
    assert planes.at_least(1, [{1: plane}]) == members


@given(st.sets(st.integers(0, 200_000)))
def test_bits_become_the_set_again(ids: set[int]) -> None:
    mask = np.zeros(200_001, np.bool_)
    mask[list(ids)] = True
    assert set(bitmaps.from_words(bitmaps.to_words(mask))) == ids
