"""The file of one day's tally: what customers did, in columns that are read when they are wanted.

Where a tally is of several kinds of events each kind is a part of its own, so that who asks for
orders need not unpack what was looked at.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segments.arrays import Array

if TYPE_CHECKING:
    import pyarrow as pa

_VALUE = "value"  # a column of words
_KINDS = b"events"


def write(table: "pa.Table", path: Path) -> None:
    """The file, whole or not at all; earlier versions of the day go.

    Rows with a column `event` are in the order of its words.
    """
    import pyarrow as pa  # heavy: not in the web process

    parts: Iterable[pa.Table] = [table]
    if "event" in table.column_names:
        words, parts = _by_kind(table)
        table = table.drop_columns(["event"]).replace_schema_metadata({_KINDS: json.dumps(words)})
    if _VALUE in table.column_names:
        at = table.column_names.index(_VALUE)
        table = table.set_column(at, _VALUE, table[_VALUE].dictionary_encode())
        parts = [table]
    draft = path.with_suffix(f".{os.getpid()}")
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(str(draft), table.schema, options=options) as file:
        for part in parts:
            for batch in part.combine_chunks().to_batches():
                file.write_batch(batch)
    for old in path.parent.glob(f"{path.name[:10]}-*.arrow"):
        old.unlink(missing_ok=True)
    draft.rename(path)


def _by_kind(table: "pa.Table") -> tuple[list[str], Iterator["pa.Table"]]:
    """The kinds of events, and the rows of each without saying so."""
    words, starts = np.unique(table["event"].to_numpy(zero_copy_only=False), return_index=True)
    rest = table.drop_columns(["event"])
    ends = [*starts[1:].tolist(), len(table)]
    parts = (rest.slice(at, end - at) for at, end in zip(starts.tolist(), ends, strict=True))
    return words.tolist(), parts


class Tally:
    """A day's file."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa  # heavy: not in the web process

        self._source = pa.memory_map(str(path))
        file = pa.ipc.open_file(self._source)
        self.schema, count = file.schema, file.num_record_batches
        said = (self.schema.metadata or {}).get(_KINDS)
        self.kinds: list[str] | None = None if said is None else json.loads(said)
        self._all, self._files = list(range(count)), dict[str, Any]()

    def of(self, names: Sequence[str] = ()) -> "Columns":
        """The rows of these kinds of events, one kind after the other; of a tally that is not of
        several kinds all rows."""
        if self.kinds is None:
            return Columns(self, self._all)
        return Columns(self, [self.kinds.index(name) for name in names if name in self.kinds])

    def read(self, name: str, parts: Sequence[int]) -> Any:
        """A column of some parts, as Arrow has it."""
        import pyarrow as pa  # heavy: not in the web process

        if name not in self._files:
            alone = pa.ipc.IpcReadOptions(included_fields=[self.schema.names.index(name)])
            self._files[name] = pa.ipc.open_file(self._source, options=alone)
        file = self._files[name]
        return pa.Table.from_batches(map(file.get_batch, parts), file.schema)[name]


class Columns:
    """Columns of a tally as arrays, each read when somebody asks for it; `value` as places."""

    def __init__(self, tally: Tally, parts: Sequence[int]) -> None:
        self._tally, self._parts = tally, parts
        self._made: dict[str, Array] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._tally.schema.names

    def __getitem__(self, name: str) -> Array:
        if name not in self._made:
            column = self._coded().indices if name == _VALUE else self._read(name)
            self._made[name] = column.to_numpy(zero_copy_only=False)
        return self._made[name]

    def words(self) -> Array:
        """What the places in `value` stand for."""
        return np.array(self._coded().dictionary.to_pylist(), object)

    def _coded(self) -> Any:
        column = self._read(_VALUE).combine_chunks()
        return column.chunk(0) if hasattr(column, "chunk") else column

    def _read(self, name: str) -> Any:
        return self._tally.read(name, self._parts)


def differing(one: Path | None, other: Path | None) -> Array:
    """The customers of whom two tallies of a day say something else; None is that of no event."""
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.compute as pc

    tables = [_plain(path) for path in (one, other) if path is not None]
    both = pa.concat_tables(tables, promote_options="permissive")
    counted = both.group_by(both.column_names).aggregate([([], "count_all")])
    # Of two tables that agree each row is there twice; within one a row is there once.
    lone = counted.filter(pc.field("count_all") == 1)
    return np.unique(lone["customer"].to_numpy())


def _plain(path: Path) -> "pa.Table":
    """A tally whole, each row with its kind of event."""
    import pyarrow as pa  # heavy: not in the web process

    tally = Tally(path)
    parts = []
    for kind in [""] if tally.kinds is None else tally.kinds:
        rows = tally.of([kind])
        part = pa.table({name: rows[name] for name in tally.schema.names})
        parts.append(part.append_column("event", pa.repeat(kind, len(part))))
    return pa.concat_tables(parts, promote_options="permissive")
