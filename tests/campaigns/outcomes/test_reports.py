"""What providers report: in their own forms, only of messages that they sent, once."""

import hashlib
import hmac
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.contact import suppression
from campaigns.models import ChannelAccount, Message
from campaigns.outcomes import reports
from campaigns.providers import accounts
from segments.models import Consent, Customer, InboxEvent
from tests.campaigns.factories import CampaignFactory, agree, people, segment_of

pytestmark = pytest.mark.django_db
MAIL = {"sender": "a@b.example", "api_key": "key", "second_key": "signing"}
ALIYUN = {"key_id": "a", "secret": "b", "sign_name": "c"}


def account(kind: str, given: dict[str, str], name: str = "One") -> ChannelAccount:
    return accounts.make(kind, name=name, given=given, tariff=Decimal(0))


def message(of: ChannelAccount, **values: Any) -> Message:
    """One that this account sent a moment ago."""
    (customer,) = people(1, prefix="of", consent=False)
    agree(customer)
    campaign = CampaignFactory.create(segment=segment_of([customer]))
    return Message.objects.create(
        campaign=campaign,
        customer=customer,
        channel=of.channel,
        account=of,
        status=Message.Status.SENT,
        **{"address": customer.email, "provider_id": "p-1", **values},
    )


def post(of: ChannelAccount, body: Any, **headers: str) -> int:
    path = "/t/" + reports.address(of).partition("/t/")[2]
    kind = headers.pop("content_type", "application/json")
    text = body if isinstance(body, str) else json.dumps(body)
    return Client().post(path, text, content_type=kind, **headers).status_code  # type: ignore[arg-type]


def events() -> list[str]:
    return sorted(InboxEvent.objects.values_list("name", flat=True))


# --- mail -------------------------------------------------------------------


def test_postmark_says_that_an_address_does_not_exist() -> None:
    of = account("mail_api", {**MAIL, "provider": "postmark"})
    one = message(of)
    said = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "p-1",
        "Metadata": {"message": str(one.pk)},
        "Email": one.address,
        "BouncedAt": "2018-01-01T00:00:00Z",
        "Details": "smtp;550 5.1.1 no such user",
    }
    assert post(of, said) == 200
    assert post(of, said) == 200, "again changes nothing"
    one.refresh_from_db()
    assert one.bounced_at
    assert "no such user" in one.reason
    assert suppression.is_listed(one.address)
    assert events() == ["message_bounced"]


def test_a_complaint_means_no_more_and_a_rest() -> None:
    of = account("mail_api", {**MAIL, "provider": "postmark"})
    one = message(of)
    said = {
        "RecordType": "SpamComplaint",
        "Type": "SpamComplaint",
        "MessageID": "p-1",
        "Email": one.address,
        "BouncedAt": "2018-01-01T00:00:00Z",
    }
    assert post(of, said) == 200
    one.refresh_from_db()
    assert one.complained_at
    assert suppression.is_listed(one.address)
    assert not Consent.objects.get(customer=one.customer, channel="email").granted
    assert one.customer.contact_holds.count() == 1
    assert events() == ["message_complained"]


def mailgun(one: Message, signing: str = "signing") -> dict[str, Any]:
    moment, token = str(int(time.time())), "t" * 50
    signature = hmac.new(signing.encode(), f"{moment}{token}".encode(), hashlib.sha256)
    return {
        "signature": {"timestamp": moment, "token": token, "signature": signature.hexdigest()},
        "event-data": {
            "event": "delivered",
            "timestamp": time.time(),
            "id": "e",
            "recipient": one.address,
            "user-variables": {"message": str(one.pk)},
            "message": {"headers": {"message-id": "p-1"}},
            "delivery-status": {"code": 250},
            "tags": [],
        },
    }


def test_mailguns_signature_is_checked() -> None:
    of = account("mail_api", {**MAIL, "provider": "mailgun"})
    one = message(of)
    assert post(of, mailgun(one, "other")) == 400
    assert events() == []
    assert post(of, mailgun(one)) == 200
    one.refresh_from_db()
    assert one.delivered_at
    assert events() == ["message_delivered"]


