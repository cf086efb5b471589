"""What all dialects read alike: ids, names, moments, properties, and how much is too much."""

import datetime as dt
import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from segments.dialects import texts
from segments.items import ANONYMOUS, USER, Id

LARGEST_ITEM = 64 * 1024  # bytes of one item as JSON
MOST_PROPERTIES = 500
DEEPEST = 10
LONGEST_NAME, LONGEST_KIND, LONGEST_KEY, LONGEST_ID = 80, 40, 200, 200
LONGEST_WORD = 16  # of a channel or a purpose
LONGEST_MESSAGE_ID = 160  # longer ones are kept as their hash
LARGEST = 2**63
_SECOND = 1_000_000  # in the microseconds of our moments
EARLIEST = int(dt.datetime(1980, 1, 1, tzinfo=dt.UTC).timestamp()) * _SECOND
LATEST = int(dt.datetime(2100, 1, 1, tzinfo=dt.UTC).timestamp()) * _SECOND
# A difference below this is the network's delay; above, the sender's clock is wrong.
LEAST_SKEW = 10 * _SECOND
# Beyond a day it is no clock that somebody lives by, but nonsense, which must not move events.
MOST_SKEW = 24 * 60 * 60 * _SECOND


class Bad(ValueError):
    """An item that cannot be taken: a code of `dead_letters.REASONS`, and what exactly.

    The detail names a field, and never holds what stands in it, which may be personal.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, texts.storable(detail)


@dataclass(frozen=True)
class Sending:
    """What a request says about all of its items."""

    received_at: int  # microseconds, as in items
    skew: int = 0  # to be added to the sender's moments
    history: bool = False

    def moment(self, value: Any, what: str) -> int:
        """When the sender says in a field that it happened, by our clock; else now.

        Raises:
            Bad: not a moment between 1980 and 2100.
        """
        if value is None or value == "":
            return self.received_at
        at = moment(value, what) + self.skew
        if not EARLIEST <= at < LATEST:
            raise Bad("bad_time", what)
        return at


def sending(received_at: int, *, sent_at: Any = None, history: Any = False) -> Sending:
    """With the sender's clock put right by when they say that they sent it."""
    try:
        skew = received_at - moment(sent_at, "sent_at") if sent_at else 0
    except Bad:
        skew = 0  # what is no time tells nothing about a clock
    is_believed = LEAST_SKEW <= abs(skew) <= MOST_SKEW
    return Sending(received_at, skew if is_believed else 0, history is True)


def moment(value: Any, what: str) -> int:
    """A moment as libraries write it: ISO 8601 (without a zone it is UTC), or a number of
    seconds, milli- or microseconds since 1970, told apart by their size.

    Raises:
        Bad: none of these.
    """
    try:
        if isinstance(value, str):
            if value[4:5] == "-" or not value.strip().replace(".", "", 1).isdecimal():
                return _from_iso(value.strip())
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        if abs(value) >= 1e14:
            return int(value)
        return round(value * (1000 if abs(value) >= 1e11 else _SECOND))
    except (TypeError, ValueError, OverflowError) as problem:
        raise Bad("bad_time", what) from problem


def _from_iso(text: str) -> int:
    when = dt.datetime.fromisoformat(text)
    if when.tzinfo is None:
        when = when.replace(tzinfo=dt.UTC)
    return round(when.timestamp() * _SECOND)  # a double holds the microseconds of our years


# --- texts ------------------------------------------------------------------


def is_text(value: str) -> bool:
    """Whether PostgreSQL can keep it: no zero byte, no half of a surrogate pair."""
    if "\0" in value:
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def text(value: Any, longest: int, *, missing: str, what: str) -> str:
    """A text that has to be there.

    Raises:
        Bad: it is missing, is none, or is too long.
    """
    if value is None or value == "":
        raise Bad(missing, "" if missing == "no_name" else what)
    if not isinstance(value, str):
        raise Bad("wrong_type", what)
    if len(value) > longest:
        raise Bad("too_long", f"{what}: {len(value)} > {longest}")
    if not is_text(value):
        raise Bad("bad_text", what)
    return value


def name(value: Any) -> str:
    """The name of an event, in which there is something to see: nobody could click on blanks."""
    found = text(value, LONGEST_NAME, missing="no_name", what="event")
    if not any(letter.isprintable() and not letter.isspace() for letter in found):
        raise Bad("no_name")
    return found


def kind(value: Any, what: str) -> str:
    """The kind of an id, a group or an item."""
    return text(value, LONGEST_KIND, missing="wrong_type", what=what)


def word(value: Any, what: str) -> str:
    """A channel or a purpose."""
    return text(value, LONGEST_WORD, missing="wrong_type", what=what)


# --- ids --------------------------------------------------------------------


