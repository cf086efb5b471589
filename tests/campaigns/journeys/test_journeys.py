"""Customers on their way through a plan: waits, ways, work, leaving, and pausing."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db.models import F

from campaigns import overdue, transitions
from campaigns.journeys import rounds, waves
from campaigns.journeys.stepping import Place, Stuck
from campaigns.models import Campaign, Intake, Message, Wave
from campaigns.outcomes import progress
from console import clock, kept_words
from console.models import WorkItem
from console.states import Stale
from segments import bitmaps
from segments.models import Customer
from tests.campaigns.factories import (
    CountingServer,
    TemplateFactory,
    bob,
    campaign_at,
    mail_server,
    people,
    send_all,
)
from tests.campaigns.journeys.steps import go, message, pass_time, standing, wait

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with mail_server() as running:
        yield running


def test_customers_go_through_a_plan_and_each_gets_what_their_way_says(
    server: CountingServer,
) -> None:
    who = people(6)
    campaign = campaign_at(
        "sending",
        who,
        plan=[
            message("hello"),
            wait(minutes=60),
            {
                "key": "opened",
                "kind": "branch",
                "did": {"deed": "opened", "step": "hello"},
                "yes": [message("thanks"), {"key": "end", "kind": "exit"}],
                "no": [{"key": "call", "kind": "task", "title": "Call", "owner": bob().pk}],
            },
            message("last"),
        ],
    )
    assert standing(campaign) == {"hello": 6}
    send_all(campaign, server)
    assert standing(campaign) == {"pause": 6}
    assert campaign.status == "sending", "somebody has a step to take"
    Message.objects.filter(customer__in=who[:2]).update(opened_at=clock.now())

    go(campaign)
    assert standing(campaign) == {"pause": 6}, "the wait is not over"
    pass_time(61)
    go(campaign)
    assert standing(campaign) == {"thanks": 2, "last": 4}
    assert WorkItem.objects.filter(kind="campaign").count() == 4
    send_all(campaign, server)
    go(campaign)

    assert transitions.finish(campaign, at=clock.now())
    assert sorted(server.count.values()) == [2] * 6
    assert Message.objects.filter(step="thanks").count() == 2
    assert standing(campaign) == {}


def test_what_each_group_gets_is_what_was_frozen_for_it(server: CountingServer) -> None:
    one, other = (TemplateFactory.create().pk for _ in range(2))
    ways = [{"key": key, "template": pk, "weight": 1} for key, pk in (("a", one), ("b", other))]
    worded = {"key": "hello", "kind": "message", "variants": ways}
    arms = [{"key": key, "weight": 1, "steps": [message(f"to_{key}")]} for key in ("x", "y")]
    coin = {"key": "coin", "kind": "split", "arms": arms}
    campaign = campaign_at("sending", people(60), plan=[worded, coin], control_share=0.2)
    for _round in range(4):
        send_all(campaign, server)
        go(campaign)
    frozen = {(one.step, one.name): set(one.members) for one in campaign.audience.groups.all()}
    assert set(frozen) == {("", ""), ("hello", "a"), ("hello", "b"), ("coin", "x"), ("coin", "y")}

    def given(**at: str) -> set[int]:
        return set(
            Message.objects.filter(campaign=campaign, **at).values_list("customer", flat=True)
        )

    for key in ("a", "b"):
        assert given(step="hello", variant=key) == frozen["hello", key]
    for key in ("x", "y"):
        assert given(step=f"to_{key}") == frozen["coin", key]
    assert not given() & frozen["", ""]
    assert given() | frozen["", ""] == set(campaign.audience.members)


def test_it_does_not_start_where_chance_would_give_other_groups_than_were_approved() -> None:
    campaign = campaign_at("approved", people(20), control_share=0.5)
    control = campaign.audience.groups.get(step="")
    control.members = campaign.audience.members - control.members
    control.save()
    with pytest.raises(Stale, match="other groups"):
        transitions.start(campaign, by=campaign.owner, at=clock.now())
    assert Campaign.objects.get().status == "approved"
    assert not Message.objects.exists()


def test_a_branch_asks_a_rule_and_a_split_divides_the_same_way_for_ever() -> None:
    who = people(40)
    Customer.objects.filter(pk__in=[one.pk for one in who[:10]]).update(attributes={"city": "A"})
    campaign = campaign_at(
        "sending",
        who,
        plan=[
            {
                "key": "city",
                "kind": "branch",
                "rule": {"profile": "city", "op": "=", "value": "A"},
                "yes": [wait("here")],
                "no": [
                    {
                        "key": "coin",
                        "kind": "split",
                        "arms": [
                            {"key": "a", "weight": 1, "steps": [wait("heads")]},
                            {"key": "b", "weight": 1, "steps": [wait("tails")]},
                        ],
                    }
                ],
            },
            message("last"),
        ],
    )
    go(campaign)
    at = standing(campaign)
    assert at["here"] == 10
    assert at["heads"] + at["tails"] == 30
    assert 5 <= at["heads"] <= 25
    heads = waves.to_do(campaign).get(step="heads").members
    waves.arrive(campaign, [Place("coin", 0, waves.to_do(campaign).get(step="tails").members)])
    go(campaign)
    again = waves.to_do(campaign).filter(step="tails").order_by("-pk").first()
    assert again
    assert not again.members & heads
    assert again.size == at["tails"]


def test_a_control_group_gets_nothing_and_is_remembered() -> None:
    campaign = campaign_at("sending", 200, control_share=0.25)
    intake = Intake.objects.get(campaign=campaign)
    assert 25 <= len(intake.control) <= 75
    assert standing(campaign) == {"message": 200 - len(intake.control)}
    going = bitmaps.union([one.members for one in waves.to_do(campaign)])
    assert not going & intake.control
    assert progress.of(campaign).size == 200 - len(intake.control), "its bar gets to its end"


def test_who_was_erased_is_left_behind_and_who_was_merged_goes_on_as_the_kept_one() -> None:
    anna, ben, carl = people(3)
    outside = people(1, prefix="kept")[0]
    campaign = campaign_at("sending", [anna, ben, carl], plan=[wait(), message("last")])
    Customer.objects.filter(pk=anna.pk).update(erased_at=clock.now())
    Customer.objects.filter(pk=ben.pk).update(merged_into=outside)
    pass_time(61)
    go(campaign)
    assert set(waves.to_do(campaign).get().members) == {carl.pk, outside.pk}


def test_a_message_that_was_put_off_comes_back_and_goes_on_after_it(
    server: CountingServer,
) -> None:
    who = people(3)
    campaign = campaign_at("sending", who, plan=[message("hello"), message("last")])
    hello = waves.to_do(campaign).get()
    hello.status = "claimed"
    hello.save()
    Message.objects.create(
        campaign=campaign,
        customer=who[0],
        step="hello",
        status="deferred",
        due_at=clock.now() + dt.timedelta(hours=9),
    )
    waves.move_on(hello)
    assert standing(campaign) == {"last": 2}
    go(campaign)
    assert standing(campaign) == {"last": 2}
    assert not waves.is_finished(campaign)
    assert on_the_way(campaign) == (3, 3), "who was put off is neither through nor counted twice"
    Message.objects.update(due_at=clock.now() - dt.timedelta(seconds=1))
    assert campaign.pk in rounds.to_go(at=clock.now())
    go(campaign)
    go(campaign)
    assert standing(campaign) == {"last": 2, "hello": 1}
    assert on_the_way(campaign) == (3, 3)


def on_the_way(campaign: Campaign) -> tuple[int, int]:
    now = progress.of(campaign)
    return now.size, now.on_the_way


def test_a_rule_that_nobody_understands_any_more_stops_the_campaign_in_words() -> None:
    campaign = campaign_at(
        "sending",
        plan=[
            {"key": "b", "kind": "branch", "rule": {"all": []}, "yes": [message("last")]},
        ],
    )
    Campaign.objects.update(plan=[{**campaign.plan[0], "rule": {"segment": 404}}])
    campaign.refresh_from_db()
    with pytest.raises(Stuck) as stuck:
        rounds.go(campaign, at=clock.now())
    assert "“b”" in kept_words.said(str(stuck.value))
    assert standing(campaign) == {"b": 3}, "they stand where they stood"


def test_who_never_got_it_goes_a_way_of_their_own(server: CountingServer) -> None:
    who = people(4)
    Customer.objects.filter(pk=who[3].pk).update(email="")
    plan = [
        message("hello"),
        {
            "key": "opened",
            "kind": "branch",
            "did": {"deed": "opened", "step": "hello"},
            "yes": [{"key": "end", "kind": "exit"}],
            "no": [wait("again")],
            "never": [wait("call")],
        },
    ]
    campaign = campaign_at("sending", who[:3], plan=plan)
    waves.arrive(campaign, [Place("hello", 0, bitmaps.from_ids([who[3].pk]))])
    send_all(campaign, server)
    Message.objects.filter(customer=who[0]).update(opened_at=clock.now())
    go(campaign)
    assert standing(campaign) == {"again": 2, "call": 1}


# --- pausing ----------------------------------------------------------------


def test_after_a_pause_waits_end_later_by_as_much_and_in_their_order() -> None:
    owner = bob()
    campaign = campaign_at("sending", 4, by=owner, plan=[wait(minutes=60), message("last")])
    first = waves.to_do(campaign).get()
    Wave.objects.create(
        campaign=campaign,
        step="pause",
        kind="wait",
        members=first.members,
        size=4,
        due_at=first.due_at + dt.timedelta(minutes=30),
        not_before=first.due_at + dt.timedelta(minutes=30),
    )
    transitions.pause(campaign, by=owner)
    # Two hours go by: both waits ended during the pause.
    pass_time(120)
    Campaign.objects.update(paused_at=F("paused_at") - dt.timedelta(minutes=120))
    campaign.refresh_from_db()
    go(campaign)
    assert standing(campaign) == {"pause": 8}, "nobody moves while it is paused"

    transitions.resume(campaign, by=owner)
    go(campaign)
    assert standing(campaign) == {"pause": 8}, "and there is no flood behind it"
    one, two = waves.to_do(campaign).order_by("due_at")
    left = (one.due_at - clock.now()).total_seconds() / 60
    assert 55 < left < 65
    assert two.due_at - one.due_at == dt.timedelta(minutes=30)


def test_a_cancelled_campaign_has_nobody_on_the_way() -> None:
    owner = bob()
    campaign = campaign_at("sending", 3, by=owner, plan=[wait(), message("last")])
    transitions.pause(campaign, by=owner)
    transitions.cancel(campaign, by=owner)
    pass_time(61)
    go(campaign)
    assert standing(campaign) == {}


def test_the_watchdog_barks_when_due_work_is_not_done() -> None:
    campaign_at("sending", plan=[wait(), message("last")])
    assert overdue.look() is None
    pass_time(65)
    assert overdue.look() is None, "the next round comes soon"
    pass_time(20)
    found = overdue.look()
    assert found
    assert (found.waves, found.campaigns) == (1, 1)
    assert found.minutes >= 20
