"""Every question of the console, answered alike by DuckDB and by ClickHouse."""

import datetime as dt
import inspect
import json
import os
import pkgutil
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import metrics.queries
from segments import history
from segments.lake import (
    clickhouse,
    engine,
    operations,
    places,
    properties,
    questions,
    schema,
    tallies,
)
from segments.lake import store as lake_store
from segments.lake.moves import Moves
from segments.lake.properties import Condition
from tests.segments.asked import CASES, DAYS, FIRST, KINDS, LAST, Asking

MANY = 100_000
BIG = 2**53 + 1  # a float would lose the last digit
MOVED = {**{was: was + 100 for was in range(1, 40)}, 200: 3000, 201: 3000}

# Values of properties as JSON writes them; each is the property `a` of some event.
ODD = [
    *("1", "1.0", "-0.0", "12.50", "1e3", "1E5", "0.1", "0.30000000000000004", "1e21", "5e-324"),
    *("18446744073709551615", "-9223372036854775808"),
    *("true", "false", "null", "[]", "{}", '[1, 2, {"b": "c d"}]', '{"x": 1, "y": [ ]}'),
    *('""', '"1"', '"12.50"', '"1e3"', '" 7 "', '"0x10"', '"1_000"', '"inf"', '"nan"', '"+5"'),
    *('".5"', '"5."', '"null"', '"true"', '"12abc"', '"\\t3\\n"', '"-"', '"１２"', '"Infinity"'),
    *('"词\\"q\\" \\u00e9 \\\\ \\/"', '"\\ud83d\\ude00"', '"<b>&amp;"', f'"{"9" * 400}"'),
    *('"a"', '"B"', '"ä"', '"上海"', '"O\'Hare"', '"%_"', '"1.0"', '"x.0"'),
]
# A whole number beyond 64 bits reads alike, but ClickHouse takes its kind for a text's.
HUGE = "123456789012345678901234567890"
NAMES = ["a", "a.b", "$x", "a b", "词", "a*", "[0]", "0", "it's", "a:b", "{", "?"]


def made_up() -> list[dict[str, Any]]:
    """A lake with everything that has ever gone wrong somewhere."""
    chance = random.Random(20_240_229)
    rows = []
    for number in range(4_000):
        day = FIRST + dt.timedelta(days=chance.randrange(DAYS))
        time = dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(
            seconds=chance.randrange(86_400), microseconds=chance.choice([0, 1, 250_000, 999_999])
        )
        odd = [*ODD, HUGE] if day == FIRST else ODD
        fields = [f'"a": {chance.choice(odd)}'] if chance.random() < 0.9 else []
        fields += [f"{json.dumps(name)}: {chance.randint(0, 3)}" for name in NAMES[1:]]
        rows.append(
            {
                "day": day,
                "time": time,
                "customer": chance.randint(1, 300),
                "event": chance.choice(KINDS),
                "key": f"键-{number:05}" if number % 7 else f"key {number:05}",
                "amount": chance.choice([None, 0, -5, 1999, BIG, chance.randrange(10**9)]),
                "properties": "{" + ", ".join(fields[: chance.randint(0, len(fields))]) + "}",
            }
        )
    return rows


def many() -> pa.Table:
    """So many different customers that an approximate count is wrong."""
    rows = schema.table([{**made_up()[0], "day": LAST, "event": "app_opened", "amount": 1}])
    whole = pa.concat_tables([rows]).take(pa.array([0] * MANY))
    at = whole.schema.get_field_index("customer")
    return whole.set_column(at, whole.schema.field(at), pa.array(range(1, MANY + 1), pa.int32()))


