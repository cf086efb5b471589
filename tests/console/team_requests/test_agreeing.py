"""Priorities that two sides agree on, and lives of requests in any order."""

import datetime as dt
import itertools
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from console.models import PriorityProposal, RequestSlip, RequestTurn, TeamRequest
from console.states import NotAllowed, Stale
from console.team_requests import agreeing, dates, drafting, moving, urgent
from tests.console.spine import Undone, at_once
from tests.console.team_requests.world import MONDAY, World, days, moment

pytestmark = pytest.mark.django_db


def propose(request: TeamRequest, by: Any, **values: Any) -> PriorityProposal:
    said: dict[str, Any] = {"impact": 3, "effort_days": days("4"), "priority": 1, "at": moment()}
    return agreeing.propose(request, by=by, **{**said, **values})


def test_agreed_is_what_the_other_side_said_yes_to() -> None:
    world = World()
    request = world.asked()
    mine = propose(request, world.olga, priority=0)
    for who in (world.olga, world.otto, world.sam, world.person(world.support, "admin")):
        with pytest.raises(NotAllowed):
            agreeing.confirm(mine, by=who, at=moment())
    counter = propose(request, world.tim, priority=2)
    with pytest.raises(Stale, match="newer proposal"):
        agreeing.confirm(mine, by=world.tim, at=moment())
    with pytest.raises(NotAllowed, match="agree on its priority"):
        moving.start(world.accepted(), by=world.tim, at=moment())
    agreeing.confirm(counter, by=world.otto, at=moment())
    request.refresh_from_db()
    assert (request.impact, request.effort_days, request.priority) == (3, days("4"), 2)
    with pytest.raises(NotAllowed, match="agreed on this already"):
        agreeing.confirm(counter, by=world.otto, at=moment())
    with pytest.raises(NotAllowed, match="say why it changes"):
        propose(request, world.olga, priority=0)
    with pytest.raises(NotAllowed, match="agreed on this already"):
        propose(request, world.olga, priority=2, because="Again")


@pytest.mark.parametrize(
    "values",
    [{"impact": 6}, {"priority": 4}, {"effort_days": days("0")}, {"effort_days": days("9999999")}],
    ids=["impact", "priority", "none", "many"],
)
def test_a_proposal_out_of_range_is_refused_in_words(values: dict[str, Any]) -> None:
    world = World()
    with pytest.raises(NotAllowed):
        propose(world.asked(), world.tim, **values)


def test_the_asking_side_moves_no_promise_and_a_priority_that_stays_none() -> None:
    world = World()
    request = world.accepted()
    agreeing.confirm(propose(request, world.tim), by=world.olga, at=moment())
    request.refresh_from_db()
    later_on = MONDAY + dt.timedelta(20)
    with pytest.raises(NotAllowed, match="receiving team moves"):
        propose(request, world.olga, priority=0, because="Now", promised_on=later_on)
    request.refresh_from_db()
    with pytest.raises(NotAllowed, match="moves no date"):
        propose(request, world.tim, impact=1, because="Less", promised_on=later_on)
    request.refresh_from_db()
    asked = propose(request, world.olga, priority=0, because="Now")
    agreeing.confirm(asked, by=world.tim, at=moment(), promised_on=MONDAY + dt.timedelta(4))
    assert [(one.days, one.proposal) for one in request.slips.all()] == [(-5, asked)]


def test_a_team_that_asks_itself_agrees_among_two() -> None:
    world = World()
    request = world.draft(to_team=world.operations)
    moving.ask(request, by=world.olga, at=moment())
    mine = propose(request, world.olga)
    with pytest.raises(NotAllowed):
        agreeing.confirm(mine, by=world.olga, at=moment())
    agreeing.confirm(mine, by=world.otto, at=moment())
    request.refresh_from_db()
    assert request.is_agreed


@pytest.mark.django_db(transaction=True)
def test_a_yes_to_what_is_countered_at_the_same_moment_is_told_so() -> None:
    world = World()
    request = world.asked()
    first = propose(request, world.tim)
    edition = request.edition

    def confirm() -> None:
        mine = PriorityProposal.objects.get(pk=first.pk)
        agreeing.confirm(mine, by=world.olga, at=moment(), edition=edition)

    def counter() -> None:
        mine = TeamRequest.objects.get(pk=request.pk)
        propose(mine, world.otto, priority=3, because="No", edition=edition)

    found = at_once([confirm, counter])
    assert [isinstance(one, Stale) for one in found].count(True) == 1
    kept = TeamRequest.objects.get()
    assert (kept.priority is None) == isinstance(found[0], Stale)


# --- any order ----------------------------------------------------------------


