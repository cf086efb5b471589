"""A short message for any wire but mail: who gets it and what it says, finished."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from campaigns.channels.base import gettext_noop

BAD_PHONE = gettext_noop("the phone number is not one that can be written to")
EMPTY = gettext_noop("there is nothing to say")
TOO_LONG = gettext_noop("the text is longer than the channel takes")


@dataclass(frozen=True, slots=True)
class Note:
    """One message to one recipient. What a channel has no use for, it leaves alone."""

    number: int  # of the message in the outbox
    id: str  # ours, as the other side hears it; another try has the same one
    recipient: str  # a phone number, a device's token, a user id, or whom a group should see
    at: dt.datetime  # real time: providers distrust any other
    channel: str = ""  # through which it leaves
    text: str = ""
    title: str = ""
    url: str = ""
    template: str = ""  # the provider's own number of an approved text
    params: Mapping[str, str] = field(default_factory=dict)  # what it fills in there
    data: Mapping[str, Any] = field(default_factory=dict)  # for machines: an app, a receiver
    expires_at: dt.datetime | None = None  # then nobody should see it any more


class BadNote(ValueError):
    """The note cannot be given to this channel; the words say why."""


def need_text(note: Note) -> None:
    """Raises BadNote when nobody would read anything."""
    if not (note.text.strip() or note.title.strip()):
        raise BadNote(EMPTY)
