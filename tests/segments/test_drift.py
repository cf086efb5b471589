"""Drift, case by case: what is news, what is noise, and what is kept of it."""

import datetime as dt
from typing import Any

import pytest

from segments import catalogue, drift
from segments.drift import LOST, NEW_KIND, NOT_PLANNED, UNPLANNED, VOLUME, Day, Finding
from segments.models import EventDay, EventProperty, EventType
from tests.segments.factories import moment

TODAY = dt.date(2018, 1, 1)  # a Monday


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def days(kinds_lately: Any, kinds_before: Any, *, volume: int = 100) -> list[Day]:
    """Seven days with some kinds of the property `p`, and 28 before them with others."""
    return [
        *(Day(ago(n), volume, {"p": kinds_lately} if kinds_lately else {}) for n in range(7)),
        *(Day(ago(n), volume, {"p": kinds_before} if kinds_before else {}) for n in range(7, 35)),
    ]


STRING, NUMBER = {"string": 100}, {"number": 100}
PROPERTIES: dict[str, tuple[list[Day], dict[str, str], list[Finding]]] = {
    "as before": (days(STRING, STRING), {}, []),
    "one of another kind is news": (
        days({"string": 99, "number": 1}, STRING),
        {},
        [Finding(NEW_KIND, "p", "number", "string")],
    ),
    "a kind that was there before is none": (
        days({"string": 1, "number": 99}, {"string": 99, "number": 1}),
        {},
        [],
    ),
    "a null is no kind": (days({"string": 50, "null": 50}, STRING), {}, []),
    "a property that is new is none": (days(STRING, None), {}, []),
    "too few before to know": (
        [Day(ago(0), 100, {"p": NUMBER}), Day(ago(9), 19, {"p": {"string": 19}})],
        {},
        [],
    ),
    "the plan knows better than the past": (
        days(STRING, STRING),
        {"p": "number"},
        [Finding(NOT_PLANNED, "p", "string", "number")],
    ),
    "as planned, though new": (days(NUMBER, STRING), {"p": "number"}, []),
    "most events had it, hardly any has": (
        days({"string": 4}, STRING),
        {},
        [Finding(LOST, "p", 0.04, 1.0)],
    ),
    "it vanished": (days(None, {"string": 60}), {}, [Finding(LOST, "p", 0.0, 0.6)]),
    "it only comes as nothing": (days({"null": 100}, STRING), {}, [Finding(LOST, "p", 0.0, 1.0)]),
    "a tenth is still there": (days({"string": 10}, STRING), {}, []),
    "few events ever had it": (days(None, {"string": 49}), {}, []),
    "too few events lately to judge": (
        [Day(ago(0), 19, {}), *(Day(ago(n), 100, {"p": STRING}) for n in range(7, 35))],
        {},
        [],
    ),
}


@pytest.mark.parametrize("case", PROPERTIES)
def test_properties(case: str) -> None:
    given, planned, expected = PROPERTIES[case]
    assert drift.properties(given, TODAY, planned) == expected


def weeks(yesterday: int, *before: int) -> list[Day]:
    """Yesterday, and the same weekday before it, the newest first; a row on another day too."""
    return [
        Day(ago(1), yesterday, {}),
        *(Day(ago(1 + 7 * n), volume, {}) for n, volume in enumerate(before, start=1)),
    ]


VOLUMES: dict[str, tuple[list[Day], list[Finding]]] = {
    "as ever": (weeks(1000, *[1000] * 8), []),
    "within what it swings": (weeks(1500, 1000, 1400, 700, 1200, 900, 1300, 800, 1100), []),
    "a third more of what never swings": (weeks(1300, *[1000] * 8), []),
    "half as much again": (weeks(1500, *[1000] * 8), [Finding(VOLUME, "", 1500.0, 1000.0)]),
    "silence": (
        [*weeks(0, *[1000] * 8)[1:]],
        [Finding(VOLUME, "", 0.0, 1000.0)],
    ),
    "silence of what is rare": ([*weeks(0, *[6] * 8)[1:]], []),
    "three weeks are no usual": (weeks(9000, 1000, 1000, 1000), []),
    "four weeks are": (weeks(9000, *[1000] * 4), [Finding(VOLUME, "", 9000.0, 1000.0)]),
    "one holiday among eight does not move the usual": (
        weeks(1000, 9000, *[1000] * 7),
        [],
    ),
}


