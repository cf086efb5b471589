"""A table that is kept open for reading is never older than the lake, whoever wrote to it."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segments.lake import engine, places, schema, store, tables
from tests.segments import factories

DAY = dt.date(2017, 3, 1)


class Elsewhere:
    """Another process that works on the same lake, a line of Python at a time."""

    PROGRAM = """if True:
        import datetime as dt, shutil, sys
        from pathlib import Path
        from segments.lake import rewrite, schema, store
        day = dt.date(2017, 3, 1)
        def put(customer, version):
            row = {"day": day, "time": dt.datetime(2017, 3, 1, 12, tzinfo=dt.UTC), "event": "x",
                   "customer": customer, "key": str(customer), "properties": "{}"}
            assert store.append(path, schema.table([row]), app_id="test", version=version)
        for line in sys.stdin:
            name, _, work = line.partition(": ")
            path = Path(name)
            exec(work)
            print("done", flush=True)
    """

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def does(self, path: Path, work: str) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{path}: {work}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    other = Elsewhere()
    yield other
    other.process.communicate()  # which ends its input


def seen(path: Path) -> list[int]:
    """The customers of the events that a reader finds now."""
    with engine.connect(path) as lake:
        return sorted(lake.ask(lake.events())["customer"].to_pylist())


def put(path: Path, customer: int, version: int) -> None:
    rows = schema.table([factories.row(customer, DAY)])
    assert store.append(path, rows, app_id="test", version=version)


def kept(path: Path) -> Any:
    table = tables.latest(path)
    assert table is not None
    return table


def test_whatever_another_process_does_to_the_lake_is_seen(
    tmp_path: Path, elsewhere: Elsewhere
) -> None:
    assert seen(tmp_path) == []
    elsewhere.does(tmp_path, "put(1, 1)")
    assert seen(tmp_path) == [1]
    table = kept(tmp_path)
    elsewhere.does(tmp_path, "put(2, 2); put(3, 3)")
    assert seen(tmp_path) == [1, 2, 3]
    elsewhere.does(tmp_path, "store.compact(path)")
    assert (seen(tmp_path), len(store.files(tmp_path))) == ([1, 2, 3], 1)
    elsewhere.does(tmp_path, "rewrite.remove(path, {2})")
    assert seen(tmp_path) == [1, 3]
    assert kept(tmp_path) is table  # all this while
    elsewhere.does(tmp_path, "put(4, 4); rewrite.purge(path, grace=dt.timedelta(0))")  # and its log
    assert seen(tmp_path) == [1, 3, 4]
    elsewhere.does(tmp_path, "rewrite.drop(path, [day])")
    assert (seen(tmp_path), store.days(tmp_path)) == ([], [])


def test_a_lake_that_is_begun_anew_is_another_lake(tmp_path: Path, elsewhere: Elsewhere) -> None:
    """With as many commits as the old one had, or with fewer, or not at all."""
    elsewhere.does(tmp_path, "put(1, 1); put(2, 2)")
    assert seen(tmp_path) == [1, 2]
    elsewhere.does(tmp_path, "shutil.rmtree(path / 'events'); put(7, 1); put(8, 2)")
    assert seen(tmp_path) == [7, 8]
    elsewhere.does(tmp_path, "shutil.rmtree(path / 'events'); put(9, 1)")
    assert seen(tmp_path) == [9]
    elsewhere.does(tmp_path, "shutil.rmtree(path / 'events')")
    assert seen(tmp_path) == []


def test_one_table_is_kept_whichever_lakes_are_read(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    put(one, 1, 1)
    put(other, 2, 1)
    assert [seen(one), seen(other), seen(one)] == [[1], [2], [1]]
    assert kept(one) is kept(one)
    assert kept(one) is not kept(other)


def test_who_changes_the_lake_opens_it_for_themselves(tmp_path: Path) -> None:
    put(tmp_path, 1, 1)
    assert tables.opened(tmp_path) is not tables.opened(tmp_path)
    assert tables.opened(tmp_path) is not kept(tmp_path)


def test_a_lake_in_object_storage_is_opened_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = iter("ab")
    monkeypatch.setattr(tables, "opened", lambda where: next(opened))
    place = places.Place("s3://lakes/ours", tmp_path)
    assert [tables.latest(place), tables.latest(place)] == ["a", "b"]


def test_opening_reads_few_commits_however_many_there_are(tmp_path: Path) -> None:
    every = int(tables.PROPERTIES["delta.checkpointInterval"])
    tables.opened_or_made(tmp_path)
    for version in range(1, every + 2):
        put(tmp_path, version, version)
    log = tmp_path / "events" / "_delta_log"
    assert len(list(log.glob("*.checkpoint.parquet"))) == 1
    assert seen(tmp_path) == list(range(1, every + 2))


def test_a_lake_of_an_earlier_release_is_settled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(tables, "PROPERTIES", {})
        put(tmp_path, 1, 1)
    store.compact(tmp_path)
    store.compact(tmp_path)
    table = kept(tmp_path)
    assert table.metadata().configuration == tables.PROPERTIES
    assert table.version() == 2  # made, appended, settled
    assert seen(tmp_path) == [1]
