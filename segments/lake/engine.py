"""Asking the lake: one interface, and behind it DuckDB, a ClickHouse cluster, or Spark."""

import abc
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from segments.lake import places, schema
from segments.lake.moves import Moves
from segments.lake.places import Engine, Where

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Expr, Table

DEFAULT = Engine()


class Lake(abc.ABC):
    """The lake opened for questions, which are Ibis expressions over `events()`.

    `moves` are customers whose events are to be read as another's.
    """

    def __init__(self, where: Where, moves: Moves) -> None:
        self.place = places.of(where)
        self.moves = moves

    def events(self, since: dt.date | None = None, until: dt.date | None = None) -> "Table":
        """The events of these days, both ends included; other days' files are not opened."""
        read, columns = self._read(since, until), schema.columns().names
        if list(read.columns) != columns:
            read = read.select(columns)
        return self._now(read) if len(self.moves) else read

    def events_of(
        self, customer: int, since: dt.date | None = None, until: dt.date | None = None
    ) -> "Table":
        """The same of one customer, for which the files tell which parts to skip."""
        import ibis  # heavy: not in the web process

        read = self._read(since, until)
        theirs = read.filter(read.customer.isin(self.moves.into(customer)))
        theirs = theirs.mutate(customer=ibis.literal(customer, "int32"))
        return theirs.select(schema.columns().names)

    @abc.abstractmethod
    def _read(self, since: dt.date | None, until: dt.date | None) -> "Table":
        """The events as they were written, with at least the columns of the lake."""

    def _now(self, read: "Table") -> "Table":
        """The events, each under the customer that they belong to now."""
        import ibis  # heavy: not in the web process

        joined = read.left_join(self._moved, read.customer == self._moved.was)
        found = joined.mutate(customer=ibis.coalesce(joined.now, joined.customer))
        return found.select(schema.columns().names)

    @cached_property
    def _moved(self) -> "Table":
        return self.rows(self.moves.table())

    def rows(self, table: "pa.Table") -> "Table":
        """Rows of our own, to be asked together with the events."""
        import ibis  # heavy: not in the web process

        return ibis.memtable(table)

    def ids(self, customers: Iterable[int]) -> "Table":
        """A set of customers as a table with the column `customer`."""
        import pyarrow as pa  # heavy: not in the web process

        return self.rows(pa.table({"customer": pa.array(customers, pa.int32())}))

    @abc.abstractmethod
    def ask(self, question: "Expr") -> "pa.Table":
        """The whole answer."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of what is held; asking is over."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()


def connect(
    where: Where,
    *,
    moved: Mapping[int, int] | Moves | None = None,
    engine: Engine = DEFAULT,
) -> Lake:
    """Open the lake at a place, which may not exist yet: then it has no events."""
    moves = Moves.of(moved)
    if engine.kind == "clickhouse":
        from segments.lake import clickhouse  # heavy: not in the web process

        return clickhouse.connect(where, moves, engine)
    if engine.kind == "spark":
        from segments.lake import spark  # heavy: not in the web process

        return spark.connect(where, moves, engine)
    from segments.lake import duck  # heavy: not in the web process

    return duck.connect(where, moves, engine)


def nullable(shape: "pa.Schema") -> "pa.Schema":
    """The same columns, without the promise that a value is always there."""
    import pyarrow as pa  # heavy: not in the web process

    return pa.schema([field.with_nullable(True) for field in shape])


def literal(path: str) -> str:
    """The path with its brackets and stars meaning themselves, not a pattern."""
    return re.sub(r"([\[\]*?])", r"[\1]", path)
