"""Scenario d: whoever looks later sees why it came 15 days late, and why 2 days (R93 to R95)."""

import datetime as dt

import pytest

from console.models import RequestNews, TeamRequest
from console.team_requests import agreeing, dates, drafting, moving, turns
from tests.console.team_requests.world import MONDAY, World, days, later, moment, proposal

pytestmark = pytest.mark.django_db


def agreed(world: World, *, priority: int = 1, promised_in: int = 25) -> TeamRequest:
    """Agreed by both sides, accepted and begun."""
    request = world.asked()
    agreeing.propose(
        request, impact=4, effort_days=days("8"), priority=priority, by=world.tim, at=moment()
    )
    agreeing.confirm(proposal(request), by=world.olga, at=moment(hour=10))
    request.refresh_from_db()
    moving.accept(
        request,
        owner=world.tim,
        promised_on=MONDAY + dt.timedelta(promised_in),
        baseline={"value": 0.31},
        by=world.tim,
        at=moment(hour=11),
    )
    moving.start(request, by=world.tim, at=moment(hour=12))
    return request


def test_four_changes_of_the_spec_and_fifteen_days_each_with_its_cause() -> None:
    world = World()
    request = agreed(world)  # promised for Friday, 30 March
    for number, cost in enumerate(("5", "4", "3", "2.5"), start=1):
        revision = world.edit(
            request,
            world.olga,
            changes={"spec": f"Version {number}"},
            because=f"The rule changed, {number}",
            at=later(number * 3),
        )
        drafting.cost(revision, days=days(cost), by=world.tim, at=later(number * 3, hour=15))
        request.refresh_from_db()
    assert request.revisions.filter(after_yes=True).count() == 4
    assert dates.slipped_days(request) == 15
    assert dates.days_by_cause(request) == {"spec": 15}
    # Four working days are lost to 清明 in April, and a Sunday is made up for.
    assert (request.first_promised_on, request.promised_on) == (
        dt.date(2018, 3, 30),
        dt.date(2018, 4, 23),
    )
    told = [(one.days, one.because, one.revision.number) for one in request.slips.all()]  # type: ignore[union-attr]
    assert told == [(n, f"The rule changed, {i}", i + 1) for i, n in enumerate((5, 4, 3, 3), 1)]
    moving.deliver(request, by=world.tim, at=later(49))
    assert dates.slipped_days(request) == 15
    zone = moment().tzinfo
    held = {(one.team_id, one.holding) for one in turns.clocks(request, at=later(49), zone=zone)}  # type: ignore[arg-type]
    assert (world.tech.pk, "work") in held
    assert (world.tech.pk, "answer") in held


def test_a_priority_that_one_side_changed_and_the_two_days_of_it() -> None:
    world = World()
    request = agreed(world, promised_in=11)  # promised for Friday, 16 March
    changed = agreeing.propose(
        request,
        impact=4,
        effort_days=days("8"),
        priority=2,
        because="The payment interface goes first",
        promised_on=dt.date(2018, 3, 20),
        by=world.tim,
        at=later(7),
    )
    request.refresh_from_db()
    slip = request.slips.get()
    assert (slip.days, slip.cause, slip.proposal) == (2, "priority", changed)
    # What was agreed stands until the other side says yes, and it hears of it.
    assert (request.priority, request.is_reopened, request.is_agreed) == (1, True, False)
    now = turns.holder(request)
    assert now
    assert (now.team_id, now.holding) == (world.operations.pk, "agreement")
    news = RequestNews.objects.filter(to=world.olga, what="team_request.reopened").get()
    assert "The payment interface goes first" in news.words
    agreeing.confirm(changed, by=world.otto, at=later(8))
    request.refresh_from_db()
    assert (request.priority, request.is_agreed) == (2, True)
    assert dates.days_by_cause(request) == {"priority": 2}
