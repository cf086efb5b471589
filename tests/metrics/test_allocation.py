"""Allocation: who tells what money caused, proposals once, and decisions of people."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, CampaignResult
from console import approvals, budgets
from console.models import AuditEntry, Budget, BudgetRule, Staff, Transfer, WorkItem
from console.states import NotAllowed, Stale
from metrics import allocation, outlooks, tasks
from metrics.models import Proposal
from segments.models import Segment
from tests.factories import StaffFactory
from tests.metrics.factories import CampaignFactory, SegmentFactory, TemplateFactory, today_is

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2018, 1, 10, 12, tzinfo=dt.UTC)
TODAY = NOON.date()
PAGE = "/admin/metrics/proposal/"


def measured(segment: Segment, spend: int | None, caused: int, **values: Any) -> CampaignResult:
    """A campaign with a control, and what it spent and caused."""
    campaign = CampaignFactory.create(
        segment=segment,
        template=TemplateFactory.create(**values),
        status="sent",
        finished_at=NOON - dt.timedelta(days=30),
    )
    return CampaignResult.objects.create(
        campaign=campaign,
        treated=100,
        treated_revenue_minor=caused + 1_000,
        control=100,
        control_revenue_minor=1_000,
        caused_error_minor=150.0,
        cost_minor=spend,
        window_days=7,
        is_final=True,
        computed_at=NOON,
    )


@pytest.fixture
def world(db: None) -> tuple[Segment, Segment]:
    """Money brings much with one segment and little with another."""
    today_is(TODAY)
    good, poor = (SegmentFactory.create(name=name) for name in ("Regulars", "Strangers"))
    for spend in (500, 1_000, 2_000):
        measured(good, spend, 6 * spend)
        measured(poor, spend, spend // 5)
    return good, poor


def proposal() -> Proposal:
    allocation.look(at=NOON)
    return Proposal.objects.get(status="open")


def manager() -> Staff:
    return StaffFactory.create(role="manager")


def money(name: str, amount: int, by: Staff) -> Budget:
    assert by.team
    since, until = dt.date(2018, 1, 1), dt.date(2018, 3, 31)
    made = budgets.make(
        name=name, team=by.team, since=since, until=until, by=by, over=BudgetRule.Over.STOP
    )
    budgets.fund(made, amount, key="begin", on=TODAY, by=by)
    made.refresh_from_db()
    return made


def test_money_is_proposed_to_go_where_one_more_unit_brings_more(
    world: tuple[Segment, Segment],
) -> None:
    found = proposal()
    good, poor = world
    assert (found.source, found.target) == (str(poor.pk), str(good.pk))
    assert 0 < found.amount_minor <= 0.2 * 3_500
    assert found.gain_low_minor > 0
    assert found.sure >= 0.9
    assert len(found.basis) == 6
    assert not Proposal.objects.filter(dimension="channel").exists()  # all of them are mails


def test_the_same_is_proposed_once_and_taken_back_when_it_no_longer_gains(
    world: tuple[Segment, Segment],
) -> None:
    found = proposal()
    tasks.propose_moves()
    assert Proposal.objects.count() == 1
    CampaignResult.objects.update(treated_revenue_minor=1_500)
    allocation.look(at=NOON)
    found.refresh_from_db()
    assert found.status == Proposal.Status.OUTDATED


def test_what_was_dismissed_comes_again_only_with_another_campaign(
    world: tuple[Segment, Segment],
) -> None:
    by = manager()
    allocation.dismiss(proposal(), by=by, because="A season of its own", at=NOON)
    assert allocation.look(at=NOON) == 0
    measured(world[0], 1_000, 6_000)
    assert allocation.look(at=NOON) == 1


def test_what_was_accepted_comes_again_only_with_another_campaign(
    world: tuple[Segment, Segment],
) -> None:
    said: dict[str, Any] = {"because": "Regulars pay", "on": TODAY, "at": NOON}
    allocation.accept(proposal(), by=manager(), **said)
    assert allocation.look(at=NOON) == 0, "nothing tells yet what the move brought"
    assert WorkItem.objects.count() == 1
    measured(world[0], 1_000, 6_000)
    assert allocation.look(at=NOON) == 1


def test_campaigns_without_control_or_cost_say_nothing(world: tuple[Segment, Segment]) -> None:
    Campaign.objects.update(is_demonstration=True)
    assert outlooks.outlook("segment", at=NOON).trials == []
    Campaign.objects.update(is_demonstration=False)
    CampaignResult.objects.update(control=None)
    silent = outlooks.outlook("segment", at=NOON)
    assert (silent.standings, silent.moves, silent.untold) == ([], [], 6)
    measured(world[0], None, 100)
    assert outlooks.outlook("segment", at=NOON).untold == 7
    assert allocation.look(at=NOON) == 0


def test_accepted_between_two_budgets_it_asks_for_the_transfer(
    world: tuple[Segment, Segment],
) -> None:
    by, found = manager(), proposal()
    source, target = money("Strangers", 10_000, by), money("Regulars", 5_000, by)
    asked = allocation.accept(
        found, by=by, because="It brings more", on=TODAY, at=NOON, source=source, target=target
    )
    assert asked is not None
    source.refresh_from_db()
    assert source.reserved_minor == found.amount_minor
    transfer = Transfer.objects.get()
    assert (found.status, found.transfer, found.decided_by) == ("accepted", transfer, by)
    with pytest.raises(NotAllowed):  # whoever accepted it does not approve it
        approvals.approve(asked, by=by)
    approvals.approve(asked, by=manager())
    target.refresh_from_db()
    assert target.available_minor == 5_000 + found.amount_minor


def test_a_decision_is_written_down_where_no_budget_holds_the_money(
    world: tuple[Segment, Segment],
) -> None:
    found = proposal()
    by = manager()
    assert allocation.accept(found, by=by, because="Next quarter", on=TODAY, at=NOON) is None
    assert (found.status, found.because, found.transfer) == ("accepted", "Next quarter", None)
    assert AuditEntry.objects.filter(action="proposal.accepted").count() == 1
    with pytest.raises((NotAllowed, Stale)):
        allocation.dismiss(found, by=by, because="After all not", at=NOON)


@pytest.mark.parametrize("role", ["operator", "product", "analyst", "support"])
def test_others_decide_nothing(world: tuple[Segment, Segment], role: str) -> None:
    found = proposal()
    by = StaffFactory.create(role=role)
    with pytest.raises(NotAllowed):
        allocation.accept(found, by=by, because="Yes", on=TODAY, at=NOON)
    with pytest.raises(NotAllowed):
        allocation.dismiss(found, by=by, because="No", at=NOON)
    found.refresh_from_db()
    assert found.status == Proposal.Status.OPEN


def test_a_refused_acceptance_moves_nothing(world: tuple[Segment, Segment]) -> None:
    by, found = manager(), proposal()
    source, target = money("Strangers", 10, by), money("Regulars", 0 + 1, by)
    said: dict[str, Any] = {"by": by, "on": TODAY, "at": NOON}
    both = {"source": source, "target": target}
    wrongs: list[dict[str, Any]] = [
        {"because": " ", **both},
        {"because": "One only", "source": source},
        {"because": "Too much", "amount": found.amount_minor + 1, **both},
        {"because": "It is not there", **both},
    ]
    for wrong in wrongs:
        with pytest.raises(NotAllowed):
            allocation.accept(found, **said, **wrong)
    found.refresh_from_db()
    assert found.status == Proposal.Status.OPEN
    assert not Transfer.objects.exists()


def test_the_page_shows_what_is_known_and_takes_decisions(
    world: tuple[Segment, Segment],
    client: Client,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    by, found = manager(), proposal()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(by)
    with django_assert_max_num_queries(16):
        page = client.get(f"{PAGE}?by=segment").content.decode()
    assert "Strangers" in page
    assert "What one more unit of money brings" in page
    assert "6 campaigns of the last two years" in page
    exported = client.get(reverse("admin:metrics_proposal_export") + "?by=segment")
    assert "Regulars" in b"".join(exported.streaming_content).decode()  # type: ignore[attr-defined]
    accept = reverse("admin:metrics_proposal_accept", args=[found.pk])
    assert "Strangers" in client.get(accept).content.decode()
    client.post(accept, {"because": "It brings more"})
    found.refresh_from_db()
    assert found.status == Proposal.Status.ACCEPTED
    assert "It brings more" in client.get(PAGE).content.decode()


def test_an_empty_page_says_what_is_missing(signed_in: Callable[..., Client], db: None) -> None:
    client = signed_in("operator")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = client.get(PAGE).content.decode()
    assert "Campaigns with a control group and a cost" in page
    assert client.post(reverse("admin:metrics_proposal_look")).status_code == 403


def test_a_proposal_is_work_for_a_manager_until_somebody_decides(
    world: tuple[Segment, Segment],
) -> None:
    by, found = manager(), proposal()
    WorkItem.objects.all().delete()
    Proposal.objects.all().delete()
    found = proposal()
    allocation.look(at=NOON)
    (item,) = WorkItem.objects.all()
    assert (item.owner, item.subject) == (by, found)
    assert "Strangers" in item.title
    allocation.dismiss(found, by=by, because="A season of its own", at=NOON)
    item.refresh_from_db()
    assert (item.status, item.closed_by) == ("done", by)


def test_proposals_are_decided_over_the_api_as_in_the_browser(
    world: tuple[Segment, Segment], signed_in: Callable[..., Client]
) -> None:
    found, boss, other = proposal(), signed_in("manager"), signed_in("analyst")
    path = f"/api/v1/proposals/{found.pk}/"
    assert other.get("/api/v1/proposals/").json()["results"][0]["amount_minor"] > 0
    said = {"because": "It brings more"}
    sent: dict[str, Any] = {"content_type": "application/json", "headers": {"Idempotency-Key": "a"}}
    assert other.post(f"{path}accept/", said, **sent).status_code == 403
    assert boss.post(f"{path}dismiss/", {"because": ""}, **sent).status_code == 400
    for _ in range(2):
        assert boss.post(f"{path}accept/", said, **sent).json()["status"] == "accepted"
    late = sent | {"headers": {"Idempotency-Key": "b"}}
    assert boss.post(f"{path}dismiss/", said, **late).status_code in {403, 409}
