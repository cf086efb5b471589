"""A robot tells its group once of all customers of an intake, or of each, as its account says."""

from decimal import Decimal
from typing import Any

import pytest

from campaigns.contact import contacting
from campaigns.delivery import claims, once
from campaigns.delivery.claims import Offer
from campaigns.models import Campaign, Message
from campaigns.policy.nodes import Approach
from campaigns.providers import accounts
from console import clock
from tests.campaigns.factories import campaign_at

pytestmark = pytest.mark.django_db


def robot(speaks: str | None) -> None:
    given = {"url": "https://qyapi.example/send?key=1"} | ({"speaks": speaks} if speaks else {})
    accounts.make("wecom", name="Group", given=given, tariff=Decimal(0))


def claim(campaign: Campaign, ids: list[int] | None = None) -> list[int]:
    """Decide about some of the wave; whom the group is told of."""
    wave = campaign.waves.get()
    offer = Offer(Approach("robot"), is_once=once.is_wanted("robot"))
    claim = claims.begin(wave, ids or list(wave.members), offer, at=clock.now())
    return [row.customer for row in claim.begun]


def statuses() -> list[tuple[str, str]]:
    return sorted(Message.objects.values_list("status", "reason"))


@pytest.mark.parametrize("speaks", [None, "once"], ids=["at first", "once"])
def test_a_group_is_told_once_of_all(speaks: str | None) -> None:
    robot(speaks)
    campaign = campaign_at("sending", 4)
    first, second, *others = sorted(campaign.waves.get().members)
    assert claim(campaign, [second, first]) == [first]
    assert claim(campaign, others) == [], "nor by another claim"
    assert statuses() == [("sending", ""), *[("skipped", "once")] * 3]


def test_another_try_is_of_the_same_customer() -> None:
    robot("once")
    campaign = campaign_at("sending", 3)
    (told,) = claim(campaign)
    contacting.give_back(list(Message.objects.values_list("pk", flat=True)))
    Message.objects.filter(customer=told).update(status="retry")
    assert claim(campaign) == [told]


@pytest.mark.parametrize("speaks", ["each"])
def test_or_of_each(speaks: Any) -> None:
    robot(speaks)
    campaign = campaign_at("sending", 3)
    assert len(claim(campaign)) == 3


def test_other_channels_never_speak_once() -> None:
    robot("once")
    assert not once.is_wanted("email")
    assert once.is_wanted("robot")
