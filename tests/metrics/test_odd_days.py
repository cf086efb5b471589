"""Days that are shorter, longer or empty, and a worker that dies in the middle of measuring."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Project, Staff
from metrics import activity_tables, answers, days, goals, measure, odd_days
from metrics.models import MeasuredDay, Measurement, Metric
from metrics.reports import asking, every, parts
from segments import ingest
from tests.metrics.factories import customers, today_is
from tests.segments import programs
from tests.segments.factories import happened, incoming

SignIn = Callable[[Staff | str], Client]
StaffOf = Callable[..., Staff]
SPRING, AUTUMN = dt.date(2017, 3, 12), dt.date(2017, 11, 5)  # New York's days of 23 and 25 hours


def at(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)


def event(customer: int, day: dt.date, moment: str, **values: Any) -> ingest.IncomingEvent:
    return incoming(customer, day, time=at(moment), **values)


def tables(kind: str, **given: Any) -> dict[str, Any]:
    """What a report shows; no cell of it may be a number that is none."""
    report = every.BY_KIND[kind]
    settings = report.read({name: str(value) for name, value in given.items()})
    row = asking.answer(answers.about(report.question(settings)))
    found = report.parts(settings, row)
    for one in found:
        json.dumps(parts.as_json(one), allow_nan=False)
    return {one.key: one for one in found}


@pytest.mark.django_db
def test_hours_are_those_of_the_clock_on_days_that_it_changes() -> None:
    today_is("2017-11-20")
    Project.objects.update(time_zone="America/New_York")
    a, b = (one.pk for one in customers(2))
    happened(
        event(a, SPRING, "2017-03-12T06:30", name="cart"),  # half past one
        event(b, SPRING, "2017-03-12T07:30", name="cart"),  # half past three: two was left out
        event(a, AUTUMN, "2017-11-05T05:30", name="cart"),  # half past one, and again
        event(b, AUTUMN, "2017-11-05T06:30", name="cart"),
    )
    measure.run()
    asked = {"what": "cart", "counted": "events", "days": 7}
    (sunday,) = (tables("rhythm", **asked, until=SPRING)["week"].rows[6],)
    assert [sunday[1 + hour] for hour in range(5)] == [0, 1, 0, 1, 0]
    (sunday,) = (tables("rhythm", **asked, until=AUTUMN)["week"].rows[6],)
    assert [sunday[1 + hour] for hour in range(5)] == [0, 2, 0, 0, 0]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["retention", "growth", "stickiness", "rhythm"])
def test_a_day_without_data_is_a_day_on_which_nobody_was_there(kind: str) -> None:
    today_is("2017-05-08")
    who = customers(1)[0].pk
    first, last = dt.date(2017, 5, 1), dt.date(2017, 5, 3)
    happened(incoming(who, first, amount=100), incoming(who, last, amount=100))
    measure.run()
    activity_tables.update()
    measured = dict(
        Measurement.objects.filter(metric__key="dau", slice="").values_list("day", "value")
    )
    assert [measured[first + dt.timedelta(n)] for n in range(4)] == [1, 0, 1, 0]
    again = Measurement.objects.get(
        metric__key="repurchase_rate", day=dt.date(2017, 5, 2), slice=""
    )
    assert (again.numerator, again.denominator) == (0, 1)
    assert tables(kind)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "killed",
    [
        "mock.patch.object(measurements, 'keep', then_die(measurements.keep))",
        "mock.patch.object(days, 'note', die)",
    ],
    ids=["while it writes", "before it notes the days"],
)
def test_a_measuring_that_was_killed_leaves_no_half_day_and_the_next_goes_on(killed: str) -> None:
    today_is("2017-05-08")
    who = customers(1)[0].pk
    first = dt.date(2017, 5, 1)
    happened(incoming(who, first, amount=100))
    measure.run()
    happened(incoming(who, dt.date(2017, 5, 2), amount=250))
    before = set(Measurement.objects.values_list("metric", "day", "slice", "value"))
    program = f"""
        from unittest import mock
        from metrics import days, measure, measurements
        with {killed}:
            measure.run_due()
    """
    assert programs.run(program) == -9
    now = set(Measurement.objects.values_list("metric", "day", "slice", "value"))
    noted = MeasuredDay.objects.get(day=dt.date(2017, 5, 2)).digest
    assert noted != days.digests(dt.date(2017, 5, 7))[dt.date(2017, 5, 2)]
    assert measure.run_due() > 0  # it is known that the day is still to be measured
    after = set(Measurement.objects.values_list("metric", "day", "slice", "value"))
    assert now in (before, after)  # all of it, or nothing
    assert after != before
    assert measure.run_due() == 0


# --- what a reader is told of them ------------------------------------------------


@pytest.fixture
def silent_days(db: None) -> None:
    """Events on the 1st and the 4th of May; on the 2nd a mail went out, which is no event of
    theirs."""
    today_is("2017-05-06")
    who = customers(1)[0].pk
    happened(incoming(who, dt.date(2017, 5, 1), amount=100))
    happened(incoming(who, dt.date(2017, 5, 2), name="message_sent"))
    happened(incoming(who, dt.date(2017, 5, 4), amount=250))
    measure.run()


SILENT = "came in on these days: 2017-05-02 – 2017-05-03, 2017-05-05. What is 0 there"


def test_charts_of_metrics_goals_reports_and_reviews_name_days_without_events(
    silent_days: None, signed_in: SignIn, staff_of: StaffOf
) -> None:
    client, revenue = signed_in("manager"), Metric.objects.get(key="revenue")
    goal = goals.add(by=staff_of("manager"), metric=revenue, since=dt.date(2017, 4, 1),
                     until=dt.date(2017, 6, 30), target=Decimal(1000))  # fmt: skip
    tables("rhythm")
    addresses = [
        reverse("admin:metrics_metric_change", args=[revenue.pk]),
        reverse("admin:metrics_goal_change", args=[goal.pk]),
        reverse("admin:metrics_savedreport_show", args=["rhythm"]),
        reverse("admin:metrics_reviewnote_changelist") + "?period=2017-05",
    ]
    for address in addresses:
        assert SILENT in client.get(address).content.decode(), address
    answer = client.get("/api/v1/reports/rhythm/").json()
    assert SILENT in answer["tables"][0]["note"]


def test_of_many_silent_days_the_newest_are_named_and_the_rest_counted(db: None) -> None:
    who = customers(1)[0].pk
    for step in range(0, 14, 2):
        happened(incoming(who, dt.date(2017, 5, 1) + dt.timedelta(step), amount=100))
    said = odd_days.words(None, dt.date(2017, 5, 13))
    assert "2017-05-06, 2017-05-08, 2017-05-10, 2017-05-12, 2 days before" in said
    # Nothing is said of days before the first event.
    assert not odd_days.words(dt.date(2017, 4, 1), dt.date(2017, 5, 1))


def test_days_on_which_the_clock_changes_are_named_with_their_hours(db: None) -> None:
    Project.objects.update(time_zone="America/New_York")
    assert odd_days.uneven(SPRING, AUTUMN) == {SPRING: 23, AUTUMN: 25}
    Project.objects.update(time_zone="Asia/Shanghai")
    assert odd_days.uneven(SPRING, AUTUMN) == {}
    Project.objects.update(time_zone="America/New_York")
    happened(incoming(customers(1)[0].pk, SPRING, time=at("2017-03-12T12:00"), amount=100))
    said = odd_days.words(SPRING, SPRING)
    assert said == "The clock changed on 2017-03-12 (23 hours)."
