"""Who did what on which day, as stored sets, straight from the lake's files.

Of each file only the customer and the event are read, a million rows at a time, days side by
side on two threads. In memory are, for each thread, those rows and at most `BUDGET` of
counters (or two bits a customer, if that is more): it does not grow with the number of days,
of events, or of kinds of events, which take turns when there is no room for all.
"""

import datetime as dt
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segments.lake import counting, store
from segments.lake.moves import Moves

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from segments.lake.places import Where

THREADS = 2
BUDGET = 32 << 20  # bytes of counters that a thread holds
BATCH = 1 << 20  # rows that are decoded at a time, eight bytes each

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Found:
    """Who did an event at least `level` times on a day, in the portable roaring format."""

    event: str
    day: dt.date
    level: int
    size: int
    members: bytes


def build(
    where: "Where", days: Iterable[dt.date], *, moved: Mapping[int, int] | Moves | None = None
) -> Iterator[Found]:
    """The sets of these days, day by day; empty ones are left out.

    `moved` are customers whose events are to be counted as another's.
    """
    wanted = sorted(set(days))
    if not wanted:
        return
    files = store.files_by_day(where, wanted[0], wanted[-1])
    now = Moves.of(moved).lookup()
    mine = threading.local()

    def of(day: dt.date) -> list[Found]:
        if not hasattr(mine, "counters"):
            mine.counters = _Counters()
        opened = [_open(where, path) for path in files.get(day, [])]
        return list(_of_day(opened, day, now, mine.counters))

    with ThreadPoolExecutor(min(THREADS, len(wanted))) as pool:
        for found in pool.map(of, wanted):
            yield from found


def _of_day(
    files: "list[pq.ParquetFile]", day: dt.date, now: Array, counters: "_Counters"
) -> Iterator[Found]:
    """The sets of a day, in as many turns as the counters need."""
    width = _width(files, now)
    done = set[str]()
    while True:
        turn = _Turn(counters.cleared(width), now, done)
        for file in files:
            for batch in file.iter_batches(BATCH, columns=["customer", "event"], use_threads=False):
                turn.add(batch)
        yield from turn.found(day)
        if not turn.left:
            return
        done |= set(turn.rows)


def _open(where: "Where", path: str) -> "pq.ParquetFile":
    import pyarrow.parquet as pq  # heavy: not in the web process

    source = store.source(where, path)
    return pq.ParquetFile(source, read_dictionary=["event"], memory_map=isinstance(source, str))


def _width(files: "list[pq.ParquetFile]", now: Array) -> int:
    """How many bytes of counters a kind of event takes, in whole containers."""
    highest = int(now.max()) if len(now) else 0
    for file in files:
        column = file.schema_arrow.names.index("customer")
        groups = (file.metadata.row_group(at) for at in range(file.num_row_groups))
        for group in groups:
            highest = max(highest, group.column(column).statistics.max)
    return (highest // counting.CONTAINER + 1) * counting.CONTAINER // counting.IN_A_BYTE


class _Counters:
    """A thread's memory for counters, used again: fresh pages cost more than the counting."""

    def __init__(self) -> None:
        self.memory = np.zeros(BUDGET, np.uint8)

    def cleared(self, width: int) -> Array:
        """Counters at zero: a row a kind of event, at least one."""
        room = max(1, len(self.memory) // width)
        if room * width > len(self.memory):
            self.memory = np.zeros(width, np.uint8)
        return self.memory[: room * width].reshape(room, width)


class _Turn:
    """Counters for as many kinds of event as there is room for, those that are done left out."""

    def __init__(self, counts: Array, now: Array, done: set[str]) -> None:
        self.counts = counts
        self.now = now
        self.done = done
        self.rows: dict[str, int] = {}
        self.left = False  # whether some kind found no room

    def add(self, batch: "pa.RecordBatch") -> None:
        events = batch.column(1)
        rows = [self._row(name) for name in events.dictionary.to_pylist()]
        width = self.counts.shape[1]
        starts = [counting.NOWHERE if row is None else row * width for row in rows]
        counting.count(
            batch.column(0).to_numpy().view(np.uint32),
            events.indices.to_numpy().view(np.uint32),
            np.array(starts, np.uint64),
            self.now,
            self.counts.ravel(),
        )

    def _row(self, event: str) -> int | None:
        """The row of a kind of event; None when it is done, or has to wait for the next turn."""
        if event in self.done:
            return None
        if event not in self.rows:
            if len(self.rows) == len(self.counts):
                self.left = True
                return None
            self.rows[event] = len(self.rows)
        return self.rows[event]

    def found(self, day: dt.date) -> Iterator[Found]:
        """What was counted; the counters are at zero afterwards."""
        for event, row in sorted(self.rows.items()):
            for level, (size, members) in enumerate(counting.levels(self.counts[row]), 1):
                if size:
                    yield Found(event, day, level, size, members)
