"""How cost grows: ten million customers and their events against ten times the million's time.

`make bench ARGS="10M customers"`; 30 days, since a day is the part of which everything is made.
"""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from metrics.stats.gaps import Builder
from segments.lake import day_sets, store, trails
from segments.lake.trails import Rows
from tests.bench import funnel, streams
from tests.bench.harness import Contest, at_most, contest

DAYS, TIMES = 30, 10
EACH = 333_333  # events a day, of a million customers
EVERY = streams.EVERY[:DAYS]


@functools.cache
def lake(folder: Path, times: int) -> Path:
    """So many times a million customers, each with as many events as in the smaller world."""
    import pyarrow as pa

    path = folder / f"growth-{times}"
    for number in range(DAYS):
        table = streams.day_of_events(number, customers=times * 10**6, each=times * EACH)
        reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
        store.append(path, reader, app_id="bench", version=number + 1)
    return path


def active(place: Path) -> Any:
    """DAU, MAU, cohorts and growth of all days, from the files."""
    import pyarrow.parquet as pq

    files, builder = store.files_by_day(place), Builder(DAYS)
    for at, day in enumerate(EVERY):
        for name in files[day]:
            file = pq.ParquetFile(store.source(place, name), memory_map=True)
            for batch in file.iter_batches(1 << 20, columns=["customer"]):
                builder.add(at, batch.column(0).to_numpy().view(np.uint32))
    return builder.tables().rolling(30).tolist()


def sets(place: Path) -> int:
    """Who did what on which day."""
    return sum(one.size for one in day_sets.build(place, EVERY))


@functools.cache
def _trails(place: Path) -> list[Rows]:
    folder = place / "trails"
    folder.mkdir(exist_ok=True)
    files, found = store.files_by_day(place), []
    for day in EVERY:
        trails.write(trails.make(place, files[day]), folder / f"{day}.trail")
        found.append(trails.read(folder / f"{day}.trail"))
    return found


def through(place: Path) -> list[int]:
    """An ordered funnel of five steps in 7 days, from trails."""
    return funnel.through(_trails(place), funnel.FIVE)


def _grows(work: Callable[[Path], Any], folder: Path) -> Contest:
    small, large = lake(folder, 1), lake(folder, TIMES)
    work(small)
    began = time.perf_counter()
    work(small)
    seconds = time.perf_counter() - began
    return at_most(TIMES * seconds, lambda: work(large), f"{seconds:.2f} s of one million")


for _named, _work in {
    "activity of 30 days": active,
    "day sets of 30 days": sets,
    "funnel of 5 steps": through,
}.items():
    contest(f"10M customers: {_named}", peer="ten times 1M", goal=1, only_by="10M")(
        functools.partial(_grows, _work)
    )
