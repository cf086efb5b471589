"""Where customers stand in a stage set, where they stood on a past day, and how they moved.

Where everybody stands is a column of the sheet; who moved on a day is kept as sets. A past day
is today's column with the moves since then taken back.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from segments import arrays, bitmaps, bits, sheet
from segments.arrays import Array
from segments.models import Stage, StageFlow, StageSet

EPOCH = dt.date(1970, 1, 1)
FEW = 200  # customers, of whom one asks for their bytes and not for whole columns
NOWHERE = arrays.nothing("<i4")
Pair = tuple[int | None, int | None]  # from a stage to a stage


@dataclass(frozen=True)
class Stand:
    """Where one customer stands in a set, and since when."""

    stage: Stage
    since: dt.date | None


@dataclass(frozen=True)
class Move:
    """One move of one customer; None is outside every stage."""

    stage_set: StageSet
    on: dt.date
    from_stage: Stage | None
    to_stage: Stage | None
    customer: int

    @property
    def is_backward(self) -> bool:
        """Whether it led to a lower level, such as into decline."""
        here, there = self.from_stage, self.to_stage
        return bool(here and there and there.level < here.level)


def stage_key(stage_set: int) -> str:
    """The column with the stage of every customer."""
    return f"stage:{stage_set}"


def since_key(stage_set: int) -> str:
    """The column with the day since when."""
    return f"since:{stage_set}"


def number(day: dt.date) -> int:
    """A day as columns have it."""
    return (day - EPOCH).days


# --- now ----------------------------------------------------------------------


def now(stage_set: int) -> Array:
    """The stage of every customer by number, as a key of `Stage`; `NOWHERE` outside of all."""
    found = sheet.read(stage_key(stage_set)).get(stage_key(stage_set))
    return found.values if found else np.empty(0, np.int32)


def members(
    stage_set: int, stages: Collection[int], *, day: dt.date | None = None,
    days: int | None = None, op: str = ">=",
) -> BitMap:  # fmt: skip
    """Who stands in one of the stages; with `days`, for at least (most) so many days on `day`."""
    keys = stage_key(stage_set), since_key(stage_set)
    found = sheet.read(*keys)
    if not stages or len(found) < len(keys):
        return BitMap()
    mask = np.isin(found[keys[0]].values, list(stages))
    if days is not None and day is not None:
        since = found[keys[1]].values
        first = number(day) - days
        mask = mask & ((since <= first) if op == ">=" else (since >= first))
    return arrays.members(mask)


def of(customers: Collection[int], stage_sets: Iterable[StageSet]) -> dict[int, dict[int, Stand]]:
    """Where each customer stands, by the key of the set; outside of all stages is left out."""
    sets = {one.pk: one for one in stage_sets}
    stages = {one.pk: one for one in Stage.objects.filter(stage_set__in=list(sets))}
    keys = [key(pk) for pk in sets for key in (stage_key, since_key)]
    known = sheet.of(customers, keys) if len(customers) <= FEW else _mapped(customers, keys)
    found: dict[int, dict[int, Stand]] = {}
    for customer, theirs in known.items():
        found[customer] = {}
        for pk in sets:
            stage = stages.get(_whole(theirs.get(stage_key(pk))))
            if stage:
                since = _whole(theirs.get(since_key(pk)))
                found[customer][pk] = Stand(stage, EPOCH + dt.timedelta(since) if since else None)
    return found


def in_default(customers: Collection[int]) -> dict[int, Stage]:
    """The stage of each customer in the default set; outside of all stages is left out."""
    found = of(customers, StageSet.objects.filter(is_default=True))
    return {
        customer: stand.stage for customer, theirs in found.items() for stand in theirs.values()
    }


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _mapped(customers: Collection[int], keys: Collection[str]) -> dict[int, dict[str, sheet.Value]]:
    """The same as `sheet.of` for many, whose columns are mapped anyway."""
    ids = np.fromiter(customers, np.int64, len(customers))
    found: dict[int, dict[str, sheet.Value]] = {customer: {} for customer in customers}
    for key, column in sheet.read(*keys).items():
        inside = ids[ids < len(column.values)]
        theirs = column.values[inside]
        is_known = arrays.known(theirs)
        pairs = zip(inside[is_known].tolist(), theirs[is_known].tolist(), strict=True)
        for customer, value in pairs:
            found[customer][key] = value
    return found


# --- who stands elsewhere ------------------------------------------------------


def pairs(was: Array, now: Array) -> dict[Pair, BitMap]:
    """Who stands elsewhere, by where they stood and where they stand."""
    length = max(len(was), len(now))
    was, now = longer(was, length), longer(now, length)
    ids = np.flatnonzero(was != now)
    codes = (was[ids].astype(np.int64) << 32) | now[ids].astype(np.uint32)
    kinds, which = np.unique(codes, return_inverse=True)
    return {
        (_stage(code >> 32), _stage(np.int64(code).astype(np.int32))): bitmaps.from_array(
            ids[which == place]
        )
        for place, code in enumerate(kinds)
    }


def _stage(value: np.integer) -> int | None:
    return None if value == NOWHERE else int(value)


# --- then ---------------------------------------------------------------------


def on(stage_set: int, day: dt.date) -> Array:
    """The stage of every customer at the end of a day: today's, with the moves since taken back."""
    values = now(stage_set)
    later = StageFlow.objects.filter(stage_set=stage_set, on__gt=day).order_by("-on", "-pk")
    values, is_ours = longer(values, 0), False
    for flow in later.iterator(chunk_size=16):
        ids = bitmaps.to_array(flow.members)
        if not len(ids):
            continue
        if not is_ours or ids[-1] >= len(values):
            values, is_ours = longer(values, int(ids[-1]) + 1, copy=True), True
        values[ids] = NOWHERE if flow.from_stage_id is None else flow.from_stage_id
    return values


def longer(values: Array, length: int, *, copy: bool = False) -> Array:
    """The column with room for more customers, who stand nowhere."""
    if length <= len(values):
        return values.copy() if copy else values
    found = np.full(length, arrays.nothing(values.dtype), values.dtype)
    found[: len(values)] = values
    return found


def moves_of(customers: Collection[int], most: int | None = None) -> list[Move]:
    """Every move of these customers, the newest first."""
    rows = bits.find(StageFlow, "members", customers)
    flows = StageFlow.objects.filter(pk__in=rows).select_related(
        "stage_set", "from_stage", "to_stage"
    )
    theirs = bitmaps.from_ids(customers)
    return [
        Move(flow.stage_set, flow.on, flow.from_stage, flow.to_stage, customer)
        for flow in flows.order_by("-on", "-pk")[:most]
        for customer in flow.members & theirs
    ]
