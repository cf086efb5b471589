"""Sets of customers as bits, 64 a word: for counting who did a thing how often over many days.

Roaring sets change the form of their parts with each operation; rows of bits do not, so that
adding a day to a count is a handful of passes over memory that stays in the processor's cache.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from segments import bitmaps
from segments.arrays import Array

AT_A_TIME = 1 << 14  # words; a few rows of them fit into the cache of a core
SPARSE = 10  # one in so many words has anything: one by one they are no slower
# By level: at least once, twice, three times that day, or in several days put together.
Day = Mapping[int, "Plane"]


@dataclass(frozen=True)
class Plane:
    """A set: where its words stand, either from the first one on or one by one, and their bits."""

    words: Array
    at: Array | None = None

    @property
    def length(self) -> int:
        """One more than the place of the last word."""
        if self.at is None:
            return len(self.words)
        return int(self.at[-1]) + 1 if len(self.at) else 0

    @property
    def nbytes(self) -> int:
        return self.words.nbytes + (0 if self.at is None else self.at.nbytes)

    def part(self, start: int, end: int) -> "tuple[slice | Array, Array]":
        """The words from one place to before another: where they stand in it, and their bits."""
        if self.at is None:
            words = self.words[start:end]
            return slice(0, len(words)), words
        first, last = np.searchsorted(self.at, (start, end))
        return self.at[first:last] - start, self.words[first:last]


def of(members: BitMap) -> Plane:
    """The set in the form that is quicker to count with, which is never much larger."""
    ids = bitmaps.to_array(members)
    length = (int(ids[-1]) >> 6) + 1 if len(ids) else 0
    if len(ids) * SPARSE > length:
        mask = np.zeros(length * 64, np.bool_)
        mask[ids] = True
        return Plane(bitmaps.to_words(mask))
    places, bits = ids >> 6, np.left_shift(np.uint64(1), (ids & 63).astype(np.uint64))
    starts = np.flatnonzero(np.diff(places, prepend=np.uint32(0xFFFFFFFF)))
    words = np.bitwise_or.reduceat(bits, starts) if len(ids) else bits
    return Plane(words, places[starts].astype(np.int32))


def at_least(times: int, days: Sequence[Day], within: BitMap | None = None) -> BitMap:
    """Who reaches so many times over the days; of others than `within` anything may be said."""
    found = np.zeros(_length(days), np.uint64)
    for start in range(0, len(found), AT_A_TIME):
        end = min(start + AT_A_TIME, len(found))
        if within is None or within.range_cardinality(start * 64, end * 64):
            found[start:end] = _count(times, days, start, end)[times]
    return bitmaps.from_words(found)


def together(times: int, days: Sequence[Day]) -> dict[int, Plane]:
    """Several days as if they were one, for counting up to so many times."""
    found = np.zeros((times + 1, _length(days)), np.uint64)
    for start in range(0, found.shape[1], AT_A_TIME):
        end = min(start + AT_A_TIME, found.shape[1])
        found[:, start:end] = _count(times, days, start, end)
    return {level: _plane(found[level]) for level in range(1, times + 1)}


def _length(days: Iterable[Day]) -> int:
    return max((plane.length for day in days for plane in day.values()), default=0)


def _plane(words: Array) -> Plane:
    """The words in the form that takes less room."""
    at = np.flatnonzero(words)
    if len(at) * SPARSE > len(words):
        return Plane(words.copy())
    return Plane(words[at], at.astype(np.int32))


def _count(times: int, days: Iterable[Day], start: int, end: int) -> Array:
    """Who reaches each number of times, of the words from one place to before another.

    Saturating counting: `reached[k]` are those with at least k so far. Somebody reaches k
    today with j from before and k - j today, for any j.
    """
    reached = np.zeros((times + 1, end - start), np.uint64)
    room = np.empty(end - start, np.uint64)
    for day in days:
        today = {level: one.part(start, end) for level, one in day.items()}
        for goal in range(times, 0, -1):  # downward, so that each still reads yesterday's
            for before in range(goal):
                if (found := today.get(goal - before)) is not None:
                    _add(reached[goal], reached[before] if before else None, *found, room)
    return reached


def _add(into: Array, those: Array | None, at: slice | Array, words: Array, room: Array) -> None:
    """Add to a row who is in `words`, and among `those` where there are some."""
    if not isinstance(at, slice):
        into[at] |= words if those is None else those[at] & words
        return
    if those is not None:
        words = np.bitwise_and(those[at], words, out=room[at])
    np.bitwise_or(into[at], words, out=into[at])
