"""Customers packed into waves: nobody is lost, doubled, or stands twice in one."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from campaigns.journeys import loads
from campaigns.journeys.loads import Load

INTAKES = st.lists(st.sets(st.integers(0, 60), max_size=12), min_size=1, max_size=30)


def pairs(some: list[Load]) -> Counter[tuple[int, int]]:
    return Counter(
        (number, who) for load in some for number, members in load.items() for who in members
    )


@given(INTAKES)
def test_everybody_stands_in_one_wave_as_who_came_in_with_which_intake(
    intakes: list[set[int]],
) -> None:
    given_: list[Load] = [{number: BitMap(ids)} for number, ids in enumerate(intakes) if ids]
    made = loads.packed(given_)
    assert pairs(made) == pairs(given_)
    for load in made:
        members = [who for those in load.values() for who in those]
        assert len(members) == len(set(members)) <= loads.MOST


def test_thousands_of_tiny_ones_become_few() -> None:
    tiny: list[Load] = [{number: BitMap([number, 100_000 + number])} for number in range(5_000)]
    assert len(loads.packed(tiny)) == 10


def test_large_ones_are_divided_and_stay_of_one_intake() -> None:
    made = loads.packed([{3: BitMap(range(2_600))}])
    assert sorted(len(load[3]) for load in made) == [600, 1_000, 1_000]
