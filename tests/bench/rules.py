"""Rules: five traits, an event three times in 30 days, not in a segment, and a tag.

Against ClickHouse, DuckDB and PostgreSQL over the same million customers and 30 million events,
each in its best form; and how long a preview takes, which has the count of every condition.
"""

import datetime as dt
import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import console, day_sets, served
from tests.bench.customers import (
    ASKED,
    DAY,
    EVENT,
    RECENCY,
    SEGMENT,
    TAG,
    TIMES,
    WINDOW,
    Answer,
    world,
)
from tests.bench.harness import Contest, at_most, contest
from tests.bench.peers import rules as peers

PREVIEW = "a preview of them, all conditions new"
CHANGED = "the same, one condition changed"
THROUGH = "the same over HTTP"
ASKED_FIRST = 8  # so that each process of the web server has mapped the columns
NOTE = (
    "ours reads the rule from its JSON, asks PostgreSQL for the versions of all that it rests on, "
    "and computes from mapped columns and day sets at hand; no answer of an earlier run is used. "
    "What is called how was asked before, as the peers' tables are known to them"
)


def rule(step: int = 0) -> dict[str, Any]:
    """The rule; another step is another rule in every condition of a column or an event."""
    conditions: list[dict[str, Any]] = [
        {"trait": key, "op": ">=", "value": least + step} for key, least in ASKED.items()
    ]
    return {
        "all": [
            {"trait": "recency_days", "op": "<=", "value": RECENCY - step},
            *conditions,
            {"event": EVENT, "times": TIMES, "days": WINDOW - step % 20},
            {"not": {"segment": SEGMENT}},
            {"tag": TAG},
        ]
    }


# --- the world ----------------------------------------------------------------


@functools.cache
def of_ours(folder: Path, customers: int) -> None:
    """The world in a console's database; its events in day sets."""
    console.start()
    from django.conf import settings
    from django.db import connection

    from segments import activity, bitmaps, live_sets, sheet
    from segments.models import EventType, Segment, Tag

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_customer (id, name, email, language, attributes, created_at) "
            "SELECT id, '', '', '', '{}', now() FROM generate_series(1, %s) AS id "
            "ON CONFLICT DO NOTHING",
            [customers - 1],
        )
    live_sets.gather()
    known = world(customers)
    members, tagged = (bitmaps.from_mask(known.pop(key)) for key in ("is_member", "is_tagged"))
    sheet.write({key: sheet.Fresh(values) for key, values in known.items()}, day=DAY)
    fresh = {"name": "VIP", "members": members, "computed_version": 1, "data_as_of": DAY}
    Segment.objects.update_or_create(pk=SEGMENT, defaults=fresh)
    Tag.objects.update_or_create(pk=TAG, defaults={"name": "patient", "members": tagged})
    EventType.objects.get_or_create(name=EVENT)
    if customers > day_sets.CUSTOMERS:
        _store_days(customers)
    else:
        settings.LAKE_PATH = day_sets.lake(folder)
        activity.rebuild()


