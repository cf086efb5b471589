"""Adds up days into traits: one adder a recipe, fed with what happened day by day, in order.

Numbers of customers are places in arrays; of a day each customer comes once.
"""

import abc
from dataclasses import dataclass
from typing import Any

import numpy as np

from segments import arrays
from segments.arrays import Array
from segments.recipes import alike
from segments.recipes.nodes import (
    Change,
    Count,
    Days,
    Falling,
    FromEvents,
    Moment,
    Next,
    Slope,
    Streak,
    Sum,
    Visits,
)

LONGEST_FALL = 28  # days in a row that are told apart
LEAST_GAPS = 2  # between days with events, before one expects the next
WEEK = 7
_EDGE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Day:
    """What happened on a day: who, how often, and about the value of it."""

    number: int  # since 1970
    who: Array
    times: Array
    valued: Array  # how many had a value
    total: Array
    low: Array
    high: Array


class Adder(abc.ABC):
    """Adds up one recipe; `since` and `until` are the days that it wants."""

    is_of_values = False  # whether it looks at the values of the events

    def __init__(self, length: int, since: int | None, until: int) -> None:
        self.length, self.since, self.until = length, since, until

    def wants(self, day: int) -> bool:
        return (self.since is None or self.since <= day) and day <= self.until

    @abc.abstractmethod
    def add(self, day: Day) -> None: ...

    @abc.abstractmethod
    def found(self) -> Array:
        """The trait of everybody; a customer without events has what nothing comes to."""


def adder(recipe: FromEvents, length: int, today: int) -> Adder:
    """What adds up this recipe until the end of today."""
    days = recipe.of.days
    since = None if days is None else today - days + 1
    match recipe:
        case Sum(how=how):
            return _SUMS[how](length, since, today)
        case Moment(which=which):
            return (_First if which == "first" else _Last)(length, since, today)
        case Change(days=recent, before=before):
            return _Change(length, today, recent, before)
        case Falling():
            return _Falling(length, today - LONGEST_FALL - WEEK, today - 1)
        case Slope():
            return _Slope(length, today - (days or 0), today - 1)
        case Visits(how="minutes"):
            return _Minutes(length, since, today)
    return _SIMPLE[type(recipe)](length, since, today)


class _Count(Adder):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.values = np.zeros(self.length, np.int64)

    def add(self, day: Day) -> None:
        self.values[day.who] += day.times

    def found(self) -> Array:
        return self.values


class _Days(_Count):
    def add(self, day: Day) -> None:
        self.values[day.who] += 1


class _Sum(Adder):
    """Whole amounts stay at the edge of 64 bits, as the lake's own sums do."""

    is_of_values = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.valued = np.zeros(self.length, np.int64)
        self.total: Array | None = None

    def add(self, day: Day) -> None:
        if self.total is None:
            self.total = np.zeros(self.length, day.total.dtype)
        self.valued[day.who] += day.valued
        before: Any = self.total[day.who]
        now = before + day.total
        if now.dtype.kind == "i":
            over = ((before ^ now) & (day.total ^ now)) < 0
            now[over] = np.where(before[over] > 0, _EDGE, -_EDGE)
        self.total[day.who] = now

    def found(self) -> Array:
        return np.zeros(self.length, np.int64) if self.total is None else self.total


class _Average(_Sum):
    def found(self) -> Array:
        return divided(super().found(), self.valued)


class _Least(Adder):
    is_of_values = True
    how: Any = np.minimum

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.values = np.full(self.length, np.nan)

    def add(self, day: Day) -> None:
        has = day.valued > 0
        who = day.who[has]
        fresh = (day.low if self.how is np.minimum else day.high)[has]
        was = self.values[who]
        self.values[who] = np.where(np.isnan(was), fresh, self.how(was, fresh))

    def found(self) -> Array:
        return self.values


class _Most(_Least):
    how = np.maximum


