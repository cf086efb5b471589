"""90 days of events of a million customers, as a lake and as ClickHouse likes them best."""

import datetime as dt
import functools
from pathlib import Path
from typing import Any

import numpy as np

from segments.lake import schema, store
from tests.bench.peers import clickhouse as peers

FIRST, DAYS = dt.date(2024, 1, 1), 90
EVERY = [FIRST + dt.timedelta(days=at) for at in range(DAYS)]
CUSTOMERS, EVENTS = 1_000_000, 30_000_000
KINDS = ["app_opened", "page_viewed", "item_viewed", "cart", "checkout", "order_paid"]
SHARES = [0.35, 0.3, 0.2, 0.08, 0.04, 0.03]

MERGE_TREE = """
    CREATE TABLE events (day Date, time DateTime64(3, 'UTC'), customer UInt32,
        event LowCardinality(String)) ENGINE = MergeTree ORDER BY (customer, time)
"""
FILL = """
    INSERT INTO events SELECT day, time, customer, event
    FROM file('{folder}/events/day=*/*.parquet', Parquet)
    SETTINGS max_threads = 2, use_hive_partitioning = 1
"""


@functools.cache
def lake(folder: Path) -> Path:
    """Some customers come far more often than others; a day's moments are spread evenly."""
    path = folder / "streams"
    for number in range(DAYS) if not path.exists() else ():  # another room made it
        store.append(path, _day_of_events(number), app_id="bench", version=number + 1)
    return path


def _day_of_events(number: int) -> Any:
    table = day_of_events(number, customers=CUSTOMERS, each=EVENTS // DAYS)
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches())


def day_of_events(number: int, *, customers: int, each: int, priced: bool = False) -> Any:
    """The events of a day; `priced`: orders have an amount."""
    import pyarrow as pa

    chance, day = np.random.default_rng(number), FIRST + dt.timedelta(number)
    who = (chance.random(each) ** 1.5 * customers).astype(np.int32)
    start = np.datetime64(day, "ms").astype(np.int64)
    times = (start + chance.integers(0, 86_400_000, each)) * 1000
    order = np.lexsort((times, who))
    drawn = chance.choice(len(KINDS), each, p=SHARES)
    kinds = pa.array(drawn, pa.int8())
    columns = {
        "day": pa.repeat(pa.scalar(day, pa.date32()), each),
        "time": pa.array(times[order]).cast(pa.timestamp("us", tz="UTC")),
        "customer": pa.array(who[order]),
        "event": pa.DictionaryArray.from_arrays(kinds, pa.array(KINDS)).cast(pa.string()),
        "key": pa.array(np.arange(each) + number * each).cast(pa.string()),
        "amount": pa.array(chance.integers(1_000, 20_000, each), mask=drawn != len(KINDS) - 1)
        if priced
        else pa.nulls(each, pa.int64()),
        "properties": pa.repeat(pa.scalar("{}"), each),
    }
    return pa.table(columns).cast(schema.columns())


@functools.cache
def clickhouse(place: Path) -> Any:
    """The same rows in a MergeTree in the order of customers and time, in one part."""
    con = peers.connect(place.parent, "streams")
    for statement in (MERGE_TREE, FILL.format(folder=place), "OPTIMIZE TABLE events FINAL"):
        con.query(statement)
    return con


def rows(con: Any, query: str) -> list[tuple[int, ...]]:
    """A peer's answer as whole numbers."""
    table = con.query(f"{query} SETTINGS max_threads = 2", "ArrowTable")
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
