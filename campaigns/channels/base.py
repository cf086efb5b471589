"""What every channel takes and what it answers, whatever the wire."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar


def gettext_noop(text: str) -> str:
    """Marks a reason for translators: it is kept as it stands here and translated on screens."""
    return text


# Our own reasons; all others are a mail server's words.
LOST = gettext_noop("the connection was lost")
STOPPED = gettext_noop("the worker stopped while sending it")
BAD_ADDRESS = gettext_noop("the address is not one that mail servers take")
BAD_HEADER = gettext_noop("a header would hold a line break or a control character")


def because(reason: str, detail: object) -> str:
    """One of our reasons with what the machine said."""
    return f"{reason}: {detail}"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one address, finished."""

    number: int  # of the message in the outbox
    id: str  # our Message-ID, without its angle brackets
    sender: str
    recipient: str
    subject: str
    html: str
    text: str
    unsubscribe_url: str
    at: dt.datetime
    return_path: str = ""  # to whom it comes back; empty: to its sender


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side said that it has it."""

    provider_id: str = ""  # what the other side calls it, where it says so


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side will never take it; another try would end the same."""

    reason: str
    is_gone: bool = False  # the address does not exist (any more)


@dataclass(frozen=True, slots=True)
class Failed:
    """The other side certainly does not have it, and may take it later."""

    reason: str
    answered: bool = True  # False: there was nobody to answer
    wait: float = 0  # seconds that the other side wants us to keep quiet, where it says so


@dataclass(frozen=True, slots=True)
class Unsure:
    """Contact was lost after the whole message was given: it may or may not have left."""

    reason: str


Outcome = Accepted | Refused | Failed | Unsure


class Unreachable(Exception):
    """There is nobody to give a message to. Nothing was given."""


class Busy(Unreachable):
    """There is somebody, who has no time for us now; other workers may be heard."""


class Numbered(Protocol):
    """What every channel's messages have, whatever else is in them."""

    @property
    def number(self) -> int: ...


class Journal(Protocol):
    """Who is told of each message, by its number, from whatever thread gives it."""

    def begun(self, number: int) -> None:
        """The next thing done can make it leave. If this raises, it is not done."""

    def ended(self, number: int, outcome: Outcome) -> None:
        """What came of it: once for every message that was taken."""


M_contra = TypeVar("M_contra", bound=Numbered, contravariant=True)


class Channel(Protocol[M_contra]):
    """A way out, kept open between messages."""

    def connect(self) -> None:
        """Make sure that somebody is there, or raise `Unreachable`."""

    def send(self, messages: Iterable[M_contra], journal: Journal) -> None:
        """Give messages, many at a time, and tell the journal of each.

        The next one is taken only when it can be given, and by one thread at a time: the
        iterable may make messages on the way, and end when no more should leave.
        """

    def close(self) -> None: ...
