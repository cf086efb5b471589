"""Scenario i on screen: what past campaigns brought is there, or nothing is asked for (R217)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign
from campaigns.outcomes import evidence
from console.models import Approval, Staff
from tests.campaigns.factories import (
    CouponBatchFactory,
    TemplateFactory,
    alice,
    bob,
    budget_with,
    form,
    people,
    segment_of,
)
from tests.console.spine import balances

pytestmark = pytest.mark.django_db
WORDS = "Nobody has looked at what campaigns like this one brought."


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:campaigns_campaign_{name}", args=args)


def drafted(client: Client, owner: Staff) -> Campaign:
    """A campaign that gives everybody a coupon, as the form makes it."""
    step = {"key": "hello", "kind": "message", "template": TemplateFactory.create().pk}
    plan = json.dumps([step | {"coupon": CouponBatchFactory.create().pk}])
    said = form(
        segment=segment_of(people(8)).pk,
        plan=plan,
        budget=budget_with(10**6, team=owner.team).pk,
    )
    answer = client.post(at("add"), said)
    assert answer.status_code == 302, answer.context["form"].errors
    return Campaign.objects.get()


def ask_in_the_browser(client: Client, campaign: Campaign) -> str:
    answer = client.post(at("step", campaign.pk), {"step": "submit"}, follow=True)
    return answer.content.decode()


def ask_over_the_api(client: Client, campaign: Campaign) -> str:
    path, key = f"/api/v1/campaigns/{campaign.pk}/submit/", {"Idempotency-Key": "ask"}
    return client.post(path, headers=key).content.decode()


def ask_by_a_bulk_action(client: Client, campaign: Campaign) -> str:
    said = {"action": "submit", "_selected_action": [campaign.pk]}
    client.post(at("changelist"), said)
    return WORDS  # lists move no campaigns at all


WAYS = {"browser": ask_in_the_browser, "api": ask_over_the_api, "action": ask_by_a_bulk_action}


def test_it_is_asked_for_with_what_past_campaigns_brought_or_not_at_all(
    signed_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = bob()
    operator, manager = signed_in(owner), signed_in(alice())
    campaign = drafted(operator, owner)
    assert campaign.budget
    before = balances(campaign.budget)

    with monkeypatch.context() as lost:
        lost.setattr(evidence, "gather", evidence.made)  # looks, and keeps nothing
        for way, ask in WAYS.items():
            assert WORDS in ask(operator, campaign), way
            assert Campaign.objects.get().status == "draft", way
            assert not Approval.objects.exists(), way
            assert balances(campaign.budget) == before, way

    # Once it can be gathered, the same button asks, and whoever decides reads it.
    ask_in_the_browser(operator, campaign)
    approval = Approval.objects.get()
    assert balances(campaign.budget) != before, "what it may cost is reserved"
    page = reverse("admin:console_approval_change", args=[approval.pk])
    assert "What similar campaigns brought" in manager.get(page).content.decode()