@pytest.mark.parametrize("case", VOLUMES)
def test_volumes(case: str) -> None:
    given, expected = VOLUMES[case]
    assert drift.volume(given, TODAY) == expected


def test_every_finding_has_its_words() -> None:
    assert [
        one.words()
        for one in (
            Finding(NEW_KIND, "p", "number", "list,string"),
            Finding(NOT_PLANNED, "p", "string", "number"),
            Finding(LOST, "p", 0.04, 1.0),
            Finding(VOLUME, "", 1500.0, 1000.0),
            Finding(UNPLANNED),
        )
    ] == [
        "“p” came as number; before, always as list, text.",
        "“p” came as text; planned is number.",
        "“p” is in 4.0% of the events; before, in 100.0%.",
        "1,500 events yesterday; on this weekday 1,000 are usual.",
        "Not in the tracking plan, and new.",
    ]


# --- with the database ---------------------------------------------------------


def kind_with(name: str, found: list[Day], **values: Any) -> EventType:
    kind = catalogue.register([name])[name]
    EventType.objects.filter(pk=kind.pk).update(
        first_seen_at=moment(min((one.day for one in found), default=TODAY)), **values
    )
    EventDay.objects.bulk_create(
        EventDay(
            event_type=kind,
            day=one.day,
            volume=one.volume,
            properties=one.properties,
            first_at=moment(one.day),
            last_at=moment(one.day),
        )
        for one in found
    )
    kind.refresh_from_db()
    return kind


@pytest.mark.django_db
def test_a_look_keeps_what_the_page_says(django_assert_max_num_queries: Any) -> None:
    odd = kind_with("odd", days({"number": 5}, STRING))
    kind_with("fine", days(STRING, STRING))
    planned = kind_with("planned", days(STRING, STRING), is_planned=True)
    EventProperty.objects.create(event_type=planned, name="p", planned_kind="boolean")
    newcomer = kind_with("newcomer", [Day(ago(2), 3, {})])
    kind_with("message_sent", [Day(ago(2), 3, {})])  # our own
    for number in range(20):
        kind_with(f"more-{number}", days(STRING, STRING))
    with django_assert_max_num_queries(6):
        assert drift.look(TODAY) == 3
    for kind, whats in ((odd, [NEW_KIND, LOST]), (planned, [NOT_PLANNED]), (newcomer, [UNPLANNED])):
        kind.refresh_from_db()
        assert [one.what for one in drift.kept(kind)] == whats
        assert drift.of(kind, TODAY) == drift.kept(kind)
        assert kind.drift_on == TODAY


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "blocked"), [("odd", True), ("$others", False)])
def test_nobody_is_told_about_what_is_kept_out(name: str, blocked: bool) -> None:
    kind = kind_with(name, days({"number": 5}, STRING), blocked=blocked)
    assert drift.of(kind, TODAY) == []


@pytest.mark.django_db
def test_without_a_plan_nothing_is_unplanned() -> None:
    kind = kind_with("newcomer", [Day(ago(2), 3, {})])
    assert drift.of(kind, TODAY) == []


@pytest.mark.django_db
def test_what_is_over_is_forgotten() -> None:
    kind = kind_with("odd", days({"number": 5}, STRING))
    drift.look(TODAY)
    drift.look(TODAY + dt.timedelta(days=60))
    kind.refresh_from_db()
    assert kind.drift == []
