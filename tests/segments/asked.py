"""The questions of the console, each asked of a made-up lake in one way or more."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from metrics.queries import (
    chains,
    conversions,
    deeds,
    durations,
    first_touch,
    order_days,
    pieces,
    ratings,
)
from segments.lake import engine, questions, tallies
from segments.lake.properties import Condition
from segments.recipes.nodes import Events

FIRST, DAYS = dt.date(2024, 2, 20), 12
LAST = FIRST + dt.timedelta(days=DAYS - 1)
MIDDLE = dt.datetime(2024, 2, 25, 12, 0, 0, 250_001, tzinfo=dt.UTC)
KINDS = ("order_paid", "page_viewed", "下单 'quoted' \\ \"", "order_refunded")

Asking = Callable[[engine.Lake], Any]


def windows() -> conversions.Windows:
    customers = [number for number in range(1, 300) if number % 3]
    opens = [MIDDLE + dt.timedelta(microseconds=number) for number in customers]
    closes = [
        one + dt.timedelta(days=number % 4) for one, number in zip(opens, customers, strict=True)
    ]
    return conversions.Windows(customers, opens, closes)


NARROW: dict[str, Any] = {
    "since": FIRST + dt.timedelta(days=2),
    "until": FIRST + dt.timedelta(days=7),
}
WHOLE: dict[str, Any] = {"since": FIRST, "until": LAST}
WHERE = [Condition("a", ">", 3), Condition("a.b", "is_set")]

# One or more for every question; a question that is not here fails a test below.
CASES: list[tuple[str, Asking]] = [
    ("daily_counts", lambda lake: questions.daily_counts(lake, **NARROW)),
    ("daily_sums", lambda lake: questions.daily_sums(lake, **WHOLE)),
    ("shapes", lambda lake: told(questions.shapes(lake, **NARROW))),
    ("volumes", questions.volumes),
    ("order_totals", lambda lake: questions.order_totals(lake, events=KINDS[:3], day=LAST)),
    ("order_totals", lambda lake: questions.order_totals(lake, events=["nothing"], day=LAST)),
    ("who_did", lambda lake: questions.who_did(lake, event=KINDS[2], **NARROW)),
    ("who_did", lambda lake: questions.who_did(lake, event=KINDS[0], times=3, where=WHERE)),
    ("who_did_in_order", lambda lake: in_order(lake, KINDS[1])),
    ("who_did_in_order", lambda lake: in_order(lake, KINDS[0])),
    ("who_did_in_order", lambda lake: in_order(lake, KINDS[1], over=MIDDLE)),
    ("who_did_in_order", lambda lake: in_order(lake, KINDS[0], over=MIDDLE)),
    ("newest_first", lambda lake: questions.newest_first(lake, customer=139, limit=50)),
    (
        "newest_first",
        lambda lake: questions.newest_first(
            lake, customer=5, limit=3, event=KINDS[1], before=(MIDDLE, "键"), **WHOLE
        ),
    ),
    ("everything_of", lambda lake: questions.everything_of(lake, [7, 107, 3000])),
    ("days_of", lambda lake: questions.days_of(lake, [7, 107, 3000])),
    (
        "did_between",
        lambda lake: questions.did_between(
            lake,
            event=KINDS[0],
            since=MIDDLE,
            until=MIDDLE + dt.timedelta(days=3),
            among=range(150),
        ),
    ),
    (
        "did_between",
        lambda lake: questions.did_between(
            lake, event=KINDS[0], since=MIDDLE, until=MIDDLE + dt.timedelta(microseconds=1)
        ),
    ),
    ("tallies.of_all", lambda lake: tallies.of_all(lake, FIRST, LAST)),
    ("tallies.of_some", lambda lake: tallies.of_some(lake, FIRST, LAST, names=KINDS[:2])),
    (
        "tallies.of_some",
        lambda lake: tallies.of_some(lake, FIRST, LAST, names=KINDS, where=WHERE, value="a.b"),
    ),
    (
        "tallies.of_values",
        lambda lake: tallies.of_values(lake, FIRST, LAST, names=KINDS, value="a.b"),
    ),
    ("tallies.moments", lambda lake: tallies.moments(lake, FIRST, LAST, names=KINDS[:1])),
    ("conversions.count", lambda _lake: conversions.count(KINDS[0], windows())),
    ("conversions.count", lambda _lake: conversions.count(KINDS[0], windows(), where=WHERE)),
    ("conversions.firsts", lambda _lake: conversions.firsts(KINDS[0], windows())),
    ("conversions.each", lambda _lake: conversions.each(KINDS, windows())),
    ("durations.by_day", lambda _lake: took(KINDS[0], KINDS[1])),
    ("durations.by_day", lambda _lake: took(KINDS[0], KINDS[0])),
    ("first_touch.of", lambda _lake: came_by(["a", "a.b"])),
    ("first_touch.of", lambda _lake: came_by([])),
    ("chains.rows", lambda _lake: chained()),
    ("deeds.by_customer_and_day", lambda _lake: did(WHERE)),
    ("deeds.by_customer_and_day", lambda _lake: did([])),
    ("order_days.each", lambda _lake: ordered()),
    ("order_days.contracts", lambda _lake: ran()),
    ("pieces.read", lambda _lake: seen("a.b")),
    ("pieces.read", lambda _lake: seen("")),
    ("ratings.first", lambda _lake: rated("a.b")),
    ("ratings.first", lambda _lake: rated("")),
]


def seen(column: str) -> pieces.Pieces:
    found = pieces.read(KINDS[1], KINDS, "a", column, before=FIRST, **NARROW)
    assert len(found.rows) > 9
    assert len(found.days) > 3
    return found


def rated(whom: str) -> list[Any]:
    customers, days, scores, names = ratings.first(KINDS, "a", whom, **WHOLE)
    assert len(customers)
    return [customers.tolist(), days.tolist(), scores.tolist(), names]


def took(one: str, other: str) -> dict[dt.date, tuple[int, int]]:
    first, then = (Events(names=(name,)) for name in (one, other))
    found = durations.by_day(first, [one], then, [other], days=2, **WHOLE)
    assert any(seconds for seconds, _customers in found.values())
    return found


def came_by(channels: list[str]) -> pa.Table:
    who = np.arange(1, 140)
    first = np.full(len(who), (FIRST - dt.date(1970, 1, 1)).days)
    found = first_touch.of(who, first, channels=channels, devices=["词"], **WHOLE)
    assert found.num_rows
    return found


def chained() -> list[Any]:
    steps = [chains.Step(frozenset(KINDS[:2]), tuple(WHERE)), chains.Step(frozenset(KINDS[1:3]))]
    found = chains.rows(steps, FIRST, LAST)
    assert found
    return [
        (one.origin, one.customers.tolist(), one.moments.tolist(), one.codes.tolist())
        for one in found
    ]


def did(where: list[Condition]) -> dict[str, list[int]]:
    found = deeds.by_customer_and_day(KINDS[0], BitMap(range(150)), where=where, **NARROW)
    assert len(found["day"])
    return {name: column.tolist() for name, column in found.items()}


def ordered() -> list[Any]:
    found = [
        (one.day, one.who.tolist(), one.bought.tolist(), one.amount.tolist())
        for one in order_days.each([KINDS[0], KINDS[3]], until=LAST)
    ]
    assert found
    return found


def ran() -> list[list[int]]:
    found = order_days.contracts(KINDS[0], KINDS[1], until=LAST)
    assert found.has_ended.any()
    return [found.lengths.tolist(), found.has_ended.tolist()]


def in_order(lake: engine.Lake, then: str, over: dt.datetime | None = None) -> pa.Table:
    return questions.who_did_in_order(
        lake,
        first=questions.Step(KINDS[0], tuple(WHERE[:1])),
        then=questions.Step(then),
        within=dt.timedelta(hours=30),
        over=over,
        **NARROW,
    )


def told(shapes: pa.Table) -> Counter[tuple[Any, ...]]:
    """What the catalogue reads out of the shapes: the kinds of the outermost properties."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in shapes.to_pylist():
        shape = json.loads(row["shape"])
        for name, kind in shape.items() if isinstance(shape, dict) else ():
            what = "object" if isinstance(kind, dict) or kind == "JSON" else kind
            what = "list" if isinstance(what, list) else what
            what = "number" if what in {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"} else what
            found[row["event"], row["day"], name, what] += row["volume"]
    return found
