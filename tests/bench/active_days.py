"""Activity of 90 days of a million customers: all of it at once, one more day, and a segment's."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap

from metrics.stats import gaps, windows
from metrics.stats.gaps import Builder, Tables
from segments import bitmaps
from segments.lake import store
from tests.bench import streams, worlds
from tests.bench.harness import Contest, contest
from tests.bench.streams import DAYS, EVERY, FIRST

Cells = list[tuple[int, int, int, int]]  # cohort, day, gap or -1 for new, customers
Answer = dict[str, Any]
Parts = list[gaps.Array]

# One pass over the customers' days; what is asked follows from its few thousand rows.
CLICKHOUSE = f"""
    SELECT days[1] AS cohort, d, if(first, -1, gap) AS gap, count() AS many FROM (
        SELECT arraySort(groupUniqArray(toInt16(day - toDate('{FIRST}')))) AS days
        FROM events GROUP BY customer
    ) ARRAY JOIN days AS d, arrayDifference(days) AS gap,
        arrayMap(at -> at = 1, arrayEnumerate(days)) AS first
    GROUP BY cohort, d, gap
"""
DUCKDB = f"""
    WITH days AS (
        SELECT DISTINCT customer, CAST(day AS DATE) - DATE '{FIRST}' AS d
        FROM read_parquet(?, hive_partitioning = true)
    ), gaps AS (
        SELECT d, first(d) OVER w AS cohort, d - lag(d) OVER w AS gap FROM days
        WINDOW w AS (PARTITION BY customer ORDER BY d)
    )
    SELECT cohort, d, coalesce(gap, -1) AS gap, count(*) FROM gaps GROUP BY ALL
"""


@contest("activity of 90 days: DAU, MAU, cohorts, growth", peer="ClickHouse MergeTree", goal=6)
def against_clickhouse(folder: Path) -> Contest:
    place = streams.lake(folder)
    con = streams.clickhouse(place)
    return Contest(
        ours=lambda: answer(from_lake(place)),
        peer=lambda: answer(_of_cells(streams.rows(con, CLICKHOUSE))),
        note="ours from the lake's Parquet files, the peer from its own table by customer",
    )


@contest("activity of 90 days: DAU, MAU, cohorts, growth", peer="DuckDB over Parquet", goal=4)
def against_duckdb(folder: Path) -> Contest:
    place = streams.lake(folder)
    files, peer = store.files(place), worlds.duckdb_with_two_threads()
    return Contest(
        ours=lambda: answer(from_lake(place)),
        peer=lambda: answer(_of_cells(peer.execute(DUCKDB, [files]).fetchall())),
    )


@contest("one more day of them", peer="ClickHouse, all days anew", goal=100)
def one_more_day(folder: Path) -> Contest:
    place = streams.lake(folder)
    con, builder = streams.clickhouse(place), Builder(DAYS)
    *before, last = _days(place)
    for at, members in before:
        builder.add(at, members)
    seen, returned, row = builder.seen.copy(), builder.returned.copy(), builder.gaps.copy()

    def ours() -> Answer:
        again = Builder(DAYS)
        again.seen, again.returned, again.gaps = seen.copy(), returned.copy(), row.copy()
        again.add(*last)
        return answer(again.tables())

    return Contest(
        ours=ours,
        peer=lambda: answer(_of_cells(streams.rows(con, CLICKHOUSE))),
        note="ours goes on from yesterday's arrays with the day's set, and makes all tables",
    )


@contest("MAU of a segment, every day of 90", peer="ClickHouse groupBitmapMerge", goal=6)
def of_a_segment(folder: Path) -> Contest:
    place = streams.lake(folder)
    con = streams.clickhouse(place)
    segment = bitmaps.from_array(np.arange(0, streams.CUSTOMERS, 3, dtype=np.uint32))
    stored = [bitmaps.dump(bitmaps.from_array(members)) for _at, members in _days(place)]
    con.query(
        "CREATE TABLE sets ENGINE = MergeTree ORDER BY day AS "
        "SELECT day, groupBitmapState(customer) AS members FROM events "
        "WHERE customer % 3 = 0 GROUP BY day"
    )
    merged = (
        "SELECT groupBitmapMerge(members) AS many FROM sets AS s, "
        "(SELECT DISTINCT day AS last FROM sets) AS w "
        "WHERE s.day BETWEEN w.last - 29 AND w.last GROUP BY w.last ORDER BY w.last"
    )

    def of_segment(one: bytes) -> BitMap:
        members = bitmaps.load(one)
        members &= segment
        return members

    def ours() -> list[int]:
        return windows.rolling_sizes(map(of_segment, stored), 30)

    return Contest(
        ours=ours,
        peer=lambda: [one[0] for one in streams.rows(con, merged)],
        note="ours reads all customers' sets and cuts them to the segment; "
        "the peer has the segment's own",
    )


def from_lake(place: Path) -> Tables:
    """As a first night does it, but from the files: who was there, again and again.

    A day is read while the one before it is noted.
    """
    import pyarrow.parquet as pq

    files, builder = store.files_by_day(place, EVERY[0], EVERY[-1]), Builder(DAYS)

    def read(day: dt.date) -> Parts:
        sources = (store.source(place, name) for name in files[day])
        opened = (pq.ParquetFile(one, memory_map=True) for one in sources)
        batches = (one.iter_batches(1 << 20, columns=["customer"]) for one in opened)
        return [batch.column(0).to_numpy().view(np.uint32) for batch in itertools.chain(*batches)]

    for at, parts in enumerate(_one_ahead(read, EVERY)):
        for customers in parts:
            builder.add(at, customers)
    return builder.tables()


def _one_ahead(read: Callable[[dt.date], Parts], days: Sequence[dt.date]) -> Iterator[Parts]:
    """What is read of each day, while who asks is busy with the day before."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(read, days[0])
        for day in days[1:]:
            now, coming = coming.result(), pool.submit(read, day)
            yield now
        yield coming.result()


def answer(found: Tables) -> Answer:
    growth = found.growth()
    return {
        "dau": growth.active.tolist(),
        "mau": found.rolling(30).tolist(),
        "cohorts": found.returned.tolist(),
        "new": growth.new.tolist(),
        "retained": growth.retained.tolist(),
        "resurrected": growth.resurrected.tolist(),
        "churned": growth.churned.tolist(),
    }


def _of_cells(cells: Any) -> Tables:
    """A peer's rows as the same tables, so that both say the same from them."""
    returned, row = (np.zeros((DAYS, DAYS), np.int64) for _table in range(2))
    for cohort, day, gap, many in cells:
        returned[cohort, day] += many
        row[day, max(gap, 0)] += many
    return Tables(returned, row, np.zeros((DAYS, DAYS), np.int64))


def _days(place: Path) -> list[tuple[int, gaps.Array]]:
    """Who was there on each day, as stored sets give it."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    files = store.files_by_day(place, EVERY[0], EVERY[-1])
    found = []
    for at, day in enumerate(EVERY):
        parts = [
            pq.read_table(store.source(place, one), columns=["customer"]) for one in files[day]
        ]
        members = np.unique(
            np.concatenate([pc.unique(one["customer"]).to_numpy() for one in parts])
        )
        found.append((at, members.astype(np.uint32)))
    return found
