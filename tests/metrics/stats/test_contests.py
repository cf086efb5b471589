"""The best of several ways: seldom wrong however often one looks, and found when it is there."""

import numpy as np
import pytest

from metrics.stats import contests
from metrics.stats.contests import Way
from metrics.stats.samples import Proportion

RUNS, LOOKS, A_LOOK = 2_000, 20, 100


def way(key: str, n: int, count: int) -> Way:
    return Way(key, Proportion(n, count))


def wins(shares: list[float], chance: np.random.Generator) -> str:
    """Who was surely ahead at the first look at which anybody was; empty when nobody ever was."""
    counts = chance.binomial(A_LOOK, shares, (LOOKS, len(shares))).cumsum(axis=0)
    for look, got in enumerate(counts.tolist(), start=1):
        ways = [way(str(at), look * A_LOOK, count) for at, count in enumerate(got)]
        found = contests.lead(ways, least=A_LOOK)
        if found.is_sure:
            return found.leader
    return ""


def test_of_equal_ways_hardly_ever_one_wins_though_one_looks_all_the_time() -> None:
    chance = np.random.default_rng(7)
    winners = sum(wins([0.2, 0.2, 0.2], chance) != "" for _ in range(RUNS))
    assert winners <= 0.05 * RUNS


def test_the_better_one_wins_when_it_is_much_better() -> None:
    chance = np.random.default_rng(8)
    found = [wins([0.1, 0.16], chance) for _ in range(200)]
    assert found.count("1") >= 160
    assert "0" not in found


@pytest.mark.parametrize(
    ("ways", "leader", "is_sure"),
    [
        ([way("a", 1000, 50), way("b", 1000, 150)], "b", True),
        ([way("a", 1000, 50), way("b", 90, 40)], "b", False),
        ([way("a", 1000, 100), way("b", 1000, 101)], "b", False),
        ([way("a", 100, 0), way("b", 100, 3)], "b", False),
        ([way("a", 0, 0), way("b", 0, 0)], "a", False),
        ([way("a", 1000, 20), way("b", 1000, 150), way("c", 1000, 152)], "c", False),
    ],
    ids=["clear", "one too few", "close", "few events", "nothing", "two lead"],
)
def test_sure_is_only_what_was_tried_enough_and_is_ahead_of_all(
    ways: list[Way], leader: str, is_sure: bool
) -> None:
    found = contests.lead(ways, least=100)
    assert (found.leader, found.is_sure) == (leader, is_sure)
