"""Spark gives the answers that DuckDB gives; opt-in, because it needs pyspark and a Java."""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segments.lake import engine, places, questions, schema, store
from segments.lake.properties import Condition
from tests.segments import factories

pytest.importorskip("pyspark", reason="pip install 'ibis-framework[pyspark]'")
if not shutil.which("java"):
    pytest.skip("Spark needs a Java", allow_module_level=True)

DAY = dt.date(2024, 3, 1)
VALUES = ["1", "1.0", "12.50", '"12.50"', '"词\\"q"', "true", "null", '" 7 "', "[1, 2]", "-5"]
MOVED = {1: 7, 2: 7, 3: 4}


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[engine.Lake]]:
    path: Path = tmp_path_factory.mktemp("lake")
    rows = [
        factories.row(
            number % 11,
            DAY + dt.timedelta(days=number % 3),
            amount=number if number % 5 else None,
            properties=f'{{"a": {VALUES[number % len(VALUES)]}, "a b": {number}}}',
        )
        for number in range(200)
    ]
    store.append(path, schema.table(rows), app_id="test", version=1)
    said = places.engine(
        "spark://local?threads=2&spark.ui.enabled=false&spark.sql.shuffle.partitions=2"
    )
    with (
        engine.connect(path, moved=MOVED) as duck,
        engine.connect(path, moved=MOVED, engine=said) as spark,
    ):
        yield [duck, spark]


Asking = Callable[[engine.Lake], Any]
DAYS: dict[str, Any] = {"since": DAY, "until": DAY + dt.timedelta(days=1)}
CASES: dict[str, Asking] = {
    "daily_counts": lambda lake: questions.daily_counts(lake, **DAYS),
    "daily_sums": lambda lake: questions.daily_sums(lake, **DAYS),
    "volumes": questions.volumes,
    "order_totals": lambda lake: questions.order_totals(lake, events=["order_paid"], day=DAY),
    "newest_first": lambda lake: questions.newest_first(lake, customer=7, limit=20),
    "who_did_in_order": lambda lake: questions.who_did_in_order(
        lake,
        first=questions.Step("order_paid"),
        then=questions.Step("order_paid", (Condition("a b", ">", 20),)),
        within=dt.timedelta(days=1),
        over=dt.datetime(2024, 3, 3, tzinfo=dt.UTC),
        **DAYS,
    ),
    "who_did": lambda lake: questions.who_did(
        lake, event="order_paid", times=2, where=[Condition("a b", ">", 20)]
    ),
}


def with_property(op: str, value: Any) -> Asking:
    condition = Condition("a", op, value)
    return lambda lake: questions.who_did(lake, event="order_paid", where=[condition])


COMPARED = [("=", 1), ("=", "1"), (">", 3), ("is_set", None), ("in", ["12.50", "true"])]
CASES.update({f"a {op} {value}": with_property(op, value) for op, value in COMPARED})


@pytest.mark.parametrize("asking", CASES.values(), ids=CASES)
def test_spark_gives_the_same_answer(lakes: list[engine.Lake], asking: Asking) -> None:
    ours, theirs = (asking(lake).to_pylist() for lake in lakes)
    assert ours == theirs
