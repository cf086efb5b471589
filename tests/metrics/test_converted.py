"""A conversion comes back as an event: once, at its moment, and as nobody's deed."""

import datetime as dt
import importlib
from typing import Any

import pytest
from django.apps import apps
from pyroaring import BitMap

from campaigns.models import Campaign, Message
from metrics import converted, results
from metrics.models import ResultBasis
from segments import activity, definitions, ingest, membership
from segments.models import Customer, Definition, EventType, InboxEvent, ReceivedKey
from tests.metrics.factories import customers, mailed, recorded, today_is
from tests.segments.factories import happened, incoming

NOON = dt.datetime(2017, 5, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LATER = NOON + 60 * DAY


@pytest.fixture
def three(db: None) -> list[Customer]:
    today_is("2017-06-01")
    return customers(3)


def bought(customer: Customer, at: dt.datetime, amount: int | None = 19_950) -> None:
    happened(incoming(customer, at.date(), time=at, amount=amount))


def told() -> list[tuple[int, dt.datetime, int | None, dict[str, Any]]]:
    found = InboxEvent.objects.filter(name=converted.NAME).order_by("customer_id", "pk")
    return [(one.customer_id, one.time, one.amount, one.properties) for one in found]


def test_each_customers_first_deed_is_told_with_the_message_before_it(
    three: list[Customer],
) -> None:
    a, b, c = three
    campaign = mailed((a, NOON), (a, NOON + 2 * DAY), (b, NOON), (c, NOON), conversion_days=7)
    Message.objects.filter(customer=a, occurrence=0).update(variant="one", channel="sms")
    Message.objects.filter(customer=a, occurrence=1).update(variant="two")
    bought(a, NOON + DAY)  # between both messages
    bought(a, NOON + 3 * DAY, 100)
    bought(b, NOON + 2 * DAY, None)
    bought(c, NOON + 8 * DAY)  # too late
    results.compute(campaign, at=LATER)
    of = {"campaign": campaign.pk, "event": "order_paid", "step": "message"}
    assert told() == [
        (a.pk, NOON + DAY, None, {**of, "channel": "sms", "variant": "one", "value": 199.5}),
        (b.pk, NOON + 2 * DAY, None, {**of, "channel": "email", "variant": ""}),
    ]


def test_it_is_told_once_however_often_and_late_it_is_measured(three: list[Customer]) -> None:
    """A campaign may run for longer than the inbox remembers what it had."""
    a, b, _c = three
    campaign = mailed((a, NOON), (b, NOON), status=Campaign.Status.SENDING)
    bought(a, NOON + DAY)
    results.compute(campaign, at=NOON + DAY)
    results.compute(campaign, at=NOON + DAY)
    assert len(told()) == 1
    ingest.flush()
    ReceivedKey.objects.all().delete()
    ResultBasis.objects.update(converted=BitMap())  # as if they had another number since
    bought(b, NOON + 2 * DAY)
    results.compute(campaign, at=LATER)
    assert [customer for customer, *_rest in told()] == [b.pk]


def test_who_is_new_is_told_though_as_many_are_gone(three: list[Customer]) -> None:
    """Of the erased nothing is left: there are no more who converted than were told of."""
    a, b, _c = three
    campaign = mailed((a, NOON), (b, NOON), status=Campaign.Status.SENDING)
    gone = BitMap([a.pk])
    ResultBasis.objects.create(campaign=campaign, converted=gone)
    bought(b, NOON + DAY)
    results.compute(campaign, at=LATER)
    assert [customer for customer, *_rest in told()] == [b.pk]


def test_measuring_comes_to_rest_after_its_own_events(three: list[Customer]) -> None:
    mailed((three[0], NOON), status=Campaign.Status.SENDING)
    bought(three[0], NOON + DAY)
    seen = []
    for _ in range(3):
        seen.append(results.refresh(at=NOON + DAY))
        ingest.flush()
    assert seen == [1, 1, 0]


def test_it_is_neither_activity_nor_an_order(three: list[Customer]) -> None:
    a = three[0]
    campaign = mailed((a, NOON))
    bought(a, NOON + DAY)
    before = activity.daily_active(NOON.date(), LATER.date())
    was = results.compute(campaign, at=LATER)
    ingest.flush()
    activity.catch_up()
    again = results.compute(campaign, at=LATER)
    assert (again.purchased, again.revenue_minor) == (was.purchased, was.revenue_minor)
    assert (again.purchased, again.revenue_minor) == (1, 19_950)
    assert activity.daily_active(NOON.date(), LATER.date()) == before
    kind = EventType.objects.get(name=converted.NAME)
    assert not any(getattr(kind, definitions.column(key)) for key in definitions.KEYS)
    assert not definitions.is_a_deed(converted.NAME)


def test_a_segment_asks_who_converted_after_a_campaign(three: list[Customer]) -> None:
    a, b, c = three
    campaign, other = mailed((a, NOON), (c, NOON)), mailed((b, NOON))
    for one in three:
        bought(one, NOON + DAY)
    for each in (campaign, other):
        results.compute(each, at=LATER)
    ingest.flush()
    activity.catch_up()
    where = [{"property": "campaign", "op": "=", "value": campaign.pk}]
    rule = {"event": converted.NAME, "where": where, "days": 60}
    assert set(membership.evaluate(rule, day=dt.date(2017, 5, 31))) == {a.pk, c.pk}


def test_what_ran_elsewhere_and_who_was_never_written_to_is_not_told(
    three: list[Customer],
) -> None:
    a, b, _c = three
    ran = recorded([a], since=NOON, until=NOON + 30 * DAY)
    ours = mailed((b, NOON))
    Message.objects.update(status=Message.Status.FAILED)
    for one in (a, b):
        bought(one, NOON + DAY)
    for campaign in (ran, ours):
        results.compute(campaign, at=LATER)
    assert told() == []


@pytest.mark.django_db
def test_where_activity_was_defined_anew_conversions_do_not_count_either() -> None:
    migration = importlib.import_module("segments.migrations.0020_conversions_are_no_deeds")
    for key, events, others in (("active", ["message_sent"], True), ("paid", ["refunded"], False)):
        Definition.objects.create(key=key, version=2, events=events, all_but=others, note="ours")
    migration.leave_out(apps, None)
    migration.leave_out(apps, None)
    assert not definitions.current("active").counts(converted.NAME)
    assert not definitions.current("active").counts("message_sent")
    assert definitions.current("active").counts("anything_else")
    assert definitions.versions() == {"active": 3, "paid": 2, "interaction": 1, "effective": 1}
