"""A campaign through every channel: by its account, at its pace, with its cost."""

import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from campaigns import planning, transitions
from campaigns.contact import policies
from campaigns.delivery import outbox
from campaigns.models import Campaign, ChannelAccount, InAppMessage, Message, Wave
from campaigns.providers import accounts, pacing
from console import clock
from segments.models import Consent, Customer, InboxEvent
from tests.campaigns.channels.phone import KEYS, Local, local_phone
from tests.campaigns.factories import (
    AT,
    TemplateFactory,
    campaign_at,
    mail_server,
    people,
    send_all,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def phone() -> Iterator[Local]:
    with local_phone() as local:
        yield local


def reachable(count: int, channel: str) -> list[Customer]:
    """Customers with a number, who agreed to hear from us through a channel."""
    them = people(count)
    for number, one in enumerate(them):
        one.phone = f"+86138001380{number:02d}"
    Customer.objects.bulk_update(them, ["phone"])
    Consent.objects.bulk_create(
        Consent(customer=one, channel=channel, granted=True, at=AT) for one in them
    )
    return them


def account(phone: Local, wire: str, **more: Any) -> ChannelAccount:
    given = {
        "url": f"{phone.base}/{wire}",
        "headers": f"Authorization: Bearer {KEYS.of(wire)}",
        "for_good": "1404",
    }
    return accounts.make(f"{wire}_http", name=wire, given=given, **more)


def sent_by(channel: str, them: list[Customer]) -> Campaign:
    template = TemplateFactory.create(
        channel=channel, subject="券", body="您好 {{ customer.name }}", variants={}
    )
    return campaign_at("sending", them, template=template)


def test_short_messages_leave_with_the_channels_account(phone: Local) -> None:
    phone.got.clear()
    own = account(phone, "sms", tariff=Decimal("4.5"))
    them = reachable(6, "sms")
    campaign = sent_by("sms", them)
    with mail_server() as server:
        send_all(campaign, server)
        assert server.mails == []
    assert {got.recipient for got in phone.got} == {one.phone for one in them}
    assert phone.got[0].text.startswith("您好 Customer")
    messages = list(Message.objects.all())
    assert {(one.status, one.channel, one.account_id) for one in messages} == {
        ("sent", "sms", own.pk)
    }
    assert all(one.provider_id and one.left_at for one in messages)
    assert sum(one.cost_minor for one in messages) in (26, 27, 28)
    assert campaign.status == Campaign.Status.SENT
    assert InboxEvent.objects.filter(name="message_sent").count() == 6


def test_a_wrong_number_fails_and_the_rest_goes_on(phone: Local) -> None:
    account(phone, "sms")
    them = reachable(4, "sms")
    Customer.objects.filter(pk=them[0].pk).update(phone="12345")
    Customer.objects.filter(pk=them[1].pk).update(phone="+8613800139404")
    Customer.objects.filter(pk=them[2].pk).update(phone="")
    campaign = sent_by("sms", them)
    with mail_server() as server:
        send_all(campaign, server)
    ends = {one.customer_id: one.status for one in Message.objects.all()}
    assert [ends.get(one.pk) for one in them[:2]] == ["failed", "failed"]
    assert ends[them[3].pk] == "sent"
    assert ends.get(them[2].pk) in (None, "skipped")


def test_in_app_messages_wait_in_the_app(phone: Local) -> None:
    accounts.make("in_app", name="App", given={})
    campaign = sent_by("in_app", reachable(3, "in_app"))
    with mail_server() as server:
        send_all(campaign, server)
    assert InAppMessage.objects.count() == 3
    assert campaign.status == Campaign.Status.SENT


def test_without_its_account_nothing_is_claimed_and_a_person_is_told(phone: Local) -> None:
    own = account(phone, "sms")
    campaign = sent_by("sms", reachable(2, "sms"))
    ChannelAccount.objects.filter(pk=own.pk).update(is_default=False, is_enabled=False)
    with mail_server() as server:
        for _try in range(5):
            Wave.objects.update(not_before=None)
            tally = outbox.send_next_wave(campaign, server.channel(), at=clock.now())
    assert tally
    assert "has no account" in tally.trouble
    transitions.stop(campaign, reason=tally.trouble)
    assert not Message.objects.exists()


def test_a_plan_only_speaks_of_channels_that_are_there(phone: Local) -> None:
    assert set(planning.channels()) == {"email"}
    account(phone, "sms")
    assert set(planning.channels()) == {"email", "sms"}


def test_all_workers_together_keep_to_the_pace(phone: Local) -> None:
    own = account(phone, "sms", per_minute=1200)  # 20 a second
    given: list[float] = []

    def work() -> None:
        given.extend(time.monotonic() for _one in pacing.paced(own, range(12)))

    workers = [threading.Thread(target=work) for _each in range(2)]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(given) == 24
    # A quarter of a second may be made up for, and what was taken in one go comes at once.
    assert time.monotonic() - began > (24 - 2) / 20 - 0.25 - 0.1


def test_whom_mail_does_not_reach_gets_the_second_channel_with_its_own_words(phone: Local) -> None:
    phone.got.clear()
    account(phone, "sms")
    by_sms = {"when_barred": "downgrade", "lower": "sms"}
    content = {"ways": {"email": by_sms}}
    policies.change(content, based_on=0, note="reach all", by=None, at=AT)
    them = reachable(5, "sms")
    Customer.objects.filter(pk__in=[one.pk for one in them[:2]]).update(email="")
    Consent.objects.filter(customer=them[0], channel="sms").delete()
    sms = TemplateFactory.create(channel="sms", body="短信 {{ customer.name }}", variants={})
    step: dict[str, Any] = {"key": "hello", "kind": "message", "channel": "email"}
    step |= {
        "template": TemplateFactory.create().pk,
        "second": {"channel": "sms", "template": sms.pk},
    }
    campaign = campaign_at("sending", them, plan=[step])
    frozen = campaign.audience
    assert frozen.size == 4, "who has neither is left out before"
    assert frozen.exclusions.get(reason="no_address").size == 1
    with mail_server() as server:
        send_all(campaign, server)
        assert len(server.mails) == 3
    assert [got.text[:2] for got in phone.got] == ["短信"]
    second = Message.objects.get(channel="sms")
    assert (second.customer, second.status) == (them[1], "sent")
    assert "no_address" in second.reason
