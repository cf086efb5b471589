"""Sets of customers: roaring bitmaps, and how they are stored and made fast."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
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


def from_array(ids: "np.ndarray[Any, Any]") -> BitMap:
    """A set from an array of ids in any order; several times faster than `BitMap(ids)`."""
    column = ids.astype(np.uint32)
    if len(column) > 1 and not (column[1:] >= column[:-1]).all():
        column.sort()
    flat = array("I")
    flat.frombytes(column.tobytes())
    return BitMap(flat)


def to_array(members: BitMap) -> "np.ndarray[Any, np.dtype[np.uint32]]":
    """The ids in order."""
    return np.frombuffer(members.to_array(), dtype=np.uint32)


def union(sets: Sequence[BitMap]) -> BitMap:
    """Everybody who is in at least one of the sets."""
    return BitMap.union(*sets) if sets else BitMap()


def sliding_union(days: Iterable[BitMap], width: int) -> Iterator[BitMap]:
    """For each day, everybody who was in it or one of the `width - 1` days before.

    Two stacks: each set is united about twice, however wide the window is.
    """
    back: list[BitMap] = []  # unions from a day to the newest of the older half
    front: list[BitMap] = []  # the newer half, as it came
    newest = BitMap()
    for day in days:
        if len(back) + len(front) == width:
            if not back:
                back, front, newest = _unions_from_the_end(front), [], BitMap()
            back.pop()
        front.append(day)
        newest = newest | day
        yield back[-1] | newest if back else newest


def _unions_from_the_end(sets: list[BitMap]) -> list[BitMap]:
    found = [sets[-1]]
    for one in reversed(sets[:-1]):
        found.append(found[-1] | one)
    return found
