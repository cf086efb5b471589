"""Items on their way in: by which rules they are taken, whose they are, and how they are known."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from segments import acceptance, amounts, catalogue, deliveries, identity
from segments.acceptance import Refused
from segments.items import Consent, Event, Group, Id, Item, Link, Profile

LONGEST_KEY = 200  # of an inbox event
LONGEST_CHANNEL = 16  # and purpose
_MICROSECOND = dt.timedelta(microseconds=1)


class Blocked(Exception):
    """An event of a kind that somebody here does not want."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Rules:
    """What has to be known for a whole batch."""

    known: Mapping[str, catalogue.Known]
    currency: str  # the project's
    decimals: int  # that it has
    shift: dt.timedelta  # from the real time to a project's pinned date
    sources: Mapping[int, str]


@dataclass(frozen=True)
class Parcel:
    """What one request brought."""

    source_id: int
    received_at: dt.datetime
    items: Sequence[Item]

    @cached_property
    def received(self) -> int:
        """When, in the microseconds of items."""
        return microseconds(self.received_at)


class Entry(NamedTuple):
    """An item that can be taken: whose, when, and what tells it from others."""

    parcel: Parcel
    item: Item
    ids: tuple[Id, ...]  # those that name somebody
    at: int
    digest: str
    claimed: int | None = None
    amount: int | None = None  # of an event, in minor units


def make(parcel: Parcel, item: Item, rules: Rules) -> Entry:
    """The item as it is taken.

    Raises:
        Refused: it cannot be taken.
        Blocked: it is not wanted.
    """
    at, claimed, amount = min(item.at, parcel.received), None, None
    if isinstance(item, Event):
        if known := rules.known.get(item.name):
            if known.blocked:
                raise Blocked(item.name)
            if known.name != item.name:
                item = replace(item, name=known.name)
        at, claimed = acceptance.when(item, parcel.received)
        amount = _amount(item, rules)
    digest = _digest(parcel.source_id, item)
    if isinstance(item, Event) and amount is not None:
        foreign = amounts.foreign(item.properties.get("currency"), rules.currency)
        if foreign:  # sums have one currency: it stays what happened, and brings no amount
            item = replace(item, properties={**item.properties, amounts.FOREIGN: foreign})
            amount = None
    if rules.shift and not getattr(item, "is_history", False):
        at += rules.shift // _MICROSECOND
    return Entry(parcel, item, _ids(item), at, digest, claimed, amount)


def _amount(event: Event, rules: Rules) -> int | None:
    """Raises Refused: it is too large."""
    known = rules.known.get(event.name)
    named = known.amount_property if known else ""
    return acceptance.amount(event.properties, named, rules.decimals)


def _ids(item: Item) -> tuple[Id, ...]:
    """The ids of an item that name somebody.

    Raises:
        Refused: there are too few of them, or a field of it is too long.
    """
    said = deliveries.ids_of(item)
    ids = acceptance.real(said)
    needed = 0 if isinstance(item, Group) else 2 if isinstance(item, Link) else 1
    if len(ids) < needed:
        raise Refused("placeholder_id", ", ".join(value for _kind, value in said)[:200])
    for _kind, value in ids:
        if len(value) > identity.LONGEST or "\0" in value:
            raise Refused("too_long", value[:40])
    if isinstance(item, Consent) and max(len(item.channel), len(item.purpose)) > LONGEST_CHANNEL:
        raise Refused("too_long", f"{item.channel} {item.purpose}"[:200])
    return ids


def _digest(source_id: int, item: Item) -> str:
    """What is remembered of an item: one message can be an event and a profile at once."""
    return digest(source_id, item.key, type(item).__name__)


def digest(source_id: int, key: str, kind: str = Event.__name__) -> str:
    """What is remembered of an item of this kind and key."""
    return hashlib.sha256(f"{source_id}\0{kind}\0{key}".encode()).hexdigest()[:32]


def key(source_id: int, key: str) -> str:
    """The key of a source's event among those of all sources."""
    whole = f"{source_id}:{key}"
    if len(whole) <= LONGEST_KEY:
        return whole
    return f"{source_id}:{hashlib.sha256(key.encode()).hexdigest()}"


def only(item: Profile | Group, keys: set[str]) -> Item:
    """What was said under these names alone, as an item of its own that can be replayed."""

    def rest(said: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in said.items() if key in keys}

    parts: Any = {
        name: rest(getattr(item, name))
        for name in ("set", "once", "add", "append", "union", "remove")
    }
    return replace(item, key=f"{item.key[:150]}:rest", delete=False, unset=(), **parts)


def microseconds(moment: dt.datetime) -> int:
    return (moment - acceptance.EPOCH) // _MICROSECOND
