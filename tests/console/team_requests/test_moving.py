"""The life of a request: who may move it, what each step asks for, and what it leaves behind."""

import datetime as dt
from typing import Any

import pytest
from django.http import Http404

from console.models import AuditEntry, RequestNews, RequestRevision, RequestTurn, TeamRequest
from console.states import NotAllowed
from console.team_requests import (
    dates,
    drafting,
    keeping,
    kinds,
    linking,
    moving,
    news,
    seeing,
    turns,
)
from tests.console.spine import at_once
from tests.console.team_requests.world import BASELINE, MONDAY, World, days, later, moment
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db


def held(request: TeamRequest) -> tuple[int, str] | None:
    now = turns.holder(request)
    return (now.team_id, now.holding) if now else None


# --- a life -------------------------------------------------------------------


def test_a_draft_that_says_too_little_is_not_asked(world: World) -> None:
    request = world.draft(content={"why": "It is slow", "metric": "payment_conversion"})
    with pytest.raises(NotAllowed, match=r"for whom.*What users can do then"):
        moving.ask(request, by=world.olga, at=moment())
    assert TeamRequest.objects.get().status == "draft"
    names = {one.name for one in kinds.missing("feature", kinds.content_of(request))}
    assert {"spec", "details.done_when", "expected_change", "expected_by"} <= names
    assert "details.edges" not in names


@pytest.mark.parametrize("kind", TeamRequest.Kind.values)
def test_each_kind_is_ready_once_its_form_is_filled(kind: str) -> None:
    content = {f"details.{one.name}": "x" for one in kinds.fields(kind)}
    content |= dict.fromkeys(kinds.LABELS, "x") | {"expected_change": "0.1"}
    assert kinds.missing(kind, content) == []
    assert kinds.missing(kind, content | {"expected_change": "0"}) != []
    for one in kinds.fields(kind):
        left = kinds.missing(kind, content | {f"details.{one.name}": " "})
        assert bool(left) == one.is_needed


def test_a_life_from_the_wish_to_the_verdict(world: World) -> None:
    request = world.accepted()
    assert (request.baseline, request.first_promised_on) == (BASELINE, request.promised_on)
    assert held(request) == (world.tech.pk, "work")
    TeamRequest.objects.update(impact=3, effort_days=2, priority=1)
    moving.start(request, by=world.tina, at=later(1))
    moving.deliver(request, note="Live for all", by=world.tim, at=later(10))
    assert held(request) == (world.operations.pk, "review")
    moving.give_back(request, because="It needs two steps", by=world.otto, at=later(10, hour=12))
    moving.deliver(request, by=world.tim, at=later(11))
    moving.receive(request, by=world.olga, at=later(11, hour=11))
    assert held(request) is None
    moving.judge(request, outcome="met", measured={"value": 0.33}, by=None, at=later(90))
    moving.judge(request, outcome="partly", measured={"value": 0.32}, by=world.olga, at=later(99))
    assert (request.status, request.delivered_on) == ("judged", MONDAY + dt.timedelta(11))
    assert [one.outcome for one in request.verdicts.all()] == ["met", "partly"]
    editions = [
        one.details["edition"]
        for one in AuditEntry.objects.filter(subject_id=str(request.pk)).order_by("pk")
        if "edition" in one.details
    ]
    assert editions == list(range(1, request.edition + 1))
    told = set(RequestNews.objects.filter(to=world.olga).values_list("what", flat=True))
    assert told == {
        f"team_request.{one}"
        for one in ("accepted", "started", "delivered", "given_back", "judged")
    }


def test_the_verdict_of_who_asked_takes_it_and_who_built_it_waits_for_that(world: World) -> None:
    request = world.accepted()
    TeamRequest.objects.update(impact=3, effort_days=2, priority=1)
    moving.start(request, by=world.tim, at=later(1))
    moving.deliver(request, by=world.tim, at=later(2))
    with pytest.raises(NotAllowed, match="has not looked at it"):
        moving.judge(request, outcome="met", measured={"value": 1.0}, by=world.tina, at=later(3))
    request.refresh_from_db()
    assert (request.status, held(request)) == ("delivered", (world.operations.pk, "review"))
    moving.judge(request, outcome="met", measured={"value": 1.0}, by=world.olga, at=later(3))
    assert (request.status, held(request)) == ("judged", None)
    said = AuditEntry.objects.filter(subject_id=str(request.pk)).order_by("pk")
    assert [one.action for one in said][-2:] == ["team_request.received", "team_request.judged"]


def test_late_is_not_delivered_without_its_cause(world: World) -> None:
    request = world.accepted(days=1)
    TeamRequest.objects.update(impact=3, effort_days=2, priority=1)
    moving.start(request, by=world.tim, at=moment())
    with pytest.raises(NotAllowed, match="later than promised"):
        moving.deliver(request, by=world.tim, at=later(4))
    with pytest.raises(NotAllowed, match="Nobody changed the spec"):
        moving.deliver(request, cause="spec", because="x", by=world.tim, at=later(4))
    moving.deliver(request, cause="estimate", because="Harder", by=world.tim, at=later(4))
    assert dates.days_by_cause(request) == {"estimate": 3}


