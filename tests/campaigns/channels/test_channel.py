"""SMTP: what is said to a real server, and what its answers mean."""

import socket
import threading
from collections.abc import Iterable, Iterator

import pytest
from django.utils import timezone

from campaigns.channels.base import (
    Accepted,
    Failed,
    Mail,
    Outcome,
    Refused,
    Unreachable,
    Unsure,
)
from campaigns.channels.email import SmtpChannel
from campaigns.channels.smtp import Server
from tests.campaigns.factories import CountingServer, mail_server


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with mail_server() as running:
        yield running


def mail(number: int = 1, recipient: str = "") -> Mail:
    return Mail(
        number=number,
        id=f"{number}@c.example",
        sender="hello@c.example",
        recipient=recipient or f"c{number}@x.example",
        subject="Hi",
        html="<p>Hi</p>",
        text="Hi",
        unsubscribe_url="https://c.example/t/u/x",
        at=timezone.now(),
    )


class Heard:
    """A journal that remembers."""

    def __init__(self) -> None:
        self.begun_numbers: list[int] = []
        self.outcomes: dict[int, Outcome] = {}

    def begun(self, number: int) -> None:
        self.begun_numbers.append(number)

    def ended(self, number: int, outcome: Outcome) -> None:
        assert number not in self.outcomes, "told twice"
        self.outcomes[number] = outcome


def sent(channel: SmtpChannel, mails: Iterable[Mail]) -> list[Outcome]:
    """What came of mails, in the order of their numbers."""
    heard = Heard()
    channel.send(mails, heard)
    assert len(set(heard.begun_numbers)) == len(heard.begun_numbers)
    return [heard.outcomes[number] for number in sorted(heard.outcomes)]


def test_many_are_sent_at_once_and_each_is_answered(server: CountingServer) -> None:
    server.answers = {"c3@x.example": "550 no", "c5@x.example": "450 later"}
    outcomes = sent(server.channel(), [mail(number) for number in range(40)])
    assert outcomes[3] == Refused("550 no")
    assert outcomes[5] == Failed("450 later")
    assert [type(one) for one in outcomes].count(Accepted) == 38
    assert len(server.count) == 38


def test_after_a_refusal_the_connection_goes_on(server: CountingServer) -> None:
    server.answers = {"c1@x.example": "550 no"}
    channel = SmtpChannel(Server("127.0.0.1", server.port), connections=1)
    assert sent(channel, [mail(1), mail(2)]) == [Refused("550 no"), Accepted()]
    channel.close()


def test_nobody_there_is_unreachable_and_nothing_was_given() -> None:
    channel = SmtpChannel(Server("127.0.0.1", 1, timeout=1))
    with pytest.raises(Unreachable):
        channel.connect()
    (outcome,) = sent(channel, [mail()])
    assert isinstance(outcome, Failed)
    assert not outcome.answered
    channel.close()


def test_an_address_that_is_none_is_refused_without_asking(server: CountingServer) -> None:
    (outcome,) = sent(server.channel(), [mail(recipient="x@y.example>\r\nDATA")])
    assert isinstance(outcome, Refused)
    assert server.mails == []


class Scripted:
    """A server that says its lines whatever it hears; an empty line hangs up."""

    def __init__(self, lines: list[str], *, pipelining: bool = False) -> None:
        self.lines, self.pipelining = lines, pipelining
        self.heard: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        with self.socket.accept()[0] as wire, wire.makefile("rwb") as file:
            greeting = ["220 hello", "250-hello", "250 PIPELINING" if self.pipelining else "250 X"]
            file.write(f"{greeting[0]}\r\n".encode())
            file.flush()
            file.readline()
            file.write("".join(f"{line}\r\n" for line in greeting[1:]).encode())
            file.flush()
            body = False
            for line in self.lines:
                while True:
                    heard = file.readline().decode()
                    self.heard.append(heard.strip())
                    if not body or heard == ".\r\n":
                        break
                if not line:
                    return
                body = line.startswith("354")
                file.write(f"{line}\r\n".encode())
                file.flush()


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_connection_lost_after_the_mail_was_given_is_unsure(pipelining: bool) -> None:
    scripted = Scripted(["250 from", "250 to", "354 go", ""], pipelining=pipelining)
    channel = SmtpChannel(Server("127.0.0.1", scripted.port, timeout=5), connections=1)
    (outcome,) = sent(channel, [mail()])
    assert isinstance(outcome, Unsure)
    channel.close()


def test_a_server_that_refuses_us_has_not_refused_the_customer() -> None:
    scripted = Scripted(["550 not from you", "250 reset"])
    channel = SmtpChannel(Server("127.0.0.1", scripted.port, timeout=5), connections=1)
    (outcome,) = sent(channel, [mail()])
    assert outcome == Failed("550 not from you")
    channel.close()


def test_in_a_pipeline_a_refused_recipient_gets_nothing() -> None:
    scripted = Scripted(
        ["250 from", "550 no such person", "354 go", "554 nobody to give it to", "250 reset"],
        pipelining=True,
    )
    channel = SmtpChannel(Server("127.0.0.1", scripted.port, timeout=5), connections=1)
    (outcome,) = sent(channel, [mail()])
    assert outcome == Refused("550 no such person")
    assert scripted.heard[3] == "."
    channel.close()
