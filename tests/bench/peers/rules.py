"""The rule of `tests.bench.rules` as SQL, for three engines in their best forms."""

import datetime as dt
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segments.lake import store
from tests.bench import console, day_sets, worlds
from tests.bench import customers as rules
from tests.bench.peers import clickhouse as server

Ask = Callable[[], rules.Answer]

FIRST = rules.DAY - dt.timedelta(days=rules.WINDOW - 1)
LAST_ORDER = f"last_order_on >= {(rules.DAY - rules.EPOCH).days - rules.RECENCY}"
TRAITS = " AND ".join([LAST_ORDER, *(f"{key} >= {least}" for key, least in rules.ASKED.items())])
# The cheap conditions first, each of the peers is told so.
CANDIDATES = f"SELECT customer FROM traits WHERE {TRAITS} AND is_tagged AND NOT is_member"


def table() -> Any:
    """What is known of the customers, a row each; nobody has the number 0."""
    import numpy as np
    import pyarrow as pa

    known = rules.world(day_sets.CUSTOMERS)
    known["customer"] = np.arange(day_sets.CUSTOMERS, dtype=np.int32)
    return pa.table(known).slice(1)


def _files(folder: Path, since: dt.date) -> list[tuple[dt.date, list[str]]]:
    """The lake's files by day."""
    lake = day_sets.lake(folder)
    found = store.files_by_day(lake, since, rules.DAY)
    return [(day, [f"{lake}/events/{path}" for path in files]) for day, files in found.items()]


# --- ClickHouse ---------------------------------------------------------------


@functools.cache
def clickhouse(folder: Path) -> Ask:
    import pyarrow.parquet as pq

    pq.write_table(table(), folder / "traits.parquet")
    peer = server.connect(folder, "rules")
    peer.query("SET max_threads = 2")
    peer.query(
        "CREATE TABLE traits ENGINE = MergeTree ORDER BY customer AS "
        f"SELECT * FROM file('{folder}/traits.parquet', Parquet) "
        "SETTINGS schema_inference_make_columns_nullable = 0"
    )
    peer.query(
        "CREATE TABLE events (customer Int32, day Date, time DateTime64(6), "
        "event LowCardinality(String)) ENGINE = MergeTree PARTITION BY toYYYYMM(day) "
        "ORDER BY (customer, time)"
    )
    peer.query(
        "INSERT INTO events SELECT customer, toDate(time, 'UTC'), time, event "
        f"FROM file('{day_sets.lake(folder)}/events/day=*/*.parquet', Parquet)"
    )
    peer.query("OPTIMIZE TABLE events FINAL")
    query = (
        "SELECT count(), sum(customer) FROM (SELECT customer FROM events "
        f"PREWHERE event = '{rules.EVENT}' AND day >= '{FIRST}' AND day <= '{rules.DAY}' "
        f"WHERE customer IN ({CANDIDATES}) "
        f"GROUP BY customer HAVING count() >= {rules.TIMES}) "
        "SETTINGS max_threads = 2"
    )
    return functools.partial(_of_clickhouse, peer, query)


def _of_clickhouse(peer: Any, query: str) -> rules.Answer:
    count, total = str(peer.query(query, "CSV")).strip().split(",")
    return int(count), int(total)


# --- DuckDB -------------------------------------------------------------------


@functools.cache
def duckdb(folder: Path) -> Ask:
    import pyarrow.parquet as pq

    traits = folder / "traits-duck.parquet"
    pq.write_table(table(), traits)
    peer = worlds.duckdb_with_two_threads()
    peer.execute(f"CREATE VIEW traits AS SELECT * FROM read_parquet('{traits}')")
    inside = [path for _day, files in _files(folder, FIRST) for path in files]
    query = (
        "SELECT count(*), sum(customer) FROM (SELECT customer FROM read_parquet(?) "
        f"WHERE event = '{rules.EVENT}' AND customer IN ({CANDIDATES}) "
        f"GROUP BY customer HAVING count(*) >= {rules.TIMES})"
    )

    def ask() -> rules.Answer:
        count, total = peer.execute(query, [inside]).fetchone()
        return int(count), int(total)

    return ask


# --- PostgreSQL ---------------------------------------------------------------


@functools.cache
def postgresql(folder: Path) -> Ask:
    """Rows of what the rule looks at, in the database beside ours, with an index that has it."""
    console.start()
    import numpy as np
    from django.db import connection

    from segments import columns

    known = {
        name: column.to_numpy()
        for name, column in zip(table().column_names, table().columns, strict=True)
    }
    flags = {
        name: values.astype(np.int16) for name, values in known.items() if values.dtype == bool
    }
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        columns.write(cursor, "bench_traits", known | flags)
        for day, files in _files(folder, day_sets.FIRST):
            columns.write(cursor, "bench_events", _events(files, (day - rules.EPOCH).days))
        cursor.execute(_INDEXES)
        cursor.execute("SET work_mem = '256MB'; SET max_parallel_workers_per_gather = 1")
        connection.set_autocommit(True)
        cursor.execute("VACUUM (ANALYZE) bench_traits, bench_events")
    candidates = CANDIDATES.replace("traits", "bench_traits")
    candidates = candidates.replace(
        "is_tagged AND NOT is_member", "is_tagged = 1 AND is_member = 0"
    )
    query = (
        "SELECT count(*), sum(customer) FROM (SELECT customer FROM bench_events "
        f"WHERE event = {day_sets.KINDS.index(rules.EVENT)} "
        f"AND day BETWEEN {(FIRST - rules.EPOCH).days} AND {(rules.DAY - rules.EPOCH).days} "
        f"AND customer IN ({candidates}) GROUP BY customer "
        f"HAVING count(*) >= {rules.TIMES}) AS found"
    )

    def ask() -> rules.Answer:
        with connection.cursor() as cursor:
            cursor.execute(query)
            count, total = cursor.fetchone()
        return int(count), int(total)

    return ask


def _events(files: list[str], day: int) -> dict[str, Any]:
    """A day's events as small numbers, which is kinder to PostgreSQL than their words."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found = pq.read_table(files, columns=["customer", "event"], partitioning=None)
    kinds = pc.index_in(found["event"], value_set=pa.array(day_sets.KINDS))
    return {
        "customer": found["customer"].to_numpy(),
        "day": np.full(len(found), day, np.int32),
        "event": kinds.to_numpy().astype(np.int16),
    }


_TABLES = """
    CREATE UNLOGGED TABLE bench_traits (
        last_order_on int, orders int, monetary_minor bigint, active_days_30d int, r_score int,
        is_member smallint, is_tagged smallint, customer int PRIMARY KEY
    );
    CREATE UNLOGGED TABLE bench_events (customer int, day int, event smallint);
"""
_INDEXES = """
    CREATE INDEX ON bench_events (event, day, customer);
    CREATE INDEX ON bench_events (event, customer, day);
"""
