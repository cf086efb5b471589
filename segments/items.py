"""What senders can tell us, in our own words: the form between the door and the inbox.

Each dialect of `segments.collect` turns what a client library sends into these; a
`Delivery` keeps them as one JSON list; `segments.intake` carries them out. An id is a pair
of a kind and a value. In JSON a moment is microseconds since 1970 in UTC.
"""

from dataclasses import dataclass, field
from typing import Any

# Kinds of ids that name a person; all others are of a device or a visit, and anonymous.
USER, ANONYMOUS = "user_id", "anonymous_id"
STRONG = frozenset({USER})

Id = tuple[str, str]


@dataclass(frozen=True)
class Event:
    """Something happened. Of several ids the first names who did it; they are one person's."""

    key: str  # unique in its source: a second one with it is the same event again
    ids: tuple[Id, ...]
    name: str
    at: int
    properties: dict[str, Any] = field(default_factory=dict)
    is_history: bool = False  # brought in late on purpose: no rule about late events


@dataclass(frozen=True)
class Profile:
    """What is said about a customer, carried out in the order of these fields."""

    key: str
    ids: tuple[Id, ...]
    at: int
    delete: bool = False  # forget everything that was said
    set: dict[str, Any] = field(default_factory=dict)
    once: dict[str, Any] = field(default_factory=dict)  # only where nothing is said yet
    add: dict[str, int | float] = field(default_factory=dict)
    append: dict[str, Any] = field(default_factory=dict)  # to a list; a list adds each
    union: dict[str, list[Any]] = field(default_factory=dict)  # each only once
    remove: dict[str, Any] = field(default_factory=dict)  # from a list
    unset: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """The ids are one person's. `said`: the product says it outright, so that even two
    known customers are one."""

    key: str
    ids: tuple[Id, ...]
    at: int
    said: bool = False


@dataclass(frozen=True)
class Group:
    """What is said about a group or an item, in the manner of `Profile`; and who is in it."""

    key: str
    kind: str  # "company", "item:book"
    id: str
    at: int
    members: tuple[Id, ...] = ()
    delete: bool = False
    set: dict[str, Any] = field(default_factory=dict)
    once: dict[str, Any] = field(default_factory=dict)
    add: dict[str, int | float] = field(default_factory=dict)
    append: dict[str, Any] = field(default_factory=dict)
    union: dict[str, list[Any]] = field(default_factory=dict)
    remove: dict[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()


@dataclass(frozen=True)
class Consent:
    """A customer agreed, or no longer agrees, to hear from us."""

    key: str
    ids: tuple[Id, ...]
    at: int
    channel: str
    purpose: str
    granted: bool


Item = Event | Profile | Link | Group | Consent
