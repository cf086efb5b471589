"""Adds up days into traits: one adder a recipe, fed with what happened day by day, in order.

Numbers of customers are places in arrays; of a day each customer comes once.
"""

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from segments import arrays
from segments.arrays import Array
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
        self.resumed: int | None = None  # the last day that it knew when it began

    def wants(self, day: int) -> bool:
        return (self.since is None or self.since <= day) and day <= self.until

    def knows(self, day: int) -> bool:
        """Whether what was kept of it tells of the day already."""
        return self.resumed is not None and day <= self.resumed

    def start(self, *, is_anew: bool) -> int | None:
        """The first day to tell it of, all when None; `is_anew`: of some it knows nothing."""
        if self.resumed is None or is_anew:
            return self.since
        return self.resumed + 1

    def parts(self) -> dict[str, Array]:
        """All that it has added up so far, to be kept."""
        return {name: one for name, one in vars(self).items() if isinstance(one, np.ndarray)}

    def resume(self, parts: Mapping[str, Array], *, until: int, but: Array) -> None:
        """Go on from what was kept at the end of the day `until`, of all but these customers."""
        for name, kept in parts.items():
            length = min(self.length, len(kept))
            np.copyto(self.blank(name, kept.dtype)[:length], kept[:length], where=~but[:length])
        self.resumed = until

    def blank(self, name: str, _dtype: Any) -> Array:
        """A part as it is before the first day."""
        found: Array = vars(self)[name]
        return found

    @property
    def is_resumed(self) -> bool:
        return self.resumed is not None

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
        total = self.blank("total", day.total.dtype)
        self.valued[day.who] += day.valued
        before: Any = total[day.who]
        now = before + day.total
        if now.dtype.kind == "i":
            over = ((before ^ now) & (day.total ^ now)) < 0
            now[over] = np.where(before[over] > 0, _EDGE, -_EDGE)
        total[day.who] = now

    def blank(self, name: str, dtype: Any) -> Array:
        if name == "total" and self.total is None:
            self.total = np.zeros(self.length, dtype)
        return super().blank(name, dtype)

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
        self.first = self.values.copy()
        self.days = np.zeros(self.length, np.int32)

    def add(self, day: Day) -> None:
        super().add(day)
        fresh = day.who[self.days[day.who] == 0]
        self.first[fresh] = day.number
        self.days[day.who] += 1

    def found(self) -> Array:
        last, first, gaps = self.values, self.first, self.days - 1
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
        self.blank("total", np.float64)[day.who] += day.total
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
