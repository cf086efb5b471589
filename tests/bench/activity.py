"""Monthly actives over a year and month cohorts, against DuckDB."""

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyroaring import BitMap

from metrics.stats import cohorts, windows
from segments import bitmaps
from segments.lake import store
from tests.bench import worlds
from tests.bench.harness import Contest, contest

# Each day of a customer counts until 30 days later or until their next day, so a running
# sum answers every window after one sort: several times faster than joining 30 days to each.
MONTHLY_ACTIVES = """
    WITH spans AS (
        SELECT day, least(day + 30, coalesce(
            lead(day) OVER (PARTITION BY customer ORDER BY day), day + 30)) AS ends
        FROM active
    ), changes AS (
        SELECT day, count(*) AS change FROM spans GROUP BY day
        UNION ALL
        SELECT ends, -count(*) FROM spans GROUP BY ends
    ), running AS (
        SELECT day, sum(sum(change)) OVER (ORDER BY day) AS actives FROM changes GROUP BY day
    ), calendar AS (
        SELECT CAST(unnest(generate_series(min(day), max(day), INTERVAL 1 DAY)) AS DATE) AS day
        FROM active
    )
    SELECT calendar.day, actives FROM calendar ASOF JOIN running ON calendar.day >= running.day
    ORDER BY calendar.day
"""
MONTH_COHORTS = """
    WITH months AS (
        SELECT DISTINCT customer, CAST(date_trunc('month', day) AS DATE) AS month FROM active
    ), firsts AS (SELECT customer, min(month) AS cohort FROM months GROUP BY customer)
    SELECT cohort, month, count(*) FROM months JOIN firsts USING (customer)
    GROUP BY cohort, month ORDER BY cohort, month
"""
DISTINCT = "SELECT DISTINCT day, customer FROM read_parquet(?, hive_partitioning = true)"

Answer = tuple[list[tuple[dt.date, int]], list[tuple[dt.date, dt.date, int]]]


@contest("MAU of a year, month cohorts", peer="DuckDB over the lake", goal=10)
def from_the_lake(folder: Path) -> Contest:
    files = store.files(worlds.lake_of_orders(folder))
    peer = worlds.duckdb_with_two_threads()

    def ask() -> Answer:
        peer.execute(f"CREATE OR REPLACE TEMP TABLE active AS {DISTINCT}", [files])
        return _both(peer)

    return Contest(
        ours=functools.partial(from_sets, _stored(files)),
        peer=ask,
        note="ours starts from the stored day sets, whose building is not in its time; "
        "the peer reads the events",
    )


@contest("the same from stored days", peer="DuckDB table of (day, customer)", goal=3)
def from_distinct_pairs(folder: Path) -> Contest:
    files = store.files(worlds.lake_of_orders(folder))
    peer = worlds.duckdb_with_two_threads()
    peer.execute(f"CREATE TEMP TABLE active AS {DISTINCT} ORDER BY customer, day", [files])
    return Contest(
        ours=functools.partial(from_sets, _stored(files)),
        peer=lambda: _both(peer),
        note="both start from what was stored a day: sets as bytes, distinct pairs in memory",
    )


def from_sets(stored: Sequence[tuple[dt.date, bytes]]) -> Answer:
    """As `metrics.measure` and `metrics.retention` do it, from the bytes in the database."""
    days = [day for day, _ in stored]
    active = [bitmaps.load(members) for _, members in stored]
    monthly = windows.rolling_sizes(active, 30)
    by_month: dict[dt.date, BitMap] = defaultdict(BitMap)
    for day, members in zip(days, active, strict=True):
        by_month[day.replace(day=1)] |= members
    months = list(by_month)
    table = [
        (months[row], months[row + later], share.numerator)
        for row, line in enumerate(cohorts.triangle(list(by_month.values())))
        for later, share in enumerate(line)
        if share.numerator  # SQL has no row for nobody
    ]
    return list(zip(days, monthly, strict=True)), table


def _both(peer: Any) -> Answer:
    actives = peer.execute(MONTHLY_ACTIVES).fetchall()
    return actives, peer.execute(MONTH_COHORTS).fetchall()


def _stored(files: list[str]) -> list[tuple[dt.date, bytes]]:
    """The day sets as they lie in the database."""
    with worlds.duckdb_with_two_threads() as peer:
        pairs = peer.execute(f"{DISTINCT} ORDER BY day, customer", [files]).fetchall()
    members: dict[dt.date, list[int]] = defaultdict(list)
    for day, customer in pairs:
        members[day].append(customer)
    first, last = min(members), max(members)
    every = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return [(day, bitmaps.dump(bitmaps.from_ids(members[day]))) for day in every]
