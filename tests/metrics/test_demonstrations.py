"""The demo's campaigns that nobody carried out: said to be so, and judged like all others."""

import datetime as dt

import pytest

from campaigns import demonstrations
from campaigns.models import Campaign, Message, Stop
from console import burn_down, clock, kept_words
from console.models import Approval, Budget, WorkItem
from metrics import results, watch
from tests.campaigns.factories import alice, bob, budget_with, people, segment_of
from tests.metrics.factories import today_is
from tests.segments.factories import happened, incoming

pytestmark = pytest.mark.django_db
MONDAYS = ("2017-09-11", "2017-10-09", "2017-11-13")


def test_they_say_that_nothing_was_done_and_what_does_not_earn_is_stopped() -> None:
    today_is("2018-01-01")
    who, owner = people(60), bob()
    for number, day in enumerate(map(dt.date.fromisoformat, MONDAYS)):
        noon = dt.datetime.combine(day, dt.time(4), dt.UTC)
        theirs = who[number * 20 : number * 20 + 20]
        happened(*(incoming(one, day, time=noon, amount=100) for one in theirs))
    segment_of(who)
    segment_of(who[:9])
    budget_with(10**6, team=owner.team)
    for made in (2, 0):
        loaded = demonstrations.load(by=owner, approver=alice(), at=clock.now())
        assert loaded == made, "a second time there is nothing to do"
    ended, running = Campaign.objects.order_by("pk")
    for one in (ended, running):
        name, goal = kept_words.as_kept(one.name), kept_words.as_kept(one.goal)
        assert "Demonstration (A/A)" in name
        assert "演示" in name
        assert "nothing was done" in goal
        assert one.is_demonstration
    assert (ended.status, running.status) == ("sent", "sending")
    assert Approval.objects.filter(status="approved").count() == 2
    assert not Message.objects.exists()

    watch.run(today=clock.today())  # as at the end of the load
    assert ended.periods.count() == 2
    stop = Stop.objects.get()
    assert (stop.campaign, stop.is_open) == (running, True)
    assert WorkItem.objects.get(kind="stop_loss").subject == stop
    results.compute_open(at=clock.now())
    result = Campaign.objects.get(pk=ended.pk).result
    assert result.is_final
    assert (result.treated or 0) + (result.control or 0) == 40
    cards = sum(one["size"] for one in result.parts["groups"] if len(one["given"]) == 2)
    assert result.cost_minor == 1_000 * ((result.treated or 0) + cards)
    told = [" ".join(one["names"]) for one in result.parts["conversion"]["parts"]]
    assert cards
    assert len(told) == 3
    for said in ("natural", "Call them", "a card"):
        assert sum(said in name for name in told) == 1
    teams, own = Budget.objects.order_by("pk")
    assert teams.available_minor == 10**6, "none of the team's money is spent on a demonstration"
    assert burn_down.wrong(own) == []
    assert min(burn_down.burn_down(own, today=clock.today()).unspent) >= 0
