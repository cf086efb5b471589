"""Before and after: bounds that hold the truth, and a verdict that claims no more than they do."""

import math
import random

import pytest

from metrics.stats import before_after
from metrics.stats.before_after import Promise
from metrics.stats.differences import Interval

BEFORE, AFTER, PAST = 8, 4, 52


def test_the_bounds_of_single_weeks_are_those_of_the_textbook() -> None:
    """Student's t, pooled: by hand, with t(0.975, 4) = 2.7764."""
    found = before_after.change([9.0, 10.0, 11.0, 10.0], [11.0, 13.0])
    assert found is not None
    assert found.relative == pytest.approx(0.2)
    assert found.interval is not None
    # Fieller: the two bounds solve (12 - 10 r)² = t² s² (1/2 + r² / 4), s² = 4 / 4.
    for bound in (found.interval.low, found.interval.high):
        r = 1 + bound
        assert (12 - 10 * r) ** 2 == pytest.approx(2.776445**2 * (0.5 + r * r / 4), rel=1e-5)


def test_growth_that_was_there_before_is_no_effect() -> None:
    weeks = [100 * 1.01**n for n in range(PAST + BEFORE + AFTER)]
    found = before_after.change(weeks[PAST:-AFTER], weeks[-AFTER:], weeks[:PAST])
    assert found is not None
    assert found.interval is not None
    assert found.relative == pytest.approx(0.0616, abs=1e-3)
    assert 0 in found.interval
    assert (found.moved, found.looked) == (found.looked, PAST + BEFORE - BEFORE - AFTER + 1)
    without_past = before_after.change(weeks[PAST:-AFTER], weeks[-AFTER:])
    assert without_past is not None
    assert without_past.interval is not None
    assert 0 not in without_past.interval


@pytest.mark.parametrize(("slow", "most"), [(0.0, 0.04), (0.9, 0.05), (1.0, 0.06)])
def test_where_nothing_happened_hardly_anything_is_found(slow: float, most: float) -> None:
    """Weeks that are independent, that go in slow waves, and that walk at random."""
    chance, wrong, runs = random.Random(8), 0, 2_000
    for _run in range(runs):
        level, weeks = 0.0, []
        for _week in range(PAST + BEFORE + AFTER):
            level = slow * level + chance.gauss(0, 0.02)
            weeks.append(100 * math.exp(level + chance.gauss(0, 0.02)))
        found = before_after.change(weeks[PAST:-AFTER], weeks[-AFTER:], weeks[:PAST])
        assert found is not None
        assert found.interval is not None
        wrong += 0 not in found.interval
    assert wrong / runs <= most


@pytest.mark.parametrize(
    ("before", "after"),
    [([], [1.0]), ([1.0, 1.0, 1.0, 1.0], []), ([0.0] * 8, [1.0] * 4), ([-5.0] * 8, [1.0] * 4)],
    ids=["no before", "no after", "of nothing", "of a loss"],
)
def test_what_has_no_share_has_no_bounds(before: list[float], after: list[float]) -> None:
    found = before_after.change(before, after)
    assert found is None or (found.relative, found.interval) == (None, None)


def test_weeks_that_are_alike_prove_nothing() -> None:
    """Three a week and then six a week: that they never differed is luck, and no certainty."""
    found = before_after.change([3.0] * 8, [6.0] * 4, [3.0] * 52)
    assert found is not None
    assert (found.relative, found.interval) == (1.0, None)
    assert before_after.kept(0.05, found.relative, found.interval) == Promise.UNCLEAR


def test_too_few_weeks_tell_a_change_and_no_bounds() -> None:
    found = before_after.change([10.0, 11.0, 9.0], [12.0, 12.0])
    assert found is not None
    assert found.relative == pytest.approx(0.2)
    assert found.interval is None


@pytest.mark.parametrize(
    ("expected", "relative", "low", "high", "outcome"),
    [
        (0.05, 0.06, 0.02, 0.10, Promise.MET),
        (0.05, 0.03, 0.01, 0.08, Promise.PARTLY),
        (0.05, 0.03, 0.01, 0.04, Promise.PARTLY),
        (0.05, 0.01, -0.02, 0.04, Promise.NOT),
        (0.05, -0.03, -0.06, -0.01, Promise.NOT),
        (0.05, 0.07, -0.01, 0.15, Promise.UNCLEAR),
        (-0.10, -0.12, -0.15, -0.09, Promise.MET),
        (-0.10, -0.05, -0.09, -0.01, Promise.PARTLY),
        (-0.10, 0.02, -0.05, 0.09, Promise.NOT),
        (-0.10, -0.08, -0.20, 0.04, Promise.UNCLEAR),
    ],
)
def test_a_verdict_says_no_more_than_the_bounds(
    expected: float, relative: float, low: float, high: float, outcome: Promise
) -> None:
    assert before_after.kept(expected, relative, Interval(low, high)) == outcome


def test_without_bounds_nothing_can_be_told() -> None:
    assert before_after.kept(0.05, 0.2, None) == Promise.UNCLEAR
    assert before_after.kept(0.05, None, None) == Promise.UNCLEAR
