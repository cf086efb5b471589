"""What the customers of a segment are like beside everybody: how their traits are composed."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import sqrt
from operator import attrgetter
from typing import Any

import numpy as np
from django.core.cache import cache
from pyroaring import BitMap

from segments import acquired, arrays, bitmaps, distribution, live_sets, sets, sheet, standing
from segments import traits as registry
from segments.arrays import Array
from segments.distribution import Bin
from segments.models import Segment, StageSet

STAGE = "stage"  # of the default set; not a trait, and told like one
WORTH = ("rfm_cell", "value_tier", "recency_days", "orders", "monetary_minor")
BEING = ("registered_days", "active_days_30d", "promotion_response")
MAIN = (acquired.CHANNEL, acquired.DEVICE, "favourite_category", *WORTH, *BEING)
OWN = 6  # traits of people's own that come by themselves: words, such as an age group
KEPT_SECONDS = 86_400
LARGE = 0.05  # of the customers, before a difference is called large
ERRORS = 3  # by so many standard errors chance does not go in a page of lines


@dataclass(frozen=True)
class Part:
    """One value, or step of values: how many of the segment have it, and of everybody."""

    bin: Bin
    theirs: int
    everybodys: int
    share: float | None  # of those of the segment of whom the trait is known
    usual: float | None  # the same of everybody
    is_large: bool

    @property
    def difference(self) -> float:
        """By how much the share is off, from -1 to 1."""
        return (self.share or 0) - (self.usual or 0)

    @property
    def times(self) -> float | None:
        """How many times as frequent as with everybody."""
        return self.share / self.usual if self.share is not None and self.usual else None


@dataclass(frozen=True)
class Spread:
    """One trait: its parts in order, of how many it is known, and the value in the middle."""

    key: str
    parts: list[Part]
    known: int
    known_of_all: int
    middle: float | None = None  # of numbers and days alone
    usual_middle: float | None = None

    @property
    def widest(self) -> Part | None:
        """The large difference that is largest; of two alike, of the value that they have more."""
        large = [one for one in self.parts if one.is_large]
        return max(
            large, key=lambda one: (round(abs(one.difference), 9), one.difference), default=None
        )


@dataclass(frozen=True)
class Composition:
    """A segment beside everybody on a day, trait by trait."""

    size: int
    everyone: int
    day: dt.date
    spreads: list[Spread]

    @property
    def apart(self) -> list[Spread]:
        """What sets the segment apart, the largest difference first."""
        found = [one for one in self.spreads if one.widest]
        return sorted(found, key=lambda one: -abs(one.widest.difference if one.widest else 0))


def shown(traits: dict[str, registry.Trait], also: Sequence[str] = ()) -> list[str]:
    """The traits that a portrait has: the main ones, words of people's own, and those asked for."""
    own = [key for key, one in traits.items() if not one.is_shipped and one.kind == registry.CHOICE]
    asked = [key for key in also if key in traits]
    return list(dict.fromkeys([*(key for key in MAIN if key in traits), *own[:OWN], *asked]))


def of(segment: Segment, keys: Sequence[str], day: dt.date) -> Composition:
    """The segment's computed members beside everybody, by the traits as they stand on a day."""
    everyone = live_sets.now(live_sets.EVERYONE)
    members = sets.one(Segment, segment.pk)[0] & everyone.members
    columns = registry.read(*keys, day=day)
    spreads = [
        _told(key, columns[key], segment, members, everyone, day) for key in keys if key in columns
    ]
    staged = _stages(members, everyone.members)
    return Composition(
        size=len(members),
        everyone=len(everyone.members),
        day=day,
        spreads=[*([staged] if staged else []), *spreads],
    )


def _told(
    key: str,
    column: sheet.Known,
    segment: Segment,
    members: BitMap,
    everyone: live_sets.Now,
    day: dt.date,
) -> Spread:
    """The spread of a trait; who is counted once is not counted again until something changes."""
    who = blake2b(b"".join(everyone.version), digest_size=16).hexdigest()
    usual = f"composition:{key}:{column.version}:{day}:{who}"
    theirs = f"{usual}:{bytes(segment.digest).hex()}"
    if column.words:
        every = _once(usual, lambda: _by_word(column, everyone.members))
        return _of_words(key, column.words, _once(theirs, lambda: _by_word(column, members)), every)
    bins, every, usual_middle = _once(usual, lambda: _in_steps(column, everyone.members))
    some, middle = _once(theirs, lambda: _within(bins, column, members))
    return _spread(key, bins, some, every, (middle, usual_middle))


