"""What stands out against the same weekdays, and what does not."""

import math

import numpy as np
import pytest

from metrics.stats import seasons


def test_the_middle_and_spread_ignore_one_wild_week() -> None:
    calm = seasons.usual([100, 102, 98, 101, 99, 100, 103, 97])
    wild = seasons.usual([100, 102, 98, 101, 99, 100, 103, 900])
    assert calm is not None
    assert wild is not None
    assert abs(wild.middle - calm.middle) < 2
    assert wild.score(900) > 100


def test_too_few_weeks_say_nothing() -> None:
    assert seasons.usual([5.0] * 3) is None


def test_what_never_moves_may_move_by_a_hair() -> None:
    steady = seasons.usual([1000.0] * 8)
    assert steady is not None
    assert abs(steady.score(1009)) < 1
    assert steady.score(900) < -3.5


def test_nothing_usual_makes_anything_remarkable() -> None:
    nothing = seasons.usual([0.0] * 8)
    assert nothing is not None
    assert nothing.score(0) == 0
    assert nothing.score(2) == math.inf


@pytest.mark.parametrize("middle", [20, 400, 50_000])
def test_counts_of_chance_alone_seldom_stand_out(middle: int) -> None:
    rng = np.random.default_rng(51)
    weeks = rng.poisson(middle, (4_000, seasons.WEEKS + 1))
    found = 0
    for row in weeks:
        usual = seasons.usual([float(value) for value in row[1:]], is_count=True)
        assert usual is not None
        found += abs(usual.score(float(row[0]))) >= seasons.OUTLIER
    assert found / len(weeks) < 0.004
