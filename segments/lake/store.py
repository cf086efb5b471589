"""Writing the lake: appends that happen exactly once, and tidying up behind them.

A lake on this machine is written to the disk for good before anybody hears of it. In object
storage a finished upload is for good, and two commits at once are told apart by a conditional
put (`docs/operations.md` says what storage without one needs).
"""

import datetime as dt
import json
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from segments.lake import engine, places, schema, tables
from segments.lake.places import Where

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from pyarrow import fs

ATTEMPTS = 10  # of a commit, when other writers commit at the same moment
ROWS_IN_A_GROUP = 100_000
MEMORY = "1GB"  # of gathering a day's files
# What every count reads is small already: taking zstd off it would cost half of the reading.
PACKED = {
    **dict.fromkeys(("customer", "event"), "snappy"),
    **dict.fromkeys(("time", "key", "amount", "properties"), "zstd"),
}
# Readers that opened the lake before a tidying may go on with the old files this long.
HOURS_KEPT = 24 * 7


def append(
    where: Where, rows: "pa.Table | pa.RecordBatchReader", *, app_id: str, version: int
) -> bool:
    """Append rows exactly once: False when this version of `app_id` is in the lake already.

    A table may be in any order. A reader streams: it must come ordered by
    `schema.ORDER`, and never more than one day's row group is held in memory.
    """
    import pyarrow as pa  # heavy: not in the web process

    table = tables.opened_or_made(where)
    if _has(table, app_id, version):
        return False
    if isinstance(rows, pa.Table):
        ordered = rows.select(schema.columns().names).sort_by(schema.ORDER)
        rows = pa.RecordBatchReader.from_batches(ordered.schema, ordered.to_batches())
    written = list(_write_files(where, rows))
    done = _commit(where, written, app_id=app_id, version=version)
    if not done:  # another process was faster with the same rows
        for file in written:
            filesystem(where).delete_file(file["path"])
    return done


def version(where: Where, app_id: str) -> int:
    """The last version that `app_id` appended; 0 when it never did."""
    table = tables.opened(where)
    return (table.transaction_version(app_id) or 0) if table else 0


def files(where: Where, since: dt.date | None = None, until: dt.date | None = None) -> list[str]:
    """The Parquet files of these days, both ends included, as paths or URLs."""
    table = tables.address(where)
    found = files_by_day(where, since, until).values()
    return [f"{table}/{name}" for names in found for name in names]


def files_by_day(
    where: Where, since: dt.date | None = None, until: dt.date | None = None
) -> dict[dt.date, list[str]]:
    """The same for each day that has any, as names inside the table."""
    table = tables.latest(where)
    if table is None:
        return {}
    # Fifty times faster than to have the table look for the days: each file's folder tells its own.
    found = dict[dt.date, list[str]]()
    for uri in table.file_uris():
        folder, name = unquote(uri).split("/")[-2:]
        day = dt.date.fromisoformat(folder.removeprefix(f"{schema.PARTITION}="))
        if (since or day) <= day <= (until or day):
            found.setdefault(day, []).append(f"{folder}/{name}")
    return found


def volumes(
    where: Where, since: dt.date | None = None, until: dt.date | None = None
) -> dict[dt.date, int]:
    """How many events each of these days has, by what the log says of its files."""
    import pyarrow as pa  # heavy: not in the web process

    found = dict[dt.date, int]()
    if table := tables.latest(where):
        files = pa.table(table.get_add_actions(flatten=True))
        named = f"partition.{schema.PARTITION}", "num_records"
        for day, events in zip(*(files[name].to_pylist() for name in named), strict=True):
            if (since or day) <= day <= (until or day):
                found[day] = found.get(day, 0) + (events or 0)
    return found


def source(where: Where, name: str) -> "str | pa.NativeFile":
    """Something to read a file of the table from: its path, or an open file elsewhere."""
    if places.of(where).folder is not None:
        return f"{tables.address(where)}/{name}"
    return filesystem(where).open_input_file(name)


def dataset(where: Where, since: dt.date | None = None, until: dt.date | None = None) -> Any:
    """The events of these days as a pyarrow dataset, or None when there are none."""
    table = tables.latest(where)
    if table is None:
        return None
    return table.to_pyarrow_dataset(file_pruning_predicate=_between(since, until))


