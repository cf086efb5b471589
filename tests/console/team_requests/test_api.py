"""Requests over the API: made once, moved by both sides, and talked about."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console.models import TeamRequest
from tests.console.team_requests.world import BASELINE, READY, World
from tests.segments.factories import SegmentFactory

pytestmark = pytest.mark.django_db
AT = "/api/v1/requests/"


def post(client: Client, address: str, key: str = "", **given: Any) -> Any:
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    return client.post(AT + address, given, content_type="application/json", headers=headers)


def wish(world: World, **given: Any) -> dict[str, Any]:
    said = {name: text for name, text in READY.items() if not name.startswith("details.")}
    own = {
        name.removeprefix("details."): text
        for name, text in READY.items()
        if name.startswith("details.")
    }
    return {
        **said,
        "kind": "feature",
        "title": "Pay in one step",
        "to_team": world.tech.pk,
        "details": own,
        **given,
    }


def test_a_request_is_made_once_under_its_key_and_goes_its_way(
    world: World, signed_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metrics.promises.baseline", lambda _request, on: BASELINE)
    olga, tim = signed_in(world.olga), signed_in(world.tim)
    made = post(olga, "", "k1", **wish(world, ask=True))
    assert made.status_code == 201, made.json()
    assert post(olga, "", "k1", **wish(world, ask=True)).json() == made.json()
    assert TeamRequest.objects.count() == 1
    one = made.json()
    assert one["status"] == "asked"
    taken = post(tim, f"{one['id']}/accept/", owner=world.tim.pk, promised_on="2018-03-16")
    assert taken.json()["status"] == "accepted"
    stale = post(tim, f"{one['id']}/decline/", because="No", edition=1)
    assert stale.status_code == 409
    terms: dict[str, Any] = {"impact": 4, "effort_days": "3", "priority": 1}
    assert post(olga, f"{one['id']}/propose/", **terms).status_code == 200
    assert post(olga, f"{one['id']}/confirm/").status_code == 403
    assert post(tim, f"{one['id']}/confirm/").json()["priority"] == 1
    assert post(tim, f"{one['id']}/start/").json()["status"] == "started"
    moved: dict[str, Any] = {"to": "2018-03-20", "cause": "estimate", "because": "Harder"}
    assert post(tim, f"{one['id']}/promise/", **moved).json()["slips"][0]["days"] == 2
    assert post(tim, f"{one['id']}/deliver/").json()["status"] == "delivered"
    assert post(olga, f"{one['id']}/receive/").status_code == 200


def test_what_a_side_may_not_do_is_refused_in_words(
    world: World, signed_in: Callable[..., Client]
) -> None:
    olga = signed_in(world.olga)
    assert "kind" in post(olga, "", **wish(world, kind="wish")).json()
    refused = post(olga, "", **wish(world, details={}, ask=True))
    assert refused.status_code == 403
    assert not TeamRequest.objects.exists()
    one = world.asked()
    assert post(olga, f"{one.pk}/decline/", because="No").status_code == 403
    assert post(signed_in(world.sam), f"{one.pk}/decline/", because="No").status_code == 404


def test_comments_and_files(world: World, signed_in: Callable[..., Client]) -> None:
    one, olga, tim = world.asked(), signed_in(world.olga), signed_in(world.tim)
    assert post(olga, f"{one.pk}/comment/", text="Which page?").status_code == 201
    (said,) = tim.get(f"{AT}{one.pk}/comments/").json()["results"]
    assert (said["text"], said["author"]) == ("Which page?", world.olga.pk)
    for name, content, status in (("a.csv", b"a,b\n", 201), ("a.svg", b"<svg/>", 403)):
        sent = SimpleUploadedFile(name, content)
        assert olga.post(f"{AT}{one.pk}/attach/", {"file": sent}).status_code == status
    empty = olga.post(f"{AT}{one.pk}/attach/")
    assert (empty.status_code, empty.json()) == (400, {"file": ["Choose a file first."]})
    (kept,) = tim.get(f"{AT}{one.pk}/files/").json()["results"]
    assert (kept["name"], kept["media_type"]) == ("a.csv", "text/plain")


def test_the_list_is_narrowed_and_holds_what_concerns_the_caller(
    world: World, signed_in: Callable[..., Client]
) -> None:
    one, two = world.asked(), world.accepted()
    tim = signed_in(world.tim)

    def numbers(client: Client, query: str = "") -> list[int]:
        return [row["id"] for row in client.get(f"{AT}?{query}").json()["results"]]

    assert numbers(tim) == [two.pk, one.pk]
    assert numbers(tim, "status=asked") == [one.pk]
    assert numbers(tim, f"owner={world.tim.pk}") == [two.pk]
    assert numbers(signed_in(world.sam)) == []


def test_what_is_asked_for_is_changed_costed_and_read_by_revision(
    world: World, signed_in: Callable[..., Client]
) -> None:
    one, olga, tim = world.accepted(), signed_in(world.olga), signed_in(world.tim)
    said: dict[str, Any] = {"spec": "Two pages.", "because": "The law", "edition": one.edition}
    assert post(olga, f"{one.pk}/change/", **said).status_code == 200
    assert post(olga, f"{one.pk}/change/", **said).status_code == 409
    assert post(olga, f"{one.pk}/cost/", revision=2, days="2").status_code == 403
    assert post(tim, f"{one.pk}/cost/", revision=2, days="2").json()["slips"][0]["days"] == 2
    rows = olga.get(f"{AT}{one.pk}/revisions/").json()["results"]
    assert {row["number"]: row["costs_days"] for row in rows} == {1: None, 2: "2.0"}


def test_lane_dependencies_and_links_are_planned_by_whom_they_concern(
    world: World, signed_in: Callable[..., Client]
) -> None:
    one, two = world.accepted(), world.asked(title="The list first")
    hidden = world.draft(by=world.sam, to_team=world.support)
    olga, tim, chief = (signed_in(who) for who in (world.olga, world.tim, world.chief))
    urgent = {"cause": "churn", "because": "They leave"}
    assert post(olga, f"{one.pk}/lift/", **urgent).json()["lane"] == "urgent"
    assert post(olga, f"{one.pk}/lower/", because="They stay").json()["lane"] == "normal"
    assert post(olga, f"{one.pk}/need/", needs=hidden.pk).status_code == 403
    assert post(olga, f"{one.pk}/need/", needs=two.pk).status_code == 200
    assert post(tim, f"{two.pk}/need/", needs=one.pk).status_code == 403  # a circle
    (line,) = tim.get(f"{AT}{one.pk}/dependencies/").json()["waits_for"]
    assert (line["needs"], line["is_delivered"]) == (two.pk, False)
    assert post(tim, f"{one.pk}/wait/", line=line["line"]).status_code == 200
    waived = {"line": line["line"], "because": "By hand meanwhile"}
    assert post(tim, f"{one.pk}/waive/", **waived).status_code == 403
    assert post(chief, f"{one.pk}/waive/", **waived).status_code == 200
    segment = SegmentFactory.create()
    page = f"https://console.example.com/admin/segments/segment/{segment.pk}/change/"
    (kept,) = post(olga, f"{one.pk}/link/", page=page).json()["links"]
    assert kept["path"].endswith(f"/{segment.pk}/change/")
    assert post(olga, f"{one.pk}/link/", page="/admin/auth/").status_code == 403
    assert post(olga, f"{one.pk}/unlink/", link=kept["id"]).json()["links"] == []
