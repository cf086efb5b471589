"""The local phone for tests, and servers that do wrong on purpose."""

import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

from campaigns.channels.base import Outcome
from campaigns.channels.fcm import Fcm
from campaigns.channels.http import HttpChannel, Provider
from campaigns.channels.note import Note
from console.embedded import mail_doors
from console.embedded.mail_doors import Tell
from console.embedded.phone import Phone
from console.embedded.providers import Got, Keys, new_private_key

HERE = [ip_network("127.0.0.0/8")]
KEYS = Keys("only for tests", new_private_key())


class Local:
    """A running phone and what it got."""

    def __init__(self, phone: Phone, got: list[Got]) -> None:
        self.got = got
        self.base = f"http://127.0.0.1:{phone.server_address[1]}"


@contextmanager
def local_phone(tell: Tell = mail_doors.tell) -> Iterator[Local]:
    got: list[Got] = []
    phone = Phone(0, KEYS, got.append, tell).begin()
    try:
        yield Local(phone, got)
    finally:
        phone.shutdown()
        phone.server_close()


class Told:
    """A journal that keeps what it is told."""

    def __init__(self) -> None:
        self.begun_ones: list[int] = []
        self.outcomes: dict[int, Outcome] = {}

    def begun(self, number: int) -> None:
        self.begun_ones.append(number)

    def ended(self, number: int, outcome: Outcome) -> None:
        assert number not in self.outcomes, "told of twice"
        self.outcomes[number] = outcome


def note(number: int = 1, recipient: str = "+8613800138000", **fields: Any) -> Note:
    at = dt.datetime.now(dt.UTC)
    fields.setdefault("text", "您好，这里有一张券")
    return Note(number=number, id=f"{number}.7", recipient=recipient, at=at, **fields)


def give(provider: Provider, *notes: Note, timeout: float = 5) -> list[Outcome]:
    """What comes of these notes."""
    if isinstance(provider, Fcm):
        provider.tokens.private = HERE
    channel = HttpChannel(provider, connections=4, timeout=timeout, private=HERE)
    told = Told()
    try:
        channel.send(notes, told)
    finally:
        channel.close()
    return [told.outcomes[one.number] for one in notes]


@contextmanager
def wrong_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that hears one request a connection and then does as it is told."""
    door = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                line, _who = door.accept()
            except OSError:
                return
            threading.Thread(target=_hear, args=(line, talk), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        ended.set()
        door.close()


def _hear(line: socket.socket, talk: Callable[[socket.socket], None]) -> None:
    with line:
        heard = b""
        while b"\r\n\r\n" not in heard:
            piece = line.recv(65536)
            if not piece:  # somebody only looked whether we are there
                return
            heard += piece
        head, _, body = heard.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
        while len(body) < length:
            body += line.recv(65536)
        talk(line)


def saying(status: str, body: bytes, *headers: str) -> Callable[[socket.socket], None]:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda line: line.sendall("\r\n".join(lines).encode() + body)


def half(line: socket.socket) -> None:
    """An answer that promises more than comes."""
    line.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"code":0')


def silent(line: socket.socket) -> None:
    time.sleep(1)


def hang_up(line: socket.socket) -> None:
    """Nothing is said at all."""


def dripping(line: socket.socket) -> None:
    """An answer that goes on for ever, a byte at a time."""
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    for _ in range(40):
        time.sleep(0.05)
        try:
            line.sendall(b" ")
        except OSError:
            return