def test_what_was_declined_begins_another_life(world: World) -> None:
    request = world.accepted()
    moving.decline(request, because="We have nobody", by=world.tina, at=later(1))
    assert held(request) is None
    moving.take_up(request, by=world.olga, at=later(2))
    assert (request.status, request.baseline, request.owner) == ("draft", None, None)


DEEDS: dict[str, tuple[str, Any]] = {
    "ask": ("draft", lambda w, r, who: moving.ask(r, by=who, at=moment())),
    "accept": (
        "asked",
        lambda w, r, who: moving.accept(
            r, owner=w.tim, promised_on=MONDAY, baseline={}, by=who, at=moment()
        ),
    ),
    "decline": ("asked", lambda w, r, who: moving.decline(r, because="x", by=who, at=moment())),
    "send back": ("asked", lambda w, r, who: moving.send_back(r, because="x", by=who, at=moment())),
    "withdraw": ("asked", lambda w, r, who: moving.withdraw(r, because="x", by=who, at=moment())),
    "edit": ("asked", lambda w, r, who: w.edit(r, who, changes={"title": "Other"})),
    "hand": (
        "accepted",
        lambda w, r, who: turns.hand(
            r, team=w.operations, holding="question", note="?", by=who, at=moment()
        ),
    ),
    "promise": (
        "accepted",
        lambda w, r, who: dates.promise(
            r, to=later(20).date(), cause="estimate", because="x", by=who, at=moment()
        ),
    ),
    "hand over": (
        "accepted",
        lambda w, r, who: moving.hand_over(r, owner=w.tina, by=who, at=moment()),
    ),
    "link": ("asked", lambda w, r, who: linking.link(r, path="/x", by=who)),
}
THEIRS = {"ask": "asking", "withdraw": "asking", "edit": "both", "link": "both"}


@pytest.mark.parametrize("deed", DEEDS)
def test_each_deed_is_one_sides_and_a_strangers_changes_nothing(world: World, deed: str) -> None:
    status, do = DEEDS[deed]
    request = getattr(world, status)()
    sides = {"asking": {world.otto}, "receiving": {world.tina}, "both": {world.otto, world.tina}}
    allowed = sides[THEIRS.get(deed, "receiving")]
    before = TeamRequest.objects.values().get()
    lines = AuditEntry.objects.count()
    for who in {world.otto, world.tina, world.sam} - allowed:
        with pytest.raises(NotAllowed):
            do(world, request, who)
    assert TeamRequest.objects.values().get() == before
    assert AuditEntry.objects.count() == lines
    do(world, request, allowed.pop())
    assert AuditEntry.objects.count() > lines


# --- who sees -----------------------------------------------------------------


def test_whom_it_does_not_concern_for_them_it_is_not_there(world: World) -> None:
    request = world.draft(parties=[world.support])
    loner = StaffFactory.create_with_role("operator", team=None)
    admin = StaffFactory.create_with_role("admin", team=None)
    seers = {one: seeing.visible_to(one).count() for one in (world.otto, world.tim, world.sam)}
    assert list(seers.values()) == [1, 0, 0]  # so long as nobody was asked
    moving.ask(request, by=world.olga, at=moment())
    for who in (world.otto, world.tim, world.sam, admin):
        assert seeing.get_or_404(who, request.pk) == request
        assert who in seeing.viewers(request)
    drafting.set_parties(request, teams=[], by=world.olga, at=moment())
    for who in (world.sam, loner):
        for pk in (request.pk, request.pk + 1, "x", 10**30):
            with pytest.raises(Http404):
                seeing.get_or_404(who, pk)
        assert who not in seeing.viewers(request)
    comment = request.comments.create(author=world.olga, text="Sam?", at=moment())
    comment.mentions.add(world.sam)
    assert seeing.may_see(request, world.sam)
    assert not seeing.may_change(request, world.sam)
    assert world.sam in seeing.viewers(request)
    assert linking.about(world.tech, seen_by=world.olga).count() == 0


def test_links_stay_inside_of_the_console(world: World) -> None:
    request = world.draft()
    for path in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", ""):
        with pytest.raises(NotAllowed):
            linking.link(request, path=path, by=world.olga)
    linking.link(request, subject=world.support, by=world.olga)
    assert list(linking.about(world.support, seen_by=world.olga)) == [request]
    assert not linking.about(world.support, seen_by=world.sam)


# --- changes of what is asked for ----------------------------------------------


