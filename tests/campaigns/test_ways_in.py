"""Whichever way one comes: browser, API, many at once, a task or a shell, the same gate stands."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from campaigns import playbooks, tasks, transitions
from campaigns.delivery import outbox
from campaigns.models import Campaign, Evidence, Message, Play, Playbook, Wave
from campaigns.outcomes import evidence
from console import approvals, clock
from console.approvals import Facts
from console.models import Approval, Staff
from console.states import NotAllowed, Stale
from tests.campaigns.factories import alice, bob, campaign_at
from tests.campaigns.test_life_machine import Sink
from tests.campaigns.test_transitions import at_once, pending
from tests.console.spine import somebody

pytestmark = pytest.mark.django_db
REFUSED = (NotAllowed, Stale)


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("delay_on_commit", "delay"):
        monkeypatch.setattr(tasks.send_wave, name, lambda _pk: None)


def refused(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except REFUSED:
        return True
    return False


def signed(by: Staff) -> Client:
    client = Client()
    client.force_login(by)
    return client


def press(campaign: Campaign, step: str, by: Staff) -> None:
    url = reverse("admin:campaigns_campaign_step", args=[campaign.pk])
    signed(by).post(url, {"step": step})


def call(campaign: Campaign, step: str, by: Staff) -> bool:
    path, key = f"/api/v1/campaigns/{campaign.pk}/{step}/", {"Idempotency-Key": step}
    answer = signed(by).post(path, headers=key)
    return answer.status_code in {403, 409}


def of_playbook(campaign: Campaign, by: Staff) -> Playbook:
    """The campaign as the only play of a playbook: many are moved by one button."""
    Campaign.objects.filter(pk=campaign.pk).update(entry="playbook")
    playbook = playbooks.add(by=by, name="All of them", control_share=0.0, rest_days=1)
    assert campaign.segment
    Play.objects.create(playbook=playbook, place=1, level=campaign.segment, campaign=campaign)
    return playbook


WAYS_TO_ASK: dict[str, Callable[[Campaign, Staff], object]] = {
    "browser": lambda one, by: press(one, "submit", by),
    "api": lambda one, by: call(one, "submit", by),
    "many": lambda one, by: playbooks.submit(of_playbook(one, by), by=by, at=clock.now()),
    "shell": lambda one, by: transitions.submit(one, by=by, at=clock.now()),
}


@pytest.mark.parametrize("way", WAYS_TO_ASK)
def test_without_evidence_nothing_can_be_asked_for(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R217: a request without what past campaigns brought is not submitted at all."""
    monkeypatch.setattr(evidence, "gather", evidence.made)  # looks, and keeps nothing
    owner = somebody("operator")
    campaign = campaign_at("draft", by=owner)
    refused(lambda: WAYS_TO_ASK[way](campaign, owner))
    assert Campaign.objects.get().status == "draft"
    assert not Approval.objects.exists()


def test_an_asking_past_the_verb_gets_no_yes() -> None:
    """Who asks in a shell without submitting has frozen, priced and looked up nothing."""
    owner = somebody("operator")
    campaign = campaign_at("submitted", by=owner)
    transitions.withdraw(campaign, by=owner)
    Evidence.objects.all().delete()
    asked = approvals.request(campaign, by=owner, summary={}, facts=Facts())
    with pytest.raises(NotAllowed):
        approvals.approve(asked, by=alice())
    assert Campaign.objects.get().status == "draft"


WAYS_TO_SEND: dict[str, Callable[[Campaign, Staff], object]] = {
    "browser": lambda one, by: press(one, "start", by),
    "api": lambda one, by: call(one, "start", by),
    "many": lambda one, by: playbooks.start(of_playbook(one, by), by=by, at=clock.now()),
    "task": lambda one, by: tasks.start_campaign(one.pk),
    "shell": lambda one, by: transitions.start(one, by=by, at=clock.now()),
    "resume": lambda one, by: transitions.resume(one, by=by),
    "reopen": lambda one, by: transitions.reopen(one, by=by),
}


@pytest.mark.parametrize("status", ["draft", "submitted", "cancelled"])
@pytest.mark.parametrize("way", WAYS_TO_SEND)
def test_what_nobody_approved_starts_no_way(way: str, status: str) -> None:
    owner = somebody("admin")
    campaign = campaign_at(status, by=owner)
    refused(lambda: WAYS_TO_SEND[way](campaign, owner))
    assert Campaign.objects.get().status == status
    assert not Wave.objects.exists()


@pytest.mark.parametrize("status", ["draft", "submitted"])
def test_past_every_verb_nothing_leaves_without_a_yes(status: str) -> None:
    """The row says that it is sending, the work list is there; the claim asks nevertheless."""
    campaign, sink = campaign_at("submitted"), Sink()
    if status == "draft":
        Approval.objects.update(status="withdrawn")
    Campaign.objects.update(status="sending")
    campaign.refresh_from_db()
    outbox.fill(campaign, at=clock.now())
    tally = outbox.send_next_wave(campaign, sink, at=clock.now())
    assert tally
    assert "Nobody has approved" in tally.trouble
    assert (sink.got, Message.objects.count()) == ([], 0)


def test_no_list_offers_to_move_many_campaigns_at_once() -> None:
    """The only ways to move many are a playbook's buttons, and they ask for each campaign."""
    assert not admin.site._registry[Campaign].actions


# --- two at the same moment -----------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["withdraw", "words", "behind"])
def test_a_yes_against_a_change_at_the_same_moment_has_one_winner(rival: str) -> None:
    owner, boss = bob(), alice()
    campaign = campaign_at("submitted", by=owner)
    asked = pending(campaign)
    rivals: dict[str, Callable[[], object]] = {
        "withdraw": lambda: transitions.withdraw(Campaign.objects.get(), by=owner),
        "words": lambda: Campaign.objects.update(goal="Something else"),
        "behind": lambda: Campaign.objects.update(priority=1),
    }
    ends = at_once(
        lambda: approvals.approve(Approval.objects.get(pk=asked.pk), by=boss), rivals[rival]
    )
    assert all(end is None or isinstance(end, REFUSED) for end in ends), ends
    now = Campaign.objects.get()
    if rival == "withdraw":
        assert now.status == ("approved" if ends[0] is None and ends[1] else "draft")
        asked.refresh_from_db()
        assert asked.status in {"approved", "withdrawn", "void"}
    is_approved = now.status == "approved" and now.digest() == asked.digest
    is_refused = refused(lambda: transitions.start(now, by=owner, at=clock.now()))
    assert is_refused != is_approved
    assert is_approved == Wave.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_started_and_taken_back_at_once_it_is_one_of_them() -> None:
    owner = bob()
    campaign = campaign_at("approved", by=owner)
    ends = at_once(
        lambda: transitions.start(Campaign.objects.get(pk=campaign.pk), by=owner, at=clock.now()),
        lambda: transitions.withdraw(Campaign.objects.get(pk=campaign.pk), by=owner),
    )
    assert [isinstance(end, REFUSED) for end in ends].count(True) == 1
    now = Campaign.objects.get()
    assert Wave.objects.exists() == (now.status == "sending")
    assert now.status in {"sending", "draft"}
