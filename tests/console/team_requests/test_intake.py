"""A colleague's mail becomes a draft of theirs, once; nobody else's becomes anything."""

from email.message import EmailMessage
from typing import Any

import pytest
from django.core import mail

from console.models import TeamRequest
from console.team_requests import intake, seeing
from tests.console.team_requests.world import World, moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = World()
    world.olga.email = "Olga@corp.example"
    world.olga.save()
    mail.outbox.clear()
    return world


def written(number: int = 1, **headers: Any) -> bytes:
    message = EmailMessage()
    told = {
        "From": "Olga <olga@corp.example>",
        "To": "requests@corp.example",
        "Subject": "[tech] [fix] Orders are missing",
        "Message-ID": f"<{number}@corp.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in told.items():
        message[name] = value
    message.set_content("Since May 3rd.\n")
    message.add_attachment(b"a,b\n", maintype="text", subtype="csv", filename="orders.csv")
    message.add_attachment(b"<svg/>", maintype="image", subtype="svg+xml", filename="x.svg")
    return message.as_bytes()


def test_a_colleagues_mail_is_a_draft_of_theirs_with_its_files_and_an_answer(world: World) -> None:
    assert intake.take(written(), at=moment()) == 1
    one = TeamRequest.objects.get()
    assert (one.status, one.kind, one.title) == ("draft", "fix", "Orders are missing")
    assert (one.asked_by, one.from_team, one.to_team) == (world.olga, world.operations, world.tech)
    assert one.why == "Since May 3rd."
    assert [file.name for file in one.files.all()] == ["orders.csv"]
    assert not seeing.may_see(one, world.tim)
    (answer,) = mail.outbox
    assert answer.to == ["Olga@corp.example"]
    assert f"/{one.pk}/" in answer.body
    assert "x.svg" in answer.body


def test_the_same_mail_makes_it_once(world: World) -> None:
    assert [intake.take(written(), at=moment()) for _ in range(2)] == [1, 0]
    assert TeamRequest.objects.count() == len(mail.outbox) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"From": "stranger@elsewhere.example"},
        {"From": "console@localhost"},
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
    ],
    ids=str,
)
def test_strangers_and_machines_make_nothing_and_get_no_answer(
    headers: dict[str, Any], world: World
) -> None:
    assert intake.take(written(**headers), at=moment()) == 0
    assert not TeamRequest.objects.exists()
    assert not mail.outbox


def test_without_a_team_the_answer_says_how_to_name_one(world: World) -> None:
    assert intake.take(written(Subject="Orders are missing"), at=moment()) == 0
    assert "Tech" in mail.outbox[0].body
    assert not TeamRequest.objects.exists()


def test_a_flood_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "A_DAY", 2)
    assert [intake.take(written(n), at=moment()) for n in range(3)] == [1, 1, 0]
    assert intake.take(b"\xff\x00 no mail at all", at=moment()) == 0


def test_a_flood_of_what_is_refused_ends_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "A_DAY", 2)
    for number in (1, 1, 2, 3):
        assert intake.take(written(number, Subject="Orders are missing"), at=moment()) == 0
    assert len(mail.outbox) == 2  # the same mail again is not answered again
    assert intake.take(written(4), at=moment()) == 0
    assert not TeamRequest.objects.exists()
