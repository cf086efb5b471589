"""Asking the lake: DuckDB, in this process, with bounded threads and memory."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from segments.lake import schema, store

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Expr, Table


class Lake:
    """The lake opened for questions, which are Ibis expressions over `events()`.

    `moved` are customers whose events are to be read as another's.
    """

    def __init__(self, path: Path, connection: Any, moved: Mapping[int, int]) -> None:
        self.path = path
        self.connection = connection
        self.moved = moved

    def events(self, since: dt.date | None = None, until: dt.date | None = None) -> "Table":
        """The events of these days, both ends included; other days' files are not opened."""
        files = [literal(file) for file in store.files(self.path, since, until)]
        if not files:
            return self.rows(schema.columns().empty_table())
        read = self.connection.read_parquet(files, hive_partitioning=True)
        read = read.mutate(day=read.day.cast("date"))
        return (self._now(read) if self.moved else read).select(schema.columns().names)

    def _now(self, read: "Table") -> "Table":
        """The events, each under the customer that they belong to now."""
        import ibis  # heavy: not in the web process
        import pyarrow as pa  # heavy: not in the web process

        known_as = {"was": list(self.moved), "now": list(self.moved.values())}
        moved = self.rows(pa.table(known_as, pa.schema({"was": pa.int32(), "now": pa.int32()})))
        joined = read.left_join(moved, read.customer == moved.was)
        return joined.mutate(customer=ibis.coalesce(joined.now, joined.customer))

    def rows(self, table: "pa.Table") -> "Table":
        """Rows of our own, to be asked together with the events."""
        import ibis  # heavy: not in the web process

        return ibis.memtable(table)

    def ids(self, customers: Iterable[int]) -> "Table":
        """A set of customers as a table with the column `customer`."""
        import pyarrow as pa  # heavy: not in the web process

        return self.rows(pa.table({"customer": pa.array(customers, pa.int32())}))

    def ask(self, question: "Expr") -> "pa.Table":
        """The whole answer."""
        return self.connection.to_pyarrow(question)

    def close(self) -> None:
        self.connection.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()


def connect(
    path: Path,
    *,
    moved: Mapping[int, int] | None = None,
    threads: int = 2,
    memory: str = "1GB",
) -> Lake:
    """Open the lake at a path, which may not exist yet: then it has no events.

    What does not fit into the memory spills to a folder inside it.
    """
    import ibis  # heavy: not in the web process

    path.mkdir(parents=True, exist_ok=True)
    connection = ibis.duckdb.connect(
        threads=threads, memory_limit=memory, temp_directory=str(path / "spill")
    )
    connection.raw_sql("SET TimeZone = 'UTC'")
    return Lake(path, connection, moved or {})


def literal(path: str) -> str:
    """The path with its brackets and stars meaning themselves, not a pattern."""
    return re.sub(r"([\[\]*?])", r"[\1]", path)
