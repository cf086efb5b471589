"""The lake: appends that happen once, files of the asked days only, answers from nothing."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segments.lake import engine, questions, schema, store
from segments.lake.properties import Condition
from tests.segments import factories

DAY = dt.date(2017, 3, 1)
LATER = dt.date(2017, 3, 9)


def put(path: Path, *rows: dict[str, object], app_id: str = "test", version: int = 1) -> bool:
    return store.append(path, schema.table(list(rows)), app_id=app_id, version=version)


def test_a_version_is_appended_once(tmp_path: Path) -> None:
    row = factories.row(1, DAY)
    assert put(tmp_path, row) is True
    assert put(tmp_path, row) is False
    assert store.version(tmp_path, "test") == 1
    assert store.version(tmp_path, "somebody else") == 0
    with engine.connect(tmp_path) as lake:
        assert lake.ask(lake.events()).num_rows == 1


def test_processes_that_append_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    """Three write versions of their own, and all three try the same shared version."""
    program = """if True:
        import sys
        from pathlib import Path
        from segments.lake import schema, store
        from tests.segments import factories
        path, me = Path(sys.argv[1]), int(sys.argv[2])
        store.version(path, "warm up")
        print("ready", flush=True)
        sys.stdin.readline()
        for version in range(1, 6):
            rows = schema.table([factories.row(me * 100 + version, "2017-03-01")])
            assert store.append(path, rows, app_id=f"own {me}", version=version)
        rows = schema.table([factories.row(7, "2017-03-02")])
        print(store.append(path, rows, app_id="shared", version=1))
    """
    prelude = "import django; django.setup()\n"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", prelude + program, str(tmp_path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2, 3)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    answers = [writer.communicate()[0].strip() for writer in writers]
    assert sorted(answers) == ["False", "False", "True"]
    with engine.connect(tmp_path) as lake:
        customers = sorted(lake.ask(lake.events())["customer"].to_pylist())
    own = [me * 100 + version for me in (1, 2, 3) for version in range(1, 6)]
    assert customers == [7, *own]
    # The files of those who lost the race are gone.
    assert len(list(tmp_path.rglob("*.parquet"))) == len(store.files(tmp_path))


def test_a_day_file_is_ordered_by_customer(tmp_path: Path) -> None:
    put(tmp_path, *(factories.row(customer, DAY) for customer in (5, 3, 9, 1)))
    (file,) = store.files(tmp_path)
    assert pq.read_table(file)["customer"].to_pylist() == [1, 3, 5, 9]


def test_a_long_stream_becomes_one_file_a_day(tmp_path: Path) -> None:
    days = [DAY + dt.timedelta(days=step) for step in range(3)]
    rows = [factories.row(customer, day) for day in days for customer in range(500)]
    batches = schema.table(rows).to_batches(max_chunksize=130)
    stream = pa.RecordBatchReader.from_batches(schema.columns(), batches)
    assert store.append(tmp_path, stream, app_id="test", version=1)
    assert len(store.files(tmp_path)) == 3
    assert store.days(tmp_path) == days
    with engine.connect(tmp_path) as lake:
        assert lake.ask(lake.events()).num_rows == 1500


def test_only_the_files_of_the_asked_days_are_opened(tmp_path: Path) -> None:
    put(tmp_path, factories.row(1, DAY), factories.row(2, LATER))
    assert [Path(file).parent.name for file in store.files(tmp_path, until=DAY)] == [f"day={DAY}"]
    Path(store.files(tmp_path, since=LATER)[0]).write_bytes(b"broken")
    with engine.connect(tmp_path) as lake:
        assert lake.ask(lake.events(DAY, DAY))["customer"].to_pylist() == [1]


def test_compaction_keeps_every_event_and_orders_the_day(tmp_path: Path) -> None:
    for version, customer in enumerate((8, 2, 5), start=1):
        put(tmp_path, factories.row(customer, DAY), version=version)
    early, late = factories.row(2, DAY, time=factories.moment(DAY, 1)), factories.row(1, LATER)
    put(tmp_path, early, late, app_id="other")
    assert store.compact(tmp_path) == 1
    assert store.compact(tmp_path) == 0
    (file,) = store.files(tmp_path, DAY, DAY)
    rows = pq.read_table(file)
    assert rows["customer"].to_pylist() == [2, 2, 5, 8]
    assert [one.hour for one in rows["time"].to_pylist()][:2] == [1, 12]
    assert store.version(tmp_path, "test") == 3  # what was appended stays known


def test_the_log_tells_how_many_events_a_day_has(tmp_path: Path) -> None:
    rows = [factories.row(who, DAY) for who in (1, 2, 3)]
    put(tmp_path, *rows, factories.row(1, LATER))
    put(tmp_path, factories.row(4, DAY), version=2)
    assert store.volumes(tmp_path) == {DAY: 4, LATER: 1}
    store.compact(tmp_path)
    assert store.volumes(tmp_path, until=DAY) == {DAY: 4}


def test_a_folder_with_any_name_holds_a_lake(tmp_path: Path) -> None:
    odd = tmp_path / "数据 [a]* b"
    put(odd, factories.row(4, DAY))
    with engine.connect(odd) as lake:
        assert lake.ask(lake.events())["customer"].to_pylist() == [4]


def test_a_lake_without_events_answers_every_question_with_nothing(tmp_path: Path) -> None:
    now = factories.moment(DAY)
    condition = Condition("store", "=", 3)
    with engine.connect(tmp_path / "nothing") as lake:
        answers = [
            questions.daily_counts(lake, since=DAY, until=LATER),
            questions.daily_sums(lake, since=DAY, until=LATER),
            questions.volumes(lake),
            questions.order_totals(lake, events=["order_paid"], day=DAY),
            questions.who_did(lake, event="order_paid", where=[condition]),
            questions.newest_first(lake, customer=1, limit=5),
            questions.did_between(lake, event="x", since=now, until=now, among=[1]),
        ]
    assert [answer.num_rows for answer in answers] == [0] * 7


def test_order_totals_count_the_day_itself_as_the_last_of_thirty(tmp_path: Path) -> None:
    day = dt.date(2017, 6, 30)
    put(
        tmp_path,
        factories.row(1, day, amount=100),
        factories.row(1, day - dt.timedelta(days=29), amount=20),
        factories.row(1, day - dt.timedelta(days=30), amount=3),
        factories.row(1, day - dt.timedelta(days=90), amount=4000),
        factories.row(1, day + dt.timedelta(days=1), amount=50000),  # not yet
        factories.row(2, day, event="something else"),
        factories.row(3, day - dt.timedelta(days=95), amount=None),
    )
    with engine.connect(tmp_path) as lake:
        first, second = questions.order_totals(lake, events=["order_paid"], day=day).to_pylist()
    assert first == {
        "customer": 1,
        "orders": 4,
        "amount": 4123,
        "first_day": day - dt.timedelta(days=90),
        "last_day": day,
        "orders_30d": 2,
        "amount_30d": 120,
        "orders_90d": 3,
        "amount_90d": 123,
    }
    assert (second["customer"], second["orders"], second["amount"]) == (3, 1, 0)
    assert (second["orders_90d"], second["amount_90d"]) == (0, 0)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        (Condition("store", "=", "367"), True),
        (Condition("store", "=", 367), True),
        (Condition("store", "!=", 367), False),
        (Condition("store", "in", ["1", "367"]), True),
        (Condition("price", ">", 9), True),  # as a number: as text "12.5" would come first
        (Condition("price", "between", (12, 13)), True),
        (Condition("price", "<", 12.5), False),
        (Condition("words", "=", 'a "quoted" 词'), True),
        (Condition("paid", "=", True), True),
        (Condition("a.b", "=", 1), True),
        (Condition("nothing", "is_set"), False),
        (Condition("nothing", "not_set"), True),
        (Condition("missing", "!=", "x"), False),
        (Condition("missing", "not_set"), True),
        (Condition("words", ">", 3), False),  # not a number at all
    ],
)
def test_properties_compare_as_what_they_are_compared_with(
    tmp_path: Path, condition: Condition, fits: bool
) -> None:
    stored = (
        '{"store": 367, "price": "12.5", "words": "a \\"quoted\\" 词", "paid": true,'
        ' "a.b": 1, "nothing": null}'
    )
    put(tmp_path, factories.row(1, DAY, properties=stored))
    with engine.connect(tmp_path) as lake:
        found = questions.who_did(lake, event="order_paid", where=[condition])
    assert found["customer"].to_pylist() == ([1] if fits else [])


@pytest.mark.parametrize(("name", "op"), [("a", "like"), ('a" b', "="), ("a\\b", "=")])
def test_a_condition_that_cannot_be_asked_is_refused(name: str, op: str) -> None:
    with pytest.raises(ValueError, match=r"There is no|cannot be"):
        Condition(name, op, 1)


def test_who_did_counts_only_the_times_that_fit(tmp_path: Path) -> None:
    put(
        tmp_path,
        *(factories.row(1, DAY, properties='{"store": 3}') for _time in range(2)),
        factories.row(1, LATER, properties='{"store": 4}'),
        *(factories.row(2, LATER, properties='{"store": 3}') for _time in range(3)),
    )
    with engine.connect(tmp_path) as lake:
        in_three = questions.who_did(
            lake, event="order_paid", times=3, where=[Condition("store", "=", 3)]
        )
        ever = questions.who_did(lake, event="order_paid", times=3)
        early = questions.who_did(lake, event="order_paid", until=DAY)
    assert in_three["customer"].to_pylist() == [2]
    assert ever["customer"].to_pylist() == [1, 2]
    assert early["customer"].to_pylist() == [1]


def test_one_customers_events_come_newest_first_in_pages(tmp_path: Path) -> None:
    same = factories.moment(DAY)
    put(
        tmp_path,
        *(factories.row(1, DAY, time=same, key=f"k{number}") for number in range(5)),
        factories.row(1, LATER, key="newest"),
        factories.row(2, LATER, key="not theirs"),
    )
    seen: list[str] = []
    before = None
    with engine.connect(tmp_path) as lake:
        while rows := questions.newest_first(lake, customer=1, limit=2, before=before).to_pylist():
            seen += [row["key"] for row in rows]
            before = (rows[-1]["time"], rows[-1]["key"])
    assert seen == ["newest", "k4", "k3", "k2", "k1", "k0"]


def test_results_count_from_one_moment_to_before_another(tmp_path: Path) -> None:
    start, end = factories.moment(DAY, 10), factories.moment(LATER, 10)
    just_before = end - dt.timedelta(microseconds=1)
    put(
        tmp_path,
        factories.row(1, DAY, time=start, amount=5),
        factories.row(1, LATER, time=just_before, amount=7),
        factories.row(1, LATER, time=end, amount=100),
        factories.row(2, DAY, time=factories.moment(DAY, 9), amount=100),
        factories.row(3, LATER, amount=100, time=just_before),
    )
    with engine.connect(tmp_path) as lake:
        among = questions.did_between(
            lake, event="order_paid", since=start, until=end, among=[1, 2]
        ).to_pylist()
        all_of_them = questions.did_between(lake, event="order_paid", since=start, until=end)
    assert among == [{"customer": 1, "times": 2, "amount": 12}]
    assert all_of_them["customer"].to_pylist() == [1, 3]