def _store_days(customers: int) -> None:
    """Day sets as they would come out of ten times as many events, without these."""
    from segments import bitmaps
    from segments.models import DaySet, EventType

    DaySet.objects.all().delete()
    kind = EventType.objects.get(name=EVENT)
    for ago in range(WINDOW):
        chance = np.random.default_rng(ago)
        who = (chance.random(customers // 12) ** 1.5 * customers).astype(np.int64)
        counts = np.bincount(who, minlength=customers)
        for level in (1, 2, 3):
            members = bitmaps.from_mask(counts >= level)
            day = DAY - dt.timedelta(days=ago)
            DaySet.objects.create(
                event_type=kind, day=day, level=level, members=members, size=len(members)
            )


def evaluated() -> Answer:
    """Our answer."""
    from segments import bitmaps
    from segments.rules import compiler, tree
    from segments.sources import Sources

    sources = Sources(DAY, _vocabulary())
    parsed = tree.parse(rule(), sources.known)
    sources.expect(parsed)
    found = compiler.evaluate(parsed, sources) & sources.everyone()
    return len(found), int(bitmaps.to_array(found).sum(dtype=np.int64))


@functools.cache
def _vocabulary() -> Any:
    from segments import vocabulary

    return vocabulary.current()


# --- against others -----------------------------------------------------------


@contest("rule of five traits, an event, a segment, a tag", peer="ClickHouse MergeTree", goal=12)
def against_clickhouse(folder: Path) -> Contest:
    of_ours(folder, day_sets.CUSTOMERS)
    return Contest(evaluated, peers.clickhouse(folder), NOTE)


@contest("rule of five traits, an event, a segment, a tag", peer="DuckDB on Parquet", goal=20)
def against_duckdb(folder: Path) -> Contest:
    of_ours(folder, day_sets.CUSTOMERS)
    return Contest(evaluated, peers.duckdb(folder), NOTE)


@contest("rule of five traits, an event, a segment, a tag", peer="PostgreSQL, covering", goal=30)
def against_postgresql(folder: Path) -> Contest:
    of_ours(folder, day_sets.CUSTOMERS)
    return Contest(evaluated, peers.postgresql(folder), NOTE)


# --- previews -----------------------------------------------------------------


@contest(f"{PREVIEW}, 1M", peer="25 ms", goal=1)
def preview(folder: Path) -> Contest:
    of_ours(folder, day_sets.CUSTOMERS)
    return _previewed(0.025, itertools.count(1))


@contest(f"{CHANGED}, 1M", peer="25 ms", goal=1)
def preview_again(folder: Path) -> Contest:
    of_ours(folder, day_sets.CUSTOMERS)
    return _previewed(0.025, itertools.count(1), changes=1)


@contest(f"{THROUGH}, 1M", peer="80 ms", goal=1)
def preview_over_http(folder: Path) -> Contest:
    of_ours(folder, day_sets.CUSTOMERS)
    return _through_http(0.080)


@contest(f"{PREVIEW}, 10M", peer="100 ms", goal=1, only_by="10M")
def preview_of_ten(folder: Path) -> Contest:
    of_ours(folder, 10 * day_sets.CUSTOMERS)
    return _previewed(0.100, itertools.count(1))


@contest(f"{CHANGED}, 10M", peer="100 ms", goal=1, only_by="10M")
def preview_of_ten_again(folder: Path) -> Contest:
    of_ours(folder, 10 * day_sets.CUSTOMERS)
    return _previewed(0.100, itertools.count(1), changes=1)


@contest(f"{THROUGH}, 10M", peer="200 ms", goal=1, only_by="10M")
def preview_of_ten_over_http(folder: Path) -> Contest:
    of_ours(folder, 10 * day_sets.CUSTOMERS)
    return _through_http(0.200)


def _previewed(goal: float, steps: Iterator[int], *, changes: int | None = None) -> Contest:
    """Previews of one rule after the other, of which so many conditions (None: all) are new."""
    from segments import membership

    def show() -> bool:
        step = next(steps)
        asked = rule(step)
        if changes is not None:
            asked = rule()
            asked["all"][:changes] = rule(step)["all"][:changes]
        return membership.preview(asked, day=DAY).of > 0

    return at_most(goal, show, "`membership.preview`, with its questions to PostgreSQL")


def _through_http(goal: float) -> Contest:
    from console.models import Project

    Project.objects.update(today_on=DAY)
    post, steps = served.administrator(), itertools.count(1)

    def ask() -> bool:
        answer = post("/api/v1/segments/preview/", {"rule": rule(next(steps))})
        return bool(answer["of"] > 0)

    for _each in range(ASKED_FIRST):
        ask()
    return at_most(goal, ask, "gunicorn's two processes over a socket, session and permissions too")
