"""Becoming effective, against counting each customer's first days by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from metrics.stats import effective

PEOPLE = 5
# For each day and each of two things: how often each person did it.
WORLDS = st.lists(
    st.tuples(*[st.lists(st.integers(0, 4), min_size=PEOPLE, max_size=PEOPLE)] * 2),
    min_size=1,
    max_size=12,
)


def levels(counts: list[int]) -> dict[int, BitMap]:
    return {n: BitMap(p for p, done in enumerate(counts) if done >= n) for n in (1, 2, 3)}


@given(world=WORLDS, times=st.integers(1, 3), within=st.integers(1, 6), data=st.data())
def test_it_equals_counting_by_hand(
    world: list[tuple[list[int], list[int]]], times: int, within: int, data: st.DataObject
) -> None:
    firsts = data.draw(
        st.lists(st.integers(0, len(world) - 1), min_size=PEOPLE, max_size=PEOPLE), label="firsts"
    )
    new = [BitMap(p for p in range(PEOPLE) if firsts[p] == day) for day in range(len(world))]
    found = effective.became(
        new, [[levels(one), levels(two)] for one, two in world], times=times, within=within
    )
    expected: list[set[int]] = [set() for _day in world]
    for person, first in enumerate(firsts):
        so_far = 0
        for day in range(first, min(first + within, len(world))):
            so_far += sum(thing[person] for thing in world[day])
            if so_far >= times:
                expected[day].add(person)
                break
    assert [set(one) for one in found] == expected


@pytest.mark.parametrize(("times", "within"), [(0, 1), (1, 0)])
def test_nothing_is_not_asked_for(times: int, within: int) -> None:
    with pytest.raises(ValueError):
        effective.became([], [], times=times, within=within)
