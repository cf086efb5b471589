"""Who gets a campaign: set algebra, reasons, and refusals in words."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from pyroaring import BitMap

from campaigns import audience
from campaigns.contact import holds, suppression
from campaigns.models import Audience, Campaign
from console import clock
from segments.models import Consent, Customer
from tests.campaigns.factories import (
    CampaignFactory,
    TemplateFactory,
    agree,
    campaign_at,
    people,
    segment_of,
)

pytestmark = pytest.mark.django_db


def frozen(customers: list[Customer], **values: Any) -> Audience:
    campaign: Campaign = CampaignFactory.create(segment=segment_of(customers), **values)
    return audience.freeze(campaign, clock.now())


def left_out(found: Audience) -> dict[str, list[int]]:
    return {one.reason: list(one.members) for one in found.exclusions.all() if one.size}


def test_each_customer_is_left_out_under_the_first_reason_that_applies() -> None:
    good, silent, gone, nowhere, everything = people(5, consent=False)
    agree(good, gone, nowhere)
    for one in (nowhere, everything):
        one.email = ""
        one.save()
    for one in (gone, everything):
        suppression.add(f" {one.email.upper()} ", reason="bounced", at=timezone.now())

    found = frozen([good, silent, gone, nowhere, everything])

    assert list(found.members) == [good.pk]
    assert left_out(found) == {
        "no_address": [nowhere.pk, everything.pk],
        "no_consent": [silent.pk],
        "suppressed": [gone.pk],
    }
    shown = audience.funnel(found)
    assert shown.segment_size == 5
    assert shown.size + sum(count for _, count in shown.left_out) == 5


def test_who_complained_or_rests_for_longer_than_a_message_waits_is_left_out() -> None:
    well, complained, short, long = people(4)
    holds.complained(complained.pk, at=clock.now())
    holds.pause(short.pk, days=2, at=clock.now())
    holds.pause(long.pk, days=30, at=clock.now())
    everybody = [well, complained, short, long]
    assert left_out(frozen(everybody)) == {"left_alone": [complained.pk, long.pk]}
    campaign = campaign_at("draft", everybody)
    assert campaign.segment
    assert len(audience.without_room(campaign, campaign.segment.members) or ()) == 3
    kept = frozen(everybody)
    kept.refresh_from_db()
    assert kept.no_room == BitMap([short.pk]), "of those who get it, and kept as it was then"
    later = frozen(everybody, starts_at=clock.now() + dt.timedelta(days=40))
    assert left_out(later) == {"left_alone": [complained.pk]}, "their pause is over by then"
    assert not left_out(frozen(everybody, purpose="transactional"))


def test_consent_for_another_purpose_or_channel_is_no_consent() -> None:
    one, two, three = people(3, consent=False)
    Consent.objects.create(customer=one, channel="sms", granted=True, at=timezone.now())
    Consent.objects.create(
        customer=two, channel="email", purpose="service", granted=True, at=timezone.now()
    )
    Consent.objects.create(customer=three, channel="email", granted=False, at=timezone.now())
    with pytest.raises(audience.NotReady):
        frozen([one, two, three])


def test_who_is_not_in_the_segment_is_not_in_the_audience() -> None:
    inside, outside = people(2)
    assert list(frozen([inside]).members) == [inside.pk]
    assert outside.pk not in frozen([inside], name="again").members


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": None},
        {"data_as_of": None},
        {"rule_version": 2},
        {"data_as_of": dt.date(2020, 1, 1)},
        {"failure": "the lake was away"},
        {"archived_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"size": 0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_segment_that_is_not_ready_is_refused(wrong: dict[str, Any]) -> None:
    segment = segment_of(people(2), **wrong)
    campaign = CampaignFactory.create(segment=segment)
    with pytest.raises(audience.NotReady, match=segment.name):
        audience.freeze(campaign, clock.now())
    assert not Audience.objects.exists()


def test_freezing_again_replaces_the_earlier_one() -> None:
    customers = people(3)
    campaign = CampaignFactory.create(segment=segment_of(customers))
    first = audience.freeze(campaign, clock.now())
    suppression.add(customers[0].email, reason="by_hand", at=timezone.now())
    second = audience.freeze(campaign, clock.now())
    assert (first.size, second.size) == (3, 2)
    assert Audience.objects.get() == second


def test_then_and_now_tells_who_joined_and_who_left() -> None:
    customers = people(4)
    campaign = campaign_at("submitted", customers[:3])
    assert campaign.segment
    campaign.segment.members = segment_of(customers[1:]).members
    difference = audience.since_frozen(campaign.audience, campaign.segment)
    assert (difference.joined, difference.left) == (1, 1)


def test_the_outlook_of_a_draft_is_what_freezing_would_give() -> None:
    customers = people(4)
    Consent.objects.filter(customer=customers[0]).delete()
    campaign = CampaignFactory.create(segment=segment_of(customers))
    shown = audience.outlook(campaign, campaign.segment.members)
    found = audience.freeze(campaign, clock.now())
    assert (shown.segment_size, shown.size) == (4, found.size) == (4, 3)


def test_the_outlook_of_a_draft_asks_about_the_channel_that_it_goes_through() -> None:
    one, *others = people(4)
    one.phone = "+8613800000001"
    one.save()
    Consent.objects.create(customer=one, channel="sms", granted=True, at=timezone.now())
    campaign = CampaignFactory.create(
        segment=segment_of([one, *others]),
        template=TemplateFactory.create(channel="sms", subject="", body="Hello"),
    )
    shown = audience.outlook(campaign, campaign.segment.members)
    assert (shown.segment_size, shown.size) == (4, 1)
    assert sum(count for _, count in shown.left_out) == 3


def test_a_sample_is_spread_over_the_whole_audience() -> None:
    customers = people(100)
    numbers = audience.sample(frozen(customers), 5)
    assert len(numbers) == 5
    assert numbers[0] == customers[0].pk
    assert numbers[-1] >= customers[80].pk
