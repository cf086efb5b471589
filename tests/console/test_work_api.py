"""Work and meetings over the API: what the screens show and refuse, to machines."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from console import work
from console.models import AnsweredCall, Project, WorkItem
from tests.console.team_requests.world import MONDAY, World

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


@pytest.fixture
def world() -> World:
    Project.objects.update(today_on=MONDAY)
    return World()


def post(client: Client, address: str, **given: Any) -> Any:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    return client.post(
        f"/api/v1/{address}", given, content_type="application/json", headers=headers
    )


def test_work_is_given_done_and_counted_with_no_private_words_kept(
    world: World, signed_in: SignIn
) -> None:
    chief, tim = signed_in(world.chief), signed_in(world.tim)
    said = {"kind": "callback", "title": "Call Anna", "owner": world.tim.pk}
    assert post(tim, "work/", **{**said, "owner": world.tina.pk}).status_code == 403
    made = post(chief, "work/", **said)
    assert made.status_code == 201, made.json()
    number = made.json()["id"]
    assert made.json()["due_on"] == str(MONDAY + dt.timedelta(3))
    (row,) = tim.get("/api/v1/work/?whose=mine&status=open").json()["results"]
    assert (row["title"], row["deadline"]) == ("Call Anna", row["due_on"])
    assert post(signed_in(world.tina), f"work/{number}/start/").status_code == 403
    assert post(tim, f"work/{number}/start/").json()["status"] == "started"
    answers = {"satisfaction": "9"}
    wrong = post(tim, f"work/{number}/finish/", result="reached", answers=answers)
    assert wrong.status_code == 403
    answers = {"satisfaction": "5", "wish": "Bread for Anna"}
    done = post(tim, f"work/{number}/finish/", result="reached", answers=answers)
    assert (done.json()["status"], done.json()["result"]) == ("done", "reached")
    assert WorkItem.objects.get().facts["satisfaction"] == 5
    kept = AnsweredCall.objects.values_list("answer", flat=True)
    assert "Anna" not in str(list(kept))


def test_work_about_a_request_is_for_who_sees_it(world: World, signed_in: SignIn) -> None:
    request = world.asked(title="Hush")
    lead, sam = signed_in(world.person(world.operations, "manager")), signed_in(world.sam)
    said = {"kind": "review", "title": "Look at it", "request": request.pk}
    assert post(sam, "work/", **said, owner=world.sam.pk).status_code == 404
    newcomer = world.person(world.operations)
    made = post(lead, "work/", **said, owner=newcomer.pk)
    assert made.status_code == 201
    assert sam.get(f"/api/v1/work/{made.json()['id']}/").status_code == 404
    page = signed_in(newcomer).get(f"/admin/console/teamrequest/{request.pk}/change/")
    assert "Look at it" in page.content.decode()
    form = f"/admin/console/workitem/give/?request={request.pk}"
    assert "Hush" in lead.get(form).content.decode()
    assert sam.get(form).status_code == 404


def test_a_meeting_is_read_decided_in_and_closed(world: World, signed_in: SignIn) -> None:
    request = world.accepted(days=2)
    chief, tim, sam = (signed_in(one) for one in (world.chief, world.tim, world.sam))
    said = {"text": "Ship it", "owner": world.tim.pk, "due_on": "2018-03-09"}
    assert post(tim, "meetings/2018-W10/decide/", **said).status_code == 403
    made = post(chief, "meetings/2018-W10/decide/", **said, request=request.pk)
    assert made.status_code == 201, made.json()
    assert work.about(request).get().owner == world.tim
    assert post(chief, "meetings/2018-W10/close/").json()["status"] == "closed"
    assert post(chief, "meetings/2018-W10/decide/", **said).status_code == 403
    pack = tim.get("/api/v1/meetings/2018-W10/").json()
    assert (pack["is_closed"], len(pack["decisions"])) == (True, 1)
    due = next(one for one in pack["sections"] if one["key"] == "requests")
    assert [line["request"] for line in due["lines"]] == [request.pk]
    strange = sam.get("/api/v1/meetings/2018-W10/").json()
    assert (strange["decisions"], str(request) in str(strange)) == ([], False)
    assert [one["week"] for one in sam.get("/api/v1/meetings/").json()["results"]] == ["2018-W10"]
    assert sam.get("/api/v1/meetings/2018-W60/").status_code == 404
