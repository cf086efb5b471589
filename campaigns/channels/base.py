"""What every channel takes and what it answers, whatever the wire."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


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

    id: str  # our Message-ID, without its angle brackets
    sender: str
    recipient: str
    subject: str
    html: str
    text: str
    unsubscribe_url: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side said that it has it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side will never take it; another try would end the same."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The other side certainly does not have it, and may take it later."""

    reason: str
    answered: bool = True  # False: there was nobody to answer


@dataclass(frozen=True, slots=True)
class Unsure:
    """Contact was lost after the whole message was given: it may or may not have left."""

    reason: str


Outcome = Accepted | Refused | Failed | Unsure


class Unreachable(Exception):
    """There is nobody to give a message to. Nothing was given."""


class Channel(Protocol):
    """A way out, kept open between messages."""

    def connect(self) -> None:
        """Make sure that somebody is there, or raise `Unreachable`."""

    def send(self, mails: Sequence[Mail]) -> list[Outcome]:
        """Give messages, several at a time; the answers in their order."""

    def close(self) -> None: ...
