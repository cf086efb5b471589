"""Sending to people who were merged or erased since their audience was frozen: once, or not."""

from typing import Any

import pytest

from campaigns.journeys import loads
from campaigns.models import Campaign, Message
from campaigns.outcomes import tracking
from console import clock
from segments import estates
from segments.models import Consent, Customer
from tests.campaigns.factories import CountingServer, campaign_at, mail_server, people, send_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Any:
    with mail_server() as running:
        yield running


def became(kept: Customer, absorbed: Customer) -> None:
    estates.hand_over([(kept.pk, absorbed.pk)])


def told(campaign: Campaign) -> dict[int, tuple[str, str]]:
    """What became of each customer's message."""
    rows = Message.objects.filter(campaign=campaign)
    return {one.customer_id: (one.status, one.reason) for one in rows}


def test_of_two_members_who_became_one_the_kept_one_gets_one_mail(server: CountingServer) -> None:
    anna, ben, cleo = people(3)
    campaign = campaign_at("sending", [anna, ben, cleo])
    became(anna, ben)
    send_all(campaign, server)
    assert campaign.status == "sent"
    assert dict(server.count) == {"c0@customers.example": 1, "c2@customers.example": 1}
    assert told(campaign)[ben.pk] == ("skipped", "merged")


@pytest.mark.parametrize("wave", [1, 10], ids=["waves of their own", "one wave"])
def test_members_who_became_somebody_outside_reach_them_once(
    server: CountingServer, monkeypatch: pytest.MonkeyPatch, wave: int
) -> None:
    monkeypatch.setattr(loads, "MOST", wave)
    anna, ben, outside = people(3)
    campaign = campaign_at("sending", [anna, ben])
    became(outside, anna)
    became(outside, ben)
    send_all(campaign, server)
    assert dict(server.count) == {"c2@customers.example": 1}
    assert told(campaign) == {
        anna.pk: ("skipped", "merged"),
        ben.pk: ("skipped", "merged"),
        outside.pk: ("sent", ""),
    }


def test_who_got_it_before_the_merge_does_not_get_it_as_the_kept_one(
    server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "MOST", 1)
    anna, ben = people(2)
    campaign = campaign_at("sending", [anna, ben])
    Message.objects.create(
        campaign=campaign, customer=anna, address=anna.email, status="sent", sent_at=clock.now()
    )
    became(ben, anna)
    send_all(campaign, server)
    assert told(campaign)[ben.pk] == ("skipped", "merged")
    assert not server.count


def test_whoever_was_erased_gets_nothing(server: CountingServer) -> None:
    anna, ben = people(2)
    campaign = campaign_at("sending", [anna, ben])
    Customer.objects.filter(pk=ben.pk).update(erased_at=clock.now())
    send_all(campaign, server)
    assert dict(server.count) == {"c0@customers.example": 1}
    assert told(campaign)[ben.pk] == ("skipped", "erased")


def test_who_unsubscribes_from_an_old_mail_is_the_one_they_became(server: CountingServer) -> None:
    anna, ben = people(2)
    campaign = campaign_at("sending", [ben])
    send_all(campaign, server)
    became(anna, ben)
    tracking.unsubscribed(Message.objects.get(campaign=campaign), at=clock.now())
    assert not Consent.objects.get(customer=anna).granted
    assert not Consent.objects.filter(customer=ben).exists()
