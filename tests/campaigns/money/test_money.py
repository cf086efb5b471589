"""A campaign's money: reserved, committed with the yes, spent as it goes out, and given back."""

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db.models import Sum

from campaigns import additions, lapsing, tasks, transitions
from campaigns.models import Campaign, Coupon, CouponBatch, Message
from campaigns.money import given, paying, purse
from campaigns.offers import redemptions
from campaigns.offers.redemptions import Order
from campaigns.providers import accounts
from console import approvals, burn_down, clock
from console.models import Budget, Staff, WorkItem
from console.states import NotAllowed, Stale
from tests.campaigns.factories import (
    CouponBatchFactory,
    alice,
    budget_with,
    campaign_at,
    mail_server,
    people,
    send_all,
    submit,
)
from tests.campaigns.journeys.steps import standing
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def owner_of(campaign: Campaign) -> Staff:
    assert campaign.owner
    return campaign.owner


def balances(budget: Budget | None) -> tuple[int, int, int, int]:
    assert budget is not None
    now = Budget.objects.get(pk=budget.pk)
    assert burn_down.wrong(now) == []
    return now.available_minor, now.reserved_minor, now.committed_minor, now.spent_minor


def post(server: Any, minor: str = "10") -> None:
    """What every mail costs, through the mail server of the test."""
    given = {
        "sender": "us@shop.example",
        "host": "127.0.0.1",
        "port": str(server.port),
        "security": "none",
    }
    accounts.make("smtp", name="Post", given=given, tariff=Decimal(minor))


def spent_by_rows(campaign: Campaign) -> int:
    """What its messages and its coupons say that they were paid with."""
    messages = Message.objects.filter(campaign=campaign).aggregate(all=Sum("cost_minor"))["all"]
    coupons = Coupon.objects.filter(campaign=campaign).aggregate(all=Sum("held_minor"))["all"]
    return (messages or 0) + (coupons or 0)


def test_money_is_reserved_committed_spent_and_the_rest_given_back() -> None:
    with mail_server() as server:
        post(server, "4.5")
        campaign = campaign_at("draft", people(5))
        budget = campaign.budget = budget_with(1_000)
        campaign.limit_minor = 100
        campaign.save()
        approval = submit(campaign, by=owner_of(campaign))
        assert (approval.facts["amount_minor"], approval.summary["limit_minor"]) == (100, 100)
        assert balances(budget) == (900, 100, 0, 0)
        approvals.approve(approval, by=alice())
        assert balances(budget) == (900, 0, 100, 0)
        campaign.refresh_from_db()
        transitions.start(campaign, by=owner_of(campaign), at=clock.now())
        server.answers["c0@customers.example"] = "550 no such mailbox"
        send_all(campaign, server)
    assert campaign.status == "sent"
    assert sorted(Message.objects.values_list("cost_minor", flat=True)) == [0, 4, 4, 5, 5]
    assert balances(budget) == (982, 0, 0, spent_by_rows(campaign))


@pytest.mark.parametrize("end", ["rejected", "withdrawn", "cancelled", "expired"])
def test_every_other_end_gives_the_money_back(end: str) -> None:
    CouponBatchFactory.create()
    campaign = with_coupon("submitted")
    budget, pending = campaign.budget, approvals.pending_for(campaign)
    assert pending
    assert balances(budget)[1] == 3 * 2_000
    match end:
        case "rejected":
            approvals.reject(pending, by=alice(), comment="Too dear")
        case "withdrawn":
            transitions.withdraw(campaign, by=owner_of(campaign))
        case "expired":
            pending.expires_at = clock.now()
            pending.save()
            assert approvals.expire(pending, at=clock.now() + dt.timedelta(seconds=1))
        case "cancelled":
            approvals.approve(pending, by=alice())
            campaign.refresh_from_db()
            assert balances(budget)[2] == 3 * 2_000
            transitions.cancel(campaign, by=owner_of(campaign))
    assert balances(budget) == (10**9, 0, 0, 0)


def with_coupon(status: str, count: int = 3, **values: Any) -> Campaign:
    """A campaign whose mails give a coupon of 20."""
    batch = CouponBatch.objects.first() or CouponBatchFactory.create()
    draft = campaign_at("draft", 0)
    plan = [
        {
            "key": "hello",
            "kind": "message",
            "channel": "email",
            "template": draft.template_id,
            "coupon": batch.pk,
        }
    ]
    return campaign_at(status, count, plan=plan, **values)


def test_what_costs_something_needs_a_budget_that_one_may_use_and_that_has_it() -> None:
    campaign = with_coupon("draft")
    owner = owner_of(campaign)

    def refused(words: str, **values: Any) -> None:
        Campaign.objects.filter(pk=campaign.pk).update(**values)
        campaign.refresh_from_db()
        with pytest.raises(NotAllowed, match=words):
            transitions.submit(campaign, by=owner, at=clock.now())
        campaign.refresh_from_db()
        assert campaign.status == "draft"

    refused("choose the budget")
    theirs = budget_with(10_000, team=TeamFactory.create(name="Elsewhere"))
    refused("another team", budget=theirs)
    refused("too little", budget=budget_with(5_999))
    past = dt.date(2001, 1, 1)
    refused("not for this day", budget=budget_with(6_000, since=past, until=past))
    CouponBatch.objects.update(kind="percent", percent=20)
    refused("maximum amount off", budget=budget_with(6_000))
    CouponBatch.objects.update(most_minor=2_000)
    assert balances(campaign.budget) == (6_000, 0, 0, 0)
    transitions.submit(campaign, by=owner, at=clock.now())
    assert balances(campaign.budget) == (0, 6_000, 0, 0)


