"""Held messages: a person says what became of them, and only then they go anywhere."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import held, transitions
from campaigns.channels.email import SmtpChannel
from campaigns.channels.smtp import Server
from campaigns.delivery import outbox
from campaigns.journeys import waves
from campaigns.models import Campaign, Contact, Message, Wave
from campaigns.outcomes import progress
from console import clock
from console.states import NotAllowed
from segments.models import InboxEvent
from tests import sink
from tests.campaigns.factories import bob, campaign_at, charlie, mail_server, send_all
from tests.campaigns.journeys.steps import message
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)


def with_held() -> Campaign:
    """A campaign that is done, but for one mail after which the server hung up."""
    campaign = campaign_at("sending", 3)
    rude = Sink(fault=lambda number: "keep and hang up" if number == 2 else None)
    with sink.running(rude) as port:
        channel = SmtpChannel(Server("127.0.0.1", port))
        while outbox.send_next_wave(campaign, channel, at=clock.now()):
            pass
        channel.close()
    assert transitions.finish(campaign, at=clock.now())
    campaign.refresh_from_db()
    return campaign


def the_one(campaign: Campaign) -> Message:
    return held.of(campaign).get()


def test_what_left_is_counted_as_sent_and_told() -> None:
    campaign = with_held()
    one = the_one(campaign)
    assert held.settle(campaign, [one.pk], held.LEFT, by=bob(), at=clock.now()) == 1
    assert progress.of(campaign).sent == 3
    assert InboxEvent.objects.filter(key=f"msg-{one.pk}-sent").exists()
    assert held.settle(campaign, [one.pk], held.AGAIN, by=bob(), at=clock.now()) == 0


def test_what_is_given_up_fails_and_counts_against_no_cap() -> None:
    campaign = with_held()
    one = the_one(campaign)
    held.settle(campaign, [one.pk], held.GIVEN_UP, by=bob(), at=clock.now())
    assert progress.of(campaign).failed == 1
    assert not Contact.objects.filter(pk=one.pk).exists()


def test_what_is_sent_again_leaves_once_and_the_campaign_is_done_again() -> None:
    campaign = with_held()
    one = the_one(campaign)
    held.settle(campaign, [one.pk], held.AGAIN, by=bob(), at=clock.now())
    campaign.refresh_from_db()
    assert campaign.status == "sending"
    with mail_server() as server:
        send_all(campaign, server)
        assert dict(server.count) == {one.address: 1}
    assert campaign.status == "sent"
    assert progress.of(campaign).sent == 3


def test_another_team_settles_nothing() -> None:
    campaign = with_held()
    with pytest.raises(NotAllowed):
        held.settle(campaign, [the_one(campaign).pk], held.LEFT, by=charlie(), at=clock.now())
    assert held.of(campaign).count() == 1


def test_the_page_shows_them_without_the_address_and_takes_the_word(
    signed_in: Callable[..., Client],
) -> None:
    campaign = with_held()
    one = the_one(campaign)
    address = reverse("admin:campaigns_campaign_held", args=[campaign.pk])

    client = signed_in(bob())
    said = client.get(address).content.decode()
    assert f"{one.pk}.{campaign.pk}@" in said
    assert one.address not in said
    client.post(address, {"message": [one.pk], "end": held.LEFT})
    assert not held.of(campaign).exists()
    assert "Nothing is held" in client.get(address).content.decode()


def test_who_may_only_look_gets_no_buttons(signed_in: Callable[..., Client]) -> None:
    campaign = with_held()
    address = reverse("admin:campaigns_campaign_held", args=[campaign.pk])
    client = signed_in("support")
    assert 'name="end"' not in client.get(address).content.decode()
    client.post(address, {"message": [the_one(campaign).pk], "end": held.LEFT})
    assert held.of(campaign).count() == 1


@pytest.mark.parametrize("still", [False, True], ids=["gone on", "still there"])
def test_who_gets_it_again_takes_the_next_step_once(still: bool) -> None:
    step = {"key": "late", "kind": "wait", "minutes": 60}
    campaign = campaign_at("sending", 2, plan=[message("hello"), step, message("last")])
    wave = campaign.waves.get()
    who, other = wave.members
    one = Message.objects.create(campaign=campaign, step="hello", customer_id=who, status="held")
    Message.objects.create(campaign=campaign, step="hello", customer_id=other, status="sent")
    if not still:
        Wave.objects.update(status="claimed")
        waves.move_on(wave)
    held.settle(campaign, [one.pk], held.AGAIN, by=bob(), at=clock.now())
    with mail_server() as server:
        send_all(campaign, server)
        assert sum(server.count.values()) == 1
    late = waves.to_do(campaign).filter(step="late")
    assert sorted(pk for wave in late for pk in wave.members) == [who, other]
