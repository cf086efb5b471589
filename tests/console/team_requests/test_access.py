"""Whom a request does not concern, for them it is not there: asked of every address there is.

The addresses come from the URL configuration, so that a new one is asked as well. An address with
a number has to answer a stranger as if the number did not exist; one without has to answer as if
the request did not.
"""

import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from console import work
from console.admin.team_requests import deeds
from console.meetings import holding, weeks
from console.models import Project, RequestFile, TeamRequest
from console.team_requests import dates, files, moving, talking
from tests.console.team_requests.world import MONDAY, World, later, moment

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
SECRET = "Buy the rival"
OURS = re.compile(r"^(admin/console/teamrequest/|api/v1/requests/)")
PLACE = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
# Whoever reads these signs out, changes the language, or asks for a file of the program.
ELSEWHERE = re.compile(r"logout|^static/|^i18n/|jsi18n")
NOTHING = 987_654_321  # no record has this number
CHANGING = re.compile(r'(csrfmiddlewaretoken" value=")[^"]*|nonce="[^"]*"')


def routes(at: Any = None, before: str = "") -> Iterator[str]:
    """Every address of the console, with its places as they are written."""
    for one in (at or get_resolver()).url_patterns:
        route = before + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            yield from routes(one, route)
        elif isinstance(one, URLPattern):
            yield route.removesuffix("$").removesuffix(r"\Z")


def filled(route: str, number: int, belonging: int) -> list[str]:
    """The addresses of a route for a request and what belongs to it."""
    names = [a or b for a, b in PLACE.findall(route)]
    told: dict[str, list[str]] = {
        "pk": [str(number)],
        "object_id": [str(number)],
        "number": [str(belonging), "2"],
        "deed": list(deeds.DEEDS),
        "kind": ["feature"],
        "format": ["json"],
        "content_type_id": ["1"],
        "url": ["x"],
    }
    found = []
    for values in itertools.product(*(told[name] for name in names)):
        address = route
        for value in values:
            address = PLACE.sub(value, address, count=1)
        found.append("/" + address.rstrip("?"))
    return [one.replace("\\.", ".").replace("/?", "/") for one in found]


def has_number(route: str) -> bool:
    return bool({"pk", "object_id"} & {a or b for a, b in PLACE.findall(route)})


def asked(client: Client, address: str, number: int) -> Iterator[tuple[int, str]]:
    """What comes back to reading and to writing, without what differs from time to time."""
    sent = {"_selected_action": str(number), "action": "delete_selected", "q": SECRET}
    sent |= {"move": f"{number}:accepted:1", "text": "x", "because": "x"}
    looked = client.get(address, {"q": SECRET, "state": "any"})
    key = {"Idempotency-Key": uuid.uuid4().hex}
    for answer in (looked, client.post(address, sent, headers=key)):
        stream: Any = answer
        body = b"".join(stream.streaming_content) if answer.streaming else answer.content
        words = CHANGING.sub("", body.decode("utf-8", "replace"))
        yield answer.status_code, words.replace(str(number), "N")


