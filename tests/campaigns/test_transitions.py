"""The way from draft to sent: who may take which step, and what each step needs."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from campaigns import audience, drafts, guards, transitions
from campaigns.journeys import rounds
from campaigns.models import Audience, Campaign, Wave
from campaigns.words import templates
from console import approvals, clock
from console.models import Approval, AuditEntry, Staff, WorkItem
from console.states import NotAllowed, Stale
from segments import bitmaps, collection
from segments.models import Segment
from tests.campaigns.factories import (
    CampaignFactory,
    alice,
    bob,
    campaign_at,
    people,
    segment_of,
)
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
Role = Staff.Role


def pending(campaign: Campaign) -> Approval:
    found = approvals.pending_for(campaign)
    assert found
    return found


def start(campaign: Campaign, by: Staff | None = None) -> int:
    return transitions.start(campaign, by=by or bob(), at=clock.now())


def test_submitting_freezes_who_gets_what_and_asks_for_approval() -> None:
    campaign = campaign_at("submitted", 4)
    frozen = campaign.audience
    assert (frozen.size, frozen.subject) == (4, "Hello {{ customer.name }}")
    assert pending(campaign).digest == campaign.digest()
    assert pending(campaign).summary["size"] == 4


def test_a_later_change_of_segment_or_template_does_not_alter_what_is_sent() -> None:
    campaign = campaign_at("approved", 4)
    digest = campaign.digest()
    assert campaign.segment
    assert campaign.template
    campaign.segment.members = segment_of(people(9, prefix="late")).members
    campaign.segment.save()
    templates.edit(
        campaign.template, by=bob(), seen_revision=1, body="<p>Something else entirely</p>"
    )
    campaign.refresh_from_db()

    assert campaign.digest() == digest
    assert start(campaign) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Another name"},
        {"goal": "Another goal"},
        {"conversion_event": "coupon_redeemed"},
        {"conversion_days": 30},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_behind_our_back_voids_the_approval(change: dict[str, Any]) -> None:
    campaign = campaign_at("approved")
    Campaign.objects.filter(pk=campaign.pk).update(**change)
    with pytest.raises(Stale):
        start(campaign)
    assert not Wave.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"body": "<p>Buy!</p>"},
        {"subject": "Buy!"},
        {"segment_rule": {"any": []}},
        {"members": segment_of},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_audience_or_other_words_void_the_approval(change: dict[str, Any]) -> None:
    campaign = campaign_at("approved")
    if "members" in change:
        change = {"members": segment_of(people(2, prefix="other")).members}
    Audience.objects.filter(campaign=campaign).update(**change)
    with pytest.raises(Stale):
        start(campaign)
    assert Campaign.objects.get(pk=campaign.pk).status == "approved"


def test_taken_back_to_draft_it_needs_a_new_approval_even_when_nothing_changed() -> None:
    owner = bob()
    campaign = campaign_at("approved", by=owner)
    transitions.withdraw(campaign, by=owner)
    transitions.submit(campaign, by=owner, at=clock.now() + dt.timedelta(seconds=1))
    # Even if the row said so, no approval of this asking exists.
    Campaign.objects.filter(pk=campaign.pk).update(status="approved")
    campaign.refresh_from_db()
    with pytest.raises(NotAllowed):
        start(campaign, owner)


def test_nothing_is_sent_without_an_approval() -> None:
    campaign = campaign_at("submitted")
    with pytest.raises(NotAllowed):
        start(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(status="approved")
    campaign.refresh_from_db()
    with pytest.raises(NotAllowed):
        start(campaign)
    assert not Wave.objects.exists()


def test_a_rejected_campaign_is_a_draft_again_and_can_be_submitted_anew() -> None:
    owner = bob()
    campaign = campaign_at("submitted", by=owner)
    approvals.reject(pending(campaign), by=alice(), comment="too many mails")
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    drafts.edit(campaign, by=owner, goal="fewer")
    transitions.submit(campaign, by=owner, at=clock.now())
    assert Audience.objects.filter(campaign=campaign).count() == 1


def test_withdrawing_takes_the_asking_back() -> None:
    owner = bob()
    campaign = campaign_at("submitted", by=owner)
    asked = pending(campaign)
    transitions.withdraw(campaign, by=owner)
    asked.refresh_from_db()
    assert (campaign.status, asked.status) == ("draft", "withdrawn")


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_nobody_decides_what_they_asked_for_themselves(role: str) -> None:
    owner = StaffFactory.create(role=Role.ADMIN, is_superuser=True)
    campaign = campaign_at("submitted", by=owner)
    # Not even after having become somebody else in between.
    owner.role = role
    owner.save()
    with pytest.raises(NotAllowed):
        approvals.approve(pending(campaign), by=owner)
    campaign.refresh_from_db()
    assert campaign.status == "submitted"


@pytest.mark.parametrize("status", ["submitted", "approved", "sending", "sent", "cancelled"])
def test_only_a_draft_can_be_changed(status: str) -> None:
    owner = bob()
    campaign = campaign_at(status, by=owner)
    with pytest.raises(NotAllowed):
        drafts.edit(campaign, by=owner, name="Another")
    assert not Campaign.objects.filter(name="Another").exists()


def test_a_template_with_a_mistake_cannot_be_submitted() -> None:
    campaign = campaign_at("draft")
    assert campaign.template
    type(campaign.template).objects.update(body="{{ customer.nam }}")
    campaign.refresh_from_db()
    with pytest.raises(NotAllowed, match=r"customer\.nam"):
        transitions.submit(campaign, by=bob(), at=clock.now())


def test_history_tells_who_did_what() -> None:
    campaign = campaign_at("sending")
    deeds = AuditEntry.objects.filter(subject_id=str(campaign.pk), action__startswith="campaign.")
    assert list(deeds.order_by("pk").values_list("action", flat=True)) == [
        "campaign.submitted",
        "campaign.frozen",
        "campaign.approved",
        "campaign.sending",
    ]


# --- steps that are offered ---------------------------------------------------

STEPS: dict[str, tuple[str, Callable[[Campaign, Staff], Any]]] = {
    "submit": ("draft", lambda one, by: transitions.submit(one, by=by, at=clock.now())),
    "withdraw": ("submitted", lambda one, by: transitions.withdraw(one, by=by)),
    "start": ("approved", lambda one, by: start(one, by)),
    "pause": ("sending", lambda one, by: transitions.pause(one, by=by)),
    "resume": ("paused", lambda one, by: transitions.resume(one, by=by)),
    "cancel": ("approved", lambda one, by: transitions.cancel(one, by=by)),
}


@pytest.mark.parametrize("status", ["draft", "submitted", "approved", "sending", "paused", "sent"])
def test_the_steps_that_are_offered_are_those_that_work(status: str) -> None:
    owner = bob()
    offered = transitions.open_steps(campaign_at(status, by=owner), owner)
    for step in ("submit", "withdraw", "start", "pause", "resume", "cancel"):
        campaign = campaign_at(status, by=owner)
        try:
            STEPS[step][1](campaign, owner)
            worked = True
        except NotAllowed:
            worked = False
        assert (step in offered) == worked, step


# --- two at the same moment -------------------------------------------------


def at_once(*works: Callable[[], Any]) -> list[BaseException | None]:
    """Do things at the same moment, each with a connection of its own."""
    ready = threading.Barrier(len(works))
    ends: list[BaseException | None] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        try:
            ready.wait()
            work()
        except BaseException as problem:
            ends[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_at_once_one_decides() -> None:
    campaign = campaign_at("submitted")
    asked, first, second = pending(campaign), alice(), alice()

    ends = at_once(
        lambda: approvals.approve(Approval.objects.get(pk=asked.pk), by=first),
        lambda: approvals.reject(Approval.objects.get(pk=asked.pk), by=second, comment="no"),
    )

    assert sorted(type(end).__name__ for end in ends) == ["NoneType", "Stale"]
    asked.refresh_from_db()
    campaign.refresh_from_db()
    assert (asked.status, campaign.status) in {("approved", "approved"), ("rejected", "draft")}
    assert asked.votes.count() == 1


@pytest.mark.django_db(transaction=True)
def test_started_twice_at_once_it_starts_once() -> None:
    owner = bob()
    campaign = campaign_at("approved", 5, by=owner)

    ends = at_once(*[lambda: start(Campaign.objects.get(pk=campaign.pk), owner)] * 2)

    refusals = [end for end in ends if end is not None]
    assert len(refusals) == 1
    assert isinstance(refusals[0], Stale | NotAllowed)
    assert Wave.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_edit_at_the_moment_of_submitting_is_in_it_or_refused() -> None:
    owner = bob()
    campaign = campaign_at("draft", by=owner)

    ends = at_once(
        lambda: transitions.submit(Campaign.objects.get(pk=campaign.pk), by=owner, at=clock.now()),
        lambda: drafts.edit(Campaign.objects.get(pk=campaign.pk), by=owner, goal="late"),
    )

    campaign.refresh_from_db()
    assert campaign.status == "submitted"
    assert pending(campaign).digest == campaign.digest()
    assert ends[0] is None
    assert campaign.goal == ("late" if ends[1] is None else "")


def test_a_campaign_is_sent_when_nothing_is_left(signed_in: Callable[[str], Client]) -> None:
    campaign = campaign_at("sending")
    assert not transitions.finish(campaign, at=clock.now())
    Wave.objects.update(status="done")
    assert rounds.to_go(at=clock.now()) == [campaign.pk]
    assert transitions.finish(campaign, at=clock.now())
    assert campaign.status == "sent"


def test_without_a_segment_that_is_up_to_date_nothing_is_submitted() -> None:
    campaign = CampaignFactory.create(segment=segment_of(people(2), data_as_of=dt.date(2000, 1, 1)))
    with pytest.raises(audience.NotReady):
        transitions.submit(campaign, by=bob(), at=clock.now())
    assert not Audience.objects.exists()
    assert not Approval.objects.exists()


def test_who_wrote_what_was_frozen_does_not_decide_whoever_changed_it_since() -> None:
    author, other = StaffFactory.create(role="admin"), StaffFactory.create(role="admin")
    template = templates.add(name="Hello", by=author, subject="Hello", body="<p>Hello</p>")
    segment = collection.add(name="All", rule={"all": []}, by=author)
    who = bitmaps.from_ids(one.pk for one in people(2))
    computed = {"members": who, "size": 2, "computed_version": 1, "data_as_of": clock.today()}
    Segment.objects.filter(pk=segment.pk).update(computed_at=clock.now(), **computed)
    segment.refresh_from_db()
    by_words = campaign_at("submitted", 2, template=template)
    by_rule = campaign_at("submitted", segment=segment)
    templates.edit(template, by=other, seen_revision=1, subject="Hi")
    collection.edit(segment, by=other, seen_version=1, rule={"all": [{"all": []}]})
    for campaign in (by_words, by_rule):
        assert {author.pk, other.pk} <= Campaign.objects.get(pk=campaign.pk).editors()


def test_who_wrote_why_it_goes_out_nevertheless_does_not_decide() -> None:
    admin = StaffFactory.create(role="admin")
    campaign = campaign_at("draft")
    guards.justify(campaign, reason="They asked for it", by=admin)
    transitions.submit(campaign, by=bob(), at=clock.now())
    assert admin.pk in campaign.editors()


def test_who_runs_a_campaign_that_the_console_stopped_is_asked_to_look_once_a_day() -> None:
    campaign = campaign_at("sending", people(2))
    transitions.stop(campaign, reason="The mail server cannot be reached.")
    transitions.resume(campaign, by=bob())
    transitions.stop(campaign, reason="The mail server cannot be reached.")
    item = WorkItem.objects.get(kind="stopped_campaign")
    assert (item.owner, item.subject) == (campaign.owner, campaign)
    assert item.why == "The mail server cannot be reached."
