"""What people owe: forms by kind, work raised for some days, and late work told upward."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail

from console import work, work_kinds
from console.duties import escalating, learning, lifts, load
from console.models import (
    AuditEntry,
    Staff,
    Team,
    TeamRequest,
    WorkEscalation,
    WorkItem,
    WorkLift,
)
from console.states import NotAllowed, Stale
from tests.factories import StaffFactory, TeamFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2018, 3, 7)  # a Wednesday
DAY = dt.timedelta(days=1)
ORDER: tuple[Any, ...] = ("rank", "due_on")


def somebody(role: str = "support", **values: Any) -> Staff:
    return StaffFactory.create_with_role(role, **values)


def given(kind: str = "callback", **values: Any) -> WorkItem:
    item = work.give(kind, "Call them", on=TODAY - DAY * 5, **values)
    assert item
    return item


# --- what came of it ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("callback", {}, "what came of it"),
        ("callback", {"result": "answered"}, "what came of it"),
        ("callback", {"result": "again"}, "again on"),
        ("callback", {"result": "again", "again_on": "2018-03-01"}, "still to come"),
        ("callback", {"result": "reached", "satisfaction": "6"}, "1 to 5"),
        ("survey", {"result": "answered"}, "0 to 10"),
        ("survey", {"result": "answered", "score": "-1"}, "0 to 10"),
        ("review", {"result": "change"}, "differently"),
        ("stop_loss", {}, "decided"),
    ],
)
def test_a_form_that_is_not_answered_ends_nothing(
    kind: str, said: dict[str, str], words: str
) -> None:
    anna = somebody()
    item = given(kind, owner=anna)
    with pytest.raises(NotAllowed, match=words):
        work.finish(item, outcome="Well.", answer=said, on=TODAY, by=anna)
    item.refresh_from_db()
    assert (item.status, item.result, item.facts) == ("open", "", {})


def test_every_kind_stands_once_and_a_move_of_money_is_decided_on_its_page() -> None:
    keys = [key for key, _label in work_kinds.choices()]
    assert len(keys) == len(set(keys))
    anna = somebody()
    with pytest.raises(NotAllowed, match="decided"):
        work.finish(given(kind="allocation", owner=anna), outcome="Done.", by=anna)


def test_what_came_of_it_is_kept_to_be_counted() -> None:
    anna = somebody()
    for result in ("reached", "reached", "not_reached"):
        answer = {"result": result, "satisfaction": "4", "wish": ""}
        work.finish(given(owner=anna), answer=answer, by=anna)
    work.drop(given(owner=anna), because="Moved away.", by=anna)
    assert WorkItem.objects.filter(result="reached").first().facts == {"satisfaction": 4}  # type: ignore[union-attr]
    (calls,) = load.outcomes(WorkItem.objects.all(), since=dt.datetime(2018, 1, 1, tzinfo=dt.UTC))
    assert (calls.kind, calls.done, calls.dropped) == (work_kinds.of("callback"), 3, 1)
    assert calls.results == {"reached": 2, "not_reached": 1}
    assert calls.share("reached") == pytest.approx(2 / 3)


def test_who_was_not_reached_is_called_again_on_the_day() -> None:
    anna = somebody()
    item = given(team=anna.team, due_on=TODAY)
    answer = {"result": "again", "again_on": "2018-03-09"}
    work.finish(item, outcome="Busy.", answer=answer, on=TODAY, by=anna)
    item.refresh_from_db()
    assert (item.status, item.due_on, item.tries) == ("open", dt.date(2018, 3, 9), 1)
    assert item.owner == anna
    (tried,) = item.facts["tried"]
    assert (tried["words"], tried["who"]) == ("Busy.", anna.username)
    line = AuditEntry.objects.get(action="work_item.tried")
    assert "Busy" not in str(line.details)
    assert line.subject_label == f"callback #{item.pk}"
    work.finish(item, answer={"result": "reached"}, on=TODAY, by=anna)
    assert item.facts["tried"] == [tried]


def test_a_yes_is_asked_for_and_holds_the_work_until_it_comes() -> None:
    anna, chief = somebody(), somebody("manager")
    item = given(owner=anna)
    with pytest.raises(NotAllowed, match="somebody else"):
        work.ask_for_yes(item, of=anna, question="May I?", on=TODAY, by=anna)
    asked = work.ask_for_yes(item, of=chief, question="May I give 10?", on=TODAY, by=anna)
    with pytest.raises(NotAllowed, match="asked already"):
        work.ask_for_yes(item, of=chief, question="May I?", on=TODAY, by=anna)
    with pytest.raises(NotAllowed):  # who asks would say yes to their own
        work.hand_over(asked, to=anna, by=chief)
    with pytest.raises(NotAllowed, match="waits for a yes"):
        work.finish(item, answer={"result": "reached"}, by=anna)
    work.finish(asked, answer={"result": "yes"}, by=chief)
    work.finish(item, answer={"result": "reached"}, by=anna)
    assert [one.result for one in work.about(item)] == ["yes"]


def test_people_give_work_to_themselves_and_managers_to_their_team() -> None:
    anna, ben, chief = somebody(), somebody(), somebody("manager")
    elsewhere = Team.objects.create(name="Elsewhere")
    assert work.hand_out("callback", "Call", on=TODAY, owner=anna, by=anna).team == anna.team
    assert work.hand_out("callback", "Call", on=TODAY, owner=ben, by=chief).given_by == chief
    for by, values in ((anna, {"owner": ben}), (chief, {"team": elsewhere}), (chief, {})):
        with pytest.raises(NotAllowed):
            work.hand_out("callback", "Call", on=TODAY, by=by, **values)
    with pytest.raises(NotAllowed, match="of itself"):
        work.hand_out("stop_loss", "Decide", on=TODAY, owner=chief, by=chief)
    assert WorkItem.objects.count() == 2


# --- raised for some days -------------------------------------------------------


def test_what_is_raised_comes_first_is_due_sooner_and_ends_by_itself() -> None:
    anna, chief = somebody(), somebody("manager")
    early = given("survey", team=Team.objects.create(name="Others"), due_on=TODAY + DAY)
    late = given(team=anna.team, due_on=TODAY + DAY * 30)
    assert chief.team
    lift = lifts.begin(chief.team, why="Many.", on=TODAY, days=3, answer_days=1, by=chief)

    def order(on: dt.date) -> list[WorkItem]:
        return list(lifts.first(WorkItem.objects.all(), lifts.in_force(on)).order_by(*ORDER))

    assert order(TODAY) == order(TODAY + DAY * 2) == [late, early]
    assert order(TODAY + DAY * 3) == [early, late]
    assert lifts.deadline(late, lifts.in_force(TODAY)) == TODAY + DAY
    assert lifts.deadline(late, lifts.in_force(TODAY + DAY * 3)) == TODAY + DAY * 30
    assert lifts.over(early, [lift]) is None
    lifts.end(lift, on=TODAY + DAY, because="It was a mistake.", by=chief)
    assert order(TODAY + DAY) == [early, late]
    with pytest.raises(Stale):
        lifts.end(lift, on=TODAY + DAY, because="Again.", by=chief)
    deeds = AuditEntry.objects.filter(action__startswith="work_lift").order_by("pk")
    assert [one.action for one in deeds] == ["work_lift.begun", "work_lift.ended"]


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_only_a_manager_of_the_team_raises_its_work(role: str) -> None:
    somebody_, team = somebody(role), TeamFactory()
    strange = Team.objects.create(name="Strange")
    may: dict[str, list[Any]] = {"manager": [team], "admin": [team, strange]}
    for one in (team, strange):
        try:
            lifts.begin(one, why="Why.", on=TODAY, days=2, answer_days=1, by=somebody_)
        except NotAllowed:
            assert one not in may.get(role, [])
    assert WorkLift.objects.count() == len(may.get(role, []))


def test_a_warning_raises_once_and_prolongs_what_it_raised() -> None:
    team, chief = TeamFactory(), somebody("manager")
    said: dict[str, Any] = {"team": team, "why": "Churn", "days": 7, "answer_days": 1}
    first = lifts.warned(chief, on=TODAY, **said)
    again = lifts.warned(chief, on=TODAY + DAY * 2, **said)
    assert (again.pk, again.since, again.until) == (first.pk, TODAY, TODAY + DAY * 8)
    lifts.end(again, on=TODAY + DAY * 3, because="Not ours.", by=chief)
    assert lifts.warned(chief, on=TODAY + DAY * 4, **said).until == TODAY + DAY * 8
    assert lifts.in_force(TODAY + DAY * 4) == []


# --- told upward ----------------------------------------------------------------


def test_late_work_is_told_to_the_lead_and_then_to_managers_each_once() -> None:
    lead, anna, chief = (
        somebody(email="lead@example.com"),
        somebody(),
        somebody("manager", email="chief@example.com"),
    )
    Team.objects.update(lead=lead)
    item = given(owner=anna, due_on=TODAY - DAY)
    given(owner=anna, due_on=TODAY)
    assert escalating.run(today=TODAY) == 1
    assert escalating.run(today=TODAY) == 0
    assert [one.to for one in mail.outbox] == [["lead@example.com"]]
    assert "1" in mail.outbox[0].subject
    escalating.run(today=TODAY + DAY * 2)
    told = list(item.escalations.values_list("step", "to"))
    assert told == [("lead", lead.pk), ("managers", chief.pk)]
    before = WorkEscalation.objects.count()
    work.move_deadline(item, to=TODAY + DAY * 3, because="She was ill.", by=anna)
    escalating.run(today=TODAY + DAY * 3)
    assert item.escalations.count() == 2
    escalating.run(today=TODAY + DAY * 6)
    assert item.escalations.count() == 3
    assert WorkEscalation.objects.count() >= before


def test_weekends_do_not_count_and_a_lead_is_not_told_of_their_own() -> None:
    chief = somebody("manager")
    lead = somebody()
    Team.objects.update(lead=lead)
    friday = dt.date(2018, 3, 9)
    item = given(owner=lead, due_on=friday)
    escalating.look(today=dt.date(2018, 3, 11))
    assert not item.escalations.exists()
    escalating.look(today=dt.date(2018, 3, 12))
    assert [one.to for one in item.escalations.all()] == [chief]


def test_a_mail_that_cannot_leave_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody("manager", email="chief@example.com")
    given(team=TeamFactory(), due_on=TODAY - DAY)

    def broken(*_args: Any) -> None:
        raise OSError("no server")

    monkeypatch.setattr(escalating, "send_mail", broken)
    escalating.run(today=TODAY)
    assert WorkEscalation.objects.filter(mailed_at=None).count() == 1
    monkeypatch.undo()
    escalating.run(today=TODAY)
    assert len(mail.outbox) == 1


# --- load and learning ----------------------------------------------------------


def test_the_load_of_people_in_few_questions(django_assert_max_num_queries: Any) -> None:
    people = [somebody(username=f"p{n}") for n in range(6)]
    for n, one in enumerate(people):
        for late in range(n):
            given(owner=one, due_on=TODAY - DAY * late)
    given(team=people[0].team)
    with django_assert_max_num_queries(4):
        rows = load.by_person(
            WorkItem.objects.all(),
            requests=TeamRequest.objects.all(),
            on=TODAY,
            team=people[0].team,
        )
    assert [one.items for one in rows] == [5, 4, 3, 2, 1, 1, 0]
    assert (rows[0].overdue, rows[0].soon) == (4, 1)
    assert [one.staff for one in rows if one.undated] == [None]


def test_a_newcomer_gets_the_path_of_ninety_days_once() -> None:
    anna, chief = somebody(), somebody("manager")
    said: dict[str, Any] = {"begins_on": TODAY, "on": TODAY}
    items = learning.give(anna, plans={60: "Design the November trial."}, by=chief, **said)
    assert [one.due_on for one in items] == [TODAY + DAY * n for n in (30, 60, 90)]
    assert WorkItem.objects.get(pk=items[1].pk).plan == "Design the November trial."
    with pytest.raises(NotAllowed, match="already"):
        learning.give(anna, plans={}, by=chief, **said)
    for by, to in ((anna, chief), (chief, somebody(team=Team.objects.create(name="X")))):
        with pytest.raises(NotAllowed):
            learning.give(to, plans={}, by=by, **said)
    with pytest.raises(NotAllowed, match="where it can be seen"):
        work.finish(items[0], answer={"result": "shown"}, by=anna)
    work.finish(items[0], answer={"result": "shown", "seen": "/portrait"}, by=anna)
    (one,) = learning.progress(Staff.objects.all())
    assert (one.staff, one.done, len(one.items)) == (anna, 1, 3)


def test_nobody_answers_their_own_question_whoever_they_are() -> None:
    team = TeamFactory()
    chief, anna = StaffFactory(role="manager", team=team), StaffFactory(team=team)
    item = work.give("other", "Give 10", owner=chief, on=TODAY, by=chief)
    assert item
    asked = work.ask_for_yes(item, of=anna, question="May I give 10?", on=TODAY, by=chief)
    with pytest.raises(NotAllowed):
        work.finish(asked, answer={"result": "yes"}, by=chief)
    work.finish(asked, answer={"result": "yes"}, by=anna)
    work.finish(item, outcome="Given", by=chief)