_SUMS: dict[str, type[Adder]] = {"sum": _Sum, "average": _Average, "min": _Least, "max": _Most}


class _Last(Adder):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.values = np.full(self.length, arrays.nothing(np.int32), np.int32)

    def add(self, day: Day) -> None:
        self.values[day.who] = day.number

    def found(self) -> Array:
        return self.values


class _First(_Last):
    def add(self, day: Day) -> None:
        fresh = day.who[~arrays.known(self.values[day.who])]
        self.values[fresh] = day.number


class _Next(_Last):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.first = _First(*args)
        self.days = _Days(*args)

    def add(self, day: Day) -> None:
        super().add(day)
        self.first.add(day)
        self.days.add(day)

    def found(self) -> Array:
        last, first, gaps = self.values, self.first.found(), self.days.found() - 1
        enough = gaps >= LEAST_GAPS
        mean = (last[enough] - first[enough]) / gaps[enough]
        found = np.full(self.length, arrays.nothing(np.int32), np.int32)
        found[enough] = last[enough] + np.floor(mean + 0.5).astype(np.int32)
        return found


class _Streak(Adder):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.last = np.full(self.length, -(2**30), np.int32)
        self.run = np.zeros(self.length, np.int32)

    def add(self, day: Day) -> None:
        goes_on = self.last[day.who] == day.number - 1
        self.run[day.who] = np.where(goes_on, self.run[day.who] + 1, 1)
        self.last[day.who] = day.number

    def found(self) -> Array:
        return np.where(self.last >= self.until - 1, self.run, 0)


class _Change(Adder):
    def __init__(self, length: int, today: int, recent: int, before: int) -> None:
        super().__init__(length, today - recent - before, today - 1)
        self.turn, self.lengths = today - recent, (before, recent)
        self.counts = np.zeros((2, length))

    def add(self, day: Day) -> None:
        self.counts[int(day.number >= self.turn)][day.who] += day.times

    def found(self) -> Array:
        before, now = (one / days for one, days in zip(self.counts, self.lengths, strict=True))
        return divided(100 * (now - before), before)


class _Falling(Adder):
    """Of each day the events of the week that ends with it are compared with the day before's:
    they are fewer, if the day has fewer than the same day of the week before."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        assert self.since is not None
        self.counts = np.zeros((self.until - self.since + 1, self.length), np.uint16)

    def add(self, day: Day) -> None:
        assert self.since is not None
        self.counts[day.number - self.since, day.who] = np.minimum(day.times, 65_535)

    def found(self) -> Array:
        run = np.zeros(self.length, np.int32)
        for at in range(WEEK, len(self.counts)):
            run = np.where(self.counts[at] < self.counts[at - WEEK], run + 1, 0)
        return run


class _Slope(Adder):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.values = np.full(self.length, np.nan)

    def add(self, day: Day) -> None:
        assert self.since is not None
        days = self.until - self.since + 1
        weight = (day.number - self.since - (days - 1) / 2) * 12 / (days * (days**2 - 1))
        self.values[day.who] = np.nan_to_num(self.values[day.who]) + weight * day.times

    def found(self) -> Array:
        return self.values


class _Minutes(_Sum):
    """The seconds of all visits by their number; of both the day tells in `total` and `times`."""

    def add(self, day: Day) -> None:
        if self.total is None:
            self.total = np.zeros(self.length)
        self.total[day.who] += day.total
        self.valued[day.who] += day.times

    def found(self) -> Array:
        return divided(super().found(), self.valued) / 60


def divided(part: Array, whole: Array) -> Array:
    """The quotients; nothing where there is nought below."""
    result = np.full(len(part), np.nan)
    return np.divide(part, whole, out=result, where=whole != 0)


_SIMPLE: dict[type, type[Adder]] = {
    Count: _Count,
    Days: _Days,
    Next: _Next,
    Streak: _Streak,
    Visits: _Count,
}


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


# --- values -------------------------------------------------------------------


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
