"""Sets of customers: roaring bitmaps, and how they are stored and made fast."""

from array import array
from collections.abc import Iterable, Sequence

from pyroaring import BitMap

EMPTY = BitMap()


def load(stored: bytes | memoryview | None) -> BitMap:
    """The set that `dump` wrote; nothing stored is the empty set."""
    return BitMap.deserialize(bytes(stored)) if stored else BitMap()


def dump(members: BitMap) -> bytes:
    """The portable roaring format, which ClickHouse and other engines read as well."""
    members.run_optimize()
    return members.serialize()


def from_ids(ids: Iterable[int]) -> BitMap:
    """A set from ids in any order; sorted `array('I')` is what pyroaring takes fastest."""
    return BitMap(array("I", sorted(ids)))


def union(sets: Sequence[BitMap]) -> BitMap:
    """Everybody who is in at least one of the sets."""
    return BitMap.union(*sets) if sets else BitMap()
