"""DuckDB, in this process, with bounded threads and memory: the engine that is there anyway."""

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

from segments.lake import engine, places, schema, store
from segments.lake.moves import Moves
from segments.lake.places import Engine, Where

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Expr, Table

THREADS, MEMORY = "2", "1GB"  # unless the engine's URL says otherwise


class Duck(engine.Lake):
    """The lake read by DuckDB: its files on this machine, or through pyarrow from elsewhere."""

    def __init__(self, where: Where, moves: Moves, connection: Any) -> None:
        super().__init__(where, moves)
        self.connection = connection
        self._names = itertools.count()

    def _read(self, since: dt.date | None, until: dt.date | None) -> "Table":
        if self.place.folder is None:
            return self._elsewhere(since, until)
        files = [engine.literal(file) for file in store.files(self.place, since, until)]
        if not files:
            return self.rows(schema.columns().empty_table())
        dated = {schema.PARTITION: f"CAST({schema.PARTITION} AS DATE) AS {schema.PARTITION}"}
        wanted = ", ".join(dated.get(column, column) for column in schema.columns().names)
        quoted = ", ".join(_quoted(file) for file in files)
        name = f"events_{next(self._names)}"
        self.connection.raw_sql(
            f"CREATE TEMP VIEW {name} AS SELECT {wanted}"  # noqa: S608  (our names and files)
            f" FROM read_parquet([{quoted}], hive_partitioning = true)"
        )
        return self.connection.table(name)

    def _elsewhere(self, since: dt.date | None, until: dt.date | None) -> "Table":
        found = store.dataset(self.place, since, until)
        if found is None:
            return self.rows(schema.columns().empty_table())
        name = f"elsewhere_{next(self._names)}"
        self.connection.con.register(name, found)
        return self.connection.table(name)

    def ask(self, question: "Expr") -> "pa.Table":
        return self.connection.to_pyarrow(question)

    def close(self) -> None:
        self.connection.disconnect()


def _quoted(file: str) -> str:
    return "'" + file.replace("'", "''") + "'"


def connect(where: Where, moves: Moves, said: Engine) -> Duck:
    """Open DuckDB. What does not fit into its memory spills to a folder of this machine."""
    import ibis  # heavy: not in the web process

    # DuckDB puts selections together itself; Ibis takes half of a question's time for it. No
    # question may then select from what is in order: the order comes last.
    ibis.options.sql.fuse_selects = False
    scratch = places.of(where).scratch
    scratch.mkdir(parents=True, exist_ok=True)
    connection = ibis.duckdb.connect(
        threads=int(said.options.get("threads", THREADS)),
        memory_limit=said.options.get("memory", MEMORY),
        temp_directory=str(scratch / "spill"),
    )
    connection.raw_sql("SET TimeZone = 'UTC'")
    return Duck(where, moves, connection)
