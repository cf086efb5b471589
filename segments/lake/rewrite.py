"""Changing what the lake already has: rows removed, given to another customer, or renamed.

A Delta table's files never change. Each file with such rows is written anew without or with
other ones, and one commit swaps all of them, so that readers see the lake before or after and
a crash leaves it as it was. The caller holds the lake's lock (`ingest.lake_lock`). Doing it
again finds nothing more to do. The old files stay until `purge`.
"""

import datetime as dt
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from segments.lake import schema, store, tables

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

# No reader works longer with the files that it opened: a task's limit is 25 minutes.
GRACE = dt.timedelta(minutes=30)

Where = Any  # what `store` takes for the place of a lake
Change = Callable[["pa.Table"], "pa.Table"]  # from the rows that were found to what they become


def remove(path: Where, ids: Collection[int], *, days: Iterable[dt.date] | None = None) -> int:
    """Take out all events of these customers (None: of every day), and tell how many."""
    return _rewrite(path, "customer", sorted(ids), days, lambda rows: rows.slice(0, 0))


def remove_events(path: Where, keys: Collection[str], *, days: Iterable[dt.date]) -> int:
    """Take out the events with these keys, and tell how many there were."""
    return _rewrite(path, "key", sorted(keys), days, lambda rows: rows.slice(0, 0))


def renumber(
    path: Where, numbers: Mapping[int, int], *, days: Iterable[dt.date] | None = None
) -> int:
    """Give the events of each customer to another, and tell how many moved."""

    def given(rows: "pa.Table") -> "pa.Table":
        return _replaced(rows, "customer", numbers)

    return _rewrite(path, "customer", sorted(numbers), days, given)


def rename(path: Where, names: Mapping[str, str], *, days: Iterable[dt.date] | None = None) -> int:
    """Call events of these kinds by another name, and tell how many."""

    def called(rows: "pa.Table") -> "pa.Table":
        return _replaced(rows, "event", names)

    return _rewrite(path, "event", sorted(names), days, called)


def drop(path: Where, days: Iterable[dt.date]) -> int:
    """Take out whole days, without reading them, and tell how many events they had."""
    wanted, table = set(days), tables.opened(path)
    if table is None:
        return 0
    files = _Files(table)
    old = files.of(wanted)
    if old:
        files._commit(path, old, [])
    return sum(one["rows"] for one in old)


def rows(path: Where, days: Iterable[dt.date]) -> int:
    """How many events the lake has of these days, by its log alone."""
    table = tables.opened(path)
    return sum(one["rows"] for one in _Files(table).of(set(days))) if table else 0


def count(path: Where, ids: Collection[int]) -> int:
    """How many events of these customers the files that are in use hold."""
    table = tables.opened(path)
    if table is None or not ids:
        return 0
    files = _Files(table)
    return sum(files.matching(one, "customer", sorted(ids)) for one in files.of(None))


def purge(path: Where, *, grace: dt.timedelta = GRACE) -> tuple[int, int]:
    """Delete files that are in use no more: how many went, and how many still wait.

    Those that came out of use within the grace stay, because a reader may have opened them.
    The log's part from before it goes as well: it quotes single values of its files.
    """
    table = tables.opened(path)
    if table is None:
        return 0, 0
    files, no_longer = _Files(table), unused(path)
    recent, waiting = files.recent(dt.datetime.now(dt.UTC) - grace)
    gone = no_longer - waiting
    for file in sorted(gone):
        files.delete(file)
    files.shorten_log(recent)
    return len(gone), len(no_longer) - len(gone)


def unused(path: Where) -> set[str]:
    """The files that are there but in use no more, or never were."""
    table = tables.opened(path)
    if table is None:
        return set()
    files = _Files(table)
    return files.there() - {one["path"] for one in files.of(None)}


# --- inside -----------------------------------------------------------------