class Chdb:
    """ClickHouse inside this process, in the place of a cluster."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, sql: str, tables: dict[str, pa.Table]) -> pa.Table:
        for name, table in tables.items():
            pq.write_table(table, f"{name}.parquet")
            self.connection.query(
                f"CREATE OR REPLACE VIEW `{name}` AS SELECT * FROM file('{name}.parquet')"
            )
        try:
            return self.connection.query(sql, "ArrowTable")
        except Exception:
            self.connection.query("SELECT 1")  # chdb would begin the next answer with this one's
            raise

    def close(self) -> None:
        """Lives as long as the module."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parity") / "lake"
    rows = made_up()
    for version, some in enumerate((rows[:2_000], rows[2_000:3_000], rows[3_000:]), start=1):
        lake_store.append(path, schema.table(some), app_id="test", version=version)
    lake_store.append(path, many(), app_id="many", version=1)
    return path


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[Chdb]:
    import chdb

    before = Path.cwd()
    os.chdir(place.parent)  # ClickHouse reads files only below where it was started
    connection = chdb.connect(":memory:")  # type: ignore[no-untyped-call]
    yield Chdb(connection)
    connection.close()
    os.chdir(before)


@pytest.fixture(params=[False, True], ids=["as written", "some merged"])
def lakes(request: pytest.FixtureRequest, place: Path, server: Chdb) -> Iterator[list[engine.Lake]]:
    moves = Moves.of(MOVED if request.param else None)
    source = clickhouse.source(places.of(place), places.Engine("clickhouse"))
    with engine.connect(place, moved=moves) as duck:
        yield [duck, clickhouse.ClickHouse(place, moves, server, source)]


@contextmanager
def opening(lake: engine.Lake) -> Iterator[None]:
    """Let metrics ask this lake."""

    @contextmanager
    def opened() -> Iterator[engine.Lake]:
        yield lake

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(history, "opened", opened)
        patched.setattr(history, "place", lambda: lake.place)
        yield


def answer(asking: Asking, lake: engine.Lake) -> Any:
    with opening(lake):
        found = asking(lake)
    return found.to_pylist() if isinstance(found, pa.Table) else found


