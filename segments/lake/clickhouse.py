"""ClickHouse: the same questions as SQL of its own, over the lake's files wherever they lie.

Ibis writes the SQL; where ClickHouse means something else by it, this compiler says what is
meant: counts of distinct values are exact, sums do not wrap, and properties are read as JSON.
"""

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import ibis
import ibis.expr.operations as ops
import sqlglot as sg
from ibis.backends.sql.compilers.clickhouse import ClickHouseCompiler

from segments.lake import engine, places, schema
from segments.lake.moves import Moves
from segments.lake.places import Engine, Place, Where

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Expr, Table

EVENTS = "lake_events"  # stands for the lake until the SQL is whole
SETTINGS = "join_use_nulls = 1, session_timezone = 'UTC', output_format_arrow_string_as_string = 1"


class Exact(ClickHouseCompiler):
    """Ibis' compiler, where ClickHouse would answer otherwise than the other engines."""

    __slots__ = ()

    SIMPLE_OPS = {ops.CountDistinct: "uniqExact"}  # `uniq` is approximate

    def visit_Sum(self, op: Any, *, arg: Any, where: Any) -> Any:
        """In 128 bits: the sum of two amounts of 64 bits would wrap without a word."""
        if not op.arg.dtype.is_integer():
            return self.agg.sum(arg, where=where)
        whole = self.agg.sum(self.f.toInt128(arg), where=where)
        return self.f.accurateCast(whole, sg.exp.convert("Nullable(Int64)"))

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """JSON stays the text that it is."""
        return arg if to.is_json() else super().visit_Cast(op, arg=arg, to=to)

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:
        """Moments to the microsecond, which Ibis' reading of a text would cut off."""
        if not dtype.is_timestamp():
            return super().visit_NonNullLiteral(op, value=value, dtype=dtype)
        return self.f.toDateTime64(f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}", 6, "UTC")

    def visit_ExtractEpochSeconds(self, op: Any, *, arg: Any) -> Any:
        """Whole seconds, also before 1970 and after 2106, where 32 bits would begin anew."""
        return self.f.intDiv(self.f.toUnixTimestamp64Micro(self.f.toDateTime64(arg, 6)), 1_000_000)

    def visit_JSONGetItem(self, op: Any, *, arg: Any, index: Any) -> Any:
        """A member as JSON; null where there is none."""
        name = sg.exp.convert(op.index.value.strip('"'))
        return self.f.nullIf(self.f.JSONExtractRaw(arg, name), "")

    def visit_UnwrapJSONString(self, op: Any, *, arg: Any) -> Any:
        """A text without its quotes; null of anything else."""
        is_text = self.f.startsWith(arg, '"')
        return self.if_(is_text, self.f.JSONExtractString(arg), sg.exp.Null())

    def visit_ScalarUDF(self, op: Any, **arguments: Any) -> Any:
        """The one function of our own: the kinds of an event's properties."""
        if type(op).__name__.partition("_")[0] == "json":
            (properties,) = arguments.values()
            return sg.parse_one(_STRUCTURE.format(properties.sql(self.dialect)), read="clickhouse")
        return super().visit_ScalarUDF(op, **arguments)


# As DuckDB's json_structure writes it, but that the inside of lists and objects is not told.
_STRUCTURE = """
    concat('{{', arrayStringConcat(arrayMap(pair -> concat(toJSONString(pair.1), ':', transform(
        toString(JSONType(pair.2)),
        ['String', 'Int64', 'UInt64', 'Double', 'Bool', 'Null', 'Array', 'Object'],
        ['"VARCHAR"', '"BIGINT"', '"UBIGINT"', '"DOUBLE"', '"BOOLEAN"', '"NULL"', '["JSON"]',
         '{{}}'],
        '"NULL"'
    )), JSONExtractKeysAndValuesRaw({})), ','), '}}')
"""


class Server(Protocol):
    """Whoever runs the SQL, with tables of ours beside it by their names."""

    def run(self, sql: str, tables: "dict[str, pa.Table]") -> "pa.Table": ...

    def close(self) -> None: ...