def days(where: Where, since: dt.date | None = None, until: dt.date | None = None) -> list[dt.date]:
    """The days that have events, oldest first."""
    return sorted(files_by_day(where, since, until))


def compact(where: Where, *, more_than: int = 1) -> int:
    """Rewrite each day of more than so many files as one, ordered by customer.

    Returns how many days were rewritten. The old files stay for readers until `vacuum`.
    """
    table = tables.opened(where)
    if table is None:
        return 0
    tables.settle(table)
    scattered = sorted(day for day, names in files_by_day(where).items() if len(names) > more_than)
    for day in scattered:
        _gather(where, day)
    return len(scattered)


def vacuum(where: Where) -> int:
    """Delete the files that no reader can need any more, and tell how many they were."""
    table = tables.opened(where)
    if table is None:
        return 0
    return len(table.vacuum(retention_hours=HOURS_KEPT, dry_run=False, full=True))


# --- inside -----------------------------------------------------------------


def filesystem(where: Where) -> "fs.FileSystem":
    """The table's folder, wherever it is, with the same options that its log is written with."""
    from pyarrow import fs  # heavy: not in the web process

    place = places.of(where)
    if place.folder is not None:
        return fs.SubTreeFileSystem(tables.address(where), fs.LocalFileSystem())
    from deltalake.fs import DeltaStorageHandler  # heavy: not in the web process

    return fs.PyFileSystem(DeltaStorageHandler(tables.address(where), dict(place.options)))


def _has(table: "DeltaTable", app_id: str, version: int) -> bool:
    return (table.transaction_version(app_id) or 0) >= version


def _between(since: dt.date | None, until: dt.date | None) -> str | None:
    bounds = [f"day >= '{since}'"] if since else []
    bounds += [f"day <= '{until}'"] if until else []
    return " AND ".join(bounds) or None


def _gather(where: Where, day: dt.date) -> None:
    """Write a day's files as one, in our order and our format, and swap them in one commit.

    delta-rs' own compaction would order by customer alone, and write its own format.
    """
    from deltalake.exceptions import CommitFailedError  # heavy: not in the web process

    for attempt in range(ATTEMPTS):
        table, old = tables.opened(where), files_by_day(where, day, day).get(day, [])
        assert table is not None
        with _in_order(where, day) as rows:
            new = list(_write_files(where, rows))
        try:
            _swap(table, day, old, new)
        except CommitFailedError:  # somebody else committed meanwhile: look at it anew
            for file in new:
                filesystem(where).delete_file(file["path"])
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
            continue
        _log_to_disk(where)
        return


@contextmanager
def _in_order(where: Where, day: dt.date) -> "Iterator[pa.RecordBatchReader]":
    """A day's events by customer and time; what does not fit into the memory spills."""
    import duckdb  # heavy: not in the web process

    spill = str(places.of(where).scratch / "spill")
    told = {"threads": 2, "memory_limit": MEMORY, "temp_directory": spill}
    with duckdb.connect(config=told) as con:
        con.execute("SET TimeZone = 'UTC'")
        if places.of(where).folder is not None:
            found = [engine.literal(file) for file in files(where, day, day)]
            con.read_parquet(found, hive_partitioning=True).create_view("events")
        else:
            con.register("events", dataset(where, day, day))
        names = ", ".join(schema.columns().names[1:])
        ordered = con.view("events").order("customer, time")
        rows = ordered.project(f"CAST(day AS DATE) AS day, {names}")
        yield rows.to_arrow_reader(ROWS_IN_A_GROUP).cast(schema.columns())


def _swap(table: "DeltaTable", day: dt.date, old: list[str], new: list[dict[str, Any]]) -> None:
    """Take files out of the table and others in. No reader misses an event or sees it twice."""
    from deltalake import CommitProperties  # heavy: not in the web process
    from deltalake.transaction import RemoveAction  # heavy: not in the web process

    removed = [
        RemoveAction(
            path=file,
            data_change=False,
            deletion_timestamp=int(time.time() * 1000),
            partition_values={schema.PARTITION: str(day)},
        )
        for file in old
    ]
    table.create_write_transaction(
        [*removed, *(_added(file, is_new=False) for file in new)],
        "append",
        schema.columns(),
        [schema.PARTITION],
        commit_properties=CommitProperties(max_commit_retries=0),
    )


