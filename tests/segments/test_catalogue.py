"""The catalogue: what flushes and recounts note, its bounds, and what intake asks it."""

import datetime as dt
import json
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from segments import activity, catalogue, ingest
from segments.models import DaySet, DirtyDay, EventDay, EventProperty, EventType, InboxEvent
from segments.models.event import OTHERS
from tests.segments import factories
from tests.segments.factories import incoming

pytestmark = pytest.mark.django_db
D1, D2 = dt.date(2017, 3, 1), dt.date(2017, 3, 2)


def noted() -> dict[str, Any]:
    """Everything that the catalogue keeps, in a form that can be compared."""
    return {
        "types": sorted(
            EventType.objects.values_list("name", "volume", "first_seen_at", "last_seen_at")
        ),
        "days": sorted(
            (row.event_type.name, row.day, row.volume, json.dumps(row.properties, sort_keys=True))
            for row in EventDay.objects.select_related("event_type")
        ),
        "properties": sorted(
            (one.event_type.name, one.name, json.dumps(one.kinds, sort_keys=True), one.volume)
            for one in EventProperty.objects.select_related("event_type")
        ),
    }


def flush(*events: ingest.IncomingEvent) -> None:
    ingest.receive(events)
    ingest.flush()


def test_a_flush_notes_each_property_with_its_kinds() -> None:
    flush(
        incoming(1, D1, properties={"a": "x", "b": 1, "c": None, "d": [1], "e": {}, "f": True}),
        incoming(2, D1, properties={"a": 2.5, "b": 1}),
        incoming(2, D2, properties={"a": "y"}),
    )
    kinds = dict(EventProperty.objects.values_list("name", "kinds"))
    assert kinds == {
        "a": {"string": 2, "number": 1},
        "b": {"number": 2},
        "c": {"null": 1},
        "d": {"list": 1},
        "e": {"object": 1},
        "f": {"boolean": 1},
    }
    seen = {one.name: one for one in EventProperty.objects.all()}
    assert (seen["a"].volume, seen["a"].first_seen_on, seen["a"].last_seen_on) == (3, D1, D2)
    assert seen["c"].volume == 0, "nothing is not a value"
    assert dict(EventDay.objects.values_list("day", "volume")) == {D1: 2, D2: 1}


def test_no_value_of_a_property_is_kept() -> None:
    flush(incoming(1, D1, properties={"email": "ada@customers.example"}))
    rows = [str(list(model.objects.values())) for model in (EventType, EventProperty, EventDay)]
    assert "ada@" not in "".join(rows)


def test_a_recount_finds_what_the_flushes_noted() -> None:
    flush(
        incoming(1, D1, properties={"a": "x", "b": 1, "c": None, "n": -2, "big": 2**70}),
        incoming(
            2,
            D1,
            name="viewed",
            properties={"a": 2.5, "d": [1, "x"], "e": {"f": 1}, "g": {}, "h": []},
        ),
        incoming(3, D2, properties={"a": False, 'quo"te': "1", "dot.ted": 1}),
    )
    flush(incoming(1, D1, properties={"a": "x", "b": "1"}), incoming(1, D2, properties={}))
    by_flushes = noted()
    catalogue.recount()
    assert noted() == by_flushes
    catalogue.recount([D1])
    assert noted() == by_flushes
    EventDay.objects.filter(day=D1).update(volume=7)
    catalogue.recount([D2])
    assert noted() != by_flushes, "only the days that are asked for"


def test_a_recount_keeps_what_people_wrote_and_forgets_what_is_gone() -> None:
    flush(incoming(1, D1, properties={"a": 1}))
    kind = EventType.objects.get()
    EventProperty.objects.update(is_required=True, description="why")
    EventProperty.objects.create(event_type=kind, name="gone", volume=4, kinds={"string": 4})
    catalogue.recount()
    a, gone = EventProperty.objects.order_by("name")
    assert (a.is_required, a.description, a.volume) == (True, "why", 1)
    assert (gone.volume, gone.kinds) == (0, {})


def test_of_too_many_properties_the_further_ones_are_only_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogue, "MOST_PROPERTIES", 3)
    flush(incoming(1, D1, properties=dict.fromkeys("abcde", 1)))
    flush(incoming(1, D1, properties=dict.fromkeys("axyz", 1)))
    kind = EventType.objects.get()
    assert set(kind.properties.values_list("name", flat=True)) == {"a", "b", "c"}
    assert kind.beyond == 2 + 3
    assert set(EventDay.objects.get().properties) == {"a", "b", "c"}


def test_a_name_that_is_too_long_is_no_property() -> None:
    flush(incoming(1, D1, properties={"x" * 81: 1, "x" * 80: 1}))
    assert EventProperty.objects.get().name == "x" * 80


def test_of_too_many_kinds_the_further_ones_stand_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "MOST_TYPES", 2)
    factories.happened(
        incoming(1, D1, name="a"),
        incoming(1, D1, name="b"),
        incoming(2, D1, name="c", properties={"p": 1}),
        incoming(3, D1, name="d"),
        incoming(2, D2, name="c"),
    )
    assert dict(EventType.objects.values_list("name", "volume")) == {"a": 1, "b": 1, OTHERS: 3}
    assert not EventProperty.objects.exists()
    others = DaySet.objects.get(event_type__name=OTHERS, day=D1, level=1)
    assert (set(others.members), others.size) == ({2, 3}, 2)
    assert set(activity.active(D1, D1)) == {1, 2, 3}, "whoever did anything is active"
    assert OTHERS not in catalogue.titles()
    catalogue.recount()
    assert dict(EventType.objects.values_list("name", "volume")) == {"a": 1, "b": 1, OTHERS: 3}


def test_a_flush_asks_as_much_for_many_kinds_as_for_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    events = [incoming(n, D1, name=f"kind-{n}", properties={"p": n}) for n in range(1, 40)]
    ingest.receive(events)
    with django_assert_max_num_queries(45):
        ingest.flush()
    assert EventType.objects.count() == 39


# --- what intake asks ---------------------------------------------------------


def test_names_say_as_what_an_event_is_taken() -> None:
    paid = EventType.objects.create(name="order_paid", amount_property="price")
    EventType.objects.create(name="pay", taken_as=paid)
    EventType.objects.create(name="noise", blocked=True)
    assert catalogue.names() == {
        "order_paid": ("order_paid", False, "price"),
        "pay": ("order_paid", False, "price"),
        "noise": ("noise", True, ""),
    }
    assert catalogue.canonical("pay") == "order_paid"
    assert catalogue.canonical("never seen") == "never seen"


def test_what_was_dropped_is_counted() -> None:
    EventType.objects.create(name="noise", blocked=True)
    catalogue.count_blocked({"noise": 3})
    catalogue.count_blocked({"noise": 2, "unknown": 1})
    assert EventType.objects.get().blocked_volume == 5


def test_titles_are_peoples_own_before_ours() -> None:
    EventType.objects.create(name="order_paid")
    EventType.objects.create(name="viewed", title="看过")
    assert catalogue.titles() == {"order_paid": "Order paid", "viewed": "看过"}
    assert catalogue.title("message_sent") == "Message sent"
    assert catalogue.title("unheard_of") == "unheard_of"


def test_the_inbox_and_the_dirty_days_are_as_before() -> None:
    flush(incoming(1, D1))
    assert not InboxEvent.objects.exists()
    assert DirtyDay.objects.get().day == D1
