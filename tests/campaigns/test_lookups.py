"""Held messages: their provider is asked once, and only what it knows is settled by itself."""

import base64
import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from campaigns import lookups
from campaigns.channels import lookups as asking
from campaigns.channels.base import Accepted, Outcome, Refused
from campaigns.channels.http import Answer
from campaigns.channels.lookups import CannotTell, Sought
from campaigns.models import ChannelAccount, Message
from campaigns.providers import accounts
from segments.models import InboxEvent
from tests.campaigns.channels.phone import KEYS, Local, give, local_phone, note
from tests.campaigns.factories import CampaignFactory, people, segment_of

NOW = dt.datetime(2024, 6, 1, 17, tzinfo=dt.UTC)  # already the second of June in China
SOUGHT = Sought(7, "a@x.example", "Shop <news@mg.shop.example>", NOW, NOW)
MAIL = {"api_key": "key", "api_url": "", "second_key": ""}


def read(provider: str, said: Any, status: int = 200) -> Outcome | None:
    answer = Answer(status, {}, json.dumps(said).encode())
    return asking.read("mail_api", {**MAIL, "provider": provider}, answer, SOUGHT)


def test_postmark_is_asked_by_the_number_that_the_mail_carries() -> None:
    ask = asking.ask("mail_api", {**MAIL, "provider": "postmark"}, SOUGHT)
    query = parse_qs(urlsplit(ask.url).query)
    assert (ask.method, query["metadata_message"], query["recipient"]) == (
        "GET",
        ["7"],
        ["a@x.example"],
    )
    mine = {"MessageID": "p-1", "Metadata": {"message": "7"}}
    assert read("postmark", {"Messages": [{"MessageID": "p-0", "Metadata": {"message": "8"}}, mine]}) == Accepted("p-1")  # fmt: skip  # noqa: E501
    assert read("postmark", {"Messages": []}) is None


def test_mailgun_tells_by_the_events_of_the_recipient() -> None:
    ask = asking.ask("mail_api", {**MAIL, "provider": "mailgun"}, SOUGHT)
    assert ask.url.startswith("https://api.mailgun.net/v3/mg.shop.example/events?")
    assert base64.b64decode(ask.headers["Authorization"].split()[1]) == b"api:key"
    mine = {
        "event": "accepted",
        "user-variables": {"message": "7"},
        "message": {"headers": {"message-id": "m-1"}},
    }
    assert read("mailgun", {"items": [{"event": "opened"}, mine]}) == Accepted("m-1")
    failed = {**mine, "event": "failed", "severity": "permanent", "reason": "bounce"}
    assert read("mailgun", {"items": [mine, failed]}) == Refused("bounce")
    assert read("mailgun", {"items": []}) is None


@pytest.mark.parametrize("provider", ["postmark", "mailgun"])
@pytest.mark.parametrize(("said", "status"), [({}, 200), ([], 200), ({"message": "no"}, 401)])
def test_an_answer_that_says_nothing_settles_nothing(provider: str, said: Any, status: int) -> None:
    with pytest.raises(CannotTell):
        read(provider, said, status)


# --- the whole way -------------------------------------------------------------


def held(account: ChannelAccount, minutes: int = 30) -> Message:
    (customer,) = people(1, prefix=f"h{Message.objects.count()}-", consent=False)
    message = Message.objects.create(
        campaign=CampaignFactory.create(segment=segment_of([customer])),
        customer=customer,
        channel="sms",
        account=account,
        address="+8613800138000",
        status=Message.Status.HELD,
        reason="the connection was lost",
    )
    claimed = timezone.now() - dt.timedelta(minutes=minutes)
    Message.objects.filter(pk=message.pk).update(created_at=claimed)
    return message


def aliyun(local: Local) -> ChannelAccount:
    given = {"key_id": "local", "secret": KEYS.of("aliyun"), "sign_name": "店", "url": local.base}
    return accounts.make("sms_aliyun", name="Aliyun", given=given, tariff=Decimal(0))


@pytest.mark.django_db
def test_what_the_provider_has_is_sent_and_what_it_does_not_know_waits_for_a_person() -> None:
    with local_phone() as local:
        account = aliyun(local)
        left, lost, young = held(account), held(account), held(account, minutes=1)
        provider: Any = accounts.KINDS["sms_aliyun"].provider
        way = provider({**account.given, "secret": KEYS.of("aliyun")})
        give(way, note(left.pk, template="SMS_1"))
        assert lookups.look(at=NOW) == {"sent": 1, "held": 1}
        assert lookups.look(at=NOW) == {}, "each is asked about once"
    for one in (left, lost, young):
        one.refresh_from_db()
    assert [one.status for one in (left, lost, young)] == ["sent", "held", "held"]
    assert lost.reason == "the provider does not know it"
    told = InboxEvent.objects.get(name="message_sent")
    assert (told.customer_id, told.properties["channel"]) == (left.customer_id, "sms")


@pytest.mark.django_db
def test_a_provider_that_does_not_answer_is_asked_again_later() -> None:
    with local_phone() as local:
        account = aliyun(local)
    one = held(account)
    assert lookups.look(at=NOW) == {}
    one.refresh_from_db()
    assert (one.status, one.reason) == ("held", "the connection was lost")