def _once(place: str, make: Callable[[], Any]) -> Any:
    if (found := cache.get(place)) is None:
        found = make()
        cache.set(place, found, KEPT_SECONDS)
    return found


def _by_word(column: sheet.Known, whom: BitMap) -> Array:
    return np.bincount(_values(column.values, whom), minlength=len(column.words))


def _in_steps(column: sheet.Known, whom: BitMap) -> tuple[list[Bin], list[int], float | None]:
    values = _values(column.values, whom)
    bins = distribution.of(values).bins
    return bins, distribution.counted(bins, values), _middle(values)


def _within(bins: list[Bin], column: sheet.Known, whom: BitMap) -> tuple[list[int], float | None]:
    values = _values(column.values, whom)
    return distribution.counted(bins, values), _middle(values)


def _of_words(key: str, words: Sequence[str], some: Array, every: Array) -> Spread:
    """The words that are most frequent with either; the rest together, without a word."""
    frequent = sum(one / max(one.sum(), 1) for one in (some, every))
    order = np.argsort(-frequent, kind="stable")[: distribution.WORDS].tolist()
    chosen = [at for at in order if every[at]]
    bins = [Bin(int(every[at]), word=words[at]) for at in chosen]
    theirs, everybodys = ([int(one[at]) for at in chosen] for one in (some, every))
    if others := int(every.sum()) - sum(everybodys):
        bins.append(Bin(others))
        theirs.append(int(some.sum()) - sum(theirs))
        everybodys.append(others)
    return _spread(key, bins, theirs, everybodys)


def _values(values: Array, whom: BitMap) -> Array:
    ids = bitmaps.to_array(whom)
    found = values[ids[: np.searchsorted(ids, len(values))]]
    return found[arrays.known(found)]


def _middle(values: Array) -> float | None:
    if not len(values):
        return None
    return float(np.percentile(values, 50, method="inverted_cdf"))


def _stages(members: BitMap, everyone: BitMap) -> Spread | None:
    """Where they stand in the default set of stages, in the order of the stages."""
    default = StageSet.objects.filter(is_default=True, archived_at=None).first()
    if default is None:
        return None
    values = standing.now(default.pk)
    stages = sorted(default.stages.all(), key=attrgetter("position", "pk"))
    most = max((one.pk for one in stages), default=0) + 1
    counts = [
        np.bincount(_values(values, whom), minlength=most).tolist() for whom in (members, everyone)
    ]
    there = [one for one in stages if counts[1][one.pk]]
    bins = [Bin(counts[1][one.pk], word=str(one)) for one in there]
    theirs, all_ = ([one[stage.pk] for stage in there] for one in counts)
    return _spread(STAGE, bins, theirs, all_) if there else None


def _spread(
    key: str,
    bins: Sequence[Bin],
    theirs: Sequence[int],
    everybodys: Sequence[int],
    middles: tuple[float | None, float | None] = (None, None),
) -> Spread:
    known, of_all = sum(theirs), sum(everybodys)
    parts = []
    for one, some, every in zip(bins, theirs, everybodys, strict=True):
        share, usual = _share(some, known), _share(every, of_all)
        is_large = known > 0 and _is_large(share or 0, usual or 0, known, of_all)
        parts.append(Part(one, some, every, share, usual, is_large))
    return Spread(key, parts, known, of_all, *middles)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _is_large(share: float, usual: float, known: int, of_all: int) -> bool:
    """Whether a share is off by much, and by more than a draw of so many would be by chance."""
    left = (of_all - known) / max(of_all - 1, 1)  # of few drawn from few, chance has less room
    chance = sqrt(usual * (1 - usual) / known * max(left, 0))
    off = abs(share - usual)
    return off >= LARGE and off > ERRORS * chance