@pytest.fixture
def world() -> World:
    """With numbers that stand nowhere in a page by chance."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('console_teamrequest', 'id'), 876543210)"
        )
    return World()


def secret(world: World) -> tuple[TeamRequest, RequestFile]:
    """A request with all that may belong to one."""
    request = world.draft(title=SECRET)
    world.edit(request, world.olga, changes={"why": "They sell more."})
    moving.ask(request, by=world.olga, at=moment())
    picture = b"\x89PNG\r\n\x1a\n" + bytes(40)
    kept = files.attach(request, name="a.png", content=picture, by=world.olga, at=moment())
    talking.comment(request, text=SECRET, by=world.tim, at=moment())
    return request, kept


def test_with_its_number_a_stranger_is_answered_as_if_it_did_not_exist(
    world: World, signed_in: SignIn
) -> None:
    request, kept = secret(world)
    stranger, insider = signed_in(world.sam), signed_in(world.olga)
    found = [one for one in routes() if OURS.match(one) and has_number(one)]
    assert len(found) > 15
    for route in found:
        theirs = filled(route, request.pk, kept.pk)
        nobodys = filled(route, NOTHING, kept.pk)
        for address, nowhere in zip(theirs, nobodys, strict=True):
            real = list(asked(stranger, address, request.pk))
            assert real == list(asked(stranger, nowhere, NOTHING)), address
            # What nobody may do, such as delete one, is refused whether there is one or not.
            assert {status for status, _words in real} <= {302, 400, 403, 404, 405}, address
            assert all(SECRET not in words for _status, words in real), address
        # The addresses are right: who may see it gets there.
        reached = (insider.get(address).status_code for address in theirs)
        assert any(status != 404 for status in reached), route
    request.refresh_from_db()
    assert request.status == TeamRequest.Status.ASKED
    assert request.comments.count() == request.files.count() == 1


def test_without_a_number_a_stranger_is_answered_as_if_there_were_none(
    world: World, signed_in: SignIn
) -> None:
    stranger, insider = signed_in(world.sam), signed_in(world.olga)
    found = [one for one in routes() if OURS.match(one) and not has_number(one)]
    assert len(found) > 8
    addresses = [address for one in found for address in filled(one, NOTHING, 1)]
    before = {one: list(asked(stranger, one, NOTHING)) for one in addresses}
    request, _kept = secret(world)
    shows = 0
    for address in addresses:
        assert list(asked(stranger, address, request.pk)) == before[address], address
        shows += SECRET in insider.get(address).content.decode() if "export" not in address else 1
    assert shows > 3


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/search/?s=Rival",
        "/admin/autocomplete/?term=Rival&app_label=console&model_name=requestdependency&field_name=needs",
        "/admin/console/workitem/?whose=all",
        "/admin/console/auditentry/",
        "/api/v1/requests/?status=asked",
        "/api/v1/work/",
        "/api/v1/meetings/2018-W10/",
    ],
)
def test_nor_is_it_named_anywhere_else(address: str, world: World, signed_in: SignIn) -> None:
    secret(world)
    answer = signed_in(world.sam).get(address)
    assert SECRET not in answer.content.decode()
    assert SECRET.replace(" ", "_") not in answer.content.decode()


def test_what_came_of_it_is_in_the_files_work_and_meetings_of_whom_it_concerns(
    world: World, signed_in: SignIn
) -> None:
    Project.objects.update(today_on=MONDAY, time_zone="Asia/Shanghai")
    request = world.accepted(title=SECRET, days=2)
    by_tim: dict[str, Any] = {"by": world.tim, "at": later(1)}
    slipped = {"to": later(3).date(), "cause": "estimate", "because": f"{SECRET}: harder"}
    dates.promise(request, **slipped, **by_tim)  # type: ignore[arg-type]
    given = {"on": MONDAY, "subject": request, "owner": world.tim, "by": world.chief}
    item = work.give("decision", f"{SECRET}: which?", **given)  # type: ignore[arg-type]
    assert item is not None
    said = {"owner": world.tim, "due_on": later(4).date(), "on": MONDAY, "by": world.chief}
    week = weeks.of(MONDAY)
    holding.decide(week, text=f"{SECRET} first", request=request, **said)  # type: ignore[arg-type]
    addresses = (
        *("/admin/console/teamrequest/export/?state=any", f"/api/v1/requests/?q={request.pk}"),
        *("/api/v1/work/", "/admin/console/workitem/?whose=all"),
        *(f"/api/v1/meetings/{week.name}/", f"/admin/console/meeting/week/{week.name}/"),
    )
    for is_closed in (False, True):
        if is_closed:
            holding.close(week, at=moment(), today=MONDAY, by=world.chief)
        for address in addresses:
            assert SECRET in read(signed_in(world.tim), address), address
            assert SECRET not in read(signed_in(world.sam), address), address
    stranger = signed_in(world.sam)
    for address in (f"/api/v1/work/{item.pk}/", f"/admin/console/workitem/{item.pk}/change/"):
        assert stranger.get(address).status_code == 404, address


def test_no_other_address_there_is_tells_a_stranger_of_it(world: World, signed_in: SignIn) -> None:
    """Each that takes no number, and with the numbers of what hangs on it each that takes one."""
    Project.objects.update(today_on=MONDAY, time_zone="Asia/Shanghai")
    request = world.accepted(title=SECRET, days=2)
    talking.comment(request, text=SECRET, by=world.tim, at=moment())
    given = {"on": MONDAY, "subject": request, "owner": world.tim, "by": world.chief}
    item = work.give("decision", f"{SECRET}: which?", **given)  # type: ignore[arg-type]
    assert item is not None
    said = {"owner": world.tim, "due_on": later(4).date(), "on": MONDAY, "by": world.chief}
    holding.decide(weeks.of(MONDAY), text=f"{SECRET} first", request=request, **said)  # type: ignore[arg-type]
    stranger, insider = signed_in(world.sam), signed_in(world.tim)
    asked_at, told = set[str](), set[str]()
    others = {one for one in routes() if not OURS.match(one) and not ELSEWHERE.search(one)}
    for route in sorted(others):
        places = PLACE.findall(route)
        for number in (item.pk, request.pk) if places else (0,):
            address = "/" + PLACE.sub(str(number), route).rstrip("?").replace("\\.", ".")
            asked_at.add(route)
            if SECRET in said_at(insider, address):
                told.add(route)
                assert SECRET not in said_at(stranger, address), address
    assert len(asked_at) > 300
    assert len(told) > 3, "the colleague reads of it there"


def said_at(client: Client, address: str) -> str:
    """What it answers to reading, whatever that is; nothing where no page is."""
    answer: Any = client.get(address)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(body.decode("utf-8", "replace"))


def read(client: Client, address: str) -> str:
    answer: Any = client.get(address)
    assert answer.status_code == 200, address
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(answer.json() if address.startswith("/api") else body.decode())
