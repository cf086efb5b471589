"""The weekly meeting: what its pack says to whom, what is decided, and that a closed one stays."""

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from console import work
from console.duties import lifts
from console.meetings import building, demo, holding, pack, weeks
from console.meetings.weeks import Week
from console.models import Meeting, MeetingDecision, Staff, TeamRequest, WorkItem
from console.states import NotAllowed, Stale
from console.team_requests import dates
from metrics.measurements import Figure
from metrics.models import Goal, Metric
from tests.console.team_requests.world import MONDAY, World, later
from tests.factories import StaffFactory
from tests.metrics.factories import measured, today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
WEEK = weeks.of(MONDAY)
TODAY = MONDAY + dt.timedelta(days=4)


@pytest.fixture
def world() -> World:
    today_is(TODAY)
    return World()


def slipped(world: World) -> TeamRequest:
    request = world.accepted(days=2)
    dates.promise(
        request,
        to=MONDAY + dt.timedelta(days=9),
        cause="capacity",
        because="The gateway broke.",
        by=world.tim,
        at=later(1),
    )
    return request


def lines(of: str, staff: Staff) -> list[pack.Line]:
    found = pack.for_reader(building.build(WEEK, today=TODAY), staff).section(of)
    assert found
    return list(found.lines)


@pytest.mark.parametrize(
    ("name", "day"),
    [("2018-W01", "2018-01-01"), ("2020-W53", "2020-12-28"), ("2018-W53", None), ("2018-1", None)],
)
def test_a_week_by_its_name(name: str, day: str | None) -> None:
    found = weeks.named(name)
    assert (found.since.isoformat() if found else None) == day
    assert found is None or found.name == name


def test_the_pack_tells_each_their_part_of_requests_and_slips(world: World) -> None:
    request = slipped(world)
    assert [one.what for one in lines("requests", world.olga)] == [str(request)]
    (slip,) = lines("slips", world.tim)
    assert (slip.badge, slip.tone) == ("+5 working days", "bad")
    assert slip.why == "no capacity: The gateway broke."
    assert any("priority" in one.what for one in lines("decisions", world.tim))
    for part in ("requests", "slips", "decisions", "resources"):
        assert lines(part, world.sam) == []
    assert [one.what for one in lines("resources", world.tina)] == ["Tech"]
    assert lines("resources", world.olga) == []


def test_what_moved_beyond_its_usual_and_goals_at_risk(world: World) -> None:
    for ago in range(1, 57):
        measured(Figure("orders", MONDAY - dt.timedelta(ago), Decimal(100)))
    for day in range(4):
        measured(Figure("orders", MONDAY + dt.timedelta(day), Decimal(40)))
    for ago in range(1, 57):
        measured(Figure("new_customers", MONDAY - dt.timedelta(ago), Decimal(0)))
    measured(Figure("new_customers", MONDAY, Decimal(1)))
    assert not any("New" in one.what for one in lines("metrics", world.sam))
    metric = Metric.objects.get(key="orders")
    Goal.objects.create(
        metric=metric,
        since=MONDAY,
        until=MONDAY + dt.timedelta(30),
        target=Decimal(3000),
        owner=world.olga,
    )
    (moved,) = [one for one in lines("metrics", world.sam) if one.what.startswith("Orders")]
    assert (moved.badge, moved.tone) == ("−60.0%", "bad")
    (goal,) = lines("goals", world.sam)
    assert goal.tone in {"warn", "bad"}
    assert str(world.olga) in goal.why


def test_what_is_decided_becomes_work_and_comes_back_in_the_next_week(world: World) -> None:
    request = slipped(world)
    said: dict[str, Any] = {"due_on": TODAY + dt.timedelta(3), "on": TODAY, "by": world.chief}
    decision = holding.decide(WEEK, text="Mend it first.", owner=world.tim, request=request, **said)
    item = decision.work
    assert item
    assert (item.kind, item.owner, item.subject) == ("decision", world.tim, request)
    with pytest.raises(NotAllowed, match="does not see"):
        holding.decide(WEEK, text="Help.", owner=world.sam, request=request, **said)
    with pytest.raises(NotAllowed, match="what was decided"):
        holding.decide(WEEK, text=" ", owner=world.sam, **said)
    holding.decide(WEEK, text="Write to them.", owner=world.sam, **said)
    after = Week(MONDAY + dt.timedelta(7))
    told = pack.for_reader(building.build(after, today=TODAY), world.sam).section("before")
    assert told
    assert [one.what for one in told.lines] == ["Write to them."]
    work.finish(item, answer={"result": "done"}, by=world.tim)
    assert WorkItem.objects.get(pk=item.pk).came_to


