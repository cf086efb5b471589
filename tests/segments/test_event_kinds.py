"""Kinds of events as people keep them: words, plans, blocks, other names, and refusals."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from console.models import AuditEntry, Staff, Team
from console.states import NotAllowed
from segments import activity, catalogue, definitions, event_types, history, ingest
from segments.definitions import PAID, Said
from segments.event_types import Wanted
from segments.lake import questions, store
from segments.models import (
    DaySet,
    EventProperty,
    EventType,
    InboxBatch,
    InboxEvent,
    Segment,
    Stage,
    StageSet,
)
from tests.segments import factories
from tests.segments.factories import incoming

pytestmark = pytest.mark.django_db
StaffOf = Callable[..., Staff]
D1, D2 = dt.date(2017, 3, 1), dt.date(2017, 3, 2)


def kind(name: str) -> EventType:
    return catalogue.register([name])[name]


def volumes() -> dict[str, int]:
    with history.opened() as lake:
        return {row["event"]: row["volume"] for row in questions.volumes(lake).to_pylist()}


# --- words and plans ------------------------------------------------------------


def test_people_say_what_it_is_called(staff_of: StaffOf) -> None:
    product, team = staff_of("product"), Team.objects.create(name="Payments")
    event = kind("pay")
    event_types.describe(
        event,
        by=product,
        title=" 支付订单 ",
        description="Each paid basket",
        amount_property="price",
        owner=team,
    )
    event.refresh_from_db()
    assert (event.title, event.label, event.owner) == ("支付订单", "支付订单", team)
    assert catalogue.names()["pay"].amount_property == "price"
    line = AuditEntry.objects.get(action="eventtype.described")
    assert line.details == {"fields": ["amount_property", "description", "owner", "title"]}


def test_a_plan_says_what_properties_have_to_be(staff_of: StaffOf) -> None:
    factories.happened(incoming(1, D1, name="pay", properties={"price": 1, "store": "A"}))
    event, analyst = kind("pay"), staff_of("analyst")
    wanted = {"price": Wanted(True, "number", "With tax"), "till": Wanted(True)}
    event_types.plan(event, by=analyst, is_planned=True, wanted=wanted)
    rows = EventProperty.objects.order_by("name").values_list(
        "name", "is_required", "planned_kind", "description", "volume"
    )
    assert list(rows) == [
        ("price", True, "number", "With tax", 1),
        ("store", False, "", "", 1),
        ("till", True, "", "", 0),
    ]
    factories.happened(incoming(1, D1, name="pay", properties={"price": 2}))
    price = EventProperty.objects.get(name="price")
    assert (price.is_required, price.volume) == (True, 2), "counting changes no plan"
    event_types.plan(event, by=analyst, is_planned=False, wanted={})
    assert not EventProperty.objects.filter(is_required=True).exists()


def test_a_plan_has_no_room_for_everything(
    staff_of: StaffOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "MOST_PROPERTIES", 2)
    wanted = dict.fromkeys("abc", Wanted(True))
    with pytest.raises(NotAllowed, match="at most 2"):
        event_types.plan(kind("pay"), by=staff_of("admin"), is_planned=True, wanted=wanted)
    assert not EventProperty.objects.exists()


@pytest.mark.parametrize("role", ["operator", "manager", "support"])
def test_other_roles_change_nothing(staff_of: StaffOf, role: str) -> None:
    event, other, who = kind("pay"), kind("paid"), staff_of(role)
    before = list(EventType.objects.order_by("pk").values())
    words: dict[str, Any] = {"title": "x", "description": "", "amount_property": "", "owner": None}
    deeds: list[Callable[[], object]] = [
        lambda: event_types.describe(event, by=who, **words),
        lambda: event_types.plan(event, by=who, is_planned=True, wanted={}),
        lambda: event_types.expect("new", by=who),
        lambda: event_types.block(event, by=who),
        lambda: event_types.unblock(event, by=who),
        lambda: event_types.take_as(event, other, by=who),
        lambda: event_types.stand_alone(event, by=who),
    ]
    for deed in deeds:
        with pytest.raises(NotAllowed):
            deed()
    assert list(EventType.objects.order_by("pk").values()) == before


def test_blocking_is_said_to_intake(staff_of: StaffOf) -> None:
    event, admin = kind("noise"), staff_of("admin")
    event_types.block(event, by=admin)
    assert catalogue.names()["noise"].blocked
    event_types.unblock(event, by=admin)
    assert not catalogue.names()["noise"].blocked
    deeds = AuditEntry.objects.filter(action__startswith="eventtype.").order_by("pk")
    assert list(deeds.values_list("action", flat=True)) == [
        "eventtype.blocked",
        "eventtype.unblocked",
    ]


# --- other names ------------------------------------------------------------------


def test_taken_as_another_it_is_that_from_the_beginning(staff_of: StaffOf) -> None:
    factories.happened(
        incoming(1, D1, name="pay", amount=100, properties={"price": 1}),
        incoming(2, D1, name="buy", amount=200, properties={"price": "2"}),
        incoming(1, D2, name="buy", amount=50),
        incoming(3, D2, name="viewed"),
    )
    event_types.take_as(kind("buy"), kind("pay"), by=staff_of("product"))
    assert catalogue.names()["buy"].name == "pay"
    ingest.receive([incoming(4, D2, name="buy")])  # it waited in the inbox
    assert event_types.rename_past() == 2
    ingest.flush()
    activity.catch_up()
    assert volumes() == {"pay": 4, "viewed": 1}
    assert dict(EventType.objects.values_list("name", "volume")) == {
        "pay": 4,
        "buy": 0,
        "viewed": 1,
    }
    assert not DaySet.objects.filter(event_type__name="buy").exists()
    assert set(activity.members("pay", D1, D2)) == {1, 2, 4}
    assert EventProperty.objects.get(event_type__name="pay").kinds == {"number": 1, "string": 1}
    assert event_types.rename_past() == 0, "safe to do again"


def test_what_comes_in_late_under_the_old_name_is_renamed_the_next_time(staff_of: StaffOf) -> None:
    pay, buy = kind("pay"), kind("buy")
    event_types.take_as(buy, pay, by=staff_of("admin"))
    ingest.receive([incoming(1, D1, name="buy")])
    number = store.version(Path(settings.LAKE_PATH), ingest.APP) + 1
    InboxBatch.objects.create(number=number, events=[InboxEvent.objects.get().pk])
    event_types.rename_past()
    ingest.flush()  # a batch with a number never changes
    assert volumes() == {"buy": 1}
    event_types.rename_past()
    assert volumes() == {"pay": 1}


def test_what_speaks_of_a_name_has_to_be_changed_first(staff_of: StaffOf) -> None:
    admin = staff_of("admin")
    pay, buy = kind("pay"), kind("buy")
    rule = {"any": [{"all": [{"not": {"event": "buy", "times": 1}}]}]}
    Segment.objects.create(name="Buyers", rule=rule)
    Segment.objects.create(name="Put away", rule=rule, archived_at=factories.moment(D1))
    lifecycle = StageSet.objects.create(key="lifecycle")
    Stage.objects.create(stage_set=lifecycle, key="growth", position=1, rule={"event": "buy"})
    definitions.change(PAID, Said(frozenset({"buy"})), seen_version=1, note="Why", by=admin)
    found = [(use.kind, use.label) for use in event_types.uses("buy")]
    assert found == [
        ("segment", "Buyers"),
        ("stage", "Lifecycle stage · Growth"),
        ("definition", "paid v2"),
    ]
    with pytest.raises(NotAllowed, match="Buyers, Lifecycle stage · Growth, paid v2"):
        event_types.take_as(buy, pay, by=admin)
    assert not EventType.objects.exclude(taken_as=None).exists()
    assert event_types.uses("pay") == []


def test_nothing_is_taken_as_what_is_no_event_of_its_own(staff_of: StaffOf) -> None:
    admin = staff_of("admin")
    one, two, three = kind("one"), kind("two"), kind("three")
    event_types.take_as(two, one, by=admin)
    blocked = kind("noise")
    event_types.block(blocked, by=admin)
    for name, other in (
        (one, one),
        (three, two),
        (one, three),
        (kind("message_sent"), one),
        (three, blocked),
    ):
        with pytest.raises(NotAllowed):
            event_types.take_as(name, other, by=admin)
    assert EventType.objects.exclude(taken_as=None).count() == 1
    event_types.stand_alone(two, by=admin)
    assert catalogue.names()["two"].name == "two"
