"""Trails: what customers did one after the other, a file a day, to be mapped into memory.

The lake's Parquet has to be decoded each time; for questions about the order of events that is
most of their cost. A trail has only who, when and what, nine bytes an event, in the order of
customers and, inside one, of time. It is made from the lake's files of the day and worth nothing
beside them: without it, it is made again.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from segments.lake import store
from segments.lake.moves import Moves
from segments.lake.places import Where

MAGIC = b"TRAIL001"
ALIGNED = 64  # bytes
BLOCK = 1 << 17  # customers whose state stays in a core's cache

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Rows:
    """A day's events. A moment is milliseconds after `origin`, which is so since 1970 in UTC."""

    origin: int
    customers: Array
    moments: Array
    codes: Array  # places in `names`
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def highest(self) -> int:
        """The highest number of a customer; -1 without any."""
        return int(self.customers[-1]) if len(self) else -1

    def of_block(self, first: int) -> "Rows":
        """Those of the customers from `first` to before `first + BLOCK`."""
        bounds = np.array([first, min(first + BLOCK, 2**32 - 1)], self.customers.dtype)
        start, end = np.searchsorted(self.customers, bounds)
        return self._part(slice(start, end))

    def where(self, chosen: Array) -> "Rows":
        """Those at whose place the mask is true."""
        return self._part(chosen)

    def _part(self, part: Any) -> "Rows":
        return replace(
            self,
            customers=self.customers[part],
            moments=self.moments[part],
            codes=self.codes[part],
        )

    def in_order(self) -> "Rows":
        """The same in the order of customers and time."""
        return self._part(np.lexsort((self.moments, self.customers)))


NOBODY = Rows(0, np.empty(0, np.uint32), np.empty(0, np.uint32), np.empty(0, np.uint8), ())


# --- making -------------------------------------------------------------------


def make(where: Where, files: Sequence[str]) -> Rows:
    """The rows of a day's files, each event under the number that it came in with."""
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.parquet as pq  # heavy: not in the web process

    parts = []
    for name in files:
        source = store.source(where, name)
        file = pq.ParquetFile(source, read_dictionary=["event"], memory_map=isinstance(source, str))
        parts.append(file.read(["customer", "time", "event"], use_threads=False))
    if not any(part.num_rows for part in parts):
        return NOBODY
    table = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    times = table["time"].cast(pa.int64()).to_numpy() // 1000  # microseconds
    origin = int(times.min())
    event = table["event"].chunk(0)
    names = tuple(event.dictionary.to_pylist())
    width = np.uint8 if len(names) <= 1 << 8 else np.uint16
    rows = Rows(
        origin,
        table["customer"].to_numpy().astype(np.uint32),
        (times - origin).astype(np.uint32),
        event.indices.to_numpy(zero_copy_only=False).astype(width),
        names,
    )
    return rows if _is_in_order(rows) else rows.in_order()


def _is_in_order(rows: Rows) -> bool:
    later = np.diff(rows.customers.astype(np.int64))
    same = later == 0
    return bool((later >= 0).all() and (np.diff(rows.moments.astype(np.int64))[same] >= 0).all())


def write(rows: Rows, path: Path) -> None:
    """The file, whole or not at all."""
    head = {"origin": rows.origin, "names": rows.names, "rows": len(rows)}
    about = json.dumps(head | {"codes": rows.codes.dtype.str}).encode()
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("wb") as file:
        file.write(MAGIC + len(about).to_bytes(8, "little") + about)
        for column in (rows.customers, rows.moments, rows.codes):
            file.write(b"\0" * (-file.tell() % ALIGNED))
            file.write(np.ascontiguousarray(column).data)
    draft.rename(path)


def read(path: Path) -> Rows:
    """The file, mapped: only what is looked at is read."""
    data = np.memmap(path, np.uint8, "r").view(np.ndarray)
    if data[:8].tobytes() != MAGIC:
        raise ValueError(f"{path} is not a trail.")
    at = 16 + int.from_bytes(data[8:16].tobytes(), "little")
    head = json.loads(data[16:at].tobytes())
    columns: list[Array] = []
    for dtype in ("<u4", "<u4", head["codes"]):
        at += -at % ALIGNED
        end = at + head["rows"] * np.dtype(dtype).itemsize
        columns.append(data[at:end].view(dtype))
        at = end
    customers, moments, codes = columns
    return Rows(head["origin"], customers, moments, codes, tuple(head["names"]))


# --- merged customers ---------------------------------------------------------


class Merged:
    """Reads rows so that a merged customer's events are those of who they are now."""

    def __init__(self, moves: Moves) -> None:
        self.now = moves.lookup()
        highest = max(int(moves.was.max()), int(moves.now.max())) if len(moves) else -1
        self.touched = np.zeros(highest + 1, np.bool_)
        self.touched[moves.was] = self.touched[moves.now] = True

    def read(self, rows: Rows) -> Iterator[Rows]:
        """The day in one part or two; everything that one customer did is in the same one."""
        if not len(self.touched) or not len(rows):
            yield rows
            return
        known = rows.customers < len(self.touched)
        moved = known.copy()
        moved[known] = self.touched[rows.customers[known]]
        if not moved.any():
            yield rows
            return
        yield rows.where(~moved)
        theirs = rows.where(moved)
        customers, inside = theirs.customers.copy(), theirs.customers < len(self.now)
        customers[inside] = self.now[customers[inside]]
        yield replace(theirs, customers=customers).in_order()
