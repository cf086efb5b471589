"""Ordered funnels of 3 and 5 steps in 7 days, from trails."""

from collections.abc import Sequence
from pathlib import Path

from metrics.stats import funnels
from segments.lake import store, trails
from segments.lake.trails import Rows
from tests.bench import streams, worlds
from tests.bench.harness import Contest, contest
from tests.bench.streams import EVERY

WEEK = 7 * 86_400_000
THREE = ["app_opened", "cart", "order_paid"]
FIVE = ["app_opened", "item_viewed", "cart", "checkout", "order_paid"]
NOTE = "ours from trails, made once a day from the lake; the peer from its own table by customer"


@contest("funnel of 3 steps in 7 days", peer="ClickHouse windowFunnel", goal=4)
def three_against_clickhouse(folder: Path) -> Contest:
    return _against_clickhouse(folder, THREE)


@contest("funnel of 5 steps in 7 days", peer="ClickHouse windowFunnel", goal=4)
def five_against_clickhouse(folder: Path) -> Contest:
    return _against_clickhouse(folder, FIVE)


@contest("funnel of 3 steps in 7 days", peer="DuckDB ASOF chain", goal=15)
def three_against_duckdb(folder: Path) -> Contest:
    return _against_duckdb(folder, THREE)


@contest("funnel of 5 steps in 7 days", peer="DuckDB ASOF chain", goal=15)
def five_against_duckdb(folder: Path) -> Contest:
    return _against_duckdb(folder, FIVE)


def through(rows: Sequence[Rows], steps: Sequence[str]) -> list[int]:
    steps_of = funnels.by_name([frozenset([one]) for one in steps])
    return funnels.through(funnels.levels(rows, steps_of, len(steps), window=WEEK), len(steps))


def _against_clickhouse(folder: Path, steps: Sequence[str]) -> Contest:
    place = streams.lake(folder)
    con, rows = streams.clickhouse(place), _trails(place)
    conditions = ", ".join(f"event = '{one}'" for one in steps)
    names = ", ".join(f"'{one}'" for one in steps)
    query = f"""
        SELECT level, count() AS many FROM (
            SELECT windowFunnel({WEEK})(
                toUInt64(toUnixTimestamp64Milli(time)), {conditions}) AS level
            FROM events WHERE event IN ({names}) GROUP BY customer
        ) WHERE level > 0 GROUP BY level ORDER BY level
    """

    def peer() -> list[int]:
        levels: dict[int, int] = dict(streams.rows(con, query))  # type: ignore[arg-type]
        counts = [levels.get(at, 0) for at in range(1, len(steps) + 1)]
        return [sum(counts[at:]) for at in range(len(steps))]

    return Contest(ours=lambda: through(rows, steps), peer=peer, note=NOTE)


def _against_duckdb(folder: Path, steps: Sequence[str]) -> Contest:
    place = streams.lake(folder)
    files, rows = store.files(place), _trails(place)
    con = worlds.duckdb_with_two_threads()
    con.execute(
        "CREATE TEMP TABLE events AS SELECT customer, time, event "
        "FROM read_parquet(?, hive_partitioning = true) ORDER BY customer, time",
        [files],
    )
    query = _chain(steps)
    return Contest(
        ours=lambda: through(rows, steps),
        peer=lambda: list(con.execute(query).fetchone() or ()),
        note="ours from trails; the peer from a table in memory, in the order of customers",
    )


def _chain(steps: Sequence[str]) -> str:
    """Each event of a step takes over the start of the latest chain that came so far."""
    chains = [
        f"c0 AS (SELECT customer, time, time AS start FROM events WHERE event = '{steps[0]}')"
    ]
    chains += [
        f"c{at} AS MATERIALIZED (SELECT e.customer, e.time, c.start "
        f"FROM (SELECT customer, time FROM events WHERE event = '{name}') e "
        f"ASOF JOIN c{at - 1} c ON e.customer = c.customer AND e.time >= c.time "
        "WHERE e.time - c.start <= INTERVAL 7 DAY)"
        for at, name in enumerate(steps)
        if at
    ]
    counts = ", ".join(f"(SELECT count(DISTINCT customer) FROM c{at})" for at in range(len(steps)))
    return f"WITH {', '.join(chains)} SELECT {counts}"


def _trails(place: Path) -> list[Rows]:
    """As a worker maps them."""
    folder = place.parent / "trails"
    folder.mkdir(exist_ok=True)
    files, found = store.files_by_day(place, EVERY[0], EVERY[-1]), []
    for day in EVERY:
        path = folder / f"{day}.trail"
        if not path.exists():
            trails.write(trails.make(place, files[day]), path)
        found.append(trails.read(path))
    return found
