"""Closing months and weeks: once, with all their days, and told anew when late data comes."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import InternalError

from metrics import periods
from metrics.measurements import count, ratio
from metrics.models import PeriodResult
from tests.metrics.factories import measured

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = dt.date(2018, 1, 1), dt.date(2018, 2, 1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def month(key: str, begins_on: dt.date = JANUARY) -> Any:
    rows = PeriodResult.objects.filter(metric__key=key, grain="month", begins_on=begins_on)
    return list(rows.order_by("revision").values_list("revision", "value"))


def test_a_month_closes_some_days_after_its_end() -> None:
    measured(count("orders", day("2018-01-30"), 4), count("orders", day("2018-01-31"), 3))
    periods.close(today=day("2018-02-03"))
    assert month("orders") == []
    periods.close(today=day("2018-02-04"))
    assert month("orders") == [(1, 7)]
    periods.wait_for(10)
    measured(count("orders", day("2018-02-28"), 1))
    periods.close(today=day("2018-03-04"))
    assert month("orders", FEBRUARY) == []


def test_days_add_up_as_their_metric_says() -> None:
    measured(
        ratio("stickiness", day("2018-01-30"), 10, 100),
        ratio("stickiness", day("2018-01-31"), 90, 300),
        count("dau", day("2018-01-30"), 10),
        count("dau", day("2018-01-31"), 91),
    )
    periods.close(today=day("2018-02-10"))
    assert month("stickiness") == [(1, Decimal("0.25"))]
    assert month("dau") == [(1, Decimal("50.5"))]
    result = PeriodResult.objects.get(metric__key="stickiness", grain="month")
    assert (result.numerator, result.denominator) == (100, 400)


def test_what_nothing_was_divided_by_has_no_value() -> None:
    measured(ratio("stickiness", day("2018-01-31"), 0, 0))
    periods.close(today=day("2018-02-10"))
    assert month("stickiness") == [(1, None)]


def test_retention_closes_when_its_last_day_is_known() -> None:
    measured(*(ratio("retention_d30", JANUARY + dt.timedelta(n), 1, 2) for n in range(20)))
    periods.close(today=day("2018-02-20"))
    assert month("retention_d30") == []
    measured(ratio("retention_d30", day("2018-01-31"), 1, 2))
    periods.close(today=day("2018-03-03"))
    assert month("retention_d30") == [(1, Decimal("0.5"))]


def test_late_data_adds_a_result_and_leaves_the_first() -> None:
    measured(count("orders", day("2018-01-31"), 3))
    periods.close(today=day("2018-02-10"))
    assert periods.close(today=day("2018-02-11")) == []
    measured(count("orders", day("2018-01-31"), 5))
    late = periods.close(today=day("2018-02-12"))
    assert {one.revision for one in late} == {2}
    assert month("orders") == [(1, 3), (2, 5)]
    assert [one.value for one in periods.latest("month")] == [5]


def test_nothing_closed_can_be_rewritten() -> None:
    measured(count("orders", day("2018-01-31"), 3))
    periods.close(today=day("2018-02-10"))
    for change in (
        lambda: PeriodResult.objects.update(value=9),
        lambda: PeriodResult.objects.all().delete(),
    ):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            change()
    assert month("orders") == [(1, 3)]


def test_weeks_begin_on_monday_across_the_turn_of_the_year() -> None:
    assert periods.begin(day("2018-01-03"), "week") == JANUARY
    assert periods.begin(day("2017-12-31"), "week") == day("2017-12-25")
    assert periods.following(day("2017-12-25"), "week") == JANUARY
    assert periods.before(JANUARY, "month") == day("2017-12-01")
    assert periods.name(day("2018-12-31"), "week") == "2019-W01"
    measured(count("orders", day("2017-12-31"), 2), count("orders", JANUARY, 5))
    periods.close(today=day("2018-01-05"))
    weeks: Any = PeriodResult.objects.filter(metric__key="orders", grain="week")
    assert list(weeks.values_list("begins_on", "value")) == [(day("2017-12-25"), 2)]


@pytest.mark.parametrize("grain", ["week", "month"])
def test_every_day_is_in_one_period(grain: str) -> None:
    one = day("2015-12-28")
    for _ in range(1_200):
        begins_on = periods.begin(one, grain)
        assert begins_on <= one < periods.following(begins_on, grain)
        assert periods.following(periods.before(begins_on, grain), grain) == begins_on
        one += dt.timedelta(1)
