"""Work: given once, done by whom it belongs to, handed over, and closed with words."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from console import work
from console.models import AuditEntry, Job, Project, Staff, Team, WorkItem
from console.states import NotAllowed, Stale
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
TODAY = dt.date(2018, 1, 1)
LIST = "admin:console_workitem_changelist"


def given(**values: Any) -> WorkItem:
    item = work.give("test", "Call them", on=TODAY, **values)
    assert item
    return item


def somebody(role: str = "operator", **values: Any) -> Staff:
    return StaffFactory.create_with_role(role, **values)


def page_of(item: WorkItem) -> str:
    return reverse("admin:console_workitem_change", args=[item.pk])


def do(client: Client, item: WorkItem, deed: str, **values: Any) -> Any:
    return client.post(
        reverse("admin:console_workitem_do", args=[item.pk]), {"deed": deed, **values}
    )


def test_what_was_given_once_is_not_given_again_even_when_it_is_closed() -> None:
    anna = somebody()
    item = given(once="rule:1:2017-10", owner=anna)
    work.finish(item, outcome="Called.", by=anna)
    assert work.give("test", "Call them", on=TODAY, once="rule:1:2017-10") is None
    assert work.give("test", "Call them", on=TODAY, once="rule:1:2018-01")
    assert WorkItem.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_give_it_at_once_one_does() -> None:
    start, found = threading.Barrier(2), []

    def giver() -> None:
        start.wait()
        try:
            found.append(work.give("test", "Call them", on=TODAY, once="same"))
        finally:
            connection.close()

    givers = [threading.Thread(target=giver) for _ in range(2)]
    for thread in givers:
        thread.start()
    for thread in givers:
        thread.join()
    assert WorkItem.objects.count() == 1
    assert sum(one is not None for one in found) == 1
    assert AuditEntry.objects.filter(action="work_item.given").count() == 1


def test_it_is_done_with_words_and_by_its_owner() -> None:
    anna, ben = somebody(), somebody()
    item = given(owner=anna, due_on=TODAY)
    with pytest.raises(NotAllowed, match="somebody else"):
        work.finish(item, outcome="Did it for her.", by=ben)
    with pytest.raises(NotAllowed, match="what came of it"):
        work.finish(item, outcome="  ", by=anna)
    item.refresh_from_db()
    assert item.status == "open"
    work.finish(item, outcome="All called.", by=anna)
    item.refresh_from_db()
    assert (item.status, item.outcome, item.closed_by) == ("done", "All called.", anna)
    work.reopen(item, by=anna)
    item.refresh_from_db()
    assert (item.status, item.outcome, item.closed_at) == ("open", "All called.", None)


def test_what_nobody_owns_belongs_to_who_begins() -> None:
    anna = somebody()
    item = given(team=anna.team)
    stranger = somebody(team=Team.objects.create(name="Others"))
    assert not work.may_do(item, by=stranger)
    work.start(item, by=anna)
    item.refresh_from_db()
    assert (item.status, item.owner) == ("started", anna)


def test_of_two_who_change_it_the_second_is_told() -> None:
    anna, ben, chief = somebody(), somebody(), somebody("manager")
    item = given(owner=anna)
    other = WorkItem.objects.get(pk=item.pk)
    work.hand_over(item, to=ben, by=chief)
    with pytest.raises(Stale):
        work.hand_over(other, to=chief, by=chief)
    work.drop(item, because="Not needed.", by=ben)
    with pytest.raises(Stale):
        work.start(WorkItem(pk=item.pk, owner=chief, title="x"), by=chief)
    with pytest.raises(NotAllowed, match="closed"):
        work.move_deadline(item, to=TODAY, because="late", by=ben)


@pytest.mark.parametrize(
    ("values", "words"),
    [({"due_on": TODAY - dt.timedelta(1)}, "due before"), ({"title": " "}, "what is to be done")],
    ids=["due", "title"],
)
def test_what_makes_no_sense_is_not_given(values: dict[str, Any], words: str) -> None:
    said = {"title": "Call them"} | values
    with pytest.raises(NotAllowed, match=words):
        work.give("test", on=TODAY, **said)
    assert not WorkItem.objects.exists()


def test_work_is_not_handed_to_who_has_left() -> None:
    anna = somebody()
    item = given(owner=anna)
    with pytest.raises(NotAllowed, match="does not work here"):
        work.hand_over(item, to=somebody(is_active=False), by=anna)


# --- screens ------------------------------------------------------------------


def test_the_inbox_shows_mine_and_on_asking_the_teams(
    signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    Project.objects.update(today_on=TODAY)
    client = signed_in("operator")
    me = client.staff  # type: ignore[attr-defined]
    given(owner=me, due_on=TODAY)
    WorkItem.objects.update(due_on=TODAY - dt.timedelta(3))
    other = work.give("test", "Theirs", on=TODAY, team=me.team)
    assert other
    mine = client.get(reverse(LIST)).content.decode()
    assert "Call them" in mine
    assert "Theirs" not in mine
    assert "overdue" in mine
    for _ in range(12):
        given(team=me.team, owner=somebody())
    with django_assert_max_num_queries(14):
        team = client.get(reverse(LIST) + "?whose=team").content.decode()
    assert "Theirs" in team


def test_an_empty_inbox_says_what_comes_here(signed_in: SignIn) -> None:
    assert "waits here" in signed_in("support").get(reverse(LIST)).content.decode()


def test_the_page_leads_to_what_it_is_about_and_tells_its_course(signed_in: SignIn) -> None:
    client = signed_in("operator")
    me = client.staff  # type: ignore[attr-defined]
    job = Job.objects.create(kind="test", label="A <b>job</b>")
    item = given(owner=me, subject=job, why="Because <i>so</i>", plan="First, then")
    page = client.get(page_of(item)).content.decode()
    assert reverse("admin:console_job_change", args=[job.pk]) in page
    assert "Because &lt;i&gt;so" in page
    assert list(work.about(job)) == [item]
    assert do(client, item, "start").status_code == 302
    refused = do(client, item, "finish", words="")
    assert refused.status_code == 409
    assert "what came of it" in refused.content.decode()
    assert do(client, item, "finish", words="Mended").status_code == 302
    assert "Mended" in client.get(page_of(item)).content.decode()


def test_the_course_tells_who_had_it_and_until_when(signed_in: SignIn) -> None:
    client = signed_in("admin")
    me = client.staff  # type: ignore[attr-defined]
    other = somebody()
    item = given(owner=me, due_on=TODAY)
    do(client, item, "move_deadline", words="Later", due_on="2018-02-01")
    do(client, item, "hand_over", words="Yours", to=str(other.pk))
    page = client.get(page_of(item)).content.decode()
    assert f"given to {me.username}" in page
    assert f"deadline moved to 2018-02-01; before: {TODAY}" in page
    assert f"handed over to {other.username}; before: {me.username}" in page


@pytest.mark.parametrize("deed", ["start", "finish", "drop", "hand_over", "move_deadline"])
def test_a_strangers_deed_changes_nothing(signed_in: SignIn, deed: str) -> None:
    item = given(owner=somebody(), due_on=TODAY)
    before = WorkItem.objects.values_list("status", "owner", "due_on", "outcome").get()
    values = {"words": "mine", "to": "", "due_on": "2018-02-01"}
    assert do(signed_in("operator"), item, deed, **values).status_code == 409
    after = WorkItem.objects.values_list("status", "owner", "due_on", "outcome").get()
    assert after == before


def test_a_manager_hands_over_and_moves_deadlines(signed_in: SignIn) -> None:
    anna, client = somebody(), signed_in("manager")
    item = given(owner=somebody())
    assert do(client, item, "hand_over", to=anna.pk, words="on leave").status_code == 302
    assert do(client, item, "move_deadline", due_on="soon", words="x").status_code == 409
    assert do(client, item, "move_deadline", due_on="2018-02-01", words="x").status_code == 302
    assert do(client, item, "invented").status_code == 404
    item.refresh_from_db()
    assert (item.owner, item.due_on) == (anna, dt.date(2018, 2, 1))
    assert "on leave" in client.get(page_of(item)).content.decode()
