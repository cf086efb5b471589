"""The tiers and cells of value: who moved between them with each run, as sets.

Where everybody stands is the column of the scoring's layer. Its words only grow, so that a place
among them means the same before and after a run.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.db.models import Max, Sum
from django.utils import timezone

from segments import bitmaps, scorings, sheet, standing
from segments.arrays import Array
from segments.matrix import Key, Move
from segments.models import ScoringRun, TierFlow
from segments.sheet import Fresh

LOCK = 0x71E5  # the advisory lock of who writes moves down
LAYERS = {scorings.RFM: "rfm_cell", scorings.VALUE: "value_tier"}  # of which moves are kept
# From the best down; whatever comes after the last is grey, as what is outside of all.
COLORS = ("#7c3aed", "#0f766e", "#10b981", "#0ea5e9", "#f59e0b", "#e11d48", "#64748b", "#94a3b8")


@dataclass(frozen=True)
class Tier:
    """One tier or cell as a place to stand; the better it is, the higher its level."""

    pk: str
    name: str
    level: int
    color: str
    retired_at: dt.datetime | None = None  # some time: what no recipe names any more

    def __str__(self) -> str:
        return self.name


# --- writing ------------------------------------------------------------------


def alone() -> None:
    """Until the end of the transaction nobody else writes moves down."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def note(kind: str, fresh: Fresh, *, day: dt.date) -> int:
    """Write down who stands elsewhere than at the end of the day before; tells how many moved.

    To be called before `fresh` takes the column's place, by whoever is `alone`.
    """
    words = fresh.words or ()
    last = TierFlow.objects.filter(kind=kind).aggregate(last=Max("on"))["last"]
    on = max(day, last or day)  # a run about the past is told as of when it was made
    was = _before(kind, on, words) if last else np.empty(0, np.int32)
    moves = standing.pairs(was, fresh.values.astype(np.int32))
    TierFlow.objects.filter(kind=kind, on=on).delete()
    TierFlow.objects.bulk_create(
        TierFlow(
            kind=kind,
            on=on,
            was="" if start is None else words[start],
            now="" if end is None else words[end],
            members=members,
            size=len(members),
        )
        for (start, end), members in moves.items()
    )
    return sum(map(len, moves.values()))


def _before(kind: str, on: dt.date, words: tuple[str, ...]) -> Array:
    """The places of everybody before the moves of a day."""
    column = sheet.read(LAYERS[kind]).get(LAYERS[kind])
    values = column.values.astype(np.int32) if column else np.empty(0, np.int32)
    places = {word: place for place, word in enumerate(words)}
    for flow in TierFlow.objects.filter(kind=kind, on=on):
        ids = bitmaps.to_array(flow.members)
        values = standing.longer(values, int(ids[-1]) + 1 if len(ids) else 0)
        values[ids] = places.get(flow.was, standing.NOWHERE)
    return values


# --- reading ------------------------------------------------------------------


@dataclass(frozen=True)
class Tiers:
    """The ledger of a scoring's layer, see `matrix.Ledger`."""

    kind: str

    def places(self) -> list[Tier]:
        return _tiers(self.kind)

    def moves(self, after: dt.date, until: dt.date) -> Iterator[Move]:
        found = TierFlow.objects.filter(kind=self.kind, on__gt=after, on__lte=until)
        for one in found.order_by("on", "pk").iterator(chunk_size=16):
            yield Move(one.on, one.was or None, one.now or None, one.members)

    def sums(self, until: dt.date) -> Iterable[tuple[Key, Key, int]]:
        found = TierFlow.objects.filter(kind=self.kind, on__lte=until).order_by()
        every = found.values_list("was", "now").annotate(many=Sum("size"))
        return [(was or None, now or None, many) for was, now, many in every]

    def days(self) -> set[dt.date]:
        flows = TierFlow.objects.filter(kind=self.kind).order_by().values_list("on", flat=True)
        first = min(flows, default=None)
        if first is None:
            return set()
        runs = ScoringRun.objects.filter(scoring__kind=self.kind, day__gte=first)
        return {*flows, *runs.order_by().values_list("day", flat=True)}

    def last(self) -> dt.date | None:
        """The day of the last run."""
        run = scorings.last_run(self.kind)
        return run.day if run else None


def _tiers(kind: str) -> list[Tier]:
    """Those of the recipe from the best down, then those that customers once stood in."""
    recipe = scorings.read(scorings.current(kind))
    parts = recipe.cells if kind == scorings.RFM else recipe.tiers
    shipped = scorings.CELLS if kind == scorings.RFM else scorings.TIERS
    found = [
        Tier(one.key, scorings.named(one, shipped), len(parts) - at, COLORS[min(at, 7)])
        for at, one in enumerate(parts)
    ]
    known = {one.pk for one in found}
    every = TierFlow.objects.filter(kind=kind).order_by().values_list("was", "now").distinct()
    gone = sorted({end for pair in every for end in pair if end} - known)
    return found + [
        Tier(key, str(shipped.get(key, key)), 0, COLORS[-1], timezone.now()) for key in gone
    ]
