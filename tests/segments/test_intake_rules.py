"""Sorting deliveries by the rules: times, ids, amounts, and what is said of whom."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone, translation

from console.models import Project
from segments import dead_letters, deliveries
from segments.models import (
    Consent,
    Customer,
    EventType,
    Identifier,
    InboxEvent,
    ReceivedKey,
    Thing,
)
from tests.segments import sent
from tests.segments.sent import NOW, event, letter, link, profile, user, visit

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
pytestmark = pytest.mark.django_db


# --- rules ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "kept"),
    [
        (9 * MINUTE, NOW + 9 * MINUTE),
        (11 * MINUTE, NOW),
        (DAY - MINUTE, NOW),
        (-4 * 365 * DAY, NOW - 4 * 365 * DAY),
    ],
    ids=["a little ahead", "ahead", "almost a day ahead", "four years ago"],
)
def test_times_are_kept_by_the_rules(ahead: dt.timedelta, kept: dt.datetime) -> None:
    sent.take(event(user("anna"), at=NOW + ahead))
    row = InboxEvent.objects.get()
    assert row.time == kept
    claimed = row.properties.get("$claimed_at")
    assert claimed == (None if kept == NOW + ahead else (NOW + ahead).isoformat())


@pytest.mark.parametrize(
    ("at", "reason"),
    [(NOW + DAY + MINUTE, "future"), (NOW - 6 * 366 * DAY, "too_old")],
    ids=["tomorrow", "six years ago"],
)
def test_what_nobody_can_place_in_time_is_a_dead_letter_that_can_be_replayed(
    at: dt.datetime, reason: str
) -> None:
    one = event(user("anna"), at=at)
    assert sent.take(one)["dead"] == 1
    assert letter().reason == reason
    assert deliveries.decode(letter().raw) == [one]
    assert not ReceivedKey.objects.exists()  # or a replay would be taken for a double
    assert not Customer.objects.exists()


def test_history_may_be_as_old_as_it_is() -> None:
    long_ago = dt.datetime(2009, 1, 1, tzinfo=dt.UTC)
    sent.take(event(user("anna"), at=long_ago, is_history=True))
    assert InboxEvent.objects.get().time == long_ago
    assert sent.of(user("anna")).created_at == long_ago


def test_on_a_pinned_date_what_happens_now_happens_on_that_day() -> None:
    Project.objects.update(today_on=dt.date(2017, 12, 1), time_zone="UTC")
    now = timezone.now()
    past = now - 400 * DAY
    sent.take(event(user("a"), at=now), event(user("b"), at=past, is_history=True), at=now)
    live, old = InboxEvent.objects.order_by("pk")
    assert live.time.date() in {dt.date(2017, 12, 1), dt.date(2017, 11, 30), dt.date(2017, 12, 2)}
    assert live.time.time().minute == now.minute
    assert old.time == past


@pytest.mark.parametrize(
    "value",
    ["null", "NULL", " undefined ", "0", "-1", "guest", "[object Object]", "NaN", "0" * 32],
)
def test_an_id_that_names_nobody_makes_no_customer(value: str) -> None:
    assert sent.take(event(user(value)))["dead"] == 1
    assert letter().reason == "placeholder_id"
    assert not Customer.objects.exists()


def test_a_placeholder_beside_a_real_id_is_left_out() -> None:
    sent.take(event(user("null"), visit("v1")))
    assert sent.people() == {frozenset({visit("v1")})}
    assert sent.take(link(user("undefined"), visit("v1")))["dead"] == 1


@pytest.mark.parametrize(
    ("properties", "named", "amount"),
    [
        ({"revenue": 12.5, "total": 99}, "", 1250),
        ({"revenue": None, "value": "7"}, "", 700),
        ({"amount": 0.1 + 0.2}, "", 30),
        ({"total": "1.005"}, "", 101),
        ({"total": "12,50"}, "", None),
        ({"total": True}, "", None),
        ({"price": 3, "total": 5}, "price", 300),
        ({"total": 5}, "price", None),
        ({"total": -4.2}, "", -420),
    ],
)
def test_the_amount_is_exact_in_minor_units(
    properties: dict[str, Any], named: str, amount: int | None
) -> None:
    Project.objects.update(currency="CNY")
    EventType.objects.create(name="order_paid", amount_property=named)
    sent.take(event(user("anna"), name="order_paid", properties=properties))
    assert InboxEvent.objects.get().amount == amount


@pytest.mark.parametrize(
    ("said", "amount", "foreign"),
    [("CNY", 1250, None), ("cny ", 1250, None), ("usd", None, "USD"), ("?", 1250, None)],
)
def test_an_amount_in_another_currency_is_left_out_and_the_event_says_so(
    said: str, amount: int | None, foreign: str | None
) -> None:
    Project.objects.update(currency="CNY")
    properties = {"revenue": 12.5, "currency": said}
    sent.take(event(user("anna"), name="order_paid", properties=properties))
    kept = InboxEvent.objects.get()
    assert (kept.amount, kept.properties.get("foreign_currency")) == (amount, foreign)
    assert kept.properties["revenue"] == 12.5


@pytest.mark.parametrize("value", [10**14, -1e300, 2**63 - 1, "999999999999999"])
def test_an_amount_that_nobody_sells_for_is_refused(value: Any) -> None:
    fates = sent.take(event(user("anna"), properties={"total": value}))
    assert (fates["dead"], letter().reason, letter().detail) == (1, "large_amount", "total")
    assert not InboxEvent.objects.exists()


def test_a_currency_without_minor_units_has_none() -> None:
    Project.objects.update(currency="JPY")
    sent.take(event(user("anna"), properties={"total": 1200}))
    assert InboxEvent.objects.get().amount == 1200


def test_events_of_a_blocked_kind_are_dropped_and_counted() -> None:
    EventType.objects.create(name="noise", blocked=True)
    fates = sent.take(event(user("anna"), name="noise"), event(user("ben")))
    assert (fates["blocked"], fates["events"]) == (1, 1)
    assert EventType.objects.get(name="noise").blocked_volume == 1
    assert not Identifier.objects.filter(value="anna").exists()


def test_events_are_kept_under_the_name_that_they_are_taken_as() -> None:
    order = EventType.objects.create(name="order_paid", amount_property="sum")
    EventType.objects.create(name="Order Completed", taken_as=order)
    sent.take(event(user("anna"), name="Order Completed", properties={"sum": 2}))
    assert InboxEvent.objects.values_list("name", "amount").get() == ("order_paid", 200)


# --- what is said -----------------------------------------------------------


def test_profiles_are_carried_out_in_order_and_bad_values_set_aside() -> None:
    sent.take(
        profile(user("anna"), set={"email": "Anna@Shop.Example", "plan": "free", "points": 3}),
        profile(user("anna"), set={"email": "no address", "plan": "pro"}, add={"points": 4}),
    )
    anna = sent.of(user("anna"))
    assert (anna.email, anna.attributes) == ("anna@shop.example", {"plan": "pro", "points": 7})
    assert (letter().reason, letter().detail) == ("bad_value", "email: not an e-mail address")
    (rest,) = deliveries.decode(letter().raw)
    assert (rest.set, rest.add) == ({"email": "no address"}, {})  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("email: not an e-mail address; age: not a number", "email：不是邮箱地址；age：不是数字"),
        ("name: 200 > 120", "name: 200 > 120"),
    ],
    ids=["not_done", "anything_else"],
)
def test_why_a_part_was_not_done_is_said_in_the_readers_language(detail: str, said: str) -> None:
    with translation.override("zh-hans"):
        assert dead_letters.explained("bad_value", detail).endswith(f"（{said}）")


def test_a_mended_part_of_a_profile_can_be_replayed() -> None:
    sent.take(profile(user("anna"), set={"phone": "?"}, add={"points": 4}))
    (rest,) = deliveries.decode(bytes(letter().raw).replace(b'"?"', b'"+86 138 0013 8000"'))
    sent.take(rest)
    anna = sent.of(user("anna"))
    assert (anna.phone, anna.attributes) == ("+86 138 0013 8000", {"points": 4})


def test_groups_are_things_and_their_members_know_it() -> None:
    sent.take(
        sent.group("company", "acme", user("anna"), set={"plan": "gold"}, add={"seats": 2}),
        sent.group("company", "acme", add={"seats": 3}),
        sent.group("item:book", "42", set={"title": "红楼梦"}),
    )
    assert Thing.objects.get(key="acme").attributes == {"plan": "gold", "seats": 5}
    assert Thing.objects.get(kind="item:book").attributes == {"title": "红楼梦"}
    assert sent.of(user("anna")).attributes == {"groups": {"company": "acme"}}


def test_of_several_decisions_the_latest_stands_however_they_arrive() -> None:
    yes, no = (
        sent.consent(user("anna"), granted=one, at=NOW + at)
        for one, at in ((True, -DAY), (False, -MINUTE))
    )
    sent.take(no, yes)
    assert not Consent.objects.get().granted
    sent.take(sent.consent(user("anna"), granted=True, at=NOW - DAY))
    assert not Consent.objects.get().granted
    sent.take(sent.consent(user("anna"), granted=True))
    kept = Consent.objects.get()
    assert (kept.granted, kept.at, kept.source) == (True, NOW, "Shop")
