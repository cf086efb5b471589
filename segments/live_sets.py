"""Sets that follow every change: everybody who is somebody, and who agreed to hear from us.

Triggers note who comes and goes, whatever writes the rows; a reader takes the set as it was
last gathered together with the changes since. Gathering folds the changes into the set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from pyroaring import BitMap

from segments import asking, bitmaps
from segments.arrays import Array
from segments.asking import Question
from segments.models import LiveSet, LiveSetChange

EVERYONE = "everyone"


@dataclass(frozen=True)
class Now:
    """A set as it is now; two with the same version are the same set."""

    members: BitMap
    version: tuple[bytes, bytes]


_held: dict[str, tuple[bytes, BitMap]] = {}  # as gathered, by name
_now: dict[str, Now] = {}


def everyone() -> BitMap:
    """All customers who are somebody: neither erased nor merged into another."""
    return now(EVERYONE).members


def agreed(channel: str, purpose: str) -> Now:
    """Who agreed to hear from us through a channel for a purpose."""
    return now(consent(channel, purpose))


def consent(channel: str, purpose: str) -> str:
    """The name of the set of who agreed."""
    return f"consent:{channel}:{purpose}"


def now(name: str) -> Now:
    """The set as it is at this moment. It belongs to all who ask: change a copy."""
    held = held_of([name])
    return told(held, asking.ask([question(held)])[0])[name]


Held = Mapping[str, tuple[bytes, BitMap]]  # sets as they were gathered, by name: digest, members


def held_of(names: Iterable[str]) -> Held:
    """What this process has of these sets."""
    return {name: _held.get(name, (b"", BitMap())) for name in names}


def question(held: Held) -> Question:
    """One statement, so that no gathering comes between the sets and their changes."""
    return Question(_READ, (list(held), [digest for digest, _members in held.values()]))


def told(held: Held, rows: Iterable[tuple[Any, ...]]) -> dict[str, Now]:
    """The sets that it found."""
    return {name: _told(name, *held[name], *about) for name, *about in rows}


def _told(
    name: str, digest: bytes, base: BitMap, now: bytes | None, members: Any, changes: bytes | None
) -> Now:
    stored, since = bytes(now or b""), bytes(changes or b"")
    if stored != digest:
        base = bitmaps.load(members)
        _held[name] = (stored, base)
    known = _now.get(name)
    if known is None or known.version != (stored, since):
        known = _now[name] = Now(_changed(base, since), (stored, since))
    return known


def gather(*, least: int = 1) -> int:
    """Fold what changed into the sets, of those with so many changes; tells how many there were.

    A change costs its readers a little, and a large set costs a megabyte to write.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [least])
        names = [name for (name,) in cursor.fetchall()]
    return sum(map(_gather, names))


@transaction.atomic
def _gather(name: str) -> int:
    LiveSet.objects.bulk_create([LiveSet(name=name)], ignore_conflicts=True)
    kept = LiveSet.objects.select_for_update().get(name=name)  # two that gather take turns
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, {"name": name})
        numbers, changes = cursor.fetchone()
    kept.members = _changed(kept.members, bytes(changes or b""))
    kept.save(update_fields=["members"])
    # Exactly those that were read: one with a lower number may be committed only now.
    LiveSetChange.objects.filter(pk__in=numbers or []).delete()
    return len(numbers or [])


def _changed(members: BitMap, changes: bytes) -> BitMap:
    """The set after its changes, of which the last about a customer counts."""
    found = np.frombuffer(changes, [("customer", ">i4"), ("added", "u1")])[::-1]
    customers, last = np.unique(found["customer"].astype(np.int32), return_index=True)
    added = found["added"][last] == 1
    return (members - _set(customers[~added])) | _set(customers[added])


def _set(customers: Array) -> BitMap:
    return bitmaps.from_array(customers)


_READ = """
    SELECT one.name, s.digest, CASE WHEN s.digest IS DISTINCT FROM one.held THEN s.members END, (
        SELECT string_agg(int4send(customer) || boolsend(added), ''::bytea ORDER BY id)
        FROM segments_livesetchange, unnest(customers) AS customer WHERE name = one.name
    )
    FROM unnest(%s::text[], %s::bytea[]) AS one (name, held)
    LEFT JOIN segments_liveset s ON s.name = one.name
"""
_CHANGES = """
    SELECT array_agg(DISTINCT id),
        string_agg(int4send(customer) || boolsend(added), ''::bytea ORDER BY id)
    FROM segments_livesetchange, unnest(customers) AS customer WHERE name = %(name)s
"""
_CHANGED = """
    SELECT name FROM segments_livesetchange GROUP BY name
    HAVING sum(cardinality(customers)) >= %s ORDER BY name
"""
