"""A campaign does not go before what another team makes for it, unless somebody decides so."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import tasks, transitions
from campaigns.models import Campaign
from console import clock
from console.models import RequestDependency, Staff, TeamRequest
from console.states import NotAllowed
from console.team_requests import depending, drafting
from tests.campaigns.factories import alice, bob, campaign_at
from tests.factories import StaffFactory, TeamFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def asked(by: Staff, title: str = "A page for the coupon") -> TeamRequest:
    return drafting.make(
        kind="feature", title=title, to_team=TeamFactory.create(name="Tech"), by=by, at=clock.now()
    )


def let_wait(campaign: Campaign, request: TeamRequest) -> RequestDependency:
    return depending.add(campaign, needs=request, by=request.asked_by, at=clock.now())


def deliver(request: TeamRequest) -> None:
    TeamRequest.objects.filter(pk=request.pk).update(status=TeamRequest.Status.DELIVERED)


def test_neither_submitted_nor_started_before_it_is_delivered() -> None:
    operator = bob()
    draft = campaign_at("draft", by=operator)
    request = asked(operator)
    let_wait(draft, request)
    with pytest.raises(NotAllowed, match=f"#{request.pk} A page for the coupon"):
        transitions.submit(draft, by=operator, at=clock.now())
    draft.refresh_from_db()
    assert draft.status == "draft"
    deliver(request)
    transitions.submit(draft, by=operator, at=clock.now())

    ready = campaign_at("approved", by=operator)
    let_wait(ready, asked(operator))
    with pytest.raises(NotAllowed, match="It waits for a request"):
        transitions.start(ready, by=operator, at=clock.now())
    ready.refresh_from_db()
    assert ready.status == "approved"


def test_one_whose_time_has_come_waits_for_a_person_and_tells_no_title() -> None:
    operator = bob()
    campaign = campaign_at("approved", by=operator)
    request = asked(operator, title="A secret plan")
    let_wait(campaign, request)
    tasks.start_campaign(campaign.pk)
    campaign.refresh_from_db()
    assert campaign.status == "approved"
    assert f"#{request.pk}" in campaign.stopped_because
    assert "secret" not in campaign.stopped_because


def test_a_manager_decides_in_writing_that_it_need_not_wait(signed_in: SignIn) -> None:
    operator, manager = bob(), alice()
    campaign = campaign_at("approved", by=operator)
    line = let_wait(campaign, asked(operator))
    page = reverse("admin:campaigns_campaign_needs", args=[campaign.pk])
    given = {"deed": "waive", "line": line.pk, "because": "The old page does for now."}

    signed_in(operator).post(page, given)
    line.refresh_from_db()
    assert line.waived_by is None
    signed_in(manager).post(page, given | {"because": " "})
    line.refresh_from_db()
    assert line.waived_by is None
    signed_in(manager).post(page, given)
    line.refresh_from_db()
    assert line.waived_by == manager
    transitions.start(campaign, by=operator, at=clock.now())
    shown = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    assert "The old page does for now." in signed_in(operator).get(shown).content.decode()


def test_the_page_lets_one_choose_a_request_and_says_what_it_waits_for(signed_in: SignIn) -> None:
    operator = bob()
    campaign = campaign_at("draft", by=operator)
    request = asked(operator)
    client = signed_in(operator)
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    assert "A page for the coupon" in client.get(page).content.decode()
    add = {"deed": "add", "request": request.pk, "because": "It links there."}
    client.post(reverse("admin:campaigns_campaign_needs", args=[campaign.pk]), add)
    shown = client.get(page).content.decode()
    assert "It waits for a request" in shown
    assert "It links there." in shown


def test_whom_a_request_does_not_concern_reads_that_there_is_one_and_no_more(
    signed_in: SignIn,
) -> None:
    """Of another team: neither its name nor that it could be chosen."""
    campaign = campaign_at("draft")
    other = StaffFactory.create(team=TeamFactory.create(name="Brand"))
    request = asked(other, title="Hush")
    let_wait(campaign, request)
    stranger = StaffFactory.create_with_role("operator", team=TeamFactory.create(name="Growth"))
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    shown = signed_in(stranger).get(page).content.decode()
    assert "Hush" not in shown
    assert "another team&#x27;s request" in shown or "another team" in shown
    needs = reverse("admin:campaigns_campaign_needs", args=[campaign.pk])
    second = asked(other, title="Hush too")
    answer = signed_in(stranger).post(needs, {"deed": "add", "request": second.pk})
    assert answer.status_code == 404
    assert RequestDependency.objects.count() == 1
