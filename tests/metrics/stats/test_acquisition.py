"""Cost of a new customer by channel: the field's own year, and what its average hides."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.stats import acquisition
from metrics.stats.acquisition import Line

YUAN = 100
CAP = 25 * YUAN


def test_the_year_of_the_field_hides_what_the_rest_costs() -> None:
    """S1: 62,000 new at 22.3 yuan; referral 38,000 at 18.5, content 8,200 at 12."""
    total = Line("", 62_000, 62_000 * 2230)
    referral = Line("referral", 38_000, 38_000 * 1850)
    content = Line("content", 8_200, 8_200 * 1200)
    found = acquisition.table([referral, content], total)
    assert found.rest.new == 15_800
    assert found.rest.cost is not None
    assert round(found.rest.cost / YUAN, 1) == Decimal("36.8")
    assert acquisition.is_over(found.rest, CAP)
    assert not any(acquisition.is_over(one, CAP) for one in (total, referral, content))


def test_a_channel_without_spend_explains_nothing() -> None:
    found = acquisition.table([Line("a", 10, 100), Line("b", 5, 0)], Line("", 20, 300))
    assert (found.rest.new, found.rest.spend) == (10, 200)
    assert [one.key for one in found.without_spend] == ["b"]


@pytest.mark.parametrize(
    ("line", "over"),
    [
        (Line("", 0, 0), False),
        (Line("", 0, 1), True),
        (Line("", 1, CAP), False),
        (Line("", 1, CAP + 1), True),
        (Line("", 3, -5), False),
    ],
    ids=["nothing", "money for nobody", "just the limit", "above", "money came back"],
)
def test_what_is_above_the_limit(line: Line, over: bool) -> None:
    assert acquisition.is_over(line, CAP) == over
    assert not acquisition.is_over(line, None)
    assert (line.cost is None) == (line.new == 0)


@given(amount=st.integers(-(10**12), 10**12), days=st.integers(1, 400))
def test_parts_of_an_amount_are_the_amount(amount: int, days: int) -> None:
    parts = acquisition.split(amount, days)
    assert sum(parts) == amount
    assert max(parts) - min(parts) <= 1


def test_payback_counts_each_month_over_those_for_whom_it_is_over() -> None:
    course = acquisition.cumulated([1_000, 300, 50], [10, 5, 0])
    assert course == [Decimal(100), Decimal(160)]
    assert acquisition.paid_back(course, Decimal(100)) == 1
    assert acquisition.paid_back(course, Decimal(150)) == 2
    assert acquisition.paid_back(course, Decimal(161)) is None
    assert acquisition.paid_back(course, None) is None