class ClickHouse(engine.Lake):
    """The lake read by ClickHouse; `source` is the table or function that it reads there."""

    def __init__(self, where: Where, moves: Moves, server: Server, source: str) -> None:
        super().__init__(where, moves)
        self.server = server
        self.source = source

    def _read(self, since: dt.date | None, until: dt.date | None) -> "Table":
        events = ibis.table(ibis.Schema.from_pyarrow(schema.columns()), name=EVENTS)
        bounds = [events.day >= since] if since else []
        bounds += [events.day <= until] if until else []
        return events.filter(*bounds) if bounds else events

    def sql(self, question: "Expr") -> str:
        """The question as ClickHouse's SQL."""
        tree = Exact().to_sqlglot(question.unbind())
        source = sg.parse_one(self.source, into=sg.exp.Table, read="clickhouse")

        def named(node: Any) -> Any:
            if isinstance(node, sg.exp.Table) and node.name == EVENTS:
                found = source.copy()
                found.set("alias", node.args.get("alias"))
                return found
            return node

        return f"{tree.transform(named).sql('clickhouse')} SETTINGS {SETTINGS}"

    def ask(self, question: "Expr") -> "pa.Table":
        tables = question.op().find(ops.InMemoryTable)
        ours = {one.name: one.data.to_pyarrow(one.schema) for one in tables}
        answer = self.server.run(self.sql(question), ours)
        return answer.cast(engine.nullable(question.as_table().schema().to_pyarrow()))

    def close(self) -> None:
        self.server.close()


def source(place: Place, said: Engine) -> str:
    """What ClickHouse reads: the table that the engine's URL names, or the Delta table itself.

    Raises:
        ValueError: it cannot reach the lake, in words.
    """
    if table := said.options.get("events"):
        if not re.fullmatch(r"[\w.]+", table):
            raise ValueError(f"“{table}” is not the name of a table of ClickHouse")
        return str(table)
    address = place.inside("events")
    if place.folder is not None:
        return f"deltaLakeLocal({_quoted(address)})"
    parts = urlsplit(address)
    if parts.scheme not in {"s3", "s3a"}:
        raise ValueError(
            "ClickHouse reads the lake by itself from S3 only; make a view of it there and name "
            "it in ENGINE_URL: clickhouse://…?events=view"
        )
    options = place.options
    region = options.get("AWS_REGION", "us-east-1")
    server = options.get("AWS_ENDPOINT_URL", f"https://s3.{region}.amazonaws.com").rstrip("/")
    secrets = [options.get("AWS_ACCESS_KEY_ID"), options.get("AWS_SECRET_ACCESS_KEY")]
    url = f"{server}/{parts.netloc}{parts.path}"
    return f"deltaLake({', '.join(_quoted(one) for one in [url, *secrets] if one)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Cluster:
    """A ClickHouse server, over HTTP."""

    def __init__(self, said: Engine) -> None:
        try:
            import clickhouse_connect  # heavy: not in the web process
        except ImportError as problem:
            raise RuntimeError(
                "ENGINE_URL names ClickHouse: install its client, pip install clickhouse-connect"
            ) from problem
        secure = said.options.get("secure", "") in {"1", "true"}
        self.client = clickhouse_connect.get_client(
            host=said.host,
            port=said.port or (8443 if secure else 8123),
            username=said.user or None,
            password=said.password,
            database=said.database or "__default__",
            secure=secure,
        )

    def run(self, sql: str, tables: "dict[str, pa.Table]") -> "pa.Table":
        return self.client.query_arrow(sql, external_data=_external(tables))

    def close(self) -> None:
        self.client.close()


def _external(tables: "dict[str, pa.Table]") -> Any:
    """Tables that travel with a query."""
    import io

    import pyarrow.parquet as pq  # heavy: not in the web process
    from clickhouse_connect.driver.external import ExternalData  # heavy: not in the web process

    if not tables:
        return None
    data = ExternalData()
    for name, table in tables.items():
        written = io.BytesIO()
        pq.write_table(table, written)
        shape = ibis.Schema.from_pyarrow(table.schema)
        columns = [f"{one} {Exact.type_mapper.to_string(kind)}" for one, kind in shape.items()]
        data.add_file(
            file_name=name, data=written.getvalue(), fmt="Parquet", structure=", ".join(columns)
        )
    return data


def connect(where: Where, moves: Moves, said: Engine) -> ClickHouse:
    """Open the cluster that the engine's URL names."""
    return ClickHouse(where, moves, Cluster(said), source(places.of(where), said))
