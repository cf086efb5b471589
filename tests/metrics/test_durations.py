"""From one thing to the next: against pairing every start with every end."""

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from metrics.queries import durations
from segments import history
from segments.lake import engine, schema
from segments.recipes.nodes import Events

DAY, DAYS, WITHIN, CUSTOMERS = dt.date(2024, 2, 27), 4, 1, 600
START = dt.datetime.combine(DAY, dt.time(), dt.UTC)


def deeds() -> list[dict[str, Any]]:
    """Few things of each of many customers, often of one moment or a whole window apart."""
    chance = random.Random(7)
    return [
        row(customer, chance.randrange(12 * (DAYS + WITHIN)), chance.choice([0, 1, 999_999]), event)
        for customer in range(CUSTOMERS)
        for event in chance.choices("abc", k=chance.randrange(12))
    ]


def row(customer: int, hours: int, micro: int, event: str) -> dict[str, Any]:
    time = START + dt.timedelta(hours=2 * hours, microseconds=micro)
    words = {"key": "", "amount": None, "properties": "{}"}
    return {"day": time.date(), "time": time, "customer": customer, "event": event, **words}


def by_hand(rows: list[dict[str, Any]], then: str) -> dict[dt.date, tuple[int, int]]:
    found: dict[dt.date, list[int]] = defaultdict(list)
    starts: dict[tuple[int, dt.date], list[dt.datetime]] = defaultdict(list)
    ends: dict[int, list[dt.datetime]] = defaultdict(list)
    for one in rows:
        if one["event"] == "a" and one["day"] < DAY + dt.timedelta(days=DAYS):
            starts[one["customer"], one["day"]].append(one["time"])
        if one["event"] == then:
            ends[one["customer"]].append(one["time"])
    for (customer, day), moments in starts.items():
        start = min(moments)
        later = [one for one in ends[customer] if (one > start if then == "a" else one >= start)]
        if later and min(later) - start <= dt.timedelta(days=WITHIN):
            found[day].append(int(min(later).timestamp()) - int(start.timestamp()))
    return {day: (sum(some), len(some)) for day, some in found.items()}


@pytest.mark.parametrize("then", ["b", "a"], ids=["another", "the same again"])
def test_durations_equal_pairing_all_with_all(
    then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = deeds()
    with engine.connect(tmp_path) as lake:

        @contextmanager
        def opened() -> Iterator[engine.Lake]:
            yield lake

        monkeypatch.setattr(history, "opened", opened)
        monkeypatch.setattr(lake, "_read", lambda *_days: lake.rows(schema.table(rows)))
        found = durations.by_day(
            Events(names=("a",)),
            ["a"],
            Events(names=(then,)),
            [then],
            days=WITHIN,
            since=DAY,
            until=DAY + dt.timedelta(days=DAYS - 1),
        )
    assert found == by_hand(rows, then)
    assert len(found) == DAYS
