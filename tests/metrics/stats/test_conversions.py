"""Conversions, existing customers and repeated buying against counting by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from metrics.stats import conversions

WORLDS = st.lists(st.sets(st.integers(0, 6)), min_size=1, max_size=14)


def sets(world: list[set[int]]) -> list[BitMap]:
    return [BitMap(one) for one in world]


@given(first=WORLDS, then=WORLDS, after=st.integers(1, 5), same_day=st.booleans())
def test_who_converted_equals_counting_by_hand(
    first: list[set[int]], then: list[set[int]], after: int, same_day: bool
) -> None:
    length = min(len(first), len(then))
    first, then = first[:length], then[:length]
    found = conversions.converted(sets(first), sets(then), after, same_day=same_day)
    assert len(found) == max(0, length - after)
    for day, who in enumerate(found):
        start = day if same_day else day + 1
        assert set(who) == first[day] & set().union(*then[start : day + after + 1])


@given(world=WORLDS, age=st.integers(0, 4), within=st.integers(1, 4))
def test_existing_customers_equal_counting_by_hand(
    world: list[set[int]], age: int, within: int
) -> None:
    for day, share in enumerate(conversions.kept(sets(world), age=age, within=within)):
        old = world[day] & set().union(*world[: max(0, day - age + 1)])
        back = old & set().union(*world[day + 1 : day + within + 1])
        assert (share.numerator, share.denominator) == (len(back), len(old))


@given(world=WORLDS, width=st.integers(1, 6))
def test_repeated_buying_equals_counting_by_hand(world: list[set[int]], width: int) -> None:
    days = [np.array(sorted(one), np.int64) for one in world]
    for day, share in enumerate(conversions.repeated(days, width, 7)):
        window = world[max(0, day - width + 1) : day + 1]
        times = [sum(one in who for who in window) for one in range(7)]
        assert share.denominator == sum(one > 0 for one in times)
        assert share.numerator == sum(one > 1 for one in times)
