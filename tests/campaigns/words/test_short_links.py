"""Links of short messages: short, the same for a second try, and counted like others."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns import forgetting
from campaigns.models import Message, ShortLink
from campaigns.words import proofing, rendering, short_links
from segments.models import InboxEvent
from segments.sought import Sought
from tests.campaigns.factories import CampaignFactory, people, segment_of

pytestmark = pytest.mark.django_db
TARGET = "https://shop.example/this-week?from=sms&who=1"
PERSON = {"HTTP_USER_AGENT": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)"}


@pytest.fixture
def message() -> Message:
    (customer,) = people(1, consent=False)
    return Message.objects.create(
        campaign=CampaignFactory.create(segment=segment_of([customer])),
        customer=customer,
        channel="sms",
        status="sent",
        left_at=timezone.now() - dt.timedelta(minutes=1),
    )


def test_a_link_is_short_and_the_same_when_it_is_tried_again(
    message: Message, settings: Any
) -> None:
    settings.SHORT_URL = "https://c.example.cn"
    first = short_links.url(message.pk, TARGET)
    assert first == short_links.url(message.pk, TARGET)
    assert len(first) == len("https://c.example.cn/") + short_links.LENGTH
    assert short_links.url(message.pk, "https://shop.example/other") != first


def test_who_follows_it_is_led_on_and_has_clicked(message: Message) -> None:
    path = short_links.url(message.pk, TARGET).partition(":8000")[2]
    answer = Client().get(path, **PERSON)  # type: ignore[arg-type]
    assert (answer.status_code, answer["Location"]) == (302, TARGET)
    clicked = InboxEvent.objects.get(name="message_clicked").properties
    assert (clicked["channel"], clicked["url"]) == ("sms", TARGET)


@pytest.mark.parametrize("code", ["unknown", "x" * 500, "%00"])
def test_a_code_that_nobody_gave_is_answered_friendly(code: str) -> None:
    assert Client().get(f"/s/{code}", **PERSON).status_code == 404  # type: ignore[arg-type]


def test_a_text_is_charged_with_its_links_as_they_are_sent(settings: Any) -> None:
    settings.SHORT_URL = "https://c.example.cn/s"
    assert proofing.parts("券" * 33 + " " + TARGET) == 1
    assert proofing.parts("券" * 40 + " " + TARGET) == 2
    long = rendering.WEB.sub(short_links.address(short_links.EXAMPLE), TARGET)
    assert len(long) == len("https://c.example.cn/s/") + short_links.LENGTH


def test_with_its_customer_a_link_is_forgotten(message: Message) -> None:
    short_links.url(message.pk, TARGET)
    place = next(one for one in forgetting.PLACES if one.key == "short_links")
    sought = Sought.of(message.customer)
    assert place.left(sought) == 1
    place.forget(sought)
    assert not ShortLink.objects.exists()
