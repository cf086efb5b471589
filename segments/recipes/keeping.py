"""Adds up what has to be held until all days are told: moments, and values of properties.

Numbers of customers are places in arrays.
"""

import numpy as np

from segments import arrays
from segments.arrays import Array
from segments.recipes import alike

_EDGE = np.iinfo(np.int64).max


class Until:
    """Minutes from everybody's first moment until the first of others at or after it.

    Moments are whole microseconds; those of a part may come in any order, the parts too.
    """

    def __init__(self, length: int) -> None:
        self.starts, self.ends = np.full((2, length), _EDGE)

    def begin(self, who: Array, moments: Array) -> None:
        np.minimum.at(self.starts, who, moments)

    def end(self, who: Array, moments: Array) -> None:
        """Asked when all beginnings are known."""
        after = moments >= self.starts[who]
        np.minimum.at(self.ends, who[after], moments[after])

    def found(self) -> Array:
        over = self.ends < _EDGE
        return np.where(over, self.ends - np.where(over, self.starts, 0), np.nan) / 60e6


class Values:
    """How often each customer had each value of a property; `codes` are places in `words`."""

    def __init__(self) -> None:
        self.words: dict[str, int] = {}
        self.parts: list[tuple[Array, Array, Array, Array]] = []
        self.pairs: tuple[Array, Array, Array, Array] | None = None

    def add(self, who: Array, codes: Array, words: Array, times: Array, total: Array) -> None:
        places = np.array(
            [self.words.setdefault(word, len(self.words)) for word in words.tolist()], np.int32
        )
        self.parts.append((who, places[codes], times, total))

    def _pairs(self) -> tuple[Array, Array, Array, Array]:
        """who, code, times and total, each pair of the first two once, in their order."""
        if self.pairs is None:
            self.pairs = self._put_together()
        return self.pairs

    def _put_together(self) -> tuple[Array, Array, Array, Array]:
        if not self.parts:
            empty = np.empty(0, np.int64)
            return empty, empty, empty, empty
        who, codes, times, total = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        self.parts = []
        key = who.astype(np.int64) << 32 | codes
        order = np.argsort(key, kind="stable")
        key = key[order]
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        pairs = key[starts]
        times = np.add.reduceat(times[order].astype(np.int64), starts)
        return pairs >> 32, pairs & 0xFFFFFFFF, times, np.add.reduceat(total[order], starts)

    def different(self, length: int) -> Array:
        """How many values each customer had."""
        return np.bincount(self._pairs()[0], minlength=length)[:length]

    def suggested(self, length: int) -> tuple[Array, list[str]]:
        """The value that suits each customer best and that they have not had."""
        who, codes, _times, _total = self._pairs()
        return alike.suggested(who, codes, length), list(self.words)

    def favourites(self, length: int) -> tuple[Array, list[str]]:
        """Each customer's most frequent value, as a place in the list of words.

        Of two that are as frequent the one with more money wins, then the first by its letters.
        """
        who, codes, times, total = self._pairs()
        words = sorted(self.words)
        rank = np.empty(len(words), np.int64)
        rank[[self.words[word] for word in words]] = np.arange(len(words))
        codes = rank[codes] if len(words) else codes
        order = np.lexsort((-codes, total, times, who))
        best = order[np.flatnonzero(np.diff(who[order], append=-1))]  # the last of each customer
        found = np.full(length, arrays.nothing(np.int32), np.int32)
        found[who[best]] = codes[best]
        return found, words