def test_a_closed_meeting_stays_as_it_was_seen(world: World) -> None:
    request = slipped(world)
    meeting = holding.close(WEEK, at=later(4), today=TODAY, by=world.chief)
    TeamRequest.objects.filter(pk=request.pk).update(title="Renamed")
    meeting.refresh_from_db()
    kept = building.as_seen(meeting)
    assert kept
    mine = pack.for_reader(kept, world.olga).section("slips")
    assert mine
    assert "Pay in one step" in mine.lines[0].what
    assert not pack.for_reader(kept, world.sam).section("slips").lines  # type: ignore[union-attr]
    assert set(meeting.pack or {}) == {"zh-hans", "en"}
    with pytest.raises(NotAllowed, match="closed"):
        holding.decide(WEEK, text="More.", owner=world.tim, due_on=TODAY, on=TODAY, by=world.chief)
    with pytest.raises(NotAllowed, match="closed"):
        holding.close(WEEK, at=later(4), today=TODAY, by=world.chief)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_it_at_once_one_does() -> None:
    today_is(TODAY)
    chiefs = [StaffFactory.create_with_role("manager") for _ in range(2)]
    start = threading.Barrier(2)
    found: list[object] = []

    def closer(by: Staff) -> None:
        start.wait()
        try:
            found.append(holding.close(WEEK, at=later(4), today=TODAY, by=by))
        except (NotAllowed, Stale) as refused:
            found.append(str(refused))
        finally:
            connection.close()

    closers = [threading.Thread(target=closer, args=[one]) for one in chiefs]
    for one in closers:
        one.start()
    for one in closers:
        one.join()
    assert sorted(type(one).__name__ for one in found) == ["Meeting", "str"]


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_who_reads_and_who_holds_a_meeting(signed_in: SignIn, role: str) -> None:
    today_is(TODAY)
    client = signed_in(role)
    address = reverse("admin:console_meeting_week", args=[WEEK.name])
    latest = client.get(reverse("admin:console_meeting_latest"))
    assert latest.headers["Location"] == address
    page = client.get(address).content.decode()
    may = role in {"manager", "admin"}
    assert ("Record it" in page) == may
    assert "Nothing waits for a decision" in page
    owner = client.staff.pk  # type: ignore[attr-defined]
    said = {"text": "Do it.", "owner": owner, "due_on": "2030-01-01"}
    client.post(reverse("admin:console_meeting_decide", args=[WEEK.name]), said)
    assert MeetingDecision.objects.count() == may
    client.post(reverse("admin:console_meeting_close", args=[WEEK.name]))
    assert Meeting.objects.filter(status="closed").count() == may
    assert ("Do it." in client.get(address).content.decode()) == may


def test_the_page_takes_few_questions_and_tells_a_stranger_nothing(
    world: World, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    request = slipped(world)
    holding.decide(
        WEEK,
        text="Mend it first.",
        owner=world.tim,
        request=request,
        due_on=TODAY,
        on=TODAY,
        by=world.chief,
    )
    address = reverse("admin:console_meeting_week", args=[WEEK.name])
    party, stranger = signed_in(world.olga), signed_in(world.sam)
    with django_assert_max_num_queries(60):
        page = party.get(address).content.decode()
    assert "Mend it first." in page
    assert "The gateway broke." in page
    strange = stranger.get(address).content.decode()
    for words in ("Mend it first.", "Pay in one step", "The gateway broke.", "Tech"):
        assert words not in strange
    assert party.get(reverse("admin:console_meeting_week", args=["2018-W99"])).status_code == 404


def test_the_demo_has_a_meeting_a_raised_call_and_a_newcomer(world: World) -> None:
    lead, newcomer = world.person(world.operations, "manager"), world.person(world.operations)
    world.asked()
    people = demo.People(manager=lead, product=world.tim, support=newcomer)
    for _twice in range(2):
        demo.load(people, at=later(4), today=TODAY)
    meeting = Meeting.objects.get()
    assert (meeting.status, meeting.decisions.count()) == ("closed", 2)
    kinds = sorted(WorkItem.objects.values_list("kind", "status"))
    learning = [("learning", "done"), ("learning", "open"), ("learning", "open")]
    assert kinds == [("callback", "open"), ("decision", "done"), ("decision", "open"), *learning]
    call = WorkItem.objects.get(kind="callback")
    assert lifts.deadline(call, lifts.in_force(TODAY)) == TODAY + dt.timedelta(days=1)
