"""Funnels: how far customers come through steps that follow each other inside a window.

Of each customer and step k only the start of the latest chain that came to it is kept: an event
of step k at a moment t takes over the start s of step k - 1 where t - s is inside the window. A
later start is never worse, so one pass in the order of time is exact. Where moments are equal,
an earlier step comes first; an event that is several steps at once never follows itself.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from segments import bitmaps
from segments.lake import trails
from segments.lake.trails import Array, Rows

MOST_STEPS = 8
THREADS = 2
BLOCK = 1 << 15  # customers whose state stays in a core's cache

# Which steps each code of a day's rows is, a bit each.
StepsOf = Callable[[Rows], Array]
Report = Callable[[int, int], None]


def quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


def by_name(steps: Sequence[frozenset[str]]) -> StepsOf:
    """Steps that are any of these kinds of events."""

    def steps_of(rows: Rows) -> Array:
        return np.array(
            [sum(1 << at for at, names in enumerate(steps) if name in names) for name in rows.names]
            or [0],
            np.uint8,
        )

    return steps_of


def by_bits(_rows: Rows) -> Array:
    """Rows whose codes are their steps already."""
    return np.arange(256, dtype=np.uint8)


def levels(
    days: Sequence[Rows],
    steps_of: StepsOf,
    steps: int,
    *,
    window: int,
    started_by: int | None = None,
    progress: Report = quiet,
) -> Array:
    """How many steps each customer came through, by number.

    `window` is in milliseconds from the first step to the last. On days whose first event is
    later than the moment `started_by` nobody starts. The days lie in the order of time.

    Raises:
        ValueError: more steps than a byte has bits, or none.
    """
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"A funnel has 1 to {MOST_STEPS} steps.")
    found = np.zeros(max((rows.highest for rows in days), default=-1) + 1, np.uint8)
    blocks = -(-len(found) // BLOCK)
    codes = [(rows, _steps_of(rows, steps_of, started_by)) for rows in days]
    prepared = [_Day.of(rows, own, steps, blocks) for rows, own in codes if own.any()]

    def of_block(block: int) -> None:
        place = slice(block * BLOCK, (block + 1) * BLOCK)
        found[place] = _of_block(prepared, block, len(found), steps, window)

    with ThreadPoolExecutor(THREADS) as pool:
        for done, _none in enumerate(pool.map(of_block, range(blocks))):
            progress(done + 1, blocks)
    return found


def _steps_of(rows: Rows, steps_of: StepsOf, started_by: int | None) -> Array:
    """Which steps the codes are; on days that begin too late nobody takes the first one."""
    found = steps_of(rows)
    is_late = started_by is not None and rows.origin > started_by
    return found & np.uint8(0xFE) if is_late else found


@dataclass(frozen=True)
class _Day:
    """A day's rows, where those of each block begin, and what its codes mean."""

    rows: Rows
    bounds: Array
    steps_of: Array
    step_of: Array

    @classmethod
    def of(cls, rows: Rows, steps_of: Array, steps: int, blocks: int) -> "_Day":
        from metrics.stats import loops  # heavy: not in the web process

        step_of = np.full(len(steps_of), loops.SEVERAL, np.uint8)
        step_of[steps_of == 0] = steps
        for step in range(steps):
            step_of[steps_of == 1 << step] = step
        edges = np.arange(blocks + 1, dtype=np.uint64) * BLOCK
        bounds = np.searchsorted(rows.customers, edges.astype(np.uint32))
        return cls(rows, bounds, steps_of, step_of)


def _of_block(days: Sequence[_Day], block: int, length: int, steps: int, window: int) -> Array:
    from metrics.stats import loops  # heavy: not in the web process

    first = block * BLOCK
    starts = np.full((min(BLOCK, length - first), steps + 2), loops.LONG_AGO, np.int64)
    flat = starts.ravel()
    for day in days:
        own, rows = slice(*day.bounds[block : block + 2].tolist()), day.rows
        columns = (rows.customers[own], rows.moments[own], rows.codes[own])
        codes = (day.steps_of, day.step_of)
        loops.advance(*columns, *codes, first, rows.origin, window, steps, flat)
    return (starts[:, 1:-1] != loops.LONG_AGO).sum(axis=1, dtype=np.uint8)


# --- what came of it ----------------------------------------------------------


def through(levels: Array, steps: int) -> list[int]:
    """How many customers came to each step."""
    counts = np.bincount(levels, minlength=steps + 1)[1:]
    return [int(one) for one in np.cumsum(counts[::-1])[::-1]]


def stopped(levels: Array, step: int) -> BitMap:
    """Who came to this step (from 1 on) and no further."""
    return bitmaps.from_mask(levels == step)


# --- left undone --------------------------------------------------------------


@dataclass(frozen=True)
class Undone:
    """How often a thing was followed by another in time, how often not, and by whom not."""

    done: int
    vain: int
    customers: BitMap


def undone(
    days: Sequence[Rows],
    first: frozenset[str],
    then: frozenset[str],
    *,
    window: int,
    over: int,
    until: int | None = None,
    progress: Report = quiet,
) -> Undone:
    """Each time that `first` was done: did `then` follow inside the window?

    What the moment `over` comes too early for is not counted, nor what was first done on days
    whose first event is later than the moment `until`.
    """
    length = max((rows.highest for rows in days), default=-1) + 1
    counts = np.zeros((length, 2), np.int32)
    prepared = [(rows, _roles(rows, first, then, until)) for rows in reversed(days)]
    firsts = range(0, length, trails.BLOCK)
    for done, start in enumerate(firsts):
        _count_undone(prepared, start, counts[start : start + trails.BLOCK], window, over)
        progress(done + 1, len(firsts))
    in_vain = bitmaps.from_mask(counts[:, 1] > 0)
    return Undone(int(counts[:, 0].sum()), int(counts[:, 1].sum()), in_vain)


def _count_undone(
    days: Sequence[tuple[Rows, Array]], first: int, counts: Array, window: int, over: int
) -> None:
    from metrics.stats import loops  # heavy: not in the web process

    upcoming = np.full(len(counts), loops.NOT_YET, np.int64)
    for rows, roles in days:
        own = rows.of_block(first)
        about = (own.customers, own.moments, own.codes, roles, first, own.origin, window, over)
        loops.wait(*about, upcoming, counts[:, 0], counts[:, 1])


def _roles(rows: Rows, first: frozenset[str], then: frozenset[str], until: int | None) -> Array:
    is_late = until is not None and rows.origin > until
    return np.array(
        [(name in first and not is_late) + 2 * (name in then) for name in rows.names] or [0],
        np.uint8,
    )