@pytest.mark.parametrize("provider", sorted(reports.VIEWS))
@pytest.mark.parametrize("body", ["", "[]", "{}", "null", "[[1]]", '{"event": 1}', "\x00"])
def test_nonsense_is_refused_in_words_and_never_breaks(provider: str, body: str) -> None:
    of = account("mail_api", {**MAIL, "provider": provider})
    assert post(of, body) in (200, 400)
    assert events() == []


# --- short messages ---------------------------------------------------------


def test_aliyun_reports_what_arrived_and_what_did_not() -> None:
    of = account("sms_aliyun", ALIYUN)
    one = message(of, address="+8613800138000")
    good = {"phone_number": "13800138000", "success": True, "out_id": f"{one.pk}.7", "biz_id": "x"}
    gone = {**good, "success": False, "err_code": "MOBILE_NOT_EXIST", "err_msg": "空号"}
    assert post(of, [good, gone, {**good, "out_id": "999999.1"}]) == 200
    one.refresh_from_db()
    assert one.delivered_at
    assert one.bounced_at
    assert suppression.is_listed("+8613800138000", channel="sms")
    assert events() == ["message_bounced", "message_delivered"]


@pytest.mark.parametrize("kept", ["+8613800138000", "13800138000", "8613800138000"])
def test_who_answers_td_gets_no_more_short_messages(kept: str) -> None:
    of = account("sms_aliyun", ALIYUN)
    one = message(of, address=kept)
    up = [{"phone_number": "13800138000", "content": " TD ", "send_time": "2018-01-01 10:00:00"}]
    assert post(of, up) == 200
    one.refresh_from_db()
    assert one.unsubscribed_at
    assert one.replied_at
    assert suppression.is_listed(kept, channel="sms")
    assert not suppression.is_listed(one.customer.email), "mail is another matter"
    assert Consent.objects.get(customer=one.customer, channel="email").granted
    assert events() == ["message_replied", "message_unsubscribed"]


def test_another_answer_is_only_an_answer() -> None:
    of = account("sms_aliyun", ALIYUN)
    one = message(of, address="13800138000")
    assert post(of, {"phone_number": "13800138000", "content": "谢谢"}) == 200
    one.refresh_from_db()
    assert one.replied_at
    assert not one.unsubscribed_at


# --- whose ------------------------------------------------------------------


def test_an_account_reports_only_of_what_it_sent() -> None:
    mine = account("sms_http", {"url": "https://a.example/"})
    other = account("sms_http", {"url": "https://b.example/"}, name="Two")
    one = message(mine)
    assert post(other, [{"id": f"{one.pk}.7", "what": "complained"}]) == 200
    one.refresh_from_db()
    assert one.complained_at is None
    assert post(mine, [{"id": "p-1", "what": "delivered"}]) == 200
    one.refresh_from_db()
    assert one.delivered_at


def test_without_the_secret_address_nothing_is_taken() -> None:
    of = account("sms_http", {"url": "https://a.example/"})
    one = message(of)
    said = [{"id": f"{one.pk}.7", "what": "complained"}]
    for path in (f"/t/r/{of.pk}/wrong", f"/t/r/{of.pk + 1}/{of.token}", "/t/r/0/x"):
        answer = Client().post(path, json.dumps(said), content_type="application/json")
        assert answer.status_code == 404
    one.refresh_from_db()
    assert one.complained_at is None


def test_nobody_is_told_of_who_was_erased() -> None:
    of = account("sms_http", {"url": "https://a.example/"})
    one = message(of)
    Customer.objects.filter(pk=one.customer_id).update(erased_at=timezone.now())
    assert post(of, [{"id": "p-1", "what": "complained"}, {"id": "p-1", "what": "bounced"}]) == 200
    assert events() == []


def test_a_report_that_is_nothing_of_ours_is_refused_and_no_error() -> None:
    mine = account("webhook", {"url": "https://crm.example/"})
    odd: list[object] = [{}, ["delivered"], 7, None]
    for what in odd:
        assert post(mine, [{"id": "p-1", "what": what}]) == 400
