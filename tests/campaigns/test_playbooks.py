"""Playbooks: one play a customer, the most urgent first, under one budget and one control."""

import datetime as dt
from typing import Any

import pytest

from campaigns import exposure, guards, playbooks, plays, tasks, transitions
from campaigns.journeys import waves
from campaigns.models import Campaign, CouponBatch, Intake, Message, Play, Playbook, Turn
from campaigns.money import paying
from campaigns.offers import coupons
from campaigns.playbooks import Offer
from console import approvals, clock
from console.models import Staff
from console.states import NotAllowed
from segments import bitmaps
from segments.models import Customer, Segment
from tests.campaigns.factories import (
    CouponBatchFactory,
    TemplateFactory,
    alice,
    bob,
    budget_with,
    charlie,
    people,
    segment_of,
)
from tests.campaigns.offers.test_coupons import at_once

pytestmark = pytest.mark.django_db
AT = dt.datetime(2018, 3, 1, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def playbook_of(
    segments: list[Segment], *, by: Staff, coupon: CouponBatch | None = None, **settings: Any
) -> Playbook:
    """In force, with a play for each segment, the most urgent first."""
    said = {"name": "Save them", "control_share": 0.0, "rest_days": 30} | settings
    if coupon:
        money = {"budget": budget_with(10**6, team=by.team), "budget_minor": 10**6}
        said = money | said
    playbook = playbooks.add(by=by, **said)
    for segment in segments:
        offer = Offer(template=TemplateFactory.create(), coupon=coupon)
        playbooks.add_play(playbook, segment, None, offer, by=by)
    put_in_force(playbook, by=by)
    return playbook


def put_in_force(playbook: Playbook, *, by: Staff) -> None:
    playbooks.submit(playbook, by=by, at=clock.now())
    for campaign in plays.campaigns(playbook):
        pending = approvals.pending_for(campaign)
        assert pending
        approvals.approve(pending, by=alice())
    playbooks.start(playbook, by=by, at=clock.now())


def change(segment: Segment, customers: list[Customer], hours: int = 1) -> None:
    """The segment is computed again, with other members."""
    members = bitmaps.from_ids(one.pk for one in customers)
    Segment.objects.filter(pk=segment.pk).update(
        members=members, size=len(members), computed_at=clock.now() + dt.timedelta(hours=hours)
    )


def got(playbook: Playbook) -> list[list[int]]:
    """By play, who came in."""
    return [
        sorted(set().union(*(one.members for one in play.turns.all())))
        for play in playbook.plays.order_by("place")
    ]


def test_everybody_gets_the_most_urgent_play_that_fits_and_no_second_one() -> None:
    anna, bert, cora = people(3)
    urgent, mild = segment_of([anna, bert]), segment_of([bert, cora])
    playbook = playbook_of([urgent, mild], by=bob())
    assert plays.look(playbook, at=AT) == 3
    assert got(playbook) == [[anna.pk, bert.pk], [cora.pk]]
    assert plays.look(playbook, at=AT) == 0, "nobody came since"
    intakes = {one.campaign_id: sorted(one.members) for one in Intake.objects.all()}
    assert sorted(intakes.values()) == [[anna.pk, bert.pk], [cora.pk]]


def test_whom_a_guard_leaves_out_gets_no_play_of_that_offer() -> None:
    anna, bert = people(2)
    guards.save(
        None,
        name="Full price",
        offer="discount",
        segment=segment_of([anna]),
        then="leaves_out",
        by=alice(),
    )
    batch = CouponBatchFactory.create(value_minor=2_000)
    playbook = playbook_of([segment_of([anna, bert])], by=bob(), coupon=batch)
    assert plays.look(playbook, at=AT) == 1
    assert got(playbook) == [[bert.pk]]
    assert plays.left_out(playbook, AT.date()) == {"mismatch": 1}


def test_during_the_rest_only_a_more_urgent_play_is_given() -> None:
    (anna,) = people(1)
    urgent, mild = segment_of([]), segment_of([anna])
    playbook = playbook_of([urgent, mild], by=bob())
    plays.look(playbook, at=AT)
    change(mild, [])
    plays.look(playbook, at=AT + DAY)
    change(mild, [anna], hours=2)
    assert plays.look(playbook, at=AT + 2 * DAY) == 0
    assert plays.left_out(playbook, AT.date())["resting"] == 1
    change(urgent, [anna])
    assert plays.look(playbook, at=AT + 3 * DAY) == 1, "it got worse"
    change(mild, [], hours=3)
    change(urgent, [], hours=3)
    plays.look(playbook, at=AT + 4 * DAY)
    change(mild, [anna], hours=4)
    assert plays.look(playbook, at=AT + 40 * DAY) == 1, "the rest is over"


def test_another_playbook_lets_them_rest_too() -> None:
    owner, customers = bob(), people(2)
    first = playbook_of([segment_of(customers)], by=owner, name="First")
    second = playbook_of([segment_of(customers)], by=owner, name="Second")
    assert (plays.look(first, at=AT), plays.look(second, at=AT)) == (2, 0)


def test_the_control_gets_none_of_its_plays_and_is_the_same_in_all() -> None:
    customers = people(200)
    urgent, mild = segment_of(customers), segment_of([])
    playbook = playbook_of([urgent, mild], by=bob(), control_share=0.3)
    plays.look(playbook, at=AT)
    turn = Turn.objects.get(play__place=1)
    assert 35 <= len(turn.control) <= 85
    assert not turn.members & turn.control
    assert Intake.objects.get().members == turn.members
    change(urgent, [])
    change(mild, customers)
    plays.look(playbook, at=AT + 40 * DAY)
    assert Turn.objects.get(play__place=2).control == turn.control


def test_the_budget_is_never_broken_whatever_is_redeemed() -> None:
    batch = CouponBatchFactory.create(value_minor=2_000, valid_minutes=60)
    playbook = playbook_of(
        [segment_of(people(10))], by=bob(), coupon=batch, budget_minor=9_000, control_share=0.5
    )
    assert plays.look(playbook, at=AT) <= 4
    treated = got(playbook)[0]
    assert exposure.promised(playbook, at=AT) == len(treated) * 2_000
    campaign = Campaign.objects.get()
    rows = Message.objects.bulk_create(
        Message(campaign=campaign, customer_id=one, status="sent") for one in treated
    )
    campaign.waves.update(status="done")
    coupons.issue(batch, {row.pk: row.customer_id for row in rows}, campaign=campaign, at=AT)
    assert exposure.promised(playbook, at=AT) == len(treated) * 2_000
    assert exposure.promised(playbook, at=AT + DAY) == 0, "they ran out unused"
    assert exposure.room(playbook, campaign, at=AT + DAY) == 4


def test_work_for_people_is_spent_of_a_playbooks_budget_as_well() -> None:
    batch = CouponBatchFactory.create(value_minor=2_000)
    playbook = playbook_of([segment_of(people(3))], by=bob(), coupon=batch, budget_minor=9_000)
    campaign = Campaign.objects.get()
    assert (exposure.spent(playbook), exposure.room(playbook, campaign, at=AT)) == (0, 4)
    paying.spend(campaign, 3_000, paying.WORK)
    assert (exposure.spent(playbook), exposure.room(playbook, campaign, at=AT)) == (3_000, 3)


def test_what_is_promised_knows_the_work_that_is_still_to_come() -> None:
    owner, price = bob(), clock.project().work_minor
    batch = CouponBatchFactory.create(value_minor=2_000)
    money = {"budget": budget_with(10**6, team=owner.team), "budget_minor": 10**5}
    playbook = playbooks.add(name="Calls", control_share=0.0, by=owner, **money)
    offer = Offer(task="Call", team=owner.team, template=TemplateFactory.create(), coupon=batch)
    playbooks.add_play(playbook, segment_of(people(3)), None, offer, by=owner)
    put_in_force(playbook, by=owner)
    assert plays.look(playbook, at=AT) == 3
    assert exposure.promised(playbook, at=AT) == 3 * (price + 2_000)
    campaign = Campaign.objects.get()
    waves.advance(campaign)
    assert exposure.spent(playbook) == 3 * price
    assert exposure.promised(playbook, at=AT) == 3 * 2_000, "their work was given"
    assert exposure.room(playbook, campaign, at=AT) == (10**5 // (price + 2_000)) - 3


def test_who_cannot_be_written_to_holds_no_money_that_others_need() -> None:
    batch = CouponBatchFactory.create(value_minor=2_000)
    silent, others = people(3, prefix="a", consent=False), people(3)
    segment = segment_of([*silent, *others])
    playbook = playbook_of([segment], by=bob(), coupon=batch, budget_minor=7_000)
    assert plays.look(playbook, at=AT) == 3
    assert got(playbook) == [[one.pk for one in others]]
    assert plays.left_out(playbook, AT.date()) == {"no_consent": 3}


def test_under_a_budget_a_coupon_says_what_it_costs_at_most() -> None:
    open_ended = CouponBatchFactory.create(kind="percent", percent=20, value_minor=None)
    with pytest.raises(NotAllowed, match="maximum amount off"):
        playbook_of([segment_of(people(1))], by=bob(), coupon=open_ended, budget_minor=9_000)


def test_nobody_is_looked_at_while_the_night_computes_the_segments() -> None:
    urgent, mild = segment_of(people(1)), segment_of(people(1, prefix="d"))
    playbook = playbook_of([urgent, mild], by=bob())
    Segment.objects.filter(pk=mild.pk).update(data_as_of=clock.today() - DAY)
    assert plays.look(playbook, at=AT) == 0
    Segment.objects.filter(pk=mild.pk).update(failure="the rule makes no sense any more")
    assert plays.look(playbook, at=AT) == 2


def test_it_may_begin_with_newcomers_only() -> None:
    anna, bert = people(2)
    segment = segment_of([anna])
    playbook = playbook_of([segment], by=bob(), takes_present=False)
    assert plays.look(playbook, at=AT) == 0
    change(segment, [anna, bert])
    plays.look(playbook, at=AT)
    assert got(playbook) == [[bert.pk]]


def test_paused_it_lets_nobody_in_and_does_not_make_up_for_it() -> None:
    owner, segment = bob(), segment_of([])
    playbook = playbook_of([segment], by=owner)
    playbooks.pause(playbook, by=owner)
    change(segment, people(2))
    assert plays.look(playbook, at=AT) == 0
    playbooks.start(playbook, by=owner, at=AT)
    assert plays.look(playbook, at=AT) == 0


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_let_everybody_in_once() -> None:
    playbook = playbook_of([segment_of(people(3))], by=bob())
    ends = at_once(*(lambda: plays.look(playbook, at=AT) for _ in range(2)))
    assert sorted(ends) == [0, 3]
    assert Intake.objects.count() == 1


def test_a_level_and_a_value_are_one_segment() -> None:
    anna, bert, cora = people(3)
    level, value, owner = segment_of([anna, bert]), segment_of([bert, cora]), bob()
    playbook = playbooks.add(name="Matrix", by=owner)
    offer = Offer(task="Call them", team=owner.team, template=TemplateFactory.create())
    play = playbooks.add_play(playbook, level, value, offer, by=owner)
    segment = play.campaign.segment
    assert segment is not None
    assert list(segment.members) == [bert.pk]
    assert [step["kind"] for step in play.campaign.plan] == ["task", "message"]
    again = playbooks.add_play(playbook, level, value, offer, by=owner)
    assert again.campaign.segment == segment
    playbooks.move_play(again, up=True, by=owner)
    assert list(playbook.plays.order_by("place")) == [again, play]
    playbooks.remove_play(again, by=owner)
    assert (Play.objects.count(), Campaign.objects.filter(status="cancelled").count()) == (1, 1)


def test_what_is_in_force_is_measured_as_it_was_begun() -> None:
    owner, segment = bob(), segment_of(people(1))
    playbook = playbook_of([segment], by=owner)
    with pytest.raises(NotAllowed):
        playbooks.edit(playbook, by=owner, control_share=0.2)
    with pytest.raises(NotAllowed):
        playbooks.add_play(playbook, segment, None, Offer(task="x", owner=owner), by=owner)
    playbooks.edit(playbook, by=owner, budget_minor=5_000)
    with pytest.raises(NotAllowed):
        playbooks.end(playbook, by=charlie(), at=AT)
    playbooks.end(playbook, by=owner, at=AT)
    assert (playbook.status, playbook.budget_minor) == ("ended", 5_000)


def test_whom_its_plays_reach_stays_once_somebody_was_asked() -> None:
    owner = bob()
    playbook = playbooks.add(name="Early", control_share=0.5, takes_present=False, by=owner)
    offer = Offer(template=TemplateFactory.create())
    playbooks.add_play(playbook, segment_of(people(4)), None, offer, by=owner)
    playbooks.edit(playbook, by=owner, rest_days=40)
    playbooks.submit(playbook, by=owner, at=AT)
    (campaign,) = plays.campaigns(playbook)
    for change in ({"control_share": 0.0}, {"rest_days": 0}, {"takes_present": True}):
        with pytest.raises(NotAllowed, match="take it back to draft"):
            playbooks.edit(playbook, by=owner, **change)
    playbooks.edit(playbook, by=owner, name="Late")
    transitions.withdraw(campaign, by=owner)
    playbooks.edit(playbook, by=owner, control_share=0.25)
    assert (playbook.control_share, playbook.rest_days) == (0.25, 40)


def test_it_does_not_begin_before_every_play_is_approved() -> None:
    owner = bob()
    playbook = playbooks.add(name="Early", by=owner)
    with pytest.raises(NotAllowed, match="no plays"):
        playbooks.start(playbook, by=owner, at=AT)
    offer = Offer(template=TemplateFactory.create())
    playbooks.add_play(playbook, segment_of(people(1)), None, offer, by=owner)
    with pytest.raises(NotAllowed, match="not approved"):
        playbooks.start(playbook, by=owner, at=AT)
    with pytest.raises(NotAllowed, match="needs a message or a work item"):
        playbooks.add_play(playbook, segment_of(people(1)), None, Offer(), by=owner)


def test_a_segment_that_nobody_approved_lets_nobody_in_and_stops_its_campaign() -> None:
    anna, bert = people(2)
    segment = segment_of([anna])
    playbook = playbook_of([segment], by=bob())
    Segment.objects.filter(pk=segment.pk).update(rule={"any": []}, rule_version=2)
    change(segment, [anna, bert])
    tasks.look_at_playbooks()
    campaign = Campaign.objects.get()
    assert campaign.status == "paused"
    assert "approved" in campaign.stopped_because
    assert not Intake.objects.exists()
    tasks.look_at_playbooks()
    assert got(playbook) == [[]]


def test_the_order_of_plays_stays_once_somebody_was_asked() -> None:
    owner, offer = bob(), Offer(template=TemplateFactory.create())
    playbook = playbooks.add(name="Early", by=owner)
    segments = [segment_of(people(2, prefix=one)) for one in "ab"]
    first, second = (
        playbooks.add_play(playbook, segment, None, offer, by=owner) for segment in segments
    )
    playbooks.submit(playbook, by=owner, at=AT)
    first, second = playbook.plays.order_by("place")
    transitions.withdraw(first.campaign, by=owner)  # of the second somebody is asked still
    for play, up in ((first, False), (second, True)):
        with pytest.raises(NotAllowed):
            playbooks.move_play(play, up=up, by=owner)
    with pytest.raises(NotAllowed):
        playbooks.remove_play(first, by=owner)
    assert list(playbook.plays.order_by("place")) == [first, second]
    transitions.withdraw(second.campaign, by=owner)
    playbooks.move_play(Play.objects.get(pk=second.pk), up=True, by=owner)
    assert list(playbook.plays.order_by("place")) == [second, first]
