"""High potential: three dimensions, the rule of those who come every day, and missing traits."""

from typing import Any

import numpy as np
import pytest

from segments.rules.nodes import RuleError
from segments.scoring import potential
from segments.scoring.potential import LEAST, Potential, Sign, Streak

THREE = Potential(
    (
        Sign("often", "visits", LEAST, 5),
        Sign("content", "posts", LEAST, 1),
        Sign("influence", "invites", LEAST, 2),
    ),
    needs=2,
)


def find(recipe: Potential, **columns: Any) -> potential.Found:
    found = {key: np.asarray(one, float) for key, one in columns.items()}
    return potential.find(recipe, found, max(map(len, found.values())))


def levels(found: potential.Found) -> list[str]:
    return [potential.WORDS[at] if at >= 0 else "" for at in found.level]


def test_two_signs_of_three_are_high_and_one_is_a_sign() -> None:
    found = find(THREE, visits=[5, 5, 0, 4], posts=[1, 0, 3, 0], invites=[0, 1, 2, np.nan])
    assert levels(found) == ["high", "some", "high", ""]
    assert found.signs.tolist() == [0b011, 0b001, 0b110, 0]
    sizes = potential.sizes(THREE, found)
    assert [(one["key"], one["customers"], one["alone"]) for one in sizes] == [
        ("often", 2, 1), ("content", 2, 0), ("influence", 1, 0), ("streak", 0, 0),
    ]  # fmt: skip


def test_seven_days_in_a_row_and_unpaid_is_high_by_itself() -> None:
    found = find(THREE, visits=[0, 0, 0], active_streak_days=[7, 7, 6], orders=[0, 1, 0])
    assert levels(found) == ["high", "", ""]
    assert potential.combinations(THREE)[found.signs[0]] == "streak"


def test_a_dimension_that_nobody_knows_is_not_asked_for() -> None:
    found = find(THREE, visits=[9, 1])
    assert (levels(found), found.needs) == (["high", ""], 1)
    assert found.least == {"often": 5, "content": None, "influence": None}


def test_the_best_percent_are_of_those_who_have_any() -> None:
    sign = Sign("often", "visits", at=20)
    assert potential.begins(sign, np.array([0] * 90 + [*range(1, 11)], float)) == 9
    assert potential.begins(sign, np.zeros(5)) is None


def test_what_ships_can_be_written_down_and_read_again() -> None:
    for recipe in (potential.SHIPPED, Potential(THREE.signs, streak=None, weekday=6)):
        assert potential.read(potential.write(recipe)) == recipe
    assert potential.SHIPPED.streak == Streak(days=7)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"needs": 4}, "from 1 to 3", id="needs"),
        pytest.param({"streak": {"days": 1}}, "from 2 to 365", id="days"),
        pytest.param({"signs": [{"key": "streak", "trait": "a", "at": 1}]}, "twice", id="key"),
        pytest.param({"signs": [{"key": "a", "trait": "a", "at": 0}]}, "from 0.1", id="top"),
    ],
)
def test_a_recipe_without_sense_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleError, match=words):
        potential.read({**potential.write(potential.SHIPPED), **change})
