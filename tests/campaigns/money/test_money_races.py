"""However many pay at once, and wherever they are killed: never a fen over, and none lost."""

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from campaigns import additions, transitions
from campaigns.journeys import rounds
from campaigns.journeys.stepping import Stuck
from campaigns.models import Campaign, ChannelAccount, Coupon, Message, Redemption
from campaigns.money import given, paying, purse
from campaigns.money.paying import Broke, Charge
from campaigns.offers import coupons, redemptions
from campaigns.offers.redemptions import Order
from campaigns.tasks import move_campaign
from console import approvals, burn_down, clock
from console.models import Budget, Staff, WorkItem
from console.states import NotAllowed
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
from tests.campaigns.money import test_money as money
from tests.console.spine import Undone, at_once
from tests.factories import TeamFactory

WORKERS, EACH = 20, 6
LIMIT = 437


def running(count: int, limit: int, **values: Any) -> Campaign:
    """A campaign under way that may spend so much on mails of 4.5, whatever they say it costs."""
    campaign = campaign_at("draft", people(count), **values)
    Campaign.objects.filter(pk=campaign.pk).update(
        budget=budget_with(10 * limit), limit_minor=limit
    )
    campaign.refresh_from_db()
    approvals.approve(submit(campaign, by=money.owner_of(campaign)), by=alice())
    campaign.refresh_from_db()
    transitions.start(campaign, by=money.owner_of(campaign), at=clock.now())
    return campaign


def of(campaign: Campaign) -> Budget:
    assert campaign.budget_id
    return Budget.objects.get(pk=campaign.budget_id)


def claimed(campaign: Campaign, customers: list[Any]) -> list[int]:
    made = Message.objects.bulk_create(
        Message(campaign=campaign, customer_id=one, step="message") for one in customers
    )
    return [one.pk for one in made]


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_spend_what_was_approved_and_not_a_fen_more() -> None:
    with mail_server() as server:
        money.post(server, "4.5")
        campaign = running(WORKERS * EACH, LIMIT)
        mine = Charge(campaign_account(), Decimal("4.5"))
    rows = claimed(campaign, list(campaign.audience.members))

    def worker(n: int) -> Callable[[], Any]:
        part = rows[n * EACH : (n + 1) * EACH]

        def work() -> Any:
            one = Campaign.objects.get(pk=campaign.pk)
            try:
                return paying.pay(one, dict.fromkeys(part, mine)), paying.spend(one, 7, "work")
            except Broke:
                return None

        return work

    assert not any(isinstance(one, Exception) for one in at_once([*map(worker, range(WORKERS))]))
    held = purse.of(campaign)
    assert held is not None
    paid = list(Message.objects.filter(cost_minor__gt=0).values_list("cost_minor", flat=True))
    work = held.spent_minor - sum(paid)
    assert work % 7 == 0
    assert set(paid) == {4, 5}
    assert held.spent_minor + held.committed_minor == LIMIT
    assert held.committed_minor < 5, "what is left buys nothing more"
    assert abs(sum(paid) - Decimal("4.5") * len(paid)) < 1
    assert burn_down.wrong(of(campaign)) == []


