"""Many at once: rounds, fillers and people who race, and many small waves that become one."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.models import F

from campaigns import transitions
from campaigns.journeys import intakes, loads, rounds, waves
from campaigns.models import Campaign, Intake, Message, Wave
from console import clock
from segments import bitmaps
from tests.campaigns.factories import (
    CountingServer,
    bob,
    campaign_at,
    mail_server,
    people,
    send_all,
)
from tests.campaigns.journeys.steps import go, message, pass_time, standing, together, wait

pytestmark = pytest.mark.django_db(transaction=True)
EVERY_DAY = {"every": "day", "at": "09:00"}


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with mail_server() as running:
        yield running


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
