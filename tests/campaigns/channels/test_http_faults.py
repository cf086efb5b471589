"""Providers that are slow, hang, hang up, close half way or say nonsense."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from campaigns.channels import sms_http
from campaigns.channels.base import Accepted, Failed, Outcome, Refused, Unreachable, Unsure
from campaigns.channels.http import HttpChannel
from campaigns.channels.note import Note
from campaigns.channels.webhook import SignedWebhook
from tests.campaigns.channels.phone import (
    HERE,
    KEYS,
    Told,
    dripping,
    give,
    half,
    hang_up,
    note,
    saying,
    silent,
    wrong_server,
)

Talk = Callable[[socket.socket], None]


@pytest.mark.parametrize("talk", [silent, hang_up, half, dripping], ids=lambda one: one.__name__)
def test_contact_lost_after_it_was_given_is_unsure_and_soon(talk: Talk) -> None:
    began = time.monotonic()
    with wrong_server(talk) as url:
        (outcome,) = give(sms_http.provider(url), note(), timeout=0.3)
    assert isinstance(outcome, Unsure)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("talk", [silent, hang_up, half], ids=lambda one: one.__name__)
def test_who_knows_a_note_again_may_be_given_it_again(talk: Talk) -> None:
    with wrong_server(talk) as url:
        (outcome,) = give(SignedWebhook(url, KEYS.webhook), note(), timeout=0.3)
    assert isinstance(outcome, Failed)
    assert outcome.answered


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("200 OK", b'{"code":0}', Accepted),
        ("200 OK", b'{"code":"0"}', Accepted),
        ("200 OK", b'{"code":17,"message":"busy"}', Failed),
        ("200 OK", b"<html>welcome</html>", Unsure),  # somebody else's page
        ("200 OK", b"", Unsure),
        ("200 OK", b"[[[[", Unsure),
        ("200 OK", b'{"code":null}', Unsure),
        ("500 Oops", b'{"code":0}', Unsure),  # it contradicts itself
        ("500 Oops", b"", Unsure),
        ("502 Bad Gateway", b"<html>", Unsure),
        ("503 Away", b"", Failed),
        ("429 Slowly", b'{"code":0}', Failed),
        ("401 Who", b"", Failed),
        ("301 Moved", b"", Failed),
        ("400 Bad", b"", Refused),
    ],
)
def test_what_an_answer_is_taken_for(status: str, body: bytes, kind: type[Outcome]) -> None:
    with wrong_server(saying(status, body, "Location: http://127.0.0.1:1/")) as url:
        (outcome,) = give(sms_http.provider(url), note())
    assert isinstance(outcome, kind), outcome


@pytest.mark.parametrize(
    ("said", "wait"), [("7", 7), ("-5", 0), ("99999999", 3600), ("Fri, 31 Dec 1999", 0)]
)
def test_how_long_to_wait_has_bounds(said: str, wait: float) -> None:
    with wrong_server(saying("429 Slowly", b"", f"Retry-After: {said}")) as url:
        (outcome,) = give(sms_http.provider(url), note())
    assert isinstance(outcome, Failed)
    assert outcome.wait == wait


def test_an_answer_without_end_is_not_read_to_it() -> None:
    with wrong_server(saying("200 OK", b" " * 300_000)) as url:
        (outcome,) = give(sms_http.provider(url), note())
    assert isinstance(outcome, Unsure)


def test_nobody_there_is_unreachable_and_nothing_was_given() -> None:
    channel, told = (
        HttpChannel(sms_http.provider("http://127.0.0.1:1/"), timeout=1, private=HERE),
        Told(),
    )
    with pytest.raises(Unreachable):
        channel.connect()
    channel.send([note()], told)
    channel.close()
    outcome = told.outcomes[1]
    assert isinstance(outcome, Failed)
    assert not outcome.answered


def test_the_next_note_is_taken_only_when_it_can_be_given() -> None:
    taken: list[int] = []

    def notes() -> Iterator[Note]:
        for number in range(40):
            taken.append(number)
            in_flight = len(taken) - len(told.outcomes)
            assert in_flight <= 4, in_flight
            yield note(number)

    told = Told()
    with wrong_server(saying("200 OK", b'{"code":0}', "Connection: close")) as url:
        channel = HttpChannel(sms_http.provider(url), connections=4, timeout=5, private=HERE)
        channel.send(notes(), told)
        channel.close()
    assert len(told.outcomes) == 40
    assert sorted(told.begun_ones) == list(range(40))


class Broken(Told):
    """A journal on a full disk."""

    def begun(self, number: int) -> None:
        raise OSError("no space left")


def test_what_the_journal_cannot_note_is_not_given() -> None:
    taken: list[int] = []
    asked = threading.Event()

    def notes() -> Iterator[Note]:
        for number in range(50):
            taken.append(number)
            yield note(number)

    with wrong_server(lambda line: asked.set()) as url:
        channel = HttpChannel(sms_http.provider(url), connections=2, private=HERE)
        with pytest.raises(OSError, match="no space"):
            channel.send(notes(), Broken())
        channel.close()
    assert len(taken) < 5, "it stops at once"
    assert not asked.is_set()
