"""Money at the edges: sums in small parts, amounts beyond all bounds, who is gone, who is late."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import additions, forgetting, tasks, transitions
from campaigns.admin.amounts import MoneyField, RateField
from campaigns.models import Campaign, Coupon
from campaigns.money import paying
from campaigns.money.paying import Charge
from console import approvals, budgets, burn_down, clock
from console.models import Project, Staff, WorkItem
from console.policy_rules import Step, When
from console.states import NotAllowed
from segments.sought import Sought
from tests.campaigns.factories import campaign_at, mail_server, send_all
from tests.campaigns.money.test_money import balances, owner_of, post, with_coupon
from tests.campaigns.money.test_money_races import campaign_account, claimed, running
from tests.console.spine import policy
from tests.factories import StaffFactory, TeamFactory

pytestmark = pytest.mark.django_db


def test_a_policy_for_campaigns_is_for_more_money_and_all_whom_they_are_for_as_well() -> None:
    campaign = with_coupon("paused")
    large = When(kinds=["campaigns.campaign"], amount=(6_400, None), audience=(3, None))
    version = policy(Step("role", ["manager"], quorum=2), when=large)
    asked = additions.ask(
        campaign, 500, because="More", key="k", by=owner_of(campaign), at=clock.now()
    )
    assert (asked.version, asked.facts["amount_minor"]) == (version, 6_500)


def test_who_asked_for_the_campaign_does_not_decide_about_more_for_it() -> None:
    campaign = with_coupon("paused")
    boss = StaffFactory.create(role=Staff.Role.ADMIN)
    first = approvals.latest_for(campaign)
    assert first is not None
    type(first).objects.filter(pk=first.pk).update(requested_by=boss)
    asked = additions.ask(
        campaign, 500, because="More", key="k", by=owner_of(campaign), at=clock.now()
    )
    with pytest.raises(NotAllowed, match="had a hand"):
        approvals.approve(asked, by=boss)
    assert balances(campaign.budget)[1] == 500


@pytest.mark.parametrize("field", [MoneyField, RateField])
@pytest.mark.parametrize(
    "written", ["1e30", "-1e30", "9e99999999999999", "NaN", "sNaN", "-5", "12,50"]
)
def test_an_amount_beyond_all_bounds_is_refused_in_words(field: Any, written: str) -> None:
    with pytest.raises(ValidationError):
        field().clean(written)


def test_the_coupons_of_who_was_erased_give_their_money_back_at_once() -> None:
    with mail_server() as server:
        campaign = with_coupon("sending", 2)
        send_all(campaign, server)
    assert balances(campaign.budget)[3] == 4_000
    gone = Coupon.objects.earliest("pk")
    forgetting._forget_coupons(Sought.of(gone.customer))
    Coupon.objects.filter(pk=gone.pk).update(settles_at=clock.now() - tasks.A_MOMENT)
    tasks.settle_money()
    assert balances(campaign.budget)[3] == 2_000


def test_a_coupon_that_ran_out_this_moment_keeps_its_money_for_who_asked_before() -> None:
    with mail_server() as server:
        campaign = with_coupon("sending", 1)
        send_all(campaign, server)
    for ago, spent in ((1, 2_000), (61, 0)):
        ended = clock.now() - dt.timedelta(seconds=ago)
        Coupon.objects.update(expires_at=ended, settles_at=ended)
        tasks.settle_money()
        assert balances(campaign.budget)[3] == spent


def test_the_first_payment_asks_for_nothing_of_the_campaign_while_it_holds_the_budget() -> None:
    """Who ends a campaign holds it, and then wants the budget: they would wait for each other."""
    with mail_server() as server:
        post(server)
        campaign = running(1, 100)
    (row,) = claimed(campaign, list(campaign.audience.members))
    with CaptureQueriesContext(connection) as asked:
        paying.pay(campaign, {row: Charge(campaign_account(), Decimal(10))})
    said = [one["sql"] for one in asked.captured_queries]
    made = next(n for n, one in enumerate(said) if 'INSERT INTO "campaigns_purse"' in one)
    held = next(n for n, one in enumerate(said) if '"console_budget"' in one and "UPDATE" in one)
    assert made < held


def test_no_work_is_given_where_nobody_said_yes_whatever_the_status_says() -> None:
    call = {
        "key": "call",
        "kind": "task",
        "title": "Call",
        "days": 2,
        "team": TeamFactory.create().pk,
    }
    plan = [call | {"team": TeamFactory.create().pk}]
    campaign = campaign_at("approved", 2, plan=plan)
    transitions.start(campaign, by=owner_of(campaign), at=clock.now())
    Campaign.objects.filter(pk=campaign.pk).update(goal="Another one")
    tasks.move_campaign(campaign.pk)
    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert "changed after it was approved" in campaign.stopped_because
    assert not WorkItem.objects.filter(kind="campaign").exists()


def test_whether_the_ledger_adds_up_is_as_many_questions_for_many_things(
    django_assert_num_queries: Any,
) -> None:
    campaign = with_coupon("paused")
    budget = campaign.budget
    assert budget is not None
    for n in range(5):
        budgets.reserve(budget, 10, subject=TeamFactory.create(), key=f"r{n}", on=clock.today())
    budget.refresh_from_db()
    with django_assert_num_queries(3):
        assert burn_down.wrong(budget) == []
    budget.spent_minor += 1
    assert burn_down.wrong(budget) == [f"Budget {budget.pk} spent_minor: 1 ≠ 0"]


def test_prices_in_another_currency_than_the_yes_was_said_in_are_not_paid() -> None:
    with mail_server() as server:
        campaign = with_coupon("sending", 2)
        before = balances(campaign.budget)
        Project.objects.update(currency="USD")
        send_all(campaign, server)
        assert server.mails == []
    assert campaign.status == "paused"
    assert "is in another currency" in campaign.stopped_because
    assert balances(campaign.budget) == before
