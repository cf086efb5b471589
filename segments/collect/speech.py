"""How the door talks: what a request asks, how it ends, and what each dialect has to know."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from segments.dialects import texts
from segments.dialects.values import Bad, Sending
from segments.items import Item

JSON, TEXT, GIF = "application/json", "text/plain; charset=utf-8", "image/gif"
# The one transparent point that browsers ask for when they cannot post.
POINT = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


@dataclass(frozen=True)
class Request:
    """A request, its body unpacked as far as HTTP packs it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # as WSGI names them: HTTP_AUTHORIZATION
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(f"HTTP_{name.upper().replace('-', '_')}", "")

    @property
    def content_type(self) -> str:
        return self.headers.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Call:
    """What a request wants us to take."""

    keys: list[str]  # texts that may be its write key, the likeliest first
    raws: list[Any]
    # Said about all, in an item's own terms; None when each says it for itself.
    common: dict[str, Any] | None = None
    is_rehearsal: bool = False  # to be checked, and not to be kept


@dataclass(frozen=True)
class Outcome:
    """What came of it: how many raw items were taken, and which were not, by their index."""

    accepted: int
    rejected: list[tuple[int, Bad]]


class Refused(Exception):
    """A request of which nothing can be taken."""

    def __init__(self, status: int, code: str, words: str, *, retry_after: int = 0) -> None:
        super().__init__(words)
        self.status, self.code, self.retry_after = status, code, retry_after
        self.words = texts.storable(words)


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    content_type: str = TEXT
    headers: tuple[tuple[str, str], ...] = ()


class Speech(Protocol):
    """The pure half of a dialect: a module of `segments.dialects`."""

    NAME: str

    def sending(self, raw: dict[str, Any], received_at: int) -> Sending: ...
    def translate(self, raw: dict[str, Any], sent: Sending) -> list[Item]: ...


@dataclass(frozen=True)
class Dialect:
    """One language of client libraries: where it knocks, and how it is understood and answered."""

    speech: Speech
    paths: tuple[str, ...]  # without the slash at the end, which may be there or not
    read: Callable[[Request], Call]
    accepted: Callable[[Request, Call, Outcome], Answer]
    refused: Callable[[Request, Refused], Answer]
    methods: tuple[str, ...] = ("POST",)
    all_bad_is_refused: bool = True  # False: the answer tells of each item anyway


def as_json(status: int, said: Any) -> Answer:
    """An answer in JSON, whatever is told back in it."""
    try:
        body = orjson.dumps(said)
    except (TypeError, ValueError):  # half of a surrogate pair, or a number beyond 64 bits
        body = texts.storable(json.dumps(said, ensure_ascii=False, default=str)).encode()
    return Answer(status, body, JSON)


def echo(value: Any) -> str | int | float | None:
    """A sender's own id as it can be told back: a text or a number, and nothing else."""
    if isinstance(value, str):
        return texts.storable(value)
    return value if isinstance(value, int | float) else None
