"""Building day sets from the lake's files, against ClickHouse's bitmaps over the same files."""

import datetime as dt
import functools
from pathlib import Path
from typing import Any

import numpy as np

from segments.lake import day_sets, schema, store
from tests.bench.harness import Contest, contest
from tests.bench.peers import clickhouse

FIRST, DAYS = dt.date(2024, 1, 1), 90
CUSTOMERS, EVENTS = 1_000_000, 30_000_000
KINDS, SHARES = ["app_opened", "page_viewed", "order_paid"], [0.7, 0.25, 0.05]

Sizes = dict[tuple[dt.date, str], int]


@contest("90 day sets of 30M events", peer="ClickHouse groupBitmap", goal=4)
def of_all_days(folder: Path) -> Contest:
    place, every = lake(folder), [FIRST + dt.timedelta(days=n) for n in range(DAYS)]
    return Contest(
        ours=lambda: _sizes(place, every),
        peer=functools.partial(_bitmaps, place, every),
        note="ours also has who did it twice and three times, as bytes to be stored",
    )


@contest("one more day set of them", peer="ClickHouse groupBitmap", goal=1)
def of_one_more_day(folder: Path) -> Contest:
    place, day = lake(folder), FIRST + dt.timedelta(days=DAYS - 1)
    return Contest(
        ours=lambda: _sizes(place, [day]),
        peer=functools.partial(_bitmaps, place, [day]),
        note="meant to take less than 20 ms, with a look whether the lake changed",
    )


def _sizes(place: Path, days: list[dt.date]) -> Sizes:
    found = day_sets.build(place, days)
    return {(one.day, one.event): one.size for one in found if one.level == 1}


def _bitmaps(place: Path, days: list[dt.date]) -> Sizes:
    """By the files' names, so that it neither reads the log nor opens other days' files."""
    names = ",".join(str(day) for day in days)
    answer = _peer(place.parent).query(
        f"SELECT day, event, groupBitmap(customer) AS size "
        f"FROM file('{place}/events/day={{{names}}}/*.parquet', Parquet) GROUP BY day, event "
        f"SETTINGS max_threads = 2, use_hive_partitioning = 1",
        "ArrowTable",
    )
    days_of = [_day(one) for one in answer["day"].to_pylist()]
    return dict(
        zip(
            zip(days_of, answer["event"].to_pylist(), strict=True),
            answer["size"].to_pylist(),
            strict=True,
        )
    )


def _day(found: Any) -> dt.date:
    """ClickHouse may say a date as the number of its day."""
    return FIRST.replace(1970, 1, 1) + dt.timedelta(days=found) if isinstance(found, int) else found


@functools.cache
def _peer(folder: Path) -> Any:
    return clickhouse.connect(folder, "day_sets")


@functools.cache
def lake(folder: Path) -> Path:
    """90 days of a million customers, of whom some come far more often than others."""
    path = folder / "day-sets"
    for number in range(DAYS) if not path.exists() else ():  # another room made it
        store.append(path, _day_of_events(number), app_id="bench", version=number + 1)
    return path


def _day_of_events(number: int) -> Any:
    import pyarrow as pa

    chance, each = np.random.default_rng(number), EVENTS // DAYS
    day = FIRST + dt.timedelta(days=number)
    customers = (chance.random(each) ** 1.5 * CUSTOMERS).astype(np.int32)
    customers.sort()
    moment = pa.timestamp("us", tz="UTC")
    start = np.datetime64(day, "us").astype(np.int64)
    kinds = pa.array(chance.choice(len(KINDS), each, p=SHARES), pa.int8())
    columns = {
        "day": pa.repeat(pa.scalar(day, pa.date32()), each),
        "time": pa.array(start + chance.integers(0, 86_400_000_000, each)).cast(moment),
        "customer": pa.array(customers),
        "event": pa.DictionaryArray.from_arrays(kinds, pa.array(KINDS)).cast(pa.string()),
        "key": pa.array(np.arange(each) + number * each).cast(pa.string()),
        "amount": pa.array(chance.integers(0, 9_999, each)),
        "properties": pa.repeat(pa.scalar("{}"), each),
    }
    table = pa.table(columns).cast(schema.columns())
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