def _write_files(where: Where, rows: "pa.RecordBatchReader") -> Iterator[dict[str, Any]]:
    """One Parquet file a day, there for good before anybody hears of it."""
    here, folder = filesystem(where), places.of(where).folder
    for day, batches in _by_day(rows):
        name = f"{schema.PARTITION}={day}/part-{uuid.uuid4()}.zstd.parquet"
        here.create_dir(f"{schema.PARTITION}={day}", recursive=True)
        with here.open_output_stream(name) as file:
            count = _write(file, batches)
        if folder is not None:
            _to_disk(folder / tables.EVENTS / name)
        size = here.get_file_info(name).size
        yield {"path": name, "day": str(day), "rows": count, "size": size}


def _write(file: Any, batches: Iterable["pa.RecordBatch"]) -> int:
    """Write one day's rows as Parquet, and tell how many."""
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.parquet as pq  # heavy: not in the web process

    inside = pa.schema([field for field in schema.columns() if field.name != schema.PARTITION])
    packed = dict.fromkeys(("customer", "time", "amount"), "DELTA_BINARY_PACKED")
    count = 0
    with pq.ParquetWriter(
        file, inside, compression=PACKED, use_dictionary=["event"], column_encoding=packed
    ) as writer:
        for batch in _grouped(batches):
            writer.write_table(batch.select(inside.names).cast(inside), ROWS_IN_A_GROUP)
            count += batch.num_rows
    return count


def _by_day(rows: "pa.RecordBatchReader") -> Iterator[tuple[dt.date, Iterator["pa.RecordBatch"]]]:
    """Cut a stream that is ordered by day at each new day."""
    import itertools

    pieces = (piece for batch in rows for piece in _cut(batch))
    for day, group in itertools.groupby(pieces, key=lambda piece: piece[0]):
        yield day, (batch for _, batch in group)


def _cut(batch: "pa.RecordBatch") -> Iterator[tuple[dt.date, "pa.RecordBatch"]]:
    import pyarrow.compute as pc  # heavy: not in the web process

    runs = pc.run_end_encode(batch.column(batch.schema.get_field_index("day")))
    start = 0
    for end, day in zip(runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True):
        yield day, batch.slice(start, end - start)
        start = end


def _grouped(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.Table"]:
    """Gather small batches, so that a row group is worth its overhead."""
    import pyarrow as pa  # heavy: not in the web process

    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.num_rows for one in held) >= ROWS_IN_A_GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _commit(where: Where, written: list[dict[str, Any]], *, app_id: str, version: int) -> bool:
    """Make the files part of the table, together with the note that this version is in."""
    from deltalake import CommitProperties, Transaction  # heavy: not in the web process
    from deltalake.exceptions import CommitFailedError  # heavy: not in the web process

    for attempt in range(ATTEMPTS):
        table = tables.opened_or_made(where)
        if _has(table, app_id, version):
            return False
        try:
            table.create_write_transaction(
                [_added(file) for file in written],
                "append",
                schema.columns(),
                [schema.PARTITION],
                commit_properties=CommitProperties(app_transactions=[Transaction(app_id, version)]),
            )
        except CommitFailedError:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
            continue
        _log_to_disk(where)
        return True
    raise AssertionError("the last attempt returns or raises")


def _added(file: dict[str, Any], *, is_new: bool = True) -> Any:
    from deltalake.transaction import AddAction  # heavy: not in the web process

    return AddAction(
        path=file["path"],
        size=file["size"],
        partition_values={schema.PARTITION: file["day"]},
        modification_time=int(time.time() * 1000),
        data_change=is_new,
        stats=json.dumps({"numRecords": file["rows"]}),
    )


def _to_disk(file: Path) -> None:
    """Wait until a power cut could not lose the file: who sent the rows will forget them."""
    for path, flags in ((file, os.O_RDONLY), (file.parent, os.O_RDONLY | os.O_DIRECTORY)):
        handle = os.open(path, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _log_to_disk(where: Where) -> None:
    """The same for the newest commit, with the checkpoint if it was due, and the hint to it."""
    if (folder := places.of(where).folder) is not None:
        log = folder / tables.EVENTS / "_delta_log"
        newest = max(log.glob("[0-9]*.json"))
        _to_disk(newest)
        if (checkpoint := newest.with_suffix(".checkpoint.parquet")).exists():
            _to_disk(checkpoint)
            _to_disk(log / "_last_checkpoint")
