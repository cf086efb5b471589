"""Shipped traits mean what they say: each by its key, with an answer worked out by hand."""

import datetime as dt

import pytest

from segments import computing, library, membership, ready, traits, vocabulary
from segments.models import Customer
from tests.segments.factories import CustomerFactory, happened, incoming, moment

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 3, 12)


def ago(days: int, minute: int = 0) -> dt.datetime:
    return moment(DAY - dt.timedelta(days=days)) + dt.timedelta(minutes=minute)


def test_activity_is_held_against_the_customers_own_past() -> None:
    """An event a day of the 28 and of four in the last week, and then none for three days."""
    who = CustomerFactory()
    happened(*(incoming(who, DAY, time=ago(days)) for days in range(4, 36)), incoming(who, DAY))
    computing.recompute(DAY)
    known = traits.of([who.pk])[who.pk]
    assert known["activity_change"] == pytest.approx(100 * (4 / 7 - 1))
    assert known["activity_falling_days"] == 3
    # The days 0 to 24 of 28: their distances from 13.5 are -37.5 together, the squares 1827.
    assert known["activity_slope"] == pytest.approx(-37.5 / 1827)


def test_visits_are_held_against_the_customers_own_and_shorter_ones_make_a_segment() -> None:
    usual, shorter, few = CustomerFactory.create_batch(3)
    happened(
        *(incoming(usual, DAY, time=ago(1, minute)) for minute in (0, 20, 50, 90)),
        *(incoming(usual, DAY, time=ago(10, minute)) for minute in (0, 10)),
        *(incoming(shorter, DAY, time=ago(d, m)) for d in (18, 19, 20) for m in (0, 30)),
        *(incoming(shorter, DAY, time=ago(2, minute)) for minute in (0, 10)),
        *(incoming(few, DAY, time=ago(18, minute)) for minute in (0, 30)),
        *(incoming(few, DAY, time=ago(2, minute)) for minute in (0, 10)),
    )
    computing.recompute(DAY)
    keys = ("visits_30d", "visit_minutes", "visit_minutes_7d", "visit_length_share")
    people = traits.of([usual.pk, shorter.pk, few.pk])
    assert [[people[who.pk][key] for key in keys] for who in (usual, shorter, few)] == [
        [3, 20, 25, 125],
        [4, 25, 10, 40],
        [2, 20, 10, 50],
    ]
    found = library.take(ready.READY["shorter-visits"], vocabulary.current())
    assert found.problem == ""
    assert membership.preview(found.rule, day=DAY).sample == [shorter.pk]


def test_who_does_less_with_friends_makes_a_segment() -> None:
    usual, quieter, alone = CustomerFactory.create_batch(3)
    for who, lately in ((usual, 2), (quieter, 1)):
        happened(
            *(incoming(who, DAY, name="friend_liked", time=ago(9 + day)) for day in range(8)),
            *(
                incoming(who, DAY, name="friend_messaged", time=ago(2 + day))
                for day in range(lately)
            ),
        )
    happened(incoming(alone, DAY, name="page_viewed"))
    computing.recompute(DAY)
    people = traits.of([usual.pk, quieter.pk, alone.pk])
    assert people[usual.pk]["friends_change"] == pytest.approx(100 * (2 / 7 / (8 / 28) - 1))
    assert people[quieter.pk]["friends_change"] == pytest.approx(-50)
    assert "friends_change" not in people[alone.pk]
    found = library.take(ready.READY["friends-quieter"], vocabulary.current())
    assert membership.preview(found.rule, day=DAY).sample == [quieter.pk]


def test_who_is_due_for_the_next_order_by_their_own_rhythm_makes_a_segment() -> None:
    weekly, monthly, late, new = CustomerFactory.create_batch(4)
    orders = {weekly: (20, 13, 6, 6), monthly: (70, 40, 10), late: (42, 35, 28), new: (7, 0)}
    happened(*(incoming(who, DAY, time=ago(one)) for who, days in orders.items() for one in days))
    computing.recompute(DAY)
    keys = ("next_order_on", "order_gap_days", "order_due_days")
    people = traits.of([who.pk for who in orders])
    assert [[people[who.pk].get(key) for key in keys] for who in orders] == [
        [DAY + dt.timedelta(days=1), 7, -1],
        [DAY + dt.timedelta(days=20), 30, -20],
        [DAY - dt.timedelta(days=21), 7, 21],
        [None, None, None],  # of two days nobody can tell
    ]
    found = library.take(ready.READY["order-due"], vocabulary.current())
    assert membership.preview(found.rule, day=DAY).sample == [weekly.pk]


def test_orders_categories_and_content_are_counted() -> None:
    who, never = CustomerFactory.create_batch(2)
    bought = [("tea", 9), ("tea", 5), ("cup", 5)]
    happened(
        *(incoming(who, DAY, time=ago(days)) for days in (9, 5, 4)),
        *(
            incoming(who, DAY, time=ago(days), name="item_bought", properties={"category": kind})
            for kind, days in bought
        ),
        *(incoming(who, DAY, name=name) for name in ("review_posted", "comment_posted", "other")),
        incoming(never, DAY, name="other"),
    )
    computing.recompute(DAY)
    known = traits.of([who.pk, never.pk])
    assert known[who.pk]["categories_bought"] == 2
    assert known[who.pk]["orders_per_category"] == 1.5
    assert known[who.pk]["content_made"] == 2
    assert known[never.pk]["content_made"] == 0
    assert "orders_per_category" not in known[never.pk]


def test_the_way_to_the_first_order_is_counted_from_the_registration() -> None:
    later, before, never = CustomerFactory.create_batch(3)
    Customer.objects.update(created_at=ago(12))
    happened(*(incoming(later, DAY, time=ago(days)) for days in (9, 5)))
    happened(incoming(before, DAY, time=ago(20)))
    computing.recompute(DAY)
    known = traits.of([later.pk, before.pk, never.pk])
    found = [known[who.pk].get("days_to_first_order") for who in (later, before, never)]
    assert found == [3, 0, None]
