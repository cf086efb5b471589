"""Spark: for questions to a lake that no single machine should answer.

Opt-in: pyspark and a Java are not among what the console needs. Answers come back whole.
"""

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import ibis
import sqlglot as sg
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from segments.lake import engine, schema, store, tables
from segments.lake.moves import Moves
from segments.lake.places import Engine, Where

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Expr, Table


class Reading(PySparkCompiler):
    """Ibis' compiler, which reads JSON on Spark by functions in Python."""

    __slots__ = ()

    SIMPLE_OPS: dict[Any, Any] = {}  # the parent's would take the place of the methods here

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """JSON stays the text that it is."""
        return arg if to.is_json() else super().visit_Cast(op, arg=arg, to=to)

    def visit_JSONGetItem(self, op: Any, *, arg: Any, index: Any) -> Any:
        """A member: a text without its quotes, anything else as JSON; null where there is none."""
        name = op.index.value.strip('"').replace("'", "\\'")
        return self.f.get_json_object(arg, sg.exp.convert(f"$['{name}']"))

    def visit_UnwrapJSONString(self, op: Any, *, arg: Any) -> Any:
        """The quotes went already."""
        return arg

    def visit_ScalarUDF(self, op: Any, **arguments: Any) -> Any:
        """Spark has no function that tells the kinds of what a JSON object holds."""
        raise NotImplementedError(
            "Spark cannot tell the kinds of properties: let DuckDB or ClickHouse fill the catalogue"
        )


class Spark(engine.Lake):
    """The lake read by Spark: the files that its log names, on a path that all of it reaches."""

    def __init__(self, where: Where, moves: Moves, session: Any) -> None:
        super().__init__(where, moves)
        self.session = session
        self.connection = ibis.pyspark.connect(session)
        self.connection.compiler = Reading()
        self._names = itertools.count()

    def _read(self, since: dt.date | None, until: dt.date | None) -> "Table":
        files = store.files(self.place, since, until)
        if not files:
            return self.rows(schema.columns().empty_table())
        root = self.place.inside(tables.EVENTS)
        name = f"lake_{next(self._names)}"
        read = self.session.read.option("basePath", _spoken(root))
        read.parquet(*map(_spoken, files)).createOrReplaceTempView(name)
        events = self.connection.table(name)
        return events.mutate(day=events.day.cast("date"))

    def ask(self, question: "Expr") -> "pa.Table":
        answer = self.connection.to_pyarrow(question)
        return answer.cast(_in_utc(question.as_table().schema().to_pyarrow()))

    def close(self) -> None:
        self.connection.disconnect()


def _in_utc(shape: "pa.Schema") -> "pa.Schema":
    """The columns with the zone that Spark leaves out of moments."""
    import pyarrow as pa  # heavy: not in the web process

    moment = pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            field.with_type(moment) if pa.types.is_timestamp(field.type) else field
            for field in engine.nullable(shape)
        ]
    )


def _spoken(path: str) -> str:
    """An address as Hadoop speaks: S3 by its newer name, a path of ours as a file."""
    if "://" not in path:
        return f"file://{path}"
    return path.replace("s3://", "s3a://", 1)


def connect(where: Where, moves: Moves, said: Engine) -> Spark:
    """Open a session on the master that the engine's URL names.

    `spark://local?threads=2` is this machine. Options that begin with `spark.` are Spark's own,
    such as `spark.executor.memory=8g`.
    """
    try:
        from pyspark.sql import SparkSession  # heavy: not in the web process
    except ImportError as problem:
        raise RuntimeError(
            "ENGINE_URL names Spark: install it, pip install 'ibis-framework[pyspark]'"
        ) from problem
    threads = said.options.get("threads", "*")
    master = f"local[{threads}]" if said.host == "local" else f"spark://{said.host}"
    session = SparkSession.builder.appName("console").master(master)
    for name, value in {"spark.sql.session.timeZone": "UTC", **said.options}.items():
        if name.startswith("spark."):
            session = session.config(name, value)
    return Spark(where, moves, session.getOrCreate())
