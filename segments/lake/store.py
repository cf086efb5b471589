"""Writing the lake: appends that happen exactly once, and tidying up behind them."""

import datetime as dt
import json
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from segments.lake import schema

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

EVENTS = "events"  # the table's folder inside the lake
ATTEMPTS = 10  # of a commit, when other writers commit at the same moment
ROWS_IN_A_GROUP = 100_000
# Readers that opened the lake before a tidying may go on with the old files this long.
HOURS_KEPT = 24 * 7


def append(
    path: Path, rows: "pa.Table | pa.RecordBatchReader", *, app_id: str, version: int
) -> bool:
    """Append rows exactly once: False when this version of `app_id` is in the lake already.

    A table may be in any order. A reader streams: it must come ordered by
    `schema.ORDER`, and never more than one day's row group is held in memory.
    """
    import pyarrow as pa  # heavy: not in the web process

    table = _open_or_make(path)
    if _has(table, app_id, version):
        return False
    if isinstance(rows, pa.Table):
        ordered = rows.select(schema.columns().names).sort_by(schema.ORDER)
        rows = pa.RecordBatchReader.from_batches(ordered.schema, ordered.to_batches())
    written = list(_write_files(path, rows))
    done = _commit(path, written, app_id=app_id, version=version)
    if not done:  # another process was faster with the same rows
        for file in written:
            (path / EVENTS / file["path"]).unlink()
    return done


def version(path: Path, app_id: str) -> int:
    """The last version that `app_id` appended; 0 when it never did."""
    table = _open(path)
    return (table.transaction_version(app_id) or 0) if table else 0


def files(path: Path, since: dt.date | None = None, until: dt.date | None = None) -> list[str]:
    """The Parquet files of these days, both ends included, as paths."""
    table = _open(path)
    if table is None:
        return []
    uris = table.file_uris(file_pruning_predicate=_between(since, until))
    return [unquote(uri) for uri in uris]


def days(path: Path, since: dt.date | None = None, until: dt.date | None = None) -> list[dt.date]:
    """The days that have events, oldest first."""
    table = _open(path)
    if table is None:
        return []
    found = table.partitions(file_pruning_predicate=_between(since, until))
    return sorted({dt.date.fromisoformat(one["day"]) for one in found})


def compact(path: Path, *, more_than: int = 1) -> int:
    """Rewrite each day of more than so many files as one, ordered by customer.

    Returns how many days were rewritten. The old files stay for readers until `vacuum`.
    """
    table = _open(path)
    if table is None:
        return 0
    counts = Counter(Path(file).parent.name.removeprefix("day=") for file in files(path))
    scattered = sorted(day for day, count in counts.items() if count > more_than)
    for day in scattered:
        table.optimize.z_order(
            ["customer"], partition_filters=[("day", "=", day)], writer_properties=_properties()
        )
    return len(scattered)


def vacuum(path: Path) -> int:
    """Delete the files that no reader can need any more, and tell how many they were."""
    table = _open(path)
    if table is None:
        return 0
    return len(table.vacuum(retention_hours=HOURS_KEPT, dry_run=False, full=True))


# --- inside -----------------------------------------------------------------


def _open(path: Path) -> "DeltaTable | None":
    from deltalake import DeltaTable  # heavy: not in the web process

    where = str(path / EVENTS)
    return DeltaTable(where) if DeltaTable.is_deltatable(where) else None


def _open_or_make(path: Path) -> "DeltaTable":
    from deltalake import DeltaTable  # heavy: not in the web process

    return _open(path) or DeltaTable.create(
        str(path / EVENTS), schema.columns(), mode="ignore", partition_by=[schema.PARTITION]
    )


def _has(table: "DeltaTable", app_id: str, version: int) -> bool:
    return (table.transaction_version(app_id) or 0) >= version


def _between(since: dt.date | None, until: dt.date | None) -> str | None:
    bounds = [f"day >= '{since}'"] if since else []
    bounds += [f"day <= '{until}'"] if until else []
    return " AND ".join(bounds) or None


def _properties() -> Any:
    from deltalake import WriterProperties  # heavy: not in the web process

    return WriterProperties(compression="ZSTD", max_row_group_size=ROWS_IN_A_GROUP)


def _write_files(path: Path, rows: "pa.RecordBatchReader") -> Iterator[dict[str, Any]]:
    """One Parquet file a day, on the disk for good before anybody hears of it."""
    import pyarrow as pa  # heavy: not in the web process
    import pyarrow.parquet as pq  # heavy: not in the web process

    inside = pa.schema([field for field in schema.columns() if field.name != schema.PARTITION])
    for day, batches in _by_day(rows):
        name = f"{schema.PARTITION}={day}/part-{uuid.uuid4()}.zstd.parquet"
        file = path / EVENTS / name
        file.parent.mkdir(exist_ok=True)
        count = 0
        with pq.ParquetWriter(
            file,
            inside,
            compression="zstd",
            use_dictionary=["event"],
            column_encoding={
                "customer": "DELTA_BINARY_PACKED",
                "time": "DELTA_BINARY_PACKED",
                "amount": "DELTA_BINARY_PACKED",
            },
        ) as writer:
            for batch in _grouped(batches):
                writer.write_table(batch.select(inside.names).cast(inside), ROWS_IN_A_GROUP)
                count += batch.num_rows
        _to_disk(file)
        yield {"path": name, "day": str(day), "rows": count, "size": file.stat().st_size}


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


def _commit(path: Path, written: list[dict[str, Any]], *, app_id: str, version: int) -> bool:
    """Make the files part of the table, together with the note that this version is in."""
    from deltalake import CommitProperties, Transaction  # heavy: not in the web process
    from deltalake.exceptions import CommitFailedError  # heavy: not in the web process

    for attempt in range(ATTEMPTS):
        table = _open_or_make(path)
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
        _log_to_disk(path)
        return True
    raise AssertionError("the last attempt returns or raises")


def _added(file: dict[str, Any]) -> Any:
    from deltalake.transaction import AddAction  # heavy: not in the web process

    return AddAction(
        path=file["path"],
        size=file["size"],
        partition_values={schema.PARTITION: file["day"]},
        modification_time=int(time.time() * 1000),
        data_change=True,
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


def _log_to_disk(path: Path) -> None:
    newest = max((path / EVENTS / "_delta_log").glob("[0-9]*.json"))
    _to_disk(newest)