@pytest.mark.django_db(transaction=True)
def test_work_is_given_as_far_as_the_money_reaches_by_however_many_at_once() -> None:
    price, some = clock.project().work_minor, 7
    call = {"key": "call", "kind": "task", "title": "Call", "days": 2}
    plan = [call | {"team": TeamFactory.create().pk}]
    campaign = running(some + 5, some * price + price // 2, plan=plan)

    def move() -> None:
        one = Campaign.objects.get(pk=campaign.pk)
        rounds.go(one, at=clock.now())

    def buy() -> None:
        with contextlib.suppress(Broke):
            paying.spend(Campaign.objects.get(pk=campaign.pk), price, "work")

    found = at_once([move, buy, move, buy, move])
    assert {type(one) for one in found} <= {type(None), Stuck}, found
    move_campaign(campaign.pk)
    given_out = WorkItem.objects.filter(kind="campaign").count()
    held = purse.of(campaign)
    assert held is not None
    assert some - 2 <= given_out <= some
    assert (held.spent_minor, held.committed_minor) == (some * price, price // 2)
    assert standing(campaign) == {"call": some + 5 - given_out}
    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert burn_down.wrong(of(campaign)) == []


def campaign_account() -> int:
    return ChannelAccount.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_between_paying_and_sending_costs_nothing_twice() -> None:
    count = 400
    with mail_server() as server:
        money.post(server, "4.5")
        campaign = running(count, 1_800)
        argv = [sys.executable, "-m", "tests.campaigns.worker"]
        said = [connection.settings_dict["NAME"], str(campaign.pk), str(server.port)]
        sender = subprocess.Popen([*argv, *said])

        def strike(came: int) -> None:
            if came == 70:
                os.kill(sender.pid, signal.SIGKILL)

        server.on_mail = strike
        sender.wait(60)
        held = purse.of(campaign)
        assert held is not None
        assert held.spent_minor == money.spent_by_rows(campaign) > 70 * 4
        send_all(campaign, server)
    assert campaign.status == "sent"
    assert max(server.count.values()) == 1
    counts = {s: Message.objects.filter(status=s).count() for s in ("sent", "held")}
    assert sum(counts.values()) == count
    held = purse.of(campaign)
    assert held is not None
    assert held.spent_minor == money.spent_by_rows(campaign) <= 1_800
    assert abs(held.spent_minor - Decimal("4.5") * count) <= 2, "what was sent and is in doubt"
    assert held.committed_minor == 0
    assert burn_down.wrong(of(campaign)) == []


class Histories(Undone):
    """Anything that can happen to a campaign's money, in any order."""

    @initialize()
    def begin(self) -> None:
        self.batch = CouponBatchFactory.create(
            kind="percent", percent=10, value_minor=None, most_minor=90
        )
        self.boss = alice()
        self.campaign = money.with_coupon("draft", 40)
        Campaign.objects.filter(pk=self.campaign.pk).update(
            budget=budget_with(2_000), limit_minor=900
        )
        self.campaign.refresh_from_db()
        approvals.approve(submit(self.campaign, by=self.owner), by=self.boss)
        self.campaign.refresh_from_db()
        transitions.start(self.campaign, by=self.owner, at=clock.now())
        self.waiting = list(self.campaign.audience.members)
        self.now, self.turn = clock.now(), 0

    @property
    def owner(self) -> Staff:
        return money.owner_of(self.campaign)

    @rule(count=st.integers(1, 6), price=st.sampled_from(["0", "0.3", "4.5", "50"]))
    def claim(self, count: int, price: str) -> None:
        now, self.waiting = self.waiting[:count], self.waiting[count:]
        rows = claimed(self.campaign, now)
        gave = given.give(
            self.batch, dict(zip(rows, now, strict=True)), campaign=self.campaign, at=self.now
        )
        left = [one for one in rows if one in gave.given]
        paying.pay(self.campaign, dict.fromkeys(left, Charge(self.account, Decimal(price))))

    @property
    def account(self) -> int:
        values = {"name": "Post", "kind": "smtp", "token": "t"}
        return ChannelAccount.objects.get_or_create(channel="email", defaults=values)[0].pk

    @rule(turn=st.integers(0, 9))
    def not_left(self, turn: int) -> None:
        rows = Message.objects.order_by("pk").values_list("pk", flat=True)
        paying.give_back(self.campaign.pk, [one for one in rows if one % 10 == turn])

    @rule(minutes=st.integers(0, 12))
    def time_passes(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)
        given.settle(at=self.now)
        purse.sweep()

    @rule(turn=st.integers(0, 5), amount=st.sampled_from([100, 700, 5_000]))
    def use(self, turn: int, amount: int) -> None:
        for one in self.some(turn):
            try:
                self.turn += 1
                order = Order(f"k{self.turn}", amount_minor=amount)
                redemptions.redeem(one.code, order, at=self.now)
            except redemptions.Refused:
                continue

    @rule(turn=st.integers(0, 5))
    def undo(self, turn: int) -> None:
        for one in self.some(turn):
            for use in one.redemptions.filter(reversed_at=None):
                redemptions.reverse(use, because="refund", at=self.now)

    @rule(turn=st.integers(0, 5))
    def take_back(self, turn: int) -> None:
        for one in self.some(turn):
            if one.status == "issued":
                coupons.revoke(one, because="by mistake", by=self.owner)

    def some(self, turn: int) -> Iterator[Coupon]:
        return (one for one in Coupon.objects.order_by("pk") if one.pk % 6 == turn)

    @rule(count=st.integers(1, 3))
    def work(self, count: int) -> None:
        try:
            paying.spend(self.campaign, 30 * count, "work")
        except Broke:
            return
        self.worked = getattr(self, "worked", 0) + 30 * count

    @rule(amount=st.integers(1, 900), says=st.sampled_from(["yes", "no"]))
    def ask(self, amount: int, says: str) -> None:
        self.turn += 1
        key = f"k{self.turn}"
        try:
            asked = additions.ask(
                self.campaign, amount, because="more", key=key, by=self.owner, at=clock.now()
            )
        except NotAllowed:
            return
        if says == "yes":
            approvals.approve(asked, by=self.boss)
        else:
            approvals.reject(asked, by=self.boss, comment="No")

    @rule()
    def end(self) -> None:
        transitions.stop(self.campaign, reason="enough")
        self.campaign.refresh_from_db()
        if self.campaign.status == "paused" and len(self.waiting) < 10:
            transitions.cancel(self.campaign, by=self.owner)
        elif self.campaign.status == "paused":
            transitions.resume(self.campaign, by=self.owner)

    @invariant()
    def the_ledger_and_the_rows_say_the_same(self) -> None:
        if not hasattr(self, "campaign"):
            return
        held = purse.of(self.campaign)
        budget = of(self.campaign)
        assert held is not None
        assert burn_down.wrong(budget) == []
        rows = money.spent_by_rows(self.campaign) + getattr(self, "worked", 0)
        assert held.spent_minor == rows
        assert budget.total_minor == 2_000
        live = Redemption.objects.filter(reversed_at=None)
        assert not live.filter(cost_minor__gt=F("coupon__held_minor")).exists(), "not paid for"


@pytest.mark.django_db
def test_in_any_history_the_ledger_and_the_rows_say_the_same() -> None:
    run_state_machine_as_test(
        Histories, settings=settings(max_examples=12, stateful_step_count=14, deadline=None)
    )
