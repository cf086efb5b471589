"""Rewriting the lake: rows removed, renumbered and renamed, in one commit."""

import datetime as dt
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from segments.lake import engine, rewrite, schema, store, tables

FIRST, SECOND = dt.date(2024, 1, 1), dt.date(2024, 1, 2)
SECRET = "ann@customers.example"


def row(customer: int, hour: int, day: dt.date = FIRST, event: str = "seen") -> dict[str, Any]:
    return {
        "day": day,
        "time": dt.datetime.combine(day, dt.time(hour), dt.UTC),
        "customer": customer,
        "event": event,
        "key": f"{day}-{customer}-{hour}",
        "amount": None,
        "properties": f'{{"mail":"{SECRET}"}}' if customer == 2 else "{}",
    }


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two days; the second one in two files."""
    rows = [row(customer, hour) for customer in (1, 2, 3, 4) for hour in (1, 2, 3)]
    store.append(tmp_path, schema.table(rows), app_id="test", version=1)
    for version, customers in ((2, (1, 2, 9)), (3, (3, 4))):
        rows = [row(customer, 5, SECOND, "paid") for customer in customers]
        store.append(tmp_path, schema.table(rows), app_id="test", version=version)
    return tmp_path


def customers(lake: Path, day: dt.date | None = None) -> list[int]:
    with engine.connect(lake) as opened:
        found = opened.ask(opened.events(day, day).select("customer"))
    return sorted(found["customer"].to_pylist())


def in_order(lake: Path) -> bool:
    import pyarrow.parquet as pq

    read = [pq.read_table(file, columns=["customer"]) for file in store.files(lake)]
    columns = [table["customer"].to_pylist() for table in read]
    return all(column == sorted(column) for column in columns)


def text_of(folder: Path) -> bytes:
    """Everything below a folder: the files as they are, and the values of Parquet files."""
    import pyarrow.parquet as pq

    found = b""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        found += file.read_bytes()
        if file.suffix == ".parquet":
            found += str(pq.ParquetFile(file).read().to_pylist()).encode()
    return found


def test_removing_takes_out_every_event_of_the_customers(lake: Path) -> None:
    assert rewrite.remove(lake, {2, 4, 77}) == 8
    assert set(customers(lake)) == {1, 3, 9}
    assert rewrite.count(lake, {2, 4}) == 0
    assert rewrite.count(lake, {1}) == 4


def test_removing_again_changes_nothing(lake: Path) -> None:
    rewrite.remove(lake, {2})
    before = store.files(lake)
    assert rewrite.remove(lake, {2}) == 0
    assert store.files(lake) == before


def test_files_without_the_customer_stay_as_they_are(lake: Path) -> None:
    before = set(store.files(lake))
    rewrite.remove(lake, {9})
    assert len(before & set(store.files(lake))) == 2


def test_a_day_that_is_left_with_nothing_is_gone(lake: Path) -> None:
    rewrite.remove(lake, {1, 2, 3, 4}, days=[FIRST])
    assert store.days(lake) == [SECOND]
    assert customers(lake) == [1, 2, 3, 4, 9]


def test_only_the_days_asked_for_are_rewritten(lake: Path) -> None:
    assert rewrite.remove(lake, {2}, days=[SECOND]) == 1
    assert 2 in customers(lake, FIRST)
    assert 2 not in customers(lake, SECOND)


def test_all_days_are_swapped_in_one_commit(lake: Path) -> None:
    before = tables.opened(lake).version()  # type: ignore[union-attr]
    rewrite.remove(lake, {2})
    assert tables.opened(lake).version() == before + 1  # type: ignore[union-attr]


def test_renumbered_events_lie_with_their_new_customer(lake: Path) -> None:
    assert rewrite.renumber(lake, {4: 1, 2: 9}) == 8
    assert set(customers(lake)) == {1, 3, 9}
    assert in_order(lake)
    assert rewrite.renumber(lake, {4: 1, 2: 9}) == 0


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_order_is_kept_in_whatever_pieces_a_file_is_read(
    tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ROWS_IN_A_GROUP", rows)
    many = [row(customer, 1) for customer in range(1, 60)]
    store.append(tmp_path, schema.table(many), app_id="test", version=1)
    rewrite.renumber(tmp_path, {50: 3, 51: 3, 2: 58, 4: 200, 7: 1})
    assert len(customers(tmp_path)) == 59
    assert customers(tmp_path).count(3) == 3
    assert in_order(tmp_path)


def test_renamed_events_are_called_by_the_new_name(lake: Path) -> None:
    assert rewrite.rename(lake, {"paid": "order_paid"}) == 5
    with engine.connect(lake) as opened:
        names = opened.ask(opened.events().select("event").distinct())["event"].to_pylist()
    assert set(names) == {"seen", "order_paid"}


def test_app_versions_survive_rewriting_and_purging(lake: Path) -> None:
    rewrite.remove(lake, {2})
    rewrite.purge(lake, grace=dt.timedelta(0))
    assert store.version(lake, "test") == 3
    assert not store.append(lake, schema.table([row(1, 1)]), app_id="test", version=3)
    assert store.append(lake, schema.table([row(1, 9)]), app_id="test", version=4)
    assert customers(lake).count(1) == 5


def test_readers_keep_their_files_for_a_while(lake: Path) -> None:
    opened = store.files(lake)
    rewrite.remove(lake, {2})
    gone, waiting = rewrite.purge(lake)
    assert (gone, waiting) == (0, 2)
    assert all(Path(file).exists() for file in opened)
    assert rewrite.purge(lake, grace=dt.timedelta(0)) == (2, 0)
    assert not all(Path(file).exists() for file in opened)


def test_what_a_killed_writer_left_is_purged_at_once(lake: Path) -> None:
    left = lake / "events" / f"day={FIRST}" / "part-left.zstd.parquet"
    left.write_bytes(Path(store.files(lake)[0]).read_bytes())
    assert rewrite.purge(lake) == (1, 0)
    assert not left.exists()


def test_nothing_below_the_lake_tells_of_who_was_removed(lake: Path) -> None:
    store.compact(lake)  # whose log quotes the smallest and largest values of each column
    assert SECRET.encode() in text_of(lake)
    rewrite.remove(lake, {2})
    rewrite.purge(lake, grace=dt.timedelta(0))
    assert SECRET.encode() not in text_of(lake)


def test_a_lake_that_does_not_exist_has_nothing_to_change(tmp_path: Path) -> None:
    assert rewrite.remove(tmp_path, {1}) == 0
    assert rewrite.count(tmp_path, {1}) == 0
    assert rewrite.purge(tmp_path) == (0, 0)


def test_an_append_at_the_same_time_is_kept(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = rewrite._Files._commit

    def late(self: Any, *args: Any) -> None:
        if not store.version(lake, "other"):
            store.append(lake, schema.table([row(7, 1)]), app_id="other", version=1)
        commit(self, *args)

    monkeypatch.setattr(rewrite._Files, "_commit", late)
    rewrite.remove(lake, {2})
    assert set(customers(lake)) == {1, 3, 4, 7, 9}


def test_a_compaction_at_the_same_time_doubles_nothing(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, compacted = rewrite._Files._commit, list[int]()

    def late(self: Any, *args: Any) -> None:
        if not compacted:
            compacted.append(store.compact(lake))
        commit(self, *args)

    monkeypatch.setattr(rewrite._Files, "_commit", late)
    assert rewrite.remove(lake, {2}) == 4
    assert compacted == [1]
    assert len(customers(lake)) == 13
    assert 2 not in customers(lake)


def killed_before_the_commit(lake: Path) -> None:
    rewrite._Files._commit = lambda *_args: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    rewrite.remove(lake, {2})


def test_killed_before_the_commit_nothing_has_changed(lake: Path) -> None:
    before = customers(lake)
    process = multiprocessing.get_context("spawn").Process(
        target=killed_before_the_commit, args=(lake,)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert customers(lake) == before
    assert rewrite.remove(lake, {2}) == 4
    rewrite.purge(lake, grace=dt.timedelta(0))
    assert SECRET.encode() not in text_of(lake)
