"""Approvals: read by those who decide, decided by somebody else than who asked."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from campaigns.models import Campaign
from console import approvals
from console.models import Approval, Staff, Vote
from console.states import NotAllowed, Stale
from tests.campaigns.factories import alice, bob, campaign_at, people
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]


def asked(campaign: Campaign) -> Approval:
    found = approvals.pending_for(campaign)
    assert found
    return found


def page_of(approval: Approval) -> str:
    return reverse("admin:console_approval_change", args=[approval.pk])


def decide(client: Any, approval: Approval, decision: str, comment: str = "") -> Any:
    return client.post(
        reverse("admin:console_approval_decide", args=[approval.pk]),
        {"decision": decision, "comment": comment},
        HTTP_REFERER=f"http://testserver{page_of(approval)}",
    )


def test_there_is_one_asking_at_a_time() -> None:
    campaign = campaign_at("submitted")
    with pytest.raises(NotAllowed):
        approvals.request(campaign, by=bob(), summary={})
    assert Approval.objects.count() == 1


def test_a_rejection_needs_words() -> None:
    campaign = campaign_at("submitted")
    for nothing in ("", "   "):
        with pytest.raises(NotAllowed):
            approvals.reject(asked(campaign), by=alice(), comment=nothing)
    assert not Vote.objects.exists()


def test_what_was_decided_is_not_decided_again() -> None:
    campaign = campaign_at("submitted")
    approval = asked(campaign)
    approvals.approve(approval, by=alice())
    with pytest.raises(Stale):
        approvals.approve(approval, by=alice())
    with pytest.raises(Stale):
        approvals.reject(approval, by=alice(), comment="no")
    assert Vote.objects.count() == 1


def test_a_change_since_the_asking_voids_it() -> None:
    campaign = campaign_at("submitted")
    Campaign.objects.filter(pk=campaign.pk).update(goal="other")
    with pytest.raises(Stale):
        approvals.approve(asked(campaign), by=alice())
    campaign.refresh_from_db()
    assert campaign.status == "submitted"
    assert not Vote.objects.exists()


def test_the_page_tells_what_goes_to_whom(signed_in: SignIn) -> None:
    customers = people(12)
    campaign = campaign_at("submitted", customers)
    page = signed_in("manager").get(page_of(asked(campaign))).content.decode()
    assert campaign.name in page
    assert "Approve sending to 12 customers" in page
    assert asked(campaign).digest[:12] in page
    assert customers[0].name not in page
    assert customers[0].email not in page


def test_the_requester_reads_it_and_is_told_why_not(signed_in: SignIn) -> None:
    owner = bob()
    approval = asked(campaign_at("submitted", by=owner))
    page = signed_in(owner).get(page_of(approval)).content.decode()
    assert "somebody else has to decide" in page
    assert 'value="approve"' not in page


def test_other_operators_read_it_but_do_not_decide(signed_in: SignIn) -> None:
    approval = asked(campaign_at("submitted"))
    page = signed_in("operator").get(page_of(approval)).content.decode()
    assert "Your role may read this" in page


@pytest.mark.parametrize("role", list(Staff.Role))
def test_only_deciders_decide_in_the_browser(signed_in: SignIn, role: str) -> None:
    campaign = campaign_at("submitted")
    answer = decide(signed_in(role), asked(campaign), "approve")
    campaign.refresh_from_db()
    may = role in {"manager", "admin"}
    assert campaign.status == ("approved" if may else "submitted")
    assert answer.status_code == 302
    assert Vote.objects.exists() == may


def test_nobody_approves_their_own_not_even_a_superuser(signed_in: SignIn) -> None:
    owner = StaffFactory.create(role="admin", is_superuser=True)
    campaign = campaign_at("submitted", by=owner)
    decide(signed_in(owner), asked(campaign), "approve")
    campaign.refresh_from_db()
    assert campaign.status == "submitted"
    assert not Vote.objects.exists()


def test_a_rejection_leads_back_with_its_words(signed_in: SignIn) -> None:
    owner = bob()
    campaign = campaign_at("submitted", by=owner)
    decide(signed_in("manager"), asked(campaign), "reject", "too many this week")
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    page = signed_in(owner).get(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    assert "too many this week" in page.content.decode()


def test_what_waits_stands_first(signed_in: SignIn) -> None:
    waiting = campaign_at("submitted", name="Waits")
    campaign_at("approved", name="Spring sale")
    page = signed_in("manager").get(reverse("admin:console_approval_changelist"))
    text = page.content.decode()
    assert text.index(waiting.name) < text.index("Spring sale")


def test_who_has_nothing_to_do_with_approvals_does_not_see_them(signed_in: SignIn) -> None:
    approval = asked(campaign_at("submitted"))
    for role in ("analyst", "product", "support"):
        client = signed_in(role)
        assert client.get(page_of(approval)).status_code == 403
        assert client.get(reverse("admin:console_approval_changelist")).status_code == 403