def an_id(value: Any, what: str) -> str:
    """The value of an id; numbers are taken as their digits.

    Raises:
        Bad: neither a text nor a number, or too long.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) >= LARGEST or not math.isfinite(value):
            raise Bad("bad_number", what)
        value = str(int(value) if value == int(value) else value)
    if not isinstance(value, str):
        raise Bad("wrong_type", what)
    if len(value) > LONGEST_ID:
        raise Bad("too_long", f"{what}: {len(value)} > {LONGEST_ID}")
    if not is_text(value):
        raise Bad("bad_text", what)
    return value


def ids(*found: tuple[str, Any]) -> tuple[Id, ...]:
    """The ids that are there, each once, in this order.

    Raises:
        Bad: there is none, or one is not usable.
    """
    kept = dict.fromkeys(
        (of, an_id(value, of)) for of, value in found if value is not None and value != ""
    )
    if not kept:
        raise Bad("no_id")
    return tuple(kept)


def either(value: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """An id that does not say whether it names a person or a visit: it is looked for as both."""
    return (USER, value), (ANONYMOUS, value)


# --- keys -------------------------------------------------------------------


def key(value: Any) -> str:
    """The sender's own name for the message; without one a random name of ours, so that the
    same content sent twice is two messages.

    Raises:
        Bad: not a text or a number.
    """
    if value is None or value == "":
        return f"own-{secrets.token_hex(16)}"
    given = value if isinstance(value, str) else an_id(value, "key")
    if len(given) > LONGEST_MESSAGE_ID or not is_text(given):
        return sha256(given.encode("utf-8", "surrogatepass")).hexdigest()
    return given


# --- properties -------------------------------------------------------------


def an_object(value: Any, what: str) -> dict[str, Any]:
    """An object, empty when there is none."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Bad("wrong_type", what)
    return value


def properties(value: Any, what: str = "properties", *, without: Iterable[str] = ()) -> Any:
    """What an event or a profile says, checked to its depth; a new dict.

    Raises:
        Bad: not an object, too many, too deep, or with what nothing can keep.
    """
    kept = {**an_object(value, what)}
    for one in without:
        kept.pop(one, None)
    if len(kept) > MOST_PROPERTIES:
        raise Bad("too_many_properties", str(len(kept)))
    _check_object(kept, 1)
    return kept


def _check_object(found: dict[str, Any], depth: int) -> None:
    """Most values are short texts and numbers, so these are looked at without a call."""
    for name, value in found.items():
        if len(name) > LONGEST_KEY:
            raise Bad("too_long", f"{name[:40]}…: {len(name)} > {LONGEST_KEY}")
        if not (name.isascii() and name.isprintable()) and not is_text(name):
            raise Bad("bad_text", name[:40])
        if type(value) is str:
            if not (value.isascii() and value.isprintable()) and not is_text(value):
                raise Bad("bad_text", name)
        else:
            _check(value, depth, name)


def _check(value: Any, depth: int, name: str) -> None:
    # orjson reads whole numbers beyond 64 bits as floats, so these are looked at as well.
    if isinstance(value, int | float):
        if not -LARGEST <= value < LARGEST:
            raise Bad("bad_number", name)
    elif isinstance(value, str):
        if not is_text(value):
            raise Bad("bad_text", name)
    elif value is not None:
        if depth >= DEEPEST:
            raise Bad("too_deep", name)
        if isinstance(value, dict):
            _check_object(value, depth + 1)
        else:
            for inner in value:
                _check(inner, depth + 1, name)


def numbers(value: Any, what: str) -> dict[str, int | float]:
    """What is to be added to what a profile says."""
    found = properties(value, what)
    for of, one in found.items():
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise Bad("wrong_type", f"{what}.{of}"[:200])
    return found


def lists(value: Any, what: str) -> dict[str, list[Any]]:
    """Lists to be joined with those of a profile; a single value is a list of one."""
    found = properties(value, what)
    return {of: one if isinstance(one, list) else [one] for of, one in found.items()}


def names(value: Any, what: str) -> tuple[str, ...]:
    """What a profile is to forget: a list of names, one name, or the keys of an object."""
    if value is None or value == "":
        return ()
    found = [value] if isinstance(value, str) else list(value) if _is_many(value) else None
    if found is None or not all(isinstance(one, str) for one in found):
        raise Bad("wrong_type", what)
    properties(dict.fromkeys(found), what)
    return tuple(found)


def _is_many(value: Any) -> bool:
    return isinstance(value, list | dict)


def operations(
    *, set: Any = None, once: Any = None, add: Any = None, append: Any = None,  # noqa: A002
    union: Any = None, remove: Any = None, unset: Any = None, delete: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """What is said about a customer or a group, as the fields of `Profile` and `Group`."""
    said: dict[str, Any] = {
        "delete": delete,
        "set": properties(set, "set"),
        "once": properties(once, "set_once"),
        "add": numbers(add, "add"),
        "append": properties(append, "append"),
        "union": lists(union, "union"),
        "remove": properties(remove, "remove"),
        "unset": names(unset, "unset"),
    }
    return {field: value for field, value in said.items() if value}