def test_the_second_who_changes_it_is_told_who_changed_what(world: World) -> None:
    request = world.asked()
    seen = request.edition
    world.edit(request, world.tim, changes={"spec": "Two pages."})
    mine = TeamRequest.objects.get()
    with pytest.raises(keeping.Conflict, match=str(world.tim)) as told:
        world.edit(mine, world.olga, edition=seen, changes={"spec": "Three."})
    assert [(one.who, one.fields) for one in told.value.changes] == [(str(world.tim), ("spec",))]
    assert TeamRequest.objects.get().spec == "Two pages."
    with pytest.raises(keeping.Conflict):
        moving.accept(
            request, owner=world.tim, promised_on=MONDAY, by=world.tim, at=moment(), edition=seen
        )


def test_a_change_after_the_yes_says_why_and_what_it_costs(world: World) -> None:
    request = world.accepted(days=11)
    for values, words in (
        ({"because": ""}, "say why"),
        ({"costs_days": days("1")}, "receiving team says"),
        ({"changes": {"metric": "revenue"}}, "baseline is frozen"),
    ):
        with pytest.raises(NotAllowed, match=words):
            world.edit(request, world.olga, **{"changes": {"spec": "More"}, **values})
        request.refresh_from_db()
    revision = world.edit(request, world.olga, changes={"spec": "More"})
    assert held(request) == (world.tech.pk, "cost")
    drafting.cost(revision, days=days("2.5"), by=world.tim, at=later(2))
    request.refresh_from_db()
    # From Friday the 16th three working days on.
    assert request.promised_on == dt.date(2018, 3, 21)
    assert [(s.days, s.cause, s.revision) for s in request.slips.all()] == [(3, "spec", revision)]
    assert held(request) == (world.tech.pk, "work")
    with pytest.raises(NotAllowed, match="0 is an answer"):
        world.edit(request, world.tim, changes={"spec": "Less"})
    request.refresh_from_db()
    world.edit(request, world.tim, changes={"spec": "Less"}, costs_days=days("0"))
    assert request.slips.count() == 1
    again = world.edit(request, world.olga, changes={"spec": "More yet"})
    RequestNews.objects.all().delete()
    drafting.cost(again, days=days("0"), by=world.tim, at=later(3))
    assert request.slips.count() == 1
    (told,) = RequestNews.objects.filter(to=world.olga)
    assert news.said(told) == f"{world.tim} said what the change costs: the promised day stays"
    world.edit(request, world.tim, changes={"spec": "Less"}, costs_days=days("0"))
    assert world.edit(request, world.tim, changes={"spec": "Less"}) is None


def test_sent_twice_it_is_made_once_and_nobody_elses(world: World) -> None:
    one, other = world.draft(once="k"), world.draft(once="k")
    assert one == other
    with pytest.raises(NotAllowed, match="another request"):
        world.draft(once="k", by=world.otto)
    assert RequestRevision.objects.count() == 1


@pytest.mark.parametrize(
    "content",
    [{"nonsense": "x"}, {"expected_by": "soon"}, {"expected_change": "9" * 12}, {"metric": "a b"}],
    ids=["field", "day", "number", "metric"],
)
def test_what_cannot_be_kept_is_refused_in_words(world: World, content: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        world.draft(content=content)


# --- clocks -------------------------------------------------------------------


def test_a_clock_stands_while_the_other_side_holds_it(world: World) -> None:
    request = world.accepted(days=11)
    turns.hand(
        request,
        team=world.operations,
        holding="question",
        note="Which page?",
        by=world.tim,
        at=later(1),
    )
    assert "Which page?" in RequestNews.objects.filter(to=world.olga).latest("pk").words
    with pytest.raises(NotAllowed):
        turns.hand(request, team=world.tech, holding="work", note="x", by=world.tim, at=later(2))
    turns.hand(request, team=world.tech, holding="work", note="This", by=world.olga, at=later(4))
    clocks = turns.clocks(request, at=later(4, hour=12), zone=moment().tzinfo)  # type: ignore[arg-type]
    assert [(one.team_id, one.holding, one.hours) for one in clocks] == [
        (world.operations.pk, "question", 27.0),
        (world.tech.pk, "work", 11.0),
        (world.tech.pk, "answer", 1.0),
    ]
    assert dates.due_by_clock(request, at=later(4)) == dt.date(2018, 3, 21)


# --- races --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_it_at_once_one_is_told() -> None:
    world = World()
    request = world.asked()

    def accept(by: Any) -> Any:
        mine = TeamRequest.objects.get(pk=request.pk)
        return lambda: moving.accept(
            mine,
            owner=by,
            promised_on=MONDAY,
            baseline=BASELINE,
            by=by,
            at=moment(),
            edition=request.edition,
        )

    found = at_once([accept(world.tim), accept(world.tina)])
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "NoneType"]
    assert RequestTurn.objects.filter(until=None).count() == 1


def test_nothing_is_asked_for_by_a_day_that_is_over(world: World) -> None:
    request = world.draft()
    request.expected_by = dt.date(2018, 2, 28)
    request.save(update_fields=["expected_by"])
    with pytest.raises(NotAllowed, match="is over"):
        moving.ask(request, by=world.olga, at=moment())
    request.refresh_from_db()
    assert request.status == "draft"
