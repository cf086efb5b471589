"""What the other side says is written down, whatever it says."""

import pytest
from django.utils import timezone
from pyroaring import BitMap

from campaigns import transitions
from campaigns.channels.base import Accepted, Failed, Outcome, Refused, Unsure
from campaigns.channels.journal import Journal
from campaigns.contact import suppression
from campaigns.delivery import outbox, settling
from campaigns.journeys import waves
from campaigns.models import Campaign, Message, Wave
from console import clock
from segments.models import Customer, Identifier, InboxEvent
from tests.campaigns.factories import bob, campaign_at

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "outcome",
    [Accepted("a\0b"), Refused("a\0b"), Failed("a\0b"), Unsure("a\0b")],
    ids=lambda one: type(one).__name__,
)
def test_a_zero_byte_in_an_answer_stops_no_wave(outcome: Outcome) -> None:
    campaign = campaign_at("sending", 1)
    wave = campaign.waves.get()
    (who,) = wave.members
    one = Message.objects.create(campaign=campaign, customer_id=who, step=wave.step)
    settling.write(wave, {one.pk: outcome}, heals=True, at=clock.now())
    one.refresh_from_db()
    assert one.status != "sending"
    assert "ab" in {one.reason, one.provider_id}


def test_what_a_dead_worker_began_is_held_although_its_customer_left_meanwhile() -> None:
    campaign, wave, one = claimed_and_begun()
    gone = one.customer_id
    record = Journal(settling.journal_path(wave))
    record.begun(one.pk)
    record.close()
    waves.take_out(campaign, waves.Gone(waves.GOAL, BitMap([gone])))
    wave.refresh_from_db()
    assert settling.unfinished(wave, at=clock.now()) == {"held": 1}


def claimed_and_begun() -> tuple[Campaign, Wave, Message]:
    """A wave of two that a worker has, and the message of the first of them."""
    campaign = campaign_at("sending", 2, by=bob())
    wave = campaign.waves.get()
    Wave.objects.filter(pk=wave.pk).update(status="claimed", claimed_at=timezone.now())
    wave.refresh_from_db()
    first = min(wave.members)
    message = Message.objects.create(campaign=campaign, customer_id=first, step=wave.step)
    return campaign, wave, message


@pytest.mark.parametrize("outcome", [settling.RETURNED, Failed("451 later")], ids=["back", "later"])
def test_what_would_go_again_to_who_left_meanwhile_goes_no_more(outcome: Outcome) -> None:
    campaign, wave, one = claimed_and_begun()
    waves.take_out(campaign, waves.Gone(waves.GOAL, BitMap([one.customer_id])))
    settling.write(wave, {one.pk: outcome}, heals=True, at=clock.now())
    one.refresh_from_db()
    assert (one.status, one.reason) == ("skipped", "left")


def test_what_a_dead_worker_claimed_of_who_left_has_an_end_too() -> None:
    campaign, wave, one = claimed_and_begun()
    Journal(settling.journal_path(wave)).close()  # it died before it began the first
    waves.take_out(campaign, waves.Gone(waves.EXIT, BitMap([one.customer_id])))
    wave.refresh_from_db()
    settling.unfinished(wave, at=clock.now())
    one.refresh_from_db()
    assert (one.status, one.reason) == ("skipped", "left")


@pytest.mark.parametrize(("to", "status", "reason"), [
    ("cancel", "skipped", "cancelled"), ("pause", "retry", ""),
])  # fmt: skip
def test_a_dead_worker_is_settled_although_the_campaign_sends_no_more(
    to: str, status: str, reason: str
) -> None:
    campaign, wave, one = claimed_and_begun()
    Journal(settling.journal_path(wave)).close()
    owner = campaign.owner
    assert owner
    transitions.pause(campaign, by=owner)
    if to == "cancel":
        transitions.cancel(campaign, by=owner)
    assert outbox.settle_the_dead(at=clock.now()) == 1
    assert outbox.settle_the_dead(at=clock.now()) == 0
    one.refresh_from_db()
    assert (one.status, one.reason) == (status, reason)
    wave.refresh_from_db()
    assert wave.status == ("done" if to == "cancel" else "waiting")


def test_an_address_that_does_not_exist_is_not_written_to_again() -> None:
    _campaign, wave, one = claimed_and_begun()
    Message.objects.filter(pk=one.pk).update(address="a@gone.example")
    refused = Refused("550 5.1.1 no such user", is_gone=True)
    settling.write(wave, {one.pk: refused}, heals=True, at=clock.now())
    one.refresh_from_db()
    assert (one.status, bool(one.bounced_at)) == ("failed", True)
    assert suppression.is_listed("a@gone.example")
    assert InboxEvent.objects.get().name == "message_bounced"


def test_a_device_that_is_gone_is_known_no_more_and_an_older_one_is_asked_next() -> None:
    _campaign, wave, one = claimed_and_begun()
    Message.objects.filter(pk=one.pk).update(channel="push", address="New-Token")
    who = Customer.objects.get(pk=one.customer_id)
    for token in ("Old-Token", "New-Token"):
        Identifier.objects.create(customer=who, kind=suppression.DEVICE, value=token)
    gone = Refused("UNREGISTERED", is_gone=True)
    settling.write(wave, {one.pk: gone}, heals=True, at=clock.now())
    assert list(Identifier.objects.filter(customer=who).values_list("value", flat=True)) == [
        "Old-Token"
    ]


def test_the_lake_hears_through_which_channel_a_message_left() -> None:
    _campaign, wave, one = claimed_and_begun()
    Message.objects.filter(pk=one.pk).update(channel="sms")
    settling.write(wave, {one.pk: Accepted()}, heals=True, at=clock.now())
    told = InboxEvent.objects.get(name="message_sent").properties
    assert told == {"campaign": wave.campaign_id, "channel": "sms"}
