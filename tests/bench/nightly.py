"""The night: everything anew at first, then one more day; its memory, and report pages after it."""

import datetime as dt
import functools
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import console, streams
from tests.bench.harness import Contest, at_most, contest

SEGMENTS = 50
SHARE = 10  # one more day is to cost at most a tenth of everything anew
MOST_MIB = 2048
WITHOUT = "content"  # events of the bench have no property that could name what is seen
REPORTS = {
    "retention": "",
    "growth": "",
    "funnel": "?s1=item_viewed&s2=cart&s3=order_paid",
    "undone": "?first=cart&then=order_paid",
    "paths": "?event=cart",
    "stickiness": "",
    "rhythm": "",
    "features": "",
    "service": "",
    "worth": "",
    "incident": "?day=2024-03-01&hour=20&hours=3&back=7",
}
SIZES = {"100k": (100_000, 3_000_000), "1M": (1_000_000, 30_000_000)}


@dataclass(frozen=True)
class Night:
    """What the first night took, and the lake that the next ones add to."""

    seconds: float
    cpu: float
    peak_mib: int
    lake: Path
    customers: int
    each: int


@functools.cache
def first_night(folder: Path, size: str) -> Night:
    """A console with 90 days of events and nothing computed from them, and its night."""
    from segments.lake import store

    customers, events = SIZES[size]
    each, lake = events // streams.DAYS, folder / f"nightly-{size}"
    for number in range(streams.DAYS):
        append(store, lake, number, customers, each)
    console.start()
    _prepare(lake, customers)
    _forget_the_peak()
    began, cpu = time.perf_counter(), time.process_time()
    night(streams.DAYS, fresh=streams.DAYS)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Night(seconds, cpu, _peak(), lake, customers, each)


def append(store: object, lake: Path, number: int, customers: int, each: int) -> None:
    import pyarrow as pa

    table = streams.day_of_events(number, customers=customers, each=each, priced=True)
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    store.append(lake, reader, app_id="nightly", version=number + 1)  # type: ignore[attr-defined]


def night(days: int, *, fresh: int) -> None:
    """What `console.tasks.run_night` does on the morning after so many days, of which the lake
    has the last `fresh` since the night before."""
    from console import tasks
    from console.models import Project
    from segments.models import DirtyDay

    new = (streams.FIRST + dt.timedelta(number) for number in range(days - fresh, days))
    DirtyDay.objects.bulk_create([DirtyDay(day=day) for day in new], ignore_conflicts=True)
    Project.objects.update(today_on=streams.FIRST + dt.timedelta(days))
    tasks.run_night()


def _prepare(lake: Path, customers: int) -> None:
    from django.conf import settings
    from django.db import connection

    from segments import library, live_sets
    from segments.models import EventType, Segment

    settings.LAKE_PATH = lake
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_customer (id, name, email, language, attributes, created_at) "
            "SELECT id, '', '', '', '{}', '2024-01-01' FROM generate_series(1, %s) AS id "
            "ON CONFLICT DO NOTHING",
            [customers - 1],
        )
    live_sets.gather()
    EventType.objects.bulk_create([EventType(name=one) for one in streams.KINDS])
    library.install()
    for number in range(SEGMENTS - Segment.objects.count()):
        Segment.objects.create(name=f"Segment {number}", rule=_rule(number))


def _rule(number: int) -> dict[str, object]:
    """Conditions on traits and events, another for each segment."""
    kind = streams.KINDS[number % len(streams.KINDS)]
    return {
        "all": [
            {"event": kind, "times": 1 + number % 4, "days": 7 + number},
            {"trait": "active_days_30d", "op": ">=", "value": number % 20},
        ]
    }


# --- memory -------------------------------------------------------------------


def _forget_the_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """MiB that this process had at most since the peak was forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(one.split()[1]) // 1024 for one in lines if one.startswith("VmHWM"))


# --- the rows -----------------------------------------------------------------


def _one_more_day(folder: Path, size: str) -> Contest:
    from segments.lake import store

    first = first_night(folder, size)
    numbers = itertools.count(streams.DAYS)

    def ours() -> bool:
        number = next(numbers)
        append(store, first.lake, number, first.customers, first.each)
        night(number + 1, fresh=1)
        return True

    note = (
        f"everything anew: {first.seconds:.1f} s, {first.cpu:.1f} CPU seconds of ours, "
        f"{first.peak_mib} MiB at most ({'within' if first.peak_mib < MOST_MIB else 'OVER'} "
        f"{MOST_MIB}); the peer is a clock of a tenth of that; ours makes the day's events as well"
    )
    return at_most(first.seconds / SHARE, ours, note)


def _pages(folder: Path, size: str) -> Contest:
    _foretell(first_night(folder, size))
    asks = list(_asks())

    def ours() -> bool:
        for ask in asks:
            began = time.perf_counter()
            ask()
            assert time.perf_counter() - began < 1, "a page took longer than a second"
        return True

    return at_most(len(asks), ours, "every kind of report by its address; a second for each")


def _foretell(night: Night) -> None:
    """What each customer will bring: in this world nobody ever leaves, which no model fits."""
    import numpy as np

    from segments import foretold, sheet, traits

    values = np.random.default_rng(1).integers(0, 50_000, night.customers)
    day = streams.FIRST + dt.timedelta(streams.DAYS)
    traits.keep({foretold.VALUE: sheet.Fresh(values)}, day=day)


def _asks() -> Iterator[Callable[[], object]]:
    """Ways to ask for each page, whose answers are there as they are after a first look."""
    from django.test import Client

    from console.models import Staff
    from metrics import answers
    from metrics.reports import asking, every

    someone, _is_new = Staff.objects.get_or_create(username="bench", defaults={"role": "analyst"})
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    for kind, query in REPORTS.items():
        report = every.BY_KIND[kind]
        given = dict(one.split("=") for one in query.removeprefix("?").split("&") if one)
        asking.answer(answers.about(report.question(report.read(given))))
        address = f"/admin/metrics/savedreport/{kind}/show/{query}"
        assert client.get(address).status_code == 200
        yield functools.partial(client.get, address)


for _size in SIZES:
    _named = f"nightly of {_size}"
    contest(f"{_named}: one more day", peer="a tenth of it all", goal=1, only_by=_named)(
        functools.partial(_one_more_day, size=_size)
    )
    contest(f"{_named}: report pages", peer="a second each", goal=1, only_by=_named)(
        functools.partial(_pages, size=_size)
    )
