"""Orders in another currency: every page with money says how many its sums leave out."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from metrics import goals, library, periods
from metrics.measurements import count
from metrics.models import Alert, ComparedDay, Metric, SegmentWeek, Watch
from tests.factories import StaffFactory
from tests.metrics.factories import measured, today_is
from tests.metrics.test_comparison_screens import made, page_of

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
DAY, TODAY = dt.date(2017, 5, 11), dt.date(2017, 6, 1)
SAID = "2 orders of these days came in another currency"
EVERYBODY = {"size": 1, "conversion": 0.0, "spent": 0.0, "touches": 0.0, "campaigns": 0.0}


@pytest.fixture
def two_orders() -> None:
    today_is(TODAY)
    measured(count("revenue", DAY, 500), count("foreign_orders", DAY, 2), count("orders", DAY, 9))


def goal_on(key: str) -> str:
    metric = Metric.objects.get(key=key)
    goal = goals.add(by=StaffFactory.create(), metric=metric, since=dt.date(2017, 5, 1),
                     until=TODAY, target=Decimal(10))  # fmt: skip
    return reverse("admin:metrics_goal_change", args=[goal.pk])


def test_a_goal_of_money_says_it_and_one_of_orders_does_not(
    two_orders: None, signed_in: SignIn
) -> None:
    client = signed_in("support")
    assert SAID in client.get(goal_on("revenue")).content.decode()
    assert "another currency" not in client.get(goal_on("orders")).content.decode()


def test_a_comparison_says_it_of_its_window(two_orders: None, signed_in: SignIn) -> None:
    comparison = made()
    assert SAID in signed_in("support").get(page_of(comparison)).content.decode()
    measured(count("foreign_orders", DAY, 0), count("foreign_orders", TODAY, 7))
    assert "another currency" not in signed_in("support").get(page_of(comparison)).content.decode()


def test_an_alert_about_money_says_it_of_its_days(two_orders: None, signed_in: SignIn) -> None:
    library.install()
    for key, last in (("revenue", DAY), ("orders", DAY)):
        watch = Watch.objects.create(metric=Metric.objects.get(key=key))
        Alert.objects.create(watch=watch, began_on=last, last_on=last, value=1, expected=2)
    page = signed_in("support").get(reverse("admin:metrics_alert_changelist")).content.decode()
    assert page.count(SAID) == 1


def test_a_closed_period_of_money_says_it_in_its_row(two_orders: None, signed_in: SignIn) -> None:
    measured(count("revenue", dt.date(2017, 5, 31), 100), count("orders", dt.date(2017, 5, 31), 1))
    periods.close(today=dt.date(2017, 6, 10))
    address = reverse("admin:metrics_periodresult_changelist")
    page = signed_in("support").get(address).content.decode()
    assert page.count(SAID) == 2  # the month's and the week's


def test_the_week_of_segments_says_what_spent_leaves_out(
    two_orders: None, signed_in: SignIn
) -> None:
    week = SegmentWeek.objects.create(
        monday=dt.date(2017, 5, 22), data={"everyone": EVERYBODY, "lines": []}
    )
    address = reverse("admin:metrics_segmentweek_change", args=[week.pk])
    assert SAID in signed_in("support").get(address).content.decode()


def test_the_courses_of_comparisons_goals_and_payback_are_files(
    two_orders: None, signed_in: SignIn
) -> None:
    client, comparison = signed_in("support"), made()
    page = client.get(page_of(comparison)).content.decode()
    variant = comparison.groups.last()
    assert variant is not None
    for key in ("forest", f"daily-conversion-{variant.pk}", f"daily-revenue-{variant.pk}"):
        address = reverse("admin:metrics_comparison_file", args=[comparison.pk, key])
        assert address in page
        lines = client.get(address).getvalue().decode("utf-8-sig").splitlines()
        assert len(lines) == 1 + 3
    assert client.get(address.replace("daily-revenue", "daily-nothing")).status_code == 404
    ComparedDay.objects.all().delete()
    assert client.get(address).status_code == 404
    goal = goal_on("revenue")
    file = goal.replace("change", "course")
    assert file in client.get(goal).content.decode()
    lines = client.get(file).getvalue().decode("utf-8-sig").splitlines()
    assert lines == ["day,value,target,unit", "2017-05-11,5.000000,0.100000,USD"]
