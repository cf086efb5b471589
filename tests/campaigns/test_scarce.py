"""Too much work for people, and too few coupons: told on the draft and to whoever approves."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from campaigns import scarce, transitions
from campaigns.journeys import contexts, intakes, stepping, waves
from campaigns.models import Campaign, Intake
from console import approvals, clock
from console.states import NotAllowed
from segments import bitmaps
from tests.campaigns.factories import (
    CouponBatchFactory,
    TemplateFactory,
    bob,
    campaign_at,
    mail_server,
    people,
    send_all,
)
from tests.campaigns.journeys.steps import message, wait

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


@pytest.fixture
def five(monkeypatch: pytest.MonkeyPatch) -> None:
    """A team can do five at once."""
    monkeypatch.setattr(stepping, "MOST_WORK", 5)


def call(**more: Any) -> dict[str, Any]:
    return {"key": "call", "kind": "task", "title": "Call them", "owner": bob().pk, **more}


def opened(*steps: dict[str, Any]) -> list[dict[str, Any]]:
    did = {"deed": "opened", "step": "hello"}
    return [message("hello"), {"key": "b", "kind": "branch", "did": did, "yes": list(steps)}]


@pytest.mark.usefixtures("five")
def test_what_is_certainly_too_much_work_is_refused_before_anybody_is_asked(
    signed_in: SignIn,
) -> None:
    campaign = campaign_at("draft", 6, by=bob(), plan=[call()])
    with pytest.raises(NotAllowed, match="6 work items at once; 5 are allowed"):
        transitions.submit(campaign, by=campaign.owner or bob(), at=clock.now())
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    assert "6 work items at once" in signed_in("operator").get(page).content.decode()


@pytest.mark.usefixtures("five")
def test_what_may_be_too_much_is_told_to_whoever_approves(signed_in: SignIn) -> None:
    campaign = campaign_at("submitted", 6, plan=opened(call()))
    asked = approvals.pending_for(campaign)
    assert asked
    assert "the campaign stops there" in asked.summary["scarce"][0]
    page = reverse("admin:console_approval_change", args=[asked.pk])
    assert "the campaign stops there" in signed_in("manager").get(page).content.decode()


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    "values",
    [
        {"plan": [call]},
        {"entry": "segment"},
        {"entry": "event", "trigger": {"event": "order_paid"}},
    ],
    ids=["one for all", "one by one", "by an event"],
)
def test_what_is_not_too_much_is_not_told(values: dict[str, Any]) -> None:
    plan = [call(each=False)] if "plan" in values else [call()]
    campaign = Campaign(**values | {"plan": plan})
    assert scarce.of(campaign, BitMap(range(6)), at=clock.now()) == []


def test_too_few_coupons_are_told() -> None:
    batch = CouponBatchFactory.create(most_issued=4)
    plan = [message("hello", coupon=batch.pk)]
    campaign = campaign_at("draft", 6, plan=plan)
    (limit,) = scarce.of(campaign, BitMap(range(6)), at=clock.now())
    assert "4 are left; up to 6 customers" in limit.words
    assert not limit.is_certain
    batch.most_issued = 6
    batch.save()
    assert scarce.of(campaign, BitMap(range(6)), at=clock.now()) == []


def test_words_that_nobody_could_get_are_refused() -> None:
    words = TemplateFactory.create(name="Gift", body="<p>{{ coupon.code }}</p>")
    owner = bob()
    campaign = campaign_at("draft", 2, by=owner, plan=[message("hello", words)])
    with pytest.raises(NotAllowed, match="“Gift” speaks of a coupon"):
        transitions.submit(campaign, by=owner, at=clock.now())
    batch = CouponBatchFactory.create()
    campaign = campaign_at("submitted", 2, plan=[message("hello", words, coupon=batch.pk)])
    told = TemplateFactory.create(name="Cart", body="<p>{{ event.item }}</p>")
    campaign.plan = [message("hello", told)]
    (one,) = scarce.of(campaign, BitMap(range(2)), at=clock.now())
    assert "“Cart” speaks of an event" in one.words
    campaign.entry = "event"
    assert scarce.of(campaign, BitMap(range(2)), at=clock.now()) == []


# --- what events said -----------------------------------------------------------


def test_what_an_event_said_is_forgotten_when_nobody_will_be_told_of_it() -> None:
    who = people(3)
    words = TemplateFactory.create(subject="{{ event.item | default: 'It' }}", body="<p>Hello</p>")
    plan = [message("first"), message("told", words), wait(), message("last")]
    campaign = campaign_at("sending", who[:1], plan=plan)
    for number, one in enumerate(who[1:], start=1):
        said = {one.pk: {"item": "Tea"}}
        here = bitmaps.from_ids([one.pk])
        intakes.let_in(campaign, f"k{number}", here, at=clock.now(), contexts=said)
    assert contexts.forget() == 0, "they are before the message that tells of it"
    waves.to_do(campaign).filter(occurrence=2).update(not_before=clock.now() + dt.timedelta(days=9))
    with mail_server() as server:
        send_all(campaign, server)
    assert contexts.forget() == 1
    assert [bool(one.contexts) for one in Intake.objects.order_by("number")] == [False, False, True]
    transitions.cancel(paused(campaign), by=campaign.owner or bob())
    assert contexts.forget() == 1


def paused(campaign: Campaign) -> Campaign:
    transitions.pause(campaign, by=campaign.owner or bob())
    return campaign
