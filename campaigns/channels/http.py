"""Notes over HTTP: what is asked, what an answer means, and what to believe when none comes."""

import json
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from campaigns.channels import outside
from campaigns.channels.base import (
    LOST,
    Accepted,
    Failed,
    Journal,
    Outcome,
    Refused,
    Unreachable,
    Unsure,
    because,
    gettext_noop,
)
from campaigns.channels.note import BadNote, Note
from campaigns.channels.outside import Network
from campaigns.channels.together import Together

MOST_READ = 64 << 10  # bytes of an answer
PROVIDER_ID = 120  # characters
BELIEVED = 30.0  # seconds in which an answer shows that somebody is there
LONGEST_WAIT = 3600.0  # seconds that a provider may ask us to wait
NOT_GIVEN = (
    NewConnectionError,
    ConnectTimeoutError,
    NameResolutionError,
    ProxyError,
    SSLError,
)
# What an answer without words of its own means.
ABOUT_US = {401, 403, 404, 405, 407}  # our key or address is wrong: the customer may get it later
NOT_TAKEN = {408, 425, 429, 503}

UNREADABLE = gettext_noop("the answer was not one that this provider gives")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body; None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def wait(self) -> float:
        """Seconds after which the provider wants to be asked again; 0: it does not say."""
        try:
            return min(max(float(self.headers.get("retry-after", 0)), 0), LONGEST_WAIT)
        except ValueError:  # a date: rare, and no better than our own pauses
            return 0


class Provider(Protocol):
    """What one kind of provider wants to hear and says."""

    @property
    def url(self) -> str: ...

    @property
    def repeatable(self) -> bool:
        """Whether the other side knows a note that it has got before."""

    def ask(self, note: Note) -> Ask:
        """The request for one note. Raises BadNote."""

    def read(self, answer: Answer) -> Outcome:
        """What the provider's own words mean."""


class HttpChannel:
    """A `Channel` to one provider, through a few connections that are kept."""

    def __init__(
        self,
        provider: Provider,
        *,
        connections: int = 8,
        timeout: float = 15,
        private: Sequence[Network] = (),
    ) -> None:
        self.provider, self._timeout, self._private = provider, timeout, private
        self._pool = pool(connections, timeout, private)
        self._together = Together(connections, "http")
        self._heard = -BELIEVED

    def connect(self) -> None:
        """Make sure that somebody is there, unless it was so a moment ago."""
        if time.monotonic() - self._heard < BELIEVED:
            return
        where = urlsplit(self.provider.url)
        port = where.port or (443 if where.scheme == "https" else 80)
        try:
            with socket.create_connection((where.hostname or "", port), timeout=5) as connected:
                outside.check(connected, self._private)
        except (OSError, ValueError) as problem:
            raise Unreachable(f"{where.hostname}:{port}: {problem}") from problem
        self._heard = time.monotonic()

    def send(self, messages: Iterable[Note], journal: Journal) -> None:
        """Give notes, so many at a time as there are connections."""
        self._together.run(
            messages, lambda note: journal.ended(note.number, self._give(note, journal))
        )

    def close(self) -> None:
        self._together.close()
        self._pool.clear()

    def _give(self, note: Note, journal: Journal) -> Outcome:
        try:
            ask = self.provider.ask(note)
        except BadNote as wrong:
            return Refused(str(wrong))
        except Unreachable as nobody:  # somebody else has to be asked first: for a token
            return Failed(because(LOST, nobody), answered=False)
        journal.begun(note.number)
        try:
            answer = post(self._pool, ask, self._timeout)
        except NOT_GIVEN as problem:
            self._heard = -BELIEVED
            return Failed(because(LOST, _brief(problem)), answered=False)
        except (HTTPError, OSError, TooSlow) as problem:
            doubt = because(LOST, _brief(problem))
            return Failed(doubt) if self.provider.repeatable else Unsure(doubt)
        self._heard = time.monotonic()
        return self.provider.read(answer)


# --- one request ------------------------------------------------------------


class TooSlow(Exception):
    """The answer began and did not end."""


def pool(connections: int, timeout: float, private: Sequence[Network] = ()) -> urllib3.PoolManager:
    """Connections that are kept, to the public web and these private networks."""
    made = urllib3.PoolManager(
        maxsize=connections,
        retries=False,  # also: no redirects, which would lead our words elsewhere
        timeout=urllib3.Timeout(connect=min(5, timeout), read=timeout),
    )
    made.pool_classes_by_scheme = outside.pools(private)
    return made


def post(through: urllib3.PoolManager, ask: Ask, timeout: float) -> Answer:
    """Ask once, and read the whole answer in at most the time given."""
    deadline = time.monotonic() + timeout
    response = through.request(
        ask.method,
        ask.url,
        body=ask.body or None,
        headers=dict(ask.headers),
        preload_content=False,
    )
    try:
        body = b""
        while piece := response.read1(4096):  # what is there, without waiting for so much
            body += piece
            if time.monotonic() > deadline:
                raise TooSlow("the answer did not end")
            if len(body) > MOST_READ:
                raise TooSlow("the answer is too long")
        response.release_conn()
    except BaseException:
        response.close()
        raise
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, body)


def _brief(problem: Exception) -> str:
    """What urllib3 says, without the place in memory that it begins with."""
    return str(problem).rpartition(">: ")[2] or type(problem).__name__


# --- what an answer means ---------------------------------------------------


def by_status(answer: Answer, words: str = "") -> Outcome:
    """The outcome of an answer that has no words of its own, or whose words are no code.

    Nobody knows what a server that broke in the middle (500), or one that waited in vain for
    the server behind it (502, 504), had already done.
    """
    said = f"{answer.status} {words}".strip()[:200]
    if answer.status in NOT_TAKEN:
        return Failed(said, wait=answer.wait)
    if answer.status in ABOUT_US or 300 <= answer.status < 400:
        return Failed(said)
    if 400 <= answer.status < 500:
        return Refused(said)
    return Unsure(said if answer.status >= 500 else because(UNREADABLE, said))


def by_code(
    answer: Answer,
    code: Any,
    words: Any,
    *,
    good: Any,
    provider_id: Any = "",
    for_good: set[Any] | frozenset[Any] = frozenset(),
) -> Outcome:
    """The outcome that a provider's own code says, whatever the status of HTTP.

    `for_good` are codes that speak of this recipient or this text: another try ends the same.
    All others are about us or about the moment, so the customer may get it later.
    """
    if code == good and answer.status < 300:
        return Accepted(_clean(provider_id or "")[:PROVIDER_ID])
    if code is None or code == good or answer.status in NOT_TAKEN:
        return by_status(answer, _said(code, words))
    said = _said(code, words)
    return Refused(said) if code in for_good else Failed(said, wait=answer.wait)


def again(outcome: Unsure) -> Failed:
    """In doubt, but giving it once more does no harm."""
    return Failed(outcome.reason)


def _said(code: Any, words: Any) -> str:
    parts = [str(one) for one in (code, words) if one not in (None, "")]
    return _clean(" ".join(parts))[:200]


def _clean(said: Any) -> str:
    """What somebody else said, on one line that every table and log can keep."""
    return "".join(one if one.isprintable() else " " for one in str(said))


def as_json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


JSON = {"Content-Type": "application/json; charset=utf-8"}
