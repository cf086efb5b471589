"""Who moved between the stages of a set from one day to another, and how many each week.

Told from the moves alone: what a day's standing was follows from their sizes, and who made
several moves between the two days counts once, from where they began to where they ended.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Sum
from pyroaring import BitMap

from segments.models import Stage, StageFlow, StageSet

WEEKS = 12
Pair = tuple[int | None, int | None]  # the keys of two stages; None is outside of all


@dataclass(frozen=True)
class Rates:
    """How many of those who stood somewhere went up, down, aside, out or stayed; and who came."""

    of: int
    up: int
    down: int
    aside: int  # to a stage of the same level
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
    stages: list[Stage | None]  # in order; None, if anybody was outside, comes last
    cells: dict[Pair, int]
    rates: Rates

    def count(self, was: Stage | None, now: Stage | None) -> int:
        return self.cells.get((was.pk if was else None, now.pk if now else None), 0)

    def before(self, was: Stage | None) -> int:
        return sum(self.count(was, now) for now in self.stages)

    def after(self, now: Stage | None) -> int:
        return sum(self.count(was, now) for was in self.stages)


@dataclass(frozen=True)
class Week:
    """The seven days that end with a day."""

    until: dt.date
    rates: Rates


def between(stage_set: StageSet, *, since: dt.date, until: dt.date) -> Matrix:
    """The standing at the end of `since` against that at the end of `until`."""
    stages = {one.pk: one for one in stage_set.stages.order_by("position", "pk")}
    stood = standing_sizes(stage_set, since)
    flows = stage_set.flows.filter(on__gt=since, on__lte=until).order_by("on", "pk")
    moved = net(flows.iterator(chunk_size=16))
    cells = dict(moved)
    for stage, many in stood.items():
        stayed = many - sum(count for (was, _now), count in moved.items() if was == stage)
        if stayed:
            cells[stage, stage] = stayed
    ends = {end for pair in cells for end in pair}
    shown: list[Stage | None] = [
        one for pk, one in stages.items() if pk in ends or one.retired_at is None
    ]
    if None in ends:
        shown.append(None)
    return Matrix(since, until, shown, cells, _rates(sum(stood.values()), moved, stages))


def standing_sizes(stage_set: StageSet, day: dt.date) -> Counter[int]:
    """How many stood in each stage at the end of a day, by the sizes of all moves until then."""
    found: Counter[int] = Counter()
    moves = stage_set.flows.filter(on__lte=day).order_by().values_list("from_stage", "to_stage")
    for was, now, many in moves.annotate(many=Sum("size")):
        if was is not None:
            found[was] -= many
        if now is not None:
            found[now] += many
    return found


def net(flows: Iterable[StageFlow]) -> Counter[Pair]:
    """How many went from where to where, whatever way they took; flows in order of their days."""
    began: defaultdict[int | None, BitMap] = defaultdict(BitMap)
    ended: defaultdict[int | None, BitMap] = defaultdict(BitMap)
    seen = BitMap()
    for flow in flows:
        began[flow.from_stage_id] |= flow.members - seen
        again = flow.members & seen
        if again:
            for stage in ended:
                ended[stage] -= again
        ended[flow.to_stage_id] |= flow.members
        seen |= flow.members
    found = {
        (was, now): origin.intersection_cardinality(goal)
        for was, origin in began.items()
        for now, goal in ended.items()
        if was != now
    }
    return Counter({pair: many for pair, many in found.items() if many})


def _rates(of: int, moved: Mapping[Pair, int], stages: Mapping[int, Stage]) -> Rates:
    ways: Counter[str] = Counter()
    for (was, now), many in moved.items():
        ways[_way(was, now, stages)] += many
    return Rates(of, ways["up"], ways["down"], ways["aside"], ways["out"], ways["came"])


def _way(was: int | None, now: int | None, stages: Mapping[int, Stage]) -> str:
    if was is None:
        return "came"
    if now is None:
        return "out"
    step = stages[now].level - stages[was].level
    return "up" if step > 0 else "down" if step < 0 else "aside"


def weeks(stage_set: StageSet, *, until: dt.date, most: int = WEEKS) -> list[Week]:
    """The last weeks that have moves behind them, the oldest first."""
    first = stage_set.flows.order_by("on").values_list("on", flat=True).first()
    if first is None:
        return []
    ends = [until - dt.timedelta(weeks=back) for back in range(most, -1, -1)]
    ends = [day for day in ends if day >= first]
    if len(ends) < 2:
        return []
    stages = {one.pk: one for one in stage_set.stages.all()}
    stood = standing_sizes(stage_set, ends[0])
    flows = list(stage_set.flows.filter(on__gt=ends[0], on__lte=ends[-1]).order_by("on", "pk"))
    found = []
    for since, end in pairwise(ends):
        mine = [flow for flow in flows if since < flow.on <= end]
        found.append(Week(end, _rates(sum(stood.values()), net(mine), stages)))
        for flow in mine:
            if flow.from_stage_id is not None:
                stood[flow.from_stage_id] -= flow.size
            if flow.to_stage_id is not None:
                stood[flow.to_stage_id] += flow.size
    return found
