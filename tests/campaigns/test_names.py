"""What ships is called in the reader's language, and what was approved stays the same."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from campaigns import beginnings, planning, recipes
from campaigns.models import Campaign, CouponBatch
from campaigns.offers import coupons
from console import clock, kept_words
from tests.campaigns.factories import bob, campaign_at, people, segment_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def recall() -> Campaign:
    return beginnings.journey("recall", segment_of(people(1)), by=bob())


def test_lists_and_the_api_call_it_as_the_reader_does(
    recall: Campaign, signed_in: Callable[..., Any]
) -> None:
    client = signed_in(recall.owner)
    for language, name, other in [
        ("en", "Return pack", "回归礼包"),
        ("zh-cn", "回归礼包", "Return"),
    ]:
        listed = client.get("/admin/campaigns/couponbatch/", HTTP_ACCEPT_LANGUAGE=language)
        assert name in listed.content.decode()
        assert other not in listed.content.decode()
        found = client.get("/api/v1/coupon-batches/", HTTP_ACCEPT_LANGUAGE=language).json()
        assert [one["name"] for one in found["results"]] == [name]


def test_a_plan_reads_its_steps_in_the_readers_language(recall: Campaign) -> None:
    with translation.override("en"):
        fresh = Campaign.objects.get(pk=recall.pk)
        assert planning.step_names(fresh)["first"] == "Recall 1: we miss you"
        assert fresh.name == "Recall, step by step"
    with translation.override("zh-hans"):
        assert planning.step_names(fresh)["first"] == "召回 1"


def test_what_was_approved_is_the_same_in_every_language() -> None:
    campaign = campaign_at("approved")
    Campaign.objects.filter(pk=campaign.pk).update(name=kept_words.both("春天", "Spring"))
    digests = set()
    for language in ("en", "zh-hans"):
        with translation.override(language):
            digests.add(Campaign.objects.get(pk=campaign.pk).digest())
    assert len(digests) == 1


def test_a_message_and_the_lake_get_what_each_needs(recall: Campaign) -> None:
    batch = CouponBatch.objects.get()
    (customer,) = people(1, prefix="gift")
    assert recall.owner
    coupon = coupons.give(batch, customer.pk, because="test", by=recall.owner, at=clock.now())
    given = coupons.Given(coupon.pk, coupon.code, coupon.expires_at)
    for language, name in (("en", "Return pack"), ("zh-hans", "回归礼包")):
        assert coupons.words(batch, given, clock.zone(), language)["name"] == name
    assert coupons.about(batch, None)["coupon"] == recipes.JOURNEYS["recall"].gifts["gift"].name
