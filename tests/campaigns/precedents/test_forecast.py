"""Forecasts: where what came lies, and how good they were together."""

import pytest

from campaigns.precedents import forecast, skill
from campaigns.precedents.forecast import Line

SHARE = {"low": 0.1, "middle": 0.2, "high": 0.3}


@pytest.mark.parametrize(
    ("came", "verdict"),
    [(0.05, "below"), (0.1, "inside"), (0.3, "inside"), (0.31, "above"), (None, "open")],
)
def test_what_came_lies_below_within_or_above_the_bounds(came: float | None, verdict: str) -> None:
    (line,) = forecast.lines({"share": SHARE}, {"share": came})
    assert line.verdict == verdict


def test_an_expectation_with_one_bound_is_reached_or_not() -> None:
    roi = {"low": 0.5, "middle": 0.5}
    (reached,) = forecast.lines({"roi": roi}, {"roi": 4.0})
    (missed,) = forecast.lines({"roi": roi}, {"roi": 0.4})
    assert (reached.verdict, missed.verdict) == ("inside", "below")


def test_few_customers_are_no_surprise() -> None:
    """One of one who woke is 100 %, and still what 77 % make one expect."""
    low, high = forecast.bounds(1, 1)
    came = {"activated": 1.0, "activated_low": low, "activated_high": high}
    expected = {"activated": {"low": 0.7, "middle": 0.77, "high": 0.8}}
    assert forecast.lines(expected, came)[0].verdict == "inside"
    low, high = forecast.bounds(1_000, 1_000)
    came = {"activated": 1.0, "activated_low": low, "activated_high": high}
    assert forecast.lines(expected, came)[0].verdict == "above"


def test_the_bounds_of_a_share_are_wilsons() -> None:
    assert forecast.bounds(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998
    assert forecast.bounds(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_what_nobody_expected_is_told_without_a_verdict() -> None:
    (line,) = forecast.lines({}, {"reach": 5, "lift": None})
    assert (line.what, line.verdict, line.ratio) == ("reach", "open", None)


def test_lines_are_kept_and_read_again() -> None:
    told = forecast.lines({"share": SHARE, "cost": None}, {"share": 0.2, "cost": 7})
    assert forecast.read([line.as_json() for line in told]) == told


def test_skill_counts_what_was_settled_and_tells_the_median() -> None:
    def line(came: float | None) -> list[Line]:
        return forecast.lines({"share": SHARE}, {"share": came})

    (found,) = skill.of([line(0.2), line(0.1), line(0.4), line(None)])
    assert (found.what, found.count, found.inside, found.above) == ("share", 3, 2, 1)
    assert found.ratio == pytest.approx(1.0)
    assert found.is_few
    assert skill.of([]) == []
