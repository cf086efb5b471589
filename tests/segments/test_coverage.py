"""Coverage of the tracking plan, counted by hand."""

import datetime as dt
from typing import Any

import pytest

from segments import coverage
from segments.models import EventProperty, EventType
from tests.segments import factories
from tests.segments.factories import incoming

pytestmark = pytest.mark.django_db
TODAY = dt.date(2018, 1, 1)


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


@pytest.fixture
def world() -> dict[str, EventType]:
    """`paid` came 4 times in 7 days, `viewed` once before them, `gone` never, `wild` unplanned."""
    paid = {"price": 1, "store": "A"}
    factories.happened(
        incoming(1, ago(0), name="paid", properties=paid),
        incoming(1, ago(1), name="paid", properties={**paid, "store": None}),
        incoming(2, ago(6), name="paid", properties={"price": 3}),
        incoming(2, ago(6), name="paid", properties={"price": None}),
        incoming(2, ago(7), name="paid", properties={}),
        incoming(1, ago(7), name="viewed", properties={"page": "x"}),
        incoming(1, ago(3), name="wild"),
        incoming(1, ago(3), name="message_sent"),
        incoming(1, ago(3), name="noise"),
    )
    EventType.objects.create(name="gone")
    EventType.objects.filter(name__in=["paid", "viewed", "gone"]).update(is_planned=True)
    EventType.objects.filter(name="noise").update(blocked=True)
    kinds = {one.name: one for one in EventType.objects.all()}
    EventProperty.objects.filter(event_type=kinds["paid"]).update(is_required=True)
    EventProperty.objects.filter(event_type=kinds["viewed"]).update(is_required=True)
    return kinds


def test_the_plan_is_covered_by_what_was_seen_in_seven_days(world: dict[str, EventType]) -> None:
    report = coverage.report(TODAY)
    assert (report.seen.part, report.seen.whole) == (1, 3)
    assert [one.event_type.name for one in report.missing] == ["gone", "viewed"]
    assert [one.event_type.name for one in report.unplanned] == ["wild"]


def test_required_properties_are_counted_event_by_event(world: dict[str, EventType]) -> None:
    report = coverage.report(TODAY)
    (paid,) = (one for one in report.planned if one.event_type.name == "paid")
    assert (paid.volume, paid.required) == (4, {"price": 3, "store": 1})
    assert (paid.filled.part, paid.filled.whole) == (4, 8)
    assert paid.lacking == ["price", "store"]
    assert report.filled.value == 0.5, "what was not seen lacks nothing"


def test_nothing_planned_has_no_coverage() -> None:
    report = coverage.report(TODAY)
    assert report.seen.value is None
    assert report.filled.value is None


def test_a_report_asks_the_same_at_any_number(
    world: dict[str, EventType], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        coverage.report(TODAY)
    EventType.objects.bulk_create(EventType(name=f"n{n}", is_planned=True) for n in range(30))
    with django_assert_num_queries(3):
        coverage.report(TODAY)
