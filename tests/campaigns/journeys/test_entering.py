"""Who comes into a campaign that lasts: by an event, by a timetable, into a segment."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from campaigns import transitions
from campaigns.delivery import outbox, sending
from campaigns.journeys import entering, rounds, waves
from campaigns.journeys.stepping import Stuck
from campaigns.models import Campaign, Intake, Message
from campaigns.offers import coupon_batches
from campaigns.outcomes import progress
from console import clock
from segments import bitmaps, heard, ingest
from segments.models import Customer, EventType, HeardEvent, Segment
from tests.campaigns.factories import (
    CountingServer,
    TemplateFactory,
    bob,
    campaign_at,
    mail_server,
    people,
    segment_of,
    send_all,
)
from tests.campaigns.journeys.steps import go, message, pass_time, standing, together, wait

pytestmark = pytest.mark.django_db(transaction=True)
CART = "cart_updated"


@pytest.fixture(autouse=True)
def _known_events() -> None:
    for name in (CART, "order_paid"):
        EventType.objects.get_or_create(name=name)


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with mail_server() as running:
        yield running


def happens(customer: Customer, name: str, *, ago: int = 0, **properties: Any) -> None:
    """Something happened so many minutes ago."""
    now = clock.now()
    ingest.receive(
        [
            ingest.IncomingEvent(
                key=f"{customer.pk}-{name}-{timezone.now().timestamp()}",
                customer=customer.pk,
                name=name,
                time=now - dt.timedelta(minutes=ago),
                properties=properties,
            )
        ]
    )


def triggered(who: list[Customer], **values: Any) -> Campaign:
    """A campaign for carts that are not paid: after 30 minutes, a coupon for 15."""
    values.setdefault("segment", None)
    values.setdefault("plan", [wait(minutes=30), message("remind")])
    return campaign_at(
        "sending",
        who,
        entry="event",
        trigger={"event": CART},
        exit_events=["order_paid"],
        **values,
    )


def test_a_cart_that_is_not_paid_brings_a_coupon_valid_for_15_minutes(
    server: CountingServer,
) -> None:
    ann, ben = people(2)
    batch = coupon_batches.add(
        name="Cart", kind="value", value_minor=1000, valid_minutes=15, by=bob()
    )
    words = TemplateFactory.create(
        subject="{{ event.item }} {{ coupon.minutes }}", body="<p>{{ coupon.code }}</p>"
    )
    campaign = triggered(
        [ann, ben], plan=[wait(minutes=30), message("remind", words, coupon=batch.pk)]
    )
    happens(ann, CART, item="Tea")
    happens(ben, CART, item="Rice")
    assert rounds.to_go(at=clock.now()) == [campaign.pk]
    go(campaign)
    assert standing(campaign) == {"pause": 2}
    assert not HeardEvent.objects.exists()

    happens(ben, "order_paid")
    go(campaign)
    assert standing(campaign) == {"pause": 1}, "who paid has left"
    pass_time(31)
    go(campaign)
    send_all(campaign, server)
    assert list(server.count) == [ann.email]
    ((_address, mail),) = server.mails
    assert b"Subject: Tea 15" in mail
    assert campaign.status == "sending", "others may come"
    now = progress.of(campaign)
    assert (now.size, now.on_the_way, now.sent) == (2, 0, 1)
    left = campaign.waves.get(kind="left")
    assert (left.step, set(left.members)) == (waves.GOAL, {ben.pk})


def test_who_paid_after_the_cart_in_the_same_moment_does_not_come_in() -> None:
    ann, ben = people(2)
    campaign = triggered([ann, ben])
    happens(ann, CART, ago=2)
    happens(ann, "order_paid", ago=1)
    happens(ben, "order_paid", ago=2)
    happens(ben, CART, ago=1)
    go(campaign)
    assert set(waves.to_do(campaign).get().members) == {ben.pk}


def test_what_was_heard_as_it_ended_is_forgotten() -> None:
    (ann,) = who = people(1)
    owner = bob()
    campaign = triggered(who, by=owner)
    transitions.pause(campaign, by=owner)
    transitions.cancel(campaign, by=owner)
    heard.listen(entering.ear(campaign), [CART])  # as an intake saw it that began before
    happens(ann, CART)
    go(campaign)
    assert rounds.to_go(at=clock.now()) == []


def test_each_reason_for_not_coming_in_is_counted() -> None:
    ann, ben, carl = people(3)
    campaign = triggered([ann, ben, carl], segment=segment_of([ann, ben]))
    for one, ago in ((ann, 0), (ben, 90), (carl, 0)):
        happens(one, CART, ago=ago)
    go(campaign)
    assert standing(campaign) == {"pause": 1}
    assert Intake.objects.get().left_out == {"late": 1, "segment": 1}
    happens(ann, CART)
    go(campaign)
    assert Intake.objects.order_by("-pk")[0].left_out == {"again": 1}
    Campaign.objects.update(again_after_days=0)
    happens(ann, CART)
    go(campaign)
    assert standing(campaign) == {"pause": 2}
    assert Intake.objects.count() == 3


def test_while_paused_people_leave_and_nobody_comes_in_nor_later() -> None:
    ann, ben = people(2)
    owner = bob()
    campaign = triggered([ann, ben], by=owner)
    happens(ann, CART)
    go(campaign)
    transitions.pause(campaign, by=owner)
    happens(ann, "order_paid")
    happens(ben, CART)
    go(campaign)
    assert standing(campaign) == {}
    campaign.refresh_from_db()
    transitions.resume(campaign, by=owner)
    go(campaign)
    assert standing(campaign) == {}


def test_a_reminder_that_could_not_leave_in_time_never_leaves(server: CountingServer) -> None:
    ann = people(1)[0]
    campaign = triggered([ann], plan=[message("remind", expires=15)])
    happens(ann, CART)
    go(campaign)
    pass_time(20)
    outbox.send_next_wave(campaign, server.channel(), at=clock.now())
    found = Message.objects.get()
    assert (found.status, found.reason) == ("skipped", "expired")
    assert not server.mails


def test_the_erased_and_the_absorbed_are_heard_as_who_they_are_now() -> None:
    ann, ben, kept = people(3)
    campaign = triggered([ann, ben, kept])
    happens(ann, CART)
    happens(ben, CART)
    Customer.objects.filter(pk=ann.pk).update(erased_at=clock.now())
    Customer.objects.filter(pk=ben.pk).update(merged_into=kept)
    go(campaign)
    assert set(waves.to_do(campaign).get().members) == {kept.pk}


def test_two_who_hear_at_once_let_each_in_once() -> None:
    who = people(30)
    campaign = triggered(who, again_after_days=0)
    for one in who:
        happens(one, CART)
    deed = lambda: entering.hear(Campaign.objects.get(), at=clock.now())  # noqa: E731
    assert not together(deed, deed, deed)
    assert standing(campaign) == {"pause": 30}
    assert sum(len(one.members) for one in Intake.objects.all()) == 30


def test_nobody_listens_to_a_campaign_that_is_over() -> None:
    campaign = triggered(people(1))
    owner = bob()
    transitions.close(campaign, by=owner, at=clock.now())
    happens(Customer.objects.get(), CART)
    go(campaign)
    assert Intake.objects.get().left_out == {"closed": 1}
    assert transitions.finish(campaign, at=clock.now())
    assert heard.listeners() == {}


# --- again and again --------------------------------------------------------


def daily(who: list[Customer], **values: Any) -> Campaign:
    """One that lets its segment in every day, and did so now."""
    campaign = campaign_at(
        "sending", who, entry="recurring", timetable={"every": "day", "at": "00:00"}, **values
    )
    Campaign.objects.update(started_at=clock.now() - dt.timedelta(days=2))
    campaign.refresh_from_db()
    return campaign


def midnight() -> dt.datetime:
    local = clock.now().astimezone(clock.zone())
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def test_it_lets_the_segment_in_at_its_hour_and_only_once() -> None:
    campaign = daily(people(3), again_after_days=0)
    at = midnight() + dt.timedelta(seconds=2)
    assert entering.strike(campaign, at=at)
    assert not entering.strike(campaign, at=at + dt.timedelta(seconds=2))
    assert standing(campaign) == {"message": 3}


def test_two_beats_let_the_segment_in_once() -> None:
    campaign = daily(people(3), again_after_days=0)
    at = midnight() + dt.timedelta(seconds=2)
    assert not together(*[lambda: entering.strike(Campaign.objects.get(), at=at)] * 3)
    assert Intake.objects.count() == 1
    assert standing(campaign) == {"message": 3}


def test_an_hour_that_was_missed_is_written_down_and_not_made_up_for() -> None:
    campaign = daily(people(3))
    missed = entering.strike(campaign, at=midnight() + dt.timedelta(hours=3))
    assert missed
    assert missed.left_out == {"missed": 1}
    assert standing(campaign) == {}


def test_another_rule_than_the_approved_one_stops_it() -> None:
    campaign = daily(people(3))
    Segment.objects.update(rule={"any": [{"all": []}]})
    campaign.refresh_from_db()
    with pytest.raises(Stuck, match="approved"):
        entering.strike(campaign, at=midnight() + dt.timedelta(seconds=2))


# --- into a segment ---------------------------------------------------------


def test_who_comes_into_the_segment_comes_in_and_who_was_there_does_not() -> None:
    ann, ben, carl = people(3)
    segment = segment_of([ann])
    owner = bob()
    campaign = campaign_at("sending", entry="segment", segment=segment, by=owner)
    go(campaign)
    assert standing(campaign) == {}

    def now_has(*who: Customer) -> None:
        Segment.objects.update(
            members=bitmaps.from_ids(one.pk for one in who), computed_at=timezone.now()
        )
        go(campaign)

    now_has(ann, ben)
    assert standing(campaign) == {"message": 1}
    now_has(ann, ben)
    assert standing(campaign) == {"message": 1}
    transitions.pause(Campaign.objects.get(), by=owner)
    now_has(ann, ben, carl)
    transitions.resume(Campaign.objects.get(), by=owner)
    go(campaign)
    assert standing(campaign) == {"message": 1}, "who came during the pause came too early"


# --- at a time --------------------------------------------------------------


def test_an_approved_campaign_starts_when_its_time_has_come() -> None:
    now = clock.now()
    campaign = campaign_at("approved", starts_at=now + dt.timedelta(minutes=5))

    def due(minutes: int) -> list[Campaign]:
        return list(transitions.to_start(at=now + dt.timedelta(minutes=minutes)))

    assert not due(0)
    assert due(6) == [campaign]
    assert not due(120), "what is hours late waits for a person"
    transitions.start(campaign, by=None, at=now + dt.timedelta(minutes=6))
    assert standing(campaign) == {"message": 3}


def test_an_event_lets_nobody_in_by_a_segment_that_nobody_approved() -> None:
    ann, ben = people(2)
    segment = segment_of([ann])
    campaign = triggered([ann, ben], segment=segment)
    wider = bitmaps.from_ids([ann.pk, ben.pk])
    Segment.objects.filter(pk=segment.pk).update(rule={"any": []}, rule_version=2, members=wider)
    happens(ben, CART)
    with pytest.raises(Stuck, match="approved"):
        go(campaign)
    assert not Intake.objects.exists()
    assert HeardEvent.objects.exists(), "what was heard is not lost with it"


def test_nor_by_one_whose_rule_speaks_of_another_that_changed() -> None:
    (ann,) = who = people(1)
    inner = segment_of(who)
    segment = segment_of(who, rule={"all": [{"segment": inner.pk}]})
    step = {"key": "b", "kind": "branch", "rule": {"segment": inner.pk}, "yes": [message("yes")]}
    campaign = triggered(who, segment=segment, plan=[wait(minutes=30), step])
    happens(ann, CART)
    go(campaign)
    assert standing(campaign) == {"pause": 1}
    Segment.objects.filter(pk=inner.pk).update(rule={"all": [{"all": []}]}, rule_version=2)
    pass_time(31)
    with pytest.raises(Stuck, match=str(inner)):
        go(campaign)
    Campaign.objects.update(again_after_days=0)
    happens(ann, CART)
    with pytest.raises(Stuck, match=str(inner)):
        entering.hear(Campaign.objects.get(), at=clock.now())


def test_who_came_in_before_being_merged_does_not_come_in_again() -> None:
    ann, ben = people(2)
    campaign = triggered([ann, ben])
    happens(ben, CART)
    go(campaign)
    Customer.objects.filter(pk=ben.pk).update(merged_into=ann)
    happens(ann, CART)
    go(campaign)
    assert Intake.objects.order_by("-pk")[0].left_out == {"again": 1}
    assert standing(campaign) == {"pause": 1}


def test_what_the_event_said_is_known_of_whom_the_customer_became(server: CountingServer) -> None:
    ann, ben = people(2)
    words = TemplateFactory.create(subject="{{ event.item }}", body="<p>Hello</p>")
    campaign = triggered([ann, ben], plan=[wait(minutes=30), message("remind", words)])
    happens(ben, CART, item="Tea")
    go(campaign)
    Customer.objects.filter(pk=ben.pk).update(merged_into=ann)
    pass_time(31)
    go(campaign)
    send_all(campaign, server)
    ((address, mail),) = server.mails
    assert address == ann.email
    assert b"Subject: Tea" in mail


def test_who_leaves_while_the_wave_is_being_sent_gets_nothing_and_does_not_come_back(
    server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_others, last = who = people(sending.FIRST_GROUP + 1)
    plan = [message("hello"), message("last")]
    campaign = campaign_at("sending", who, exit_events=["order_paid"], plan=plan)
    send_group = sending.Sender._send_group

    def group(sender: sending.Sender, waiting: list[int], size: int) -> tuple[list[int], float]:
        left = send_group(sender, waiting, size)
        if last.pk in left[0]:
            happens(last, "order_paid")
            go(campaign)
        return left

    monkeypatch.setattr(sending.Sender, "_send_group", group)
    send_all(campaign, server)
    assert last.email not in server.count
    assert not Message.objects.filter(customer=last).exists()
    assert Message.objects.filter(step="last").count() == sending.FIRST_GROUP
