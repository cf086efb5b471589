"""Sets of customers: roaring bitmaps, and how they are stored and made fast."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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


def from_mask(mask: "np.ndarray[Any, np.dtype[np.bool_]]") -> BitMap:
    """The places at which the mask is true."""
    return from_words(to_words(mask))


def to_words(mask: "np.ndarray[Any, np.dtype[np.bool_]]") -> "np.ndarray[Any, np.dtype[np.uint64]]":
    """The mask as bits, 64 a word."""
    bits = np.packbits(mask, bitorder="little")
    return _padded(bits, 8).view("<u8")


def from_words(words: "np.ndarray[Any, np.dtype[np.uint64]]") -> BitMap:
    """The set whose bits these are.

    Written in the portable format and read back: of many members that is tens of times faster
    than from their numbers.
    """
    parts = _padded(words, WORDS).reshape(-1, WORDS)
    sizes = np.bitwise_count(parts).sum(axis=1, dtype=np.int64).tolist()
    heads = [(key, size - 1) for key, size in enumerate(sizes) if size]
    bodies = [_body(parts[key], size + 1) for key, size in heads]
    head = np.array([_NO_RUNS, len(heads)], "<u4").tobytes()
    about = np.array(heads, "<u2").tobytes()
    first = len(head) + len(about) + 4 * len(heads)
    starts = np.cumsum([first, *map(len, bodies)])[: len(heads)].astype("<u4").tobytes()
    return BitMap.deserialize(b"".join((head, about, starts, *bodies)))


def to_array(members: BitMap) -> "np.ndarray[Any, np.dtype[np.uint32]]":
    """The ids in order."""
    return np.frombuffer(members.to_array(), dtype=np.uint32)


def _padded(values: "np.ndarray[Any, Any]", step: int) -> "np.ndarray[Any, Any]":
    """With zeros at the end, up to a multiple of a step."""
    if not (missing := -len(values) % step):
        return values
    padded = np.zeros(len(values) + missing, values.dtype)
    padded[: len(values)] = values
    return padded


def _body(part: "np.ndarray[Any, np.dtype[np.uint64]]", size: int) -> memoryview:
    """The bytes of a container of so many members: its bits, or their places."""
    if size > _LARGEST_ARRAY:
        return part.view(np.uint8).data
    bits = np.unpackbits(part.view(np.uint8), bitorder="little")
    return np.flatnonzero(bits.view(np.bool_)).astype("<u2").view(np.uint8).data


def nbytes(members: BitMap) -> int:
    """How much memory a set takes, nearly."""
    about = members.get_statistics()
    return (
        about["n_bytes_array_containers"]
        + about["n_bytes_run_containers"]
        + about["n_bytes_bitset_containers"]
    )


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


# --- is somebody in a stored set? -------------------------------------------
#
# Reading a set of ten million to look for one of them would read megabytes. The portable
# format (https://github.com/RoaringBitmap/RoaringFormatSpec) begins with a list of its
# containers, one for each 65,536 ids, so that the head and a few bytes are enough.

_NO_RUNS, _RUNS = 12346, 12347
_WITHOUT_OFFSETS = 4  # a set with runs and fewer containers than this does not say where they are
_LARGEST_ARRAY = 4096  # ids that a container keeps as an array; more are a bitmap
_BITMAP_BYTES = 8192
IDS = 1 << 16  # of a container
WORDS = IDS // 64  # of a container, when it is bits


@dataclass(frozen=True)
class Place:
    """Which bytes of a stored set say whether it has a member: `length` from `offset` on."""

    offset: int
    length: int
    kind: str  # of the container: array, bitmap or run
    low: int  # the member's last 16 bits


def head_sql(column: str) -> str:
    """SQL for the head of a stored set: as much as `locate` needs, and no more.

    `substr` of a column with STORAGE EXTERNAL reads only those bytes from the disk.
    """
    first = f"substr({column}, 1, 8)"

    def number(*places: int) -> str:
        return " + ".join(f"(get_byte({first}, {at}) << {8 * n})" for n, at in enumerate(places))

    with_runs = f"{number(2, 3)} + 1"
    return f"""CASE
        WHEN length({first}) < 8 THEN {column}
        WHEN get_byte({first}, 0) = {_RUNS & 255} THEN CASE
            WHEN {with_runs} < {_WITHOUT_OFFSETS} THEN {column}
            ELSE substr({column}, 1, 4 + ({with_runs} + 7) / 8 + 8 * ({with_runs})) END
        ELSE substr({column}, 1, 8 + 8 * ({number(4, 5, 6, 7)})) END"""


def locate(head: bytes | memoryview, member: int) -> Place | bool:
    """Where a stored set says whether it has the member, or the answer, if the head has it."""
    head = bytes(head)
    if len(head) < 8:
        return False
    cookie, runs, start = int.from_bytes(head[:2], "little"), b"", 8
    count = int.from_bytes(head[4:8], "little")
    if cookie == _RUNS:
        count = int.from_bytes(head[2:4], "little") + 1
        if count < _WITHOUT_OFFSETS:  # a small set, which came whole
            return member in BitMap.deserialize(head)
        start = 4 + (count + 7) // 8
        runs = head[4:start]
    elif cookie != _NO_RUNS:
        raise ValueError("This is not a set in the portable roaring format.")
    about = np.frombuffer(head, "<u2", 2 * count, start).reshape(count, 2)
    at = int(np.searchsorted(about[:, 0], member >> 16))
    if at == count or about[at, 0] != member >> 16:
        return False
    offset = int.from_bytes(head[start + 4 * (count + at) :][:4], "little")
    low = member & 0xFFFF
    if runs and runs[at >> 3] >> (at & 7) & 1:
        return Place(offset, _BITMAP_BYTES, "run", low)
    size = int(about[at, 1]) + 1
    if size > _LARGEST_ARRAY:  # one bit of it is enough
        return Place(offset + (low >> 3), 1, "bitmap", low)
    return Place(offset, 2 * size, "array", low)


def has(place: Place, found: bytes | memoryview) -> bool:
    """Whether the member is in the set, by the bytes of its place."""
    if place.kind == "bitmap":
        return bool(found[0] >> (place.low & 7) & 1)
    numbers = np.frombuffer(found, "<u2", len(found) // 2)
    if place.kind == "array":
        at = int(np.searchsorted(numbers, place.low))
        return at < len(numbers) and int(numbers[at]) == place.low
    count = int(numbers[0])  # of runs, each a start and how many more follow it
    runs = numbers[1 : 1 + 2 * count].reshape(-1, 2).astype(np.int64)
    at = int(np.searchsorted(runs[:, 0], place.low, side="right")) - 1
    return at >= 0 and place.low <= int(runs[at, 0] + runs[at, 1])