def test_one_that_lasts_says_when_to_stop() -> None:
    campaign = with_coupon("draft", entry="segment")
    Campaign.objects.filter(pk=campaign.pk).update(budget=budget_with(6_000))
    with pytest.raises(NotAllowed, match="at most"):
        transitions.submit(campaign, by=owner_of(campaign), at=clock.now())
    Campaign.objects.filter(pk=campaign.pk).update(limit_minor=5_000)
    approval = transitions.submit(campaign, by=owner_of(campaign), at=clock.now())
    assert approval.facts["amount_minor"] == 5_000
    assert balances(campaign.budget) == (1_000, 5_000, 0, 0)


def test_without_money_nothing_leaves_until_somebody_else_gave_more() -> None:
    with mail_server() as server:
        post(server)
        campaign = campaign_at("draft", people(5))
        Campaign.objects.filter(pk=campaign.pk).update(budget=budget_with(100), limit_minor=29)
        campaign.refresh_from_db()
        owner, boss = owner_of(campaign), alice()
        approvals.approve(submit(campaign, by=owner), by=boss)
        campaign.refresh_from_db()
        transitions.start(campaign, by=owner, at=clock.now())
        send_all(campaign, server)
        assert (campaign.status, len(server.mails)) == ("paused", 2)
        assert campaign.stopped_because == (
            "Only CN¥0.09 of the approved budget is left, and what comes next costs more."
        )
        assert WorkItem.objects.filter(kind="stopped_campaign", owner=owner).count() == 1
        assert balances(campaign.budget) == (71, 0, 9, 20)
        transitions.resume(campaign, by=owner)  # finds no more money than there was
        send_all(campaign, server)
        assert (campaign.status, len(server.mails)) == ("paused", 2)

        asked = additions.ask(campaign, 25, because="More came", key="k", by=owner, at=clock.now())
        again = additions.ask(campaign, 25, because="More came", key="k", by=owner, at=clock.now())
        assert asked == again
        assert asked.facts["amount_minor"] == 29 + 25
        assert balances(campaign.budget) == (46, 25, 9, 20)
        with pytest.raises(NotAllowed, match="waits"):
            transitions.resume(campaign, by=owner)
        with pytest.raises(NotAllowed, match="role"):
            approvals.approve(asked, by=owner)
        approvals.approve(asked, by=boss)
        campaign.refresh_from_db()
        assert balances(campaign.budget) == (46, 0, 34, 20)
        transitions.resume(campaign, by=owner)
        send_all(campaign, server)
    assert (campaign.status, len(server.mails)) == ("sent", 5)
    assert max(server.count.values()) == 1
    assert balances(campaign.budget) == (50, 0, 0, 50)


def test_a_no_to_more_gives_back_only_what_was_asked_for() -> None:
    campaign = with_coupon("paused")
    before = balances(campaign.budget)
    ask = partial(additions.ask, campaign, 500, because="More", by=owner_of(campaign))
    for key, deed in (("a", "reject"), ("b", "withdraw"), ("c", "cancel")):
        asked = ask(key=key, at=clock.now())
        assert balances(campaign.budget)[1] == 500
        with pytest.raises(NotAllowed, match="waits for a decision"):
            ask(key=key + "2", at=clock.now())
        if deed == "reject":
            approvals.reject(asked, by=alice(), comment="No")
        elif deed == "withdraw":
            additions.withdraw(campaign.additions.latest("pk"), by=owner_of(campaign))
        else:
            transitions.cancel(campaign, by=owner_of(campaign))
            asked.refresh_from_db()
            assert asked.status == "void"
            assert balances(campaign.budget) == (10**9, 0, 0, 0)
            return
        assert balances(campaign.budget) == before


def test_a_coupon_is_paid_at_its_face_until_one_knows_what_it_cost() -> None:
    CouponBatchFactory.create(kind="percent", percent=10, value_minor=None, most_minor=2_000)
    with mail_server() as server:
        campaign = with_coupon("sending", 4)
        budget = campaign.budget
        send_all(campaign, server)
    assert balances(budget) == (10**9 - 8_000, 0, 0, 8_000)
    first, second, third, _fourth = Coupon.objects.order_by("pk")
    now = clock.now()
    used = redemptions.redeem(first.code, Order("a", amount_minor=5_000), at=now)
    back = redemptions.redeem(second.code, Order("b", amount_minor=5_000), at=now).redemption
    redemptions.reverse(back, because="refunded", at=now)
    redemptions.redeem(third.code, Order("c", amount_minor=90_000), at=now)
    given.settle(at=now)
    assert balances(budget)[3] == 8_000, "each may be used once more"
    later = now + dt.timedelta(minutes=16)
    assert given.settle(at=later) == 4
    assert given.settle(at=later) == 0
    assert purse.sweep() == 5_500
    assert balances(budget) == (10**9 - 2_500, 0, 0, 2_500)
    assert spent_by_rows(campaign) == 2_500
    redemptions.reverse(used.redemption, because="refunded", at=later)
    tasks.settle_money()  # the console's clock is before the coupon's end
    given.settle(at=later)
    purse.sweep()
    assert balances(budget) == (10**9 - 2_000, 0, 0, 2_000)


