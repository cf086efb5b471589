"""Customers on their way through a plan: waits, ways, work, leaving, pausing, and races."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F

from campaigns import overdue, transitions
from campaigns.journeys import intakes, loads, rounds, waves
from campaigns.journeys.stepping import Place, Stuck
from campaigns.models import Campaign, Intake, Message, Wave
from console import clock
from console.models import WorkItem
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

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with mail_server() as running:
        yield running


def message(key: str, template: Any = None, **more: Any) -> dict[str, Any]:
    number = (template or TemplateFactory.create()).pk
    return {"key": key, "kind": "message", "channel": "email", "template": number, **more}


def wait(key: str = "pause", minutes: int = 60, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "wait", "minutes": minutes, **more}


def go(campaign: Campaign) -> None:
    """One round, as the timetable makes it."""
    campaign.refresh_from_db()
    rounds.go(campaign, at=clock.now())


def pass_time(minutes: int) -> None:
    """Everything that waits is so much nearer to its time."""
    earlier = F("due_at") - dt.timedelta(minutes=minutes)
    Wave.objects.update(due_at=earlier, not_before=F("not_before") - dt.timedelta(minutes=minutes))


def standing(campaign: Campaign) -> dict[str, int]:
    """How many customers stand before which step."""
    found: dict[str, int] = {}
    for wave in waves.to_do(campaign):
        found[wave.step] = found.get(wave.step, 0) + wave.size
    return found


def together(*deeds: Callable[[], object]) -> list[BaseException]:
    """Do all of them at the same moment, each over a connection of its own."""
    ready, problems = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        try:
            ready.wait()
            deed()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return problems


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
    Message.objects.update(due_at=clock.now() - dt.timedelta(seconds=1))
    assert campaign.pk in rounds.to_go(at=clock.now())
    go(campaign)
    go(campaign)
    assert standing(campaign) == {"last": 2, "hello": 1}


def test_a_rule_that_nobody_understands_any_more_stops_the_campaign_in_words() -> None:
    campaign = campaign_at(
        "sending",
        plan=[
            {"key": "b", "kind": "branch", "rule": {"all": []}, "yes": [message("last")]},
        ],
    )
    Campaign.objects.update(plan=[{**campaign.plan[0], "rule": {"segment": 404}}])
    campaign.refresh_from_db()
    with pytest.raises(Stuck, match="“b”"):
        rounds.go(campaign, at=clock.now())
    assert standing(campaign) == {"b": 3}, "they stand where they stood"


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


# --- races ------------------------------------------------------------------


def test_two_rounds_at_once_move_everybody_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "MOST", 10)
    campaign = campaign_at("sending", 100, plan=[wait(), message("last")])
    pass_time(61)
    problems = together(*[lambda: rounds.go(Campaign.objects.get(), at=clock.now())] * 3)
    assert not problems
    go(campaign)
    assert standing(campaign) == {"last": 100}
    assert Wave.objects.filter(step="last").count() == 10


def test_two_fillers_at_once_let_everybody_in_once() -> None:
    campaign = campaign_at("sending", 20, entry="recurring", timetable=EVERY_DAY)

    def fill() -> None:
        with transaction.atomic():
            held = waves.hold(campaign)
            assert held
            intakes.let_in(held, "one", campaign.audience.members, at=clock.now())

    assert not together(fill, fill, fill)
    assert Intake.objects.count() == 1
    assert standing(campaign) == {"message": 20}


def test_two_resumes_at_once_resume_once() -> None:
    owner = bob()
    campaign = campaign_at("paused", 4, by=owner)
    copies = [Campaign.objects.get(pk=campaign.pk) for _ in range(2)]
    problems = together(*[lambda one=one: transitions.resume(one, by=owner) for one in copies])
    assert len(problems) == 1
    assert standing(campaign) == {"message": 4}


EVERY_DAY = {"every": "day", "at": "09:00"}


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


# --- many small ones ----------------------------------------------------------


def test_tiny_intakes_that_wait_for_an_hour_leave_in_one_wave(server: CountingServer) -> None:
    who = people(30)
    campaign = campaign_at("sending", who[:1], plan=[wait(), message("last"), message("end")])
    for number, one in enumerate(who[1:], start=1):
        intakes.let_in(
            campaign,
            f"k{number}",
            bitmaps.from_ids([one.pk]),
            at=clock.now(),
            contexts={one.pk: {"n": number}},
        )
    pass_time(61)
    go(campaign)
    wave = waves.to_do(campaign).get()
    assert (wave.size, len(wave.by_intake)) == (30, 30)
    send_all(campaign, server)
    assert sorted(server.count.values()) == [2] * 30
    rows = Message.objects.filter(step="last").values_list("occurrence", "customer")
    assert dict(rows) == {number: one.pk for number, one in enumerate(who)}
    assert campaign.status == "sent"
    assert not Wave.objects.exclude(mixed={}).exists(), "done waves keep no list"


def test_a_backlog_of_tiny_waves_is_put_together_and_nobody_goes_twice(
    server: CountingServer,
) -> None:
    who = people(41)
    campaign = campaign_at("sending", who[:1], plan=[message("hello")])
    for number, one in enumerate(who[1:], start=1):
        intakes.let_in(campaign, f"k{number}", bitmaps.from_ids([one.pk]), at=clock.now())
    assert waves.to_do(campaign).count() == 41
    assert together(*[lambda: rounds.go(campaign, at=clock.now())] * 3) == []
    assert waves.to_do(campaign).count() <= 2
    send_all(campaign, server)
    assert sorted(server.count.values()) == [1] * 41
    assert campaign.status == "sent"


def test_who_leaves_a_mixed_wave_gets_nothing_and_who_was_put_off_goes_on_later(
    server: CountingServer,
) -> None:
    who = people(3)
    campaign = campaign_at("sending", who[:1], plan=[wait(), message("last"), message("end")])
    for number, one in enumerate(who[1:], start=1):
        intakes.let_in(campaign, f"k{number}", bitmaps.from_ids([one.pk]), at=clock.now())
    pass_time(61)
    go(campaign)
    with transaction.atomic():
        waves.take_out(campaign, waves.Gone(waves.EXIT, bitmaps.from_ids([who[2].pk])))
    door = Wave.objects.get(step=waves.EXIT)
    assert (door.occurrence, list(door.members)) == (2, [who[2].pk])
    Message.objects.create(
        campaign=campaign,
        step="last",
        occurrence=1,
        customer=who[1],
        status="deferred",
        due_at=clock.now() + dt.timedelta(hours=1),
    )
    send_all(campaign, server)
    assert server.count == {who[0].email: 2}
    assert standing(campaign) == {}
    Message.objects.filter(step="last").update(due_at=F("due_at") - dt.timedelta(hours=2))
    go(campaign)
    send_all(campaign, server)
    assert server.count == {who[0].email: 2, who[1].email: 2}


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
