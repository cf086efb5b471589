"""Attainment: the field's own year to the digit, the plain forecast, and the lights."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import figures
from metrics.stats import attainment
from metrics.stats.attainment import BAD, GOOD, UNKNOWN, WARN, Attained

MONDAY = dt.date(2025, 6, 2)
# Actual, target, what the field reports: S1.
YEAR: dict[str, tuple[int | str, int | str, str]] = {
    "new users": (62_000, 50_000, "124.0%"),
    "MAU": (195_000, 180_000, "108.3%"),
    "DAU": (19_800, 18_000, "110.0%"),
    "daily use": ("38.2", 35, "109.1%"),
    "D7": ("0.482", "0.45", "107.1%"),
    "D30": ("0.38", "0.35", "108.6%"),
    "new payers": (9_260, 8_000, "115.8%"),
    "paid conversion": ("0.051", "0.045", "113.3%"),
}


@pytest.mark.parametrize("what", YEAR)
def test_the_year_of_the_field_to_the_digit(what: str) -> None:
    actual, target, reported = YEAR[what]
    found = Attained(Decimal(actual), Decimal(target))
    assert figures.share(found.share) == reported
    assert (found.is_met, found.light) == (True, GOOD)


def test_cost_below_its_limit_is_that_far_below() -> None:
    cost = Attained(Decimal("22.3"), Decimal(25), is_less_better=True)
    assert figures.share(cost.ahead) == "10.8%"
    assert cost.light == GOOD
    assert figures.share(Decimal(19_800) / 195_000) == "10.2%"


@pytest.mark.parametrize(
    ("actual", "less", "light"),
    [(100, False, GOOD), (90, False, WARN), (89, False, BAD), (110, True, WARN), (111, True, BAD),
     (None, False, UNKNOWN), (-5, False, BAD)],
    ids=["just", "near", "far", "near above", "far above", "unknown", "refunds"],
)  # fmt: skip
def test_the_light(actual: int | None, less: bool, light: str) -> None:
    value = None if actual is None else Decimal(actual)
    assert Attained(value, Decimal(100), less).light == light


def test_days_to_come_are_as_their_weekdays_were() -> None:
    known = {
        MONDAY + dt.timedelta(days=n): Decimal(70 if n % 7 < 5 else 10) for n in range(-28, 10)
    }
    last = MONDAY + dt.timedelta(days=9)  # Wednesday of the second week
    until = MONDAY + dt.timedelta(days=13)  # its Sunday
    whole = attainment.completed(known, MONDAY, until, last)
    assert whole == 2 * (5 * 70 + 2 * 10)
    assert attainment.due(known, MONDAY, until, last) == Decimal(370 + 210) / 740


def test_without_a_past_days_are_equal_and_there_is_no_forecast() -> None:
    until = MONDAY + dt.timedelta(days=9)
    assert attainment.completed({}, MONDAY, until, MONDAY) is None
    assert attainment.due({}, MONDAY, until, MONDAY + dt.timedelta(days=4)) == Decimal("0.5")


@given(
    st.lists(st.integers(0, 1_000), min_size=1, max_size=40), st.integers(0, 60), st.integers(0, 60)
)
def test_a_period_that_is_over_is_its_sum_and_wholly_due(
    values: list[int], more: int, since: int
) -> None:
    known = {MONDAY + dt.timedelta(days=n): Decimal(one) for n, one in enumerate(values)}
    until = MONDAY + dt.timedelta(days=len(values) - 1)
    last = until + dt.timedelta(days=more)
    assert attainment.completed(known, MONDAY, until, last) == sum(values)
    assert attainment.due(known, MONDAY, until, last) == 1


@pytest.mark.parametrize(
    ("value", "good", "bad", "score"),
    [(30, 40, 20, "0.5"), (50, 40, 20, "1"), (10, 40, 20, "0"), (30, 20, 40, "0.5"),
     (50, 20, 40, "0")],
    ids=["between", "above", "below", "less is better", "too much"],
)  # fmt: skip
def test_a_score_lies_between_bad_and_good(value: int, good: int, bad: int, score: str) -> None:
    assert attainment.scored(Decimal(value), Decimal(good), Decimal(bad)) == Decimal(score)


def test_scores_are_weighed_without_what_is_not_known() -> None:
    half, whole = Decimal("0.5"), Decimal(1)
    assert attainment.weighed([(half, 3), (whole, 1), (None, 9)]) == Decimal("62.5")
    assert attainment.weighed([(None, 1), (whole, 0)]) is None


@pytest.mark.parametrize(
    ("seen", "is_thin"),
    [
        ((0, 6), True),
        ((0, 15), True),  # Wilson's upper bound 20.4 %
        ((0, 16), False),  # 19.4 %
        ((10, 10), False),  # from 72 % to 100 %: good by any of them
        ((50, 1000), False),
        ((0, 0), False),
        (None, False),
    ],
)
def test_a_share_is_judged_when_its_interval_is_no_wider_than_from_bad_to_good(
    seen: tuple[int, int] | None, is_thin: bool
) -> None:
    assert attainment.is_thin(seen, Decimal("0.4"), Decimal("0.2")) == is_thin
    assert attainment.is_thin(seen, Decimal("0.2"), Decimal("0.4")) == is_thin


@given(st.integers(1, 50), st.integers(0, 50), st.decimals("0.02", "0.5", places=2))
def test_of_enough_a_share_has_an_interval_no_wider(n: int, got: int, gap: Decimal) -> None:
    least = attainment.enough((min(got, n), n), Decimal(0), gap)
    part = min(got, n) / n

    def width(of: float) -> float:
        z2 = 1.959964**2
        return float(2 * (z2 * part * (1 - part) / of + z2**2 / 4 / of**2) ** 0.5 / (1 + z2 / of))

    assert width(least) <= float(gap) + 1e-9
    assert least <= 1 or width(least - 1) >= float(gap) - 1e-9