WITH_WORDS = ["withdraw", "decline", "send_back", "put_back", "give_back", "deliver"]
MOVES = ["ask", "take_up", "accept", "start", "receive", "judge", *WITH_WORDS]


class Life(Undone):
    """One request, and two sides who press whatever they like."""

    def __init__(self) -> None:
        super().__init__()
        self.minutes = itertools.count()

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.request = self.world.draft()
        self.edition, self.earlier = self.request.edition, 0

    def at(self) -> dt.datetime:
        return moment() + dt.timedelta(hours=7 * next(self.minutes))

    @rule(
        side=st.sampled_from(["olga", "tim"]),
        deed=st.sampled_from(MOVES),
    )
    def move(self, side: str, deed: str) -> None:
        at = self.at()
        kw: dict[str, Any] = {"by": getattr(self.world, side), "at": at}
        if deed in WITH_WORDS:
            kw["because"] = "x"
        if deed == "deliver":
            kw["cause"] = "estimate"
        if deed == "accept":
            promised = at.date() + dt.timedelta(2)
            kw |= {"owner": self.world.tim, "promised_on": promised, "baseline": {"value": 1}}
        if deed == "judge":
            kw |= {"outcome": "met", "measured": {"value": 2}}
        self.pressed(lambda: getattr(moving, deed)(self.request, **kw))

    @rule(side=st.sampled_from(["olga", "tim"]), priority=st.integers(0, 3))
    def propose(self, side: str, priority: int) -> None:
        by = getattr(self.world, side)
        self.pressed(
            lambda: propose(self.request, by, priority=priority, because="x", at=self.at())
        )

    @rule(side=st.sampled_from(["olga", "tim"]))
    def confirm(self, side: str) -> None:
        if found := agreeing.open_proposal(self.request):
            by = getattr(self.world, side)
            self.pressed(lambda: agreeing.confirm(found, by=by, at=self.at()))

    @rule(side=st.sampled_from(["olga", "tim"]), text=st.sampled_from("abc"))
    def edit(self, side: str, text: str) -> None:
        by = getattr(self.world, side)
        costs = days("1") if side == "tim" and self.request.status in TeamRequest.TAKEN else None
        self.pressed(
            lambda: self.world.edit(
                self.request, by, changes={"spec": text}, costs_days=costs, at=self.at()
            )
        )

    @rule()
    def cost(self) -> None:
        if found := drafting.uncosted(self.request).first():
            self.pressed(
                lambda: drafting.cost(found, days=days("2"), by=self.world.tim, at=self.at())
            )

    @rule(cause=st.sampled_from(RequestSlip.Cause.values))
    def promise(self, cause: str) -> None:
        at = self.at()
        self.pressed(
            lambda: dates.promise(
                self.request,
                to=at.date() + dt.timedelta(9),
                cause=cause,
                because="x",
                by=self.world.tim,
                at=at,
            )
        )

    @rule()
    def lift(self) -> None:
        self.pressed(
            lambda: urgent.lift(
                self.request, cause="churn", because="x", by=self.world.olga, at=self.at()
            )
        )

    def pressed(self, deed: Any) -> None:
        """What is refused changes nothing; what is done makes another edition."""
        before = TeamRequest.objects.values().get()
        try:
            deed()
            self.request = TeamRequest.objects.get()
            if self.request.accepted_on is None:
                newest = RequestSlip.objects.last()
                self.earlier = newest.pk if newest else 0
        except NotAllowed:
            self.request = TeamRequest.objects.get()
            assert TeamRequest.objects.values().get() == before

    def slips(self) -> list[RequestSlip]:
        """Those of the life that it lives now."""
        return list(self.request.slips.filter(pk__gt=self.earlier))

    @invariant()
    def it_adds_up(self) -> None:
        if not hasattr(self, "request"):
            return
        one = self.request
        assert one.edition >= self.edition
        self.edition = one.edition
        for was, then in itertools.pairwise(self.slips()):
            assert then.was == was.to
        if one.promised_on and (slips := self.slips()):
            assert (slips[0].was, slips[-1].to) == (one.first_promised_on, one.promised_on)
        assert (one.promised_on is None) or one.status not in {"draft", "asked"}
        assert (one.baseline is not None) == (one.accepted_on is not None)
        holder = RequestTurn.objects.filter(until=None).first()
        if one.status in TeamRequest.OPEN:
            assert holder is not None
        if one.status in {"judged", "declined", "withdrawn"}:
            assert holder is None
        newest = one.proposals.last()
        if newest and newest.confirmed_by_id:
            assert (one.priority, one.is_reopened) == (newest.priority, False)
        content = one.revisions.last()
        assert content
        assert content.content["spec"] == one.spec


def test_any_life_of_a_request_adds_up() -> None:
    few = settings(max_examples=4, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(Life, settings=few)
