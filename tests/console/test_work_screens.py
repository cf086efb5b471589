"""The pages of work: forms by kind, load, raised work, the learning path, and who sees it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console import work
from console.duties import lifts
from console.models import Project, Staff, Team, TeamRequest, WorkItem, WorkLift
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
TODAY = dt.date(2018, 3, 7)
LIST = "admin:console_workitem_changelist"


@pytest.fixture(autouse=True)
def pinned() -> None:
    Project.objects.update(today_on=TODAY)


def given(kind: str = "callback", **values: Any) -> WorkItem:
    item = work.give(kind, "Call them", on=TODAY, **values)
    assert item
    return item


def page_of(item: WorkItem) -> str:
    return reverse("admin:console_workitem_change", args=[item.pk])


@pytest.mark.parametrize("role", list(Staff.Role.values))
def test_what_each_role_may_do_here(signed_in: SignIn, role: str) -> None:
    client = signed_in(role)
    me: Staff = client.staff  # type: ignore[attr-defined]
    other = StaffFactory.create()
    assert me.team
    for name in ("load", "give", "learning"):
        assert client.get(reverse(f"admin:console_workitem_{name}")).status_code == 200
    may = role in {"manager", "admin"}
    said = {"team": me.team.pk, "days": "7", "answer_days": "1", "why": "They leave."}
    raised = client.post(reverse("admin:console_workitem_raise"), said)
    assert (raised.status_code == 302, WorkLift.objects.exists()) == (may, may)
    said = {"kind": "callback", "title": "Call", "to": f"staff {other.pk}"}
    client.post(reverse("admin:console_workitem_give"), said)
    assert WorkItem.objects.filter(owner=other).exists() == may
    said = {"to": str(other.pk), "begins_on": "2018-03-08"}
    client.post(reverse("admin:console_workitem_learning"), said)
    assert WorkItem.objects.filter(kind="learning").count() == (3 if may else 0)
    mine = {"kind": "survey", "title": "Mine", "to": f"staff {me.pk}"}
    assert client.post(reverse("admin:console_workitem_give"), mine).status_code == 302
    assert WorkItem.objects.get(owner=me).due_on == TODAY + dt.timedelta(7)


def test_the_form_of_a_kind_is_answered_on_its_page(signed_in: SignIn) -> None:
    client = signed_in("support")
    item = given(owner=client.staff, why="They asked.")  # type: ignore[attr-defined]
    page = client.get(page_of(item)).content.decode()
    for name in ("again_on", "satisfaction", "wish", 'value="not_reached"'):
        assert name in page
    address = reverse("admin:console_workitem_do", args=[item.pk])
    wrong = client.post(address, {"deed": "finish", "result": "reached", "satisfaction": "9"})
    assert wrong.status_code == 409
    assert 'value="9"' in wrong.content.decode()
    again = {"deed": "finish", "result": "again", "again_on": "2018-03-09"}
    assert "tried again" in client.post(address, again, follow=True).content.decode()
    done = {"deed": "finish", "result": "reached", "satisfaction": "5", "wish": "Fresh bread"}
    page = client.post(address, done, follow=True).content.decode()
    assert "Fresh bread" in page
    item.refresh_from_db()
    assert (item.result, item.facts) == ("reached", {"satisfaction": 5, "wish": "Fresh bread"})
    load = client.get(reverse("admin:console_workitem_load")).content.decode()
    assert "reached: 1 (100%)" in load


def test_a_refusal_keeps_what_was_typed_in_its_own_form(signed_in: SignIn) -> None:
    client = signed_in("manager")
    me: Staff = client.staff  # type: ignore[attr-defined]
    gone = StaffFactory.create(is_active=False)
    address = reverse("admin:console_workitem_do", args=[given(owner=me).pk])
    said = {"deed": "hand_over", "to": str(gone.pk), "words": "On leave"}
    refused = client.post(address, said)
    assert refused.status_code == 409
    (page,) = [refused.content.decode()]
    assert 'id="hand-why" name="words" maxlength="300" value="On leave"' in page
    assert page.count("On leave") == 1
    plan = {"to": str(me.pk), "begins_on": "2019-01-01", "plan30": "Read the portraits"}
    refused = client.post(reverse("admin:console_workitem_learning"), plan)
    assert refused.status_code == 409
    assert "Read the portraits</textarea>" in refused.content.decode()


def test_a_decision_is_made_on_the_page_of_what_it_is_about(signed_in: SignIn) -> None:
    client = signed_in("manager")
    me: Staff = client.staff  # type: ignore[attr-defined]
    item = given("stop_loss", owner=me, subject=me.team)
    page = client.get(page_of(item)).content.decode()
    assert reverse("admin:console_team_change", args=[me.team_id]) in page
    assert 'value="finish"' not in page


def test_work_about_a_request_is_there_for_whom_the_request_concerns(signed_in: SignIn) -> None:
    asks, takes = Team.objects.create(name="Asks"), Team.objects.create(name="Takes")
    asker = StaffFactory.create(team=asks)
    request = TeamRequest.objects.create(
        kind="fix", title="Secret", why="x", from_team=asks, to_team=takes, asked_by=asker
    )
    item = work.give("decision", "About the secret", on=TODAY, subject=request, team=asks)
    assert item
    stranger, party = signed_in("manager"), signed_in(asker)
    assert stranger.get(page_of(item)).status_code == 404
    do = reverse("admin:console_workitem_do", args=[item.pk])
    assert stranger.post(do, {"deed": "drop", "words": "x"}).status_code == 404
    everybody = reverse(LIST) + "?whose=all&q=secret"
    assert "About the secret" not in stranger.get(everybody).content.decode()
    assert "Asks" not in stranger.get(reverse("admin:console_workitem_load")).context["chart"].rows
    assert "#" in party.get(page_of(item)).content.decode()
    assert "About the secret" in party.get(everybody).content.decode()


def test_the_inbox_and_the_load_take_few_questions(
    signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in("manager")
    me: Staff = client.staff  # type: ignore[attr-defined]
    assert me.team
    lifts.begin(me.team, why="They leave.", on=TODAY, days=5, answer_days=1, by=me)
    for number in range(8):
        owner = StaffFactory.create(username=f"w{number}")
        given(owner=owner, due_on=TODAY + dt.timedelta(number))
    with django_assert_max_num_queries(22):
        page = client.get(reverse(LIST) + "?whose=all").content.decode()
    assert "They leave." in page
    assert page.count("raised") > 8
    with django_assert_max_num_queries(22):
        load = client.get(reverse("admin:console_workitem_load")).content.decode()
    assert "w7" in load
    lift = WorkLift.objects.get()
    end = reverse("admin:console_workitem_unraise", args=[lift.pk])
    assert client.post(end, {"because": " "}).status_code == 409
    assert client.post(end, {"because": "Over."}).status_code == 302
    assert "Over." in client.get(reverse("admin:console_workitem_load")).content.decode()