@pytest.mark.parametrize("asking", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_both_engines_give_the_same_answer(lakes: list[engine.Lake], asking: Asking) -> None:
    ours, theirs = (answer(asking, lake) for lake in lakes)
    assert ours == theirs


def of_kinds() -> Iterator[Condition]:
    """Every operator with every kind of value."""
    single: list[Any] = [
        0,
        1,
        3.5,
        -1,
        12.5,
        "",
        "a",
        "ä",
        "1",
        "true",
        True,
        '词"q" é \\ /',
        "上海",
    ]
    for op in properties.OPERATORS:
        if op in {"is_set", "not_set"}:
            yield from (Condition(name, op) for name in NAMES)
        elif op in {"between", "in"}:
            pairs = [(0, 3), (-1.5, 1e9), ("a", "b"), ("", "上海"), ("1", "true")]
            yield from (Condition("a", op, pair) for pair in pairs)
        else:
            yield from (Condition("a", op, value) for value in single)


def test_every_operator_on_every_odd_value_holds_for_the_same_events(
    lakes: list[engine.Lake],
) -> None:
    """One query an engine: for each event, a column a condition."""
    conditions = list(of_kinds())
    assert {one.op for one in conditions} == set(properties.OPERATORS)

    def ask(lake: engine.Lake) -> pa.Table:
        events = lake.events(FIRST, LAST - dt.timedelta(days=1))
        held = {
            f"c{at}": properties.holds(events, one).fill_null(False).cast("int8")
            for at, one in enumerate(conditions)
        }
        return lake.ask(events.select("key", **held).order_by("key"))

    ours, theirs = (ask(lake) for lake in lakes)
    assert ours["key"].equals(theirs["key"])
    for at, one in enumerate(conditions):
        assert ours[f"c{at}"].to_pylist() == theirs[f"c{at}"].to_pylist(), one


def test_properties_read_as_the_same_texts_and_numbers(lakes: list[engine.Lake]) -> None:
    def ask(lake: engine.Lake) -> list[dict[str, Any]]:
        events = lake.events(FIRST, LAST - dt.timedelta(days=1))
        texts = {f"t{at}": properties.text(events, name) for at, name in enumerate(NAMES)}
        number = properties.number(events, "a")
        return lake.ask(events.select("key", number=number, **texts).order_by("key")).to_pylist()

    for ours, theirs in zip(*map(ask, lakes), strict=True):
        assert repr(ours) == repr(theirs)


def test_a_count_of_many_customers_is_exact(lakes: list[engine.Lake]) -> None:
    for lake in lakes:
        (day,) = [
            row
            for row in questions.daily_sums(lake, since=LAST, until=LAST).to_pylist()
            if row["event"] == "app_opened"
        ]
        merged = sum(1 <= was <= MANY for was in MOVED if lake.moves.was.size)
        # Those who were merged into somebody who is counted anyway are not counted twice.
        assert day["customers"] == MANY - merged


@pytest.mark.parametrize("amount", [2**63 - 1, -(2**63)])
def test_a_sum_that_no_amount_can_hold_stays_at_the_edge(
    amount: int, tmp_path: Path, server: Chdb, place: Path
) -> None:
    path = place.parent / f"too much {amount}"
    row = {**made_up()[0], "amount": amount}
    lake_store.append(path, schema.table([row, row]), app_id="test", version=1)
    source = clickhouse.source(places.of(path), places.Engine("clickhouse"))
    with engine.connect(path) as duck:
        for lake in (duck, clickhouse.ClickHouse(path, Moves(), server, source)):
            (day,) = questions.daily_sums(lake, since=FIRST, until=LAST).to_pylist()
            assert day["amount"] == (operations.MOST if amount > 0 else -operations.MOST)


# --- nothing is left out -----------------------------------------------------


QUERIES = [found.name for found in pkgutil.iter_modules(metrics.queries.__path__)]


def public(module: Any) -> set[str]:
    return {
        name
        for name, one in inspect.getmembers(module, inspect.isfunction)
        if one.__module__ == module.__name__ and not name.startswith("_")
    }


def test_every_question_is_in_the_suite() -> None:
    asked = public(questions) | {f"tallies.{name}" for name in public(tallies)}
    for query in QUERIES:
        module = import_module(f"metrics.queries.{query}")
        asked |= {f"{query}.{name}" for name in public(module)}
    assert asked == {name for name, _ in CASES}


def test_nobody_else_asks_the_lake() -> None:
    """A question elsewhere would be asked of one engine only."""
    root = Path(questions.__file__).parents[2]
    ours = {"segments/lake/questions.py", "segments/lake/tallies.py"}
    allowed = {*ours, *(f"metrics/queries/{one}.py" for one in QUERIES)}
    asking = {
        str(file.relative_to(root))
        for app in ("console", "segments", "campaigns", "metrics")
        for file in (root / app).rglob("*.py")
        if "lake.ask(" in file.read_text("utf-8")
    }
    assert asking == allowed


@pytest.mark.parametrize("asking", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_questions_are_made_of_the_closed_list(
    lakes: list[engine.Lake], asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    duck, ask = lakes[0], lakes[0].ask

    def seeing(question: Any) -> pa.Table:
        seen.append(question)
        return ask(question)

    monkeypatch.setattr(duck, "ask", seeing)
    answer(asking, duck)
    assert seen
    assert not set().union(*map(operations.outside, seen))


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda events: events.customer.approx_nunique(), "ApproxCountDistinct"),
        (lambda events: events.time.max() - events.time.min(), "TimestampDiff"),
    ],
    ids=["approximate", "moments"],
)
def test_what_is_not_in_the_list_is_found(made: Callable[[Any], Any], name: str) -> None:
    events = ibis.table(ibis.Schema.from_pyarrow(schema.columns()), name="events")
    assert operations.outside(made(events)) == {name}