def _rewrite(
    path: Where,
    column: str,
    values: list[Any],
    days: Iterable[dt.date] | None,
    change: Change,
) -> int:
    """Swap the files that hold one of the values in the column; how many rows were changed."""
    from deltalake.exceptions import CommitFailedError  # heavy: not in the web process

    wanted = None if days is None else set(days)
    for attempt in range(store.ATTEMPTS):
        table = tables.opened(path)
        if table is None or not values:
            return 0
        files = _Files(table)
        try:
            return files.swap(path, column, values, wanted, change)
        except CommitFailedError:  # somebody else committed meanwhile: look at it anew
            if attempt == store.ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
    raise AssertionError("the last attempt returns or raises")


def _replaced(rows: "pa.Table", column: str, to: Mapping[Any, Any]) -> "pa.Table":
    """The rows with another value in one column."""
    import pyarrow as pa  # heavy: not in the web process

    at = rows.schema.get_field_index(column)
    new = pa.array([to[value] for value in rows[column].to_pylist()], rows.schema.field(at).type)
    return rows.set_column(at, rows.schema.field(at), new)


class _Files:
    """The files of one version of the table, and how they are read and swapped."""

    def __init__(self, table: "DeltaTable") -> None:
        from deltalake.fs import DeltaStorageHandler  # heavy: not in the web process
        from pyarrow import fs  # heavy: not in the web process

        self.table = table
        self.system = fs.PyFileSystem(DeltaStorageHandler.from_table(table._table))

    def of(self, days: set[dt.date] | None) -> list[dict[str, Any]]:
        """The files of these days, the oldest day first: path, day, size and rows."""
        import pyarrow as pa  # heavy: not in the web process

        found = pa.table(self.table.get_add_actions(flatten=True)).to_pylist()
        files = [
            {
                "path": one["path"],
                "day": one["partition.day"],
                "size": one["size_bytes"],
                "rows": one["num_records"] or 0,
            }
            for one in found
            if days is None or one["partition.day"] in days
        ]
        return sorted(files, key=lambda file: (file["day"], file["path"]))

    def matching(self, file: dict[str, Any], column: str, values: list[Any]) -> int:
        """How many rows of a file have one of the values; reads only that column."""
        rows = self._read(file, column, values, [column])
        return sum(batch.num_rows for batch in rows.to_batches())

    def swap(
        self,
        path: Where,
        column: str,
        values: list[Any],
        days: set[dt.date] | None,
        change: Change,
    ) -> int:
        """Write anew what holds one of the values, and commit all of it at once."""
        old, new, changed = [], list[dict[str, Any]](), 0
        try:
            for file in self.of(days):
                if not (found := self.matching(file, column, values)):
                    continue
                old.append(file)
                changed += found
                new += store._write_files(path, self._anew(file, column, values, change))
            if old:
                self._commit(path, old, new)
        except BaseException:
            for one in new:
                self.delete(one["path"])
            raise
        return changed

    def _anew(
        self,
        file: dict[str, Any],
        column: str,
        values: list[Any],
        change: Change,
    ) -> "pa.RecordBatchReader":
        """A file's rows with the change, in the order of the lake.

        Only the changed rows and one batch of the others are in memory at a time.
        """
        import pyarrow as pa  # heavy: not in the web process
        import pyarrow.dataset as ds  # heavy: not in the web process

        names = [name for name in schema.columns().names if name != schema.PARTITION]
        changed = change(self._read(file, column, values, names).to_table())
        by = [one for one in schema.ORDER if one[0] != schema.PARTITION]
        rest = self._scan(file, ~ds.field(column).isin(values), names).to_batches()
        merged = _merged(rest, changed.sort_by(by), by)
        return pa.RecordBatchReader.from_batches(
            schema.columns(), (batch for rows in merged for batch in _on_day(rows, file["day"]))
        )

    def _read(self, file: dict[str, Any], column: str, values: list[Any], names: list[str]) -> Any:
        import pyarrow.dataset as ds  # heavy: not in the web process

        # The bounds skip row groups by their statistics; a list of values alone would not.
        near = (ds.field(column) >= values[0]) & (ds.field(column) <= values[-1])
        return self._scan(file, near & ds.field(column).isin(values), names)

    def _scan(self, file: dict[str, Any], where: Any, names: list[str]) -> Any:
        import pyarrow.dataset as ds  # heavy: not in the web process

        read = ds.dataset(file["path"], format="parquet", filesystem=self.system)
        return read.scanner(
            columns=names, filter=where, batch_readahead=1, fragment_readahead=1, use_threads=False
        )

    def _commit(self, path: Where, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
        from deltalake import CommitProperties  # heavy: not in the web process
        from deltalake.transaction import RemoveAction  # heavy: not in the web process

        now = int(time.time() * 1000)
        removed = [
            RemoveAction(
                path=file["path"],
                data_change=True,
                deletion_timestamp=now,
                size=file["size"],
                partition_values={schema.PARTITION: str(file["day"])},
            )
            for file in old
        ]
        self.table.create_write_transaction(
            [*removed, *(store._added(file) for file in new)],
            "append",
            schema.columns(),
            [schema.PARTITION],
            # Delta Lake would let a compaction pass that removed the same files meanwhile.
            commit_properties=CommitProperties(max_commit_retries=0),
        )
        store._log_to_disk(path)

    def delete(self, file: str) -> None:
        """Delete a file, which may be gone already."""
        try:
            self.system.delete_file(file)
        except FileNotFoundError:
            return

    def there(self) -> set[str]:
        """The Parquet files of days that the storage has, whether or not they are in use."""
        from pyarrow import fs  # heavy: not in the web process

        found = self.system.get_file_info(fs.FileSelector("", recursive=True))
        days = f"{schema.PARTITION}="
        return {one.path for one in found if one.is_file and one.path.startswith(days)}

    # --- the log ------------------------------------------------------------

    def recent(self, since: dt.datetime) -> tuple[set[str], set[str]]:
        """The log's commits since a moment, and the files that they took out of use."""
        bound, commits, removed = int(since.timestamp() * 1000), set[str](), set[str]()
        for name in sorted(self._log(".json"), reverse=True):
            lines = [json.loads(line) for line in self._text(name).splitlines() if line]
            told = [line["commitInfo"]["timestamp"] for line in lines if "commitInfo" in line]
            if told and max(told) < bound:
                break
            commits.add(name)
            removed |= {line["remove"]["path"] for line in lines if "remove" in line}
        return commits, removed

    def shorten_log(self, kept: set[str]) -> None:
        """Write the table's state as a checkpoint, and delete what came before it."""
        newest = f"{self.table.version():020}."
        older = [name for name in self._log(".json", ".parquet") if _commit_of(name) < newest]
        if not set(older) - kept:
            return
        self.table.create_checkpoint()
        for name in older:
            if name not in kept:
                self.delete(name)

    def _log(self, *endings: str) -> list[str]:
        from pyarrow import fs  # heavy: not in the web process

        found = self.system.get_file_info(fs.FileSelector("_delta_log"))
        return [one.path for one in found if one.path.endswith(endings)]

    def _text(self, name: str) -> str:
        with self.system.open_input_file(name) as file:
            return file.read().decode()


def _commit_of(name: str) -> str:
    """`_delta_log/00000000000000000012.checkpoint.parquet` → `00000000000000000012.`"""
    return name.rpartition("/")[2][:21]


def _merged(
    batches: Iterable["pa.RecordBatch"], changed: "pa.Table", by: list[tuple[str, str]]
) -> Iterator["pa.Table"]:
    """Put sorted rows into a sorted stream, each before the first batch that ends behind it."""
    import pyarrow as pa  # heavy: not in the web process

    customers = changed["customer"].to_numpy()
    done = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        last = batch.column("customer")[-1].as_py()
        end = int(customers.searchsorted(last, side="left"))
        rows = pa.Table.from_batches([batch])
        if end > done:
            rows = pa.concat_tables([rows, changed.slice(done, end - done)]).sort_by(by)
            done = end
        yield rows
    if done < changed.num_rows:
        yield changed.slice(done)


def _on_day(rows: "pa.Table", day: dt.date) -> "list[pa.RecordBatch]":
    """The rows with the day that the file's folder tells."""
    import pyarrow as pa  # heavy: not in the web process

    days = pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows)
    whole = rows.append_column(schema.PARTITION, days).select(schema.columns().names)
    return whole.cast(schema.columns()).to_batches()
