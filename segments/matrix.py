"""Who moved between the stages of a set, or the tiers of a scoring, from one day to another.

Told from the moves alone: what a day's standing was follows from their sizes, and who made
several moves between the two days counts once, from where they began to where they ended.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from django.db.models import Sum
from pyroaring import BitMap

from segments.models import Stage, StageSet

WEEKS = 12
Key = Hashable | None  # of a place; None is outside of all
Pair = tuple[Key, Key]


class Place(Protocol):
    """Where one can stand: a stage, a tier. A move to a higher level leads forward."""

    @property
    def pk(self) -> Any: ...
    @property
    def level(self) -> int: ...
    @property
    def color(self) -> str: ...
    @property
    def retired_at(self) -> dt.datetime | None: ...


class Move(NamedTuple):
    """Who went from one place to another on a day."""

    on: dt.date
    was: Key
    now: Key
    members: BitMap


class Ledger(Protocol):
    """Places in their order, and everything that is known of moves between them."""

    def places(self) -> list[Any]: ...
    def moves(self, after: dt.date, until: dt.date) -> Iterator[Move]:
        """The moves of the days after the first, in the order of days."""

    def sums(self, until: dt.date) -> Iterable[tuple[Key, Key, int]]:
        """How many ever went from where to where, up to a day."""

    def days(self) -> set[dt.date]:
        """The days of which it is known where everybody stood."""


@dataclass(frozen=True)
class Rates:
    """How many of those who stood somewhere went up, down, aside, out or stayed; and who came."""

    of: int
    up: int
    down: int
    aside: int  # to a place of the same level
    out: int
    came: int

    @property
    def stayed(self) -> int:
        return self.of - self.up - self.down - self.aside - self.out

    def share(self, customers: int) -> float | None:
        return customers / self.of if self.of else None


@dataclass(frozen=True)
class Matrix:
    """Customers by where they stood at the end of one day, and where at the end of another."""

    since: dt.date
    until: dt.date
    stages: list[Any]  # the places in order; None, if anybody was outside, comes last
    cells: dict[Pair, int]
    rates: Rates

    def count(self, was: Place | None, now: Place | None) -> int:
        return self.cells.get((was.pk if was else None, now.pk if now else None), 0)

    def before(self, was: Place | None) -> int:
        return sum(self.count(was, now) for now in self.stages)

    def after(self, now: Place | None) -> int:
        return sum(self.count(was, now) for was in self.stages)


@dataclass(frozen=True)
class Week:
    """The seven days that end with a day."""

    until: dt.date
    rates: Rates


@dataclass(frozen=True)
class Stages:
    """The ledger of a stage set."""

    stage_set: StageSet

    def places(self) -> list[Stage]:
        return list(self.stage_set.stages.order_by("position", "pk"))

    def moves(self, after: dt.date, until: dt.date) -> Iterator[Move]:
        found = self.stage_set.flows.filter(on__gt=after, on__lte=until).order_by("on", "pk")
        for one in found.iterator(chunk_size=16):
            yield Move(one.on, one.from_stage_id, one.to_stage_id, one.members)

    def sums(self, until: dt.date) -> Iterable[tuple[Key, Key, int]]:
        found = self.stage_set.flows.filter(on__lte=until).order_by()
        return found.values_list("from_stage", "to_stage").annotate(many=Sum("size"))

    def days(self) -> set[dt.date]:
        epoch = dt.date(1970, 1, 1)
        counted = {epoch + dt.timedelta(number) for number in self.stage_set.days}
        return counted | set(self.stage_set.flows.order_by().values_list("on", flat=True))


def between(ledger: Ledger, *, since: dt.date, until: dt.date) -> Matrix:
    """The standing at the end of `since` against that at the end of `until`."""
    places = {one.pk: one for one in ledger.places()}
    stood = standing_sizes(ledger, since)
    moved = net(ledger.moves(since, until))
    cells = dict(moved)
    for place, many in stood.items():
        stayed = many - sum(count for (was, _now), count in moved.items() if was == place)
        if stayed:
            cells[place, place] = stayed
    ends = {end for pair in cells for end in pair}
    shown: list[Any] = [one for pk, one in places.items() if pk in ends or one.retired_at is None]
    if None in ends:
        shown.append(None)
    return Matrix(since, until, shown, cells, _rates(sum(stood.values()), moved, places))


def standing_sizes(ledger: Ledger, day: dt.date) -> Counter[Key]:
    """How many stood in each place at the end of a day, by the sizes of all moves until then."""
    found: Counter[Key] = Counter()
    for was, now, many in ledger.sums(day):
        if was is not None:
            found[was] -= many
        if now is not None:
            found[now] += many
    return found


def net(moves: Iterable[Move]) -> Counter[Pair]:
    """How many went from where to where, whatever way they took; moves in order of their days."""
    began: defaultdict[Key, BitMap] = defaultdict(BitMap)
    ended: defaultdict[Key, BitMap] = defaultdict(BitMap)
    seen = BitMap()
    for _on, was, now, members in moves:
        began[was] |= members - seen
        again = members & seen
        if again:
            for place in ended:
                ended[place] -= again
        ended[now] |= members
        seen |= members
    found = {
        (was, now): origin.intersection_cardinality(goal)
        for was, origin in began.items()
        for now, goal in ended.items()
        if was != now
    }
    return Counter({pair: many for pair, many in found.items() if many})


def _rates(of: int, moved: Mapping[Pair, int], places: Mapping[Key, Place]) -> Rates:
    ways: Counter[str] = Counter()
    for (was, now), many in moved.items():
        ways[_way(was, now, places)] += many
    return Rates(of, ways["up"], ways["down"], ways["aside"], ways["out"], ways["came"])


def _way(was: Key, now: Key, places: Mapping[Key, Place]) -> str:
    if was is None:
        return "came"
    if now is None:
        return "out"
    step = places[now].level - places[was].level
    return "up" if step > 0 else "down" if step < 0 else "aside"


def weeks(ledger: Ledger, *, until: dt.date, most: int = WEEKS) -> list[Week]:
    """The last weeks in which anything was computed, and before which it was, the oldest first."""
    days = ledger.days()
    ends = [until - dt.timedelta(weeks=back) for back in range(most, -1, -1)]
    ends = [end for end in ends if days and end >= min(days)]
    if len(ends) < 2:
        return []
    places = {one.pk: one for one in ledger.places()}
    stood = standing_sizes(ledger, ends[0])
    moves = list(ledger.moves(ends[0], ends[-1]))
    found = []
    for since, end in pairwise(ends):
        mine = [one for one in moves if since < one.on <= end]
        if any(since < day <= end for day in days):
            found.append(Week(end, _rates(sum(stood.values()), net(mine), places)))
        for _on, was, now, members in mine:
            if was is not None:
                stood[was] -= len(members)
            if now is not None:
                stood[now] += len(members)
    return found
