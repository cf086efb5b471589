"""Whether something that was sent can be taken, and as what: the stated rules for intake.

Moments are microseconds since 1970, as in `segments.items`.
"""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from segments import amounts, placeholders
from segments.items import Event, Id

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = 1_000_000
# Clocks of phones are wrong by minutes; what lies further ahead is no network's delay.
SOON = 10 * 60 * _SECOND
# By a day, somebody set a clock or a zone wrong, and the event is real; beyond that nobody
# knows when it happened.
AHEAD = 24 * 3600 * _SECOND
# Longer than any app keeps its queue. What is older on purpose comes in as history.
BEHIND = 5 * 366 * 24 * 3600 * _SECOND
CLAIMED = "$claimed_at"  # the property that keeps the time that was not taken

AMOUNTS = ("revenue", "total", "value", "amount")
_NUMBER = re.compile(r"\s*-?\d{1,15}(\.\d{1,15})?\s*")


class Refused(ValueError):
    """Something that cannot be taken: a reason for the list of dead letters, and a detail."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


class Taken(NamedTuple):
    """When an event happened for us, and what its sender claimed when that is another time."""

    at: int
    claimed: int | None = None


def real(ids: tuple[Id, ...]) -> tuple[Id, ...]:
    """Those of the ids that name somebody."""
    if any(placeholders.is_one(value) for _kind, value in ids):
        return tuple(one for one in ids if not placeholders.is_one(one[1]))
    return ids


def when(event: Event, received_at: int) -> Taken:
    """The moment under which an event is kept.

    Raises:
        Refused: nobody can know when it happened.
    """
    ahead = event.at - received_at
    if ahead > AHEAD:
        raise Refused("future", written(event.at))
    if ahead > SOON:
        return Taken(received_at, event.at)
    if -ahead > BEHIND and not event.is_history:
        raise Refused("too_old", written(event.at))
    return Taken(event.at)


def moment(microseconds: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=microseconds)


def written(microseconds: int) -> str:
    return moment(microseconds).isoformat()


def amount(properties: Mapping[str, Any], named: str, decimals: int) -> int | None:
    """The amount of an event in minor units, by the property that its type names.

    Without a name it is the first of `AMOUNTS` that is a number, or a text that is one.

    Raises:
        Refused: nobody sells for that much, so that a sum with it would be wrong.
    """
    for name in (named,) if named else AMOUNTS:
        value = properties.get(name)
        if value is not None and (found := _minor(value, decimals)) is not None:
            if abs(found) > amounts.LARGEST:
                raise Refused("large_amount", name)
            return found
    return None


def _minor(value: Any, decimals: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value if isinstance(value, str) else repr(value)
    if isinstance(value, str) and not _NUMBER.fullmatch(text):
        return None
    return int(Decimal(text).scaleb(decimals).to_integral_value(ROUND_HALF_UP))
