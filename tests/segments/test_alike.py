"""Suggestions: against counting by hand, for nobody by what few had, and by whole clusters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments import arrays
from segments.arrays import Array
from segments.recipes import alike

WORLDS = st.lists(st.sets(st.integers(0, 6)), min_size=1, max_size=40)


def pairs(world: list[set[int]]) -> tuple[Array, Array]:
    flat = [(who, code) for who, codes in enumerate(world) for code in sorted(codes)]
    found = np.array(flat, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def suits(world: list[set[int]], codes: set[int], value: int, known: set[int]) -> float:
    """How well a value suits somebody with these, word by word."""
    having = {one: {who for who, had in enumerate(world) if one in had} for one in known}
    return sum(
        len(having[one] & having[value]) / math.sqrt(len(having[one]) * len(having[value]))
        for one in codes & known
    )


@given(world=WORLDS)
def test_suggestions_equal_counting_by_hand(world: list[set[int]]) -> None:
    found = alike.suggested(*pairs(world), len(world))
    known = {one for one in range(7) if sum(one in had for had in world) >= alike.LEAST}
    for who, had in enumerate(world):
        scores = {one: suits(world, had, one, known) for one in known - had}
        best = max(scores.values(), default=0)
        if best <= 0:
            assert not arrays.known(found[who : who + 1]).any()
        else:
            assert scores[int(found[who])] == pytest.approx(best, rel=1e-5)


def test_tea_drinkers_are_told_of_tea_and_nobody_of_what_few_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alike, "BLOCK", 7)  # several blocks
    tea, coffee, secret = {0, 1, 2}, {3, 4, 5}, {6}
    world = [tea] * 20 + [coffee] * 20 + [{0, 1} | secret, {3}, secret, set()]
    found = alike.suggested(*pairs(world), len(world))
    assert found[40] == 2
    assert found[41] in {4, 5}
    assert not arrays.known(found[[0, 20, 42, 43]]).any()
