"""Month cohorts as they are written down."""

import datetime as dt

import pytest

from metrics import retention
from metrics.models import Measurement
from tests.metrics.factories import customers, today_is
from tests.segments.factories import happened, incoming

JAN, FEB, MAR = (dt.date(2017, month, 1) for month in (1, 2, 3))


def kept(cohort: dt.date) -> list[tuple[str, int | None, int | None]]:
    rows = Measurement.objects.filter(metric__key=retention.KEY, day=cohort).order_by("slice")
    return list(rows.values_list("slice", "numerator", "denominator"))


@pytest.fixture
def three_months(db: None) -> list[int]:
    """Two come in January, one of them again in March; February sees nobody but a newcomer."""
    today_is("2017-03-20")
    a, b, c = (customer.pk for customer in customers(3))
    happened(
        incoming(a, "2017-01-31"),
        incoming(b, "2017-01-02"),
        incoming(c, "2017-02-28"),
        incoming(a, "2017-03-01"),
    )
    return [a, b, c]


def test_a_cohort_has_a_share_for_each_month_since(three_months: list[int]) -> None:
    assert retention.monthly() == 3
    assert kept(JAN) == [("0", 2, 2), ("1", 0, 2), ("2", 1, 2)]
    assert kept(FEB) == [("0", 1, 1), ("1", 0, 1)]
    assert kept(MAR) == [("0", 0, 0)]


def test_late_events_move_a_cohort_and_leave_nothing_behind(three_months: list[int]) -> None:
    retention.monthly()
    today_is("2017-02-10")
    assert retention.monthly() == 2
    assert kept(JAN) == [("0", 2, 2), ("1", 0, 2)]
    assert kept(MAR) == []


def test_without_events_there_are_no_cohorts(db: None) -> None:
    assert retention.monthly() == 0