def test_coupons_leave_only_while_there_is_money_for_them() -> None:
    with mail_server() as server:
        campaign = with_coupon("draft", 5)
        Campaign.objects.filter(pk=campaign.pk).update(budget=budget_with(9_999))
        campaign.refresh_from_db()
        Campaign.objects.filter(pk=campaign.pk).update(limit_minor=5_000)
        approvals.approve(submit(campaign, by=owner_of(campaign)), by=alice())
        campaign.refresh_from_db()
        transitions.start(campaign, by=owner_of(campaign), at=clock.now())
        send_all(campaign, server)
        assert (campaign.status, len(server.mails)) == ("paused", 2)
        assert Coupon.objects.count() == 2
        assert Message.objects.filter(status="retry", reason="no_money").count() == 3
        assert balances(campaign.budget) == (4_999, 0, 1_000, 4_000)


def test_work_for_people_is_paid_and_ends_with_the_money() -> None:
    each = clock.project().work_minor
    call = {"key": "call", "kind": "task", "title": "Call them", "days": 2}
    plan = [call | {"team": TeamFactory.create().pk}]
    campaign = campaign_at("draft", people(3), plan=plan)
    Campaign.objects.filter(pk=campaign.pk).update(
        budget=budget_with(4 * each), limit_minor=2 * each
    )
    campaign.refresh_from_db()
    approvals.approve(submit(campaign, by=owner_of(campaign)), by=alice())
    campaign.refresh_from_db()
    transitions.start(campaign, by=owner_of(campaign), at=clock.now())
    tasks.move_campaign(campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.stopped_because) == (
        "paused",
        "“Call them”: 2 were given, 1 wait for money. Each costs CN¥10.00, and only CN¥0.00 of the "
        "approved budget is left.",
    )
    assert paying.ran_out(campaign)
    first = [item.subject_id for item in WorkItem.objects.filter(kind="campaign")]
    assert sorted(filter(None, first)) == sorted(campaign.audience.members)[:2]
    assert standing(campaign) == {"call": 1}, "who waits stands where they stood"
    done = campaign.waves.filter(step="call", status="done").aggregate(all=Sum("size"))
    assert done["all"] == 2, "and is not told to have gone on"
    assert balances(campaign.budget) == (2 * each, 0, 0, 2 * each)
    more = additions.ask(
        campaign, each, because="Three", key="k", by=owner_of(campaign), at=clock.now()
    )
    approvals.approve(more, by=alice())
    transitions.resume(campaign, by=owner_of(campaign))
    tasks.move_campaign(campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.status, WorkItem.objects.filter(kind="campaign").count()) == ("sent", 3)
    assert balances(campaign.budget) == (each, 0, 0, 3 * each)


def test_a_price_that_rose_after_the_yes_is_not_paid() -> None:
    with mail_server() as server:
        campaign = campaign_at("sending")
        post(server)
        send_all(campaign, server)
    assert (campaign.status, server.mails) == ("paused", [])
    assert campaign.stopped_because == "It costs something now, and has no budget."


def test_nobody_changes_the_budget_or_the_limit_after_the_yes() -> None:
    campaign = with_coupon("approved")
    approvals.require_live(campaign)
    for change in ({"limit_minor": 99_999}, {"budget": budget_with(10**9)}):
        now = Campaign.objects.get(pk=campaign.pk)
        for name, value in change.items():
            setattr(now, name, value)
        with pytest.raises(Stale, match="changed"):
            approvals.require_live(now)


def test_a_yes_that_nobody_uses_gives_its_money_back_after_a_month() -> None:
    campaign = with_coupon("approved")
    today, kept = clock.today(), balances(campaign.budget)
    assert kept[2] > 0
    for days in (6, 7, 8, 29):
        assert not lapsing.look(today=today + dt.timedelta(days=days))
        assert WorkItem.objects.count() == (days >= 7)
    (item,) = WorkItem.objects.all()
    assert item.owner == campaign.owner
    Campaign.objects.update(starts_at=clock.now() + dt.timedelta(days=20))
    assert not lapsing.look(today=today + dt.timedelta(days=30)), "its time comes"
    assert lapsing.look(today=today + dt.timedelta(days=50)) == 1
    campaign.refresh_from_db()
    item.refresh_from_db()
    assert (campaign.status, item.status) == ("draft", "done")
    assert balances(campaign.budget)[2] == 0
