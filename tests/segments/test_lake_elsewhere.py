"""A lake in object storage: the same as one in a folder, on a server that speaks S3."""

import datetime as dt
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from segments.lake import clickhouse, day_sets, engine, places, questions, rewrite, schema, store
from segments.lake.places import Place
from tests.segments import factories

DAY = dt.date(2024, 3, 1)
LATER = DAY + dt.timedelta(days=8)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server that speaks S3, on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _attempt in range(600):
            try:
                urllib.request.urlopen(urllib.request.Request(f"{url}/lakes", method="PUT"))
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def place(server: str, tmp_path: Path) -> Place:
    environ = {
        "AWS_ENDPOINT_URL": server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "HOME": "not for the lake",
    }
    return places.lake(f"s3://lakes/{tmp_path.name}/console", tmp_path / "scratch", environ)


def put(place: Place, *rows: dict[str, object], version: int = 1, app_id: str = "test") -> bool:
    return store.append(place, schema.table(list(rows)), app_id=app_id, version=version)


def test_it_is_written_read_and_tidied_like_a_folder(place: Place) -> None:
    assert store.days(place) == store.files(place) == []
    for version, customer in enumerate((8, 2, 5), start=1):
        assert put(place, factories.row(customer, DAY, amount=7), version=version)
    assert put(place, factories.row(1, LATER, event="页面"), app_id="other")
    assert not put(place, factories.row(8, DAY), version=3)
    assert store.version(place, "test") == 3
    assert store.days(place) == [DAY, LATER]
    assert all(file.startswith("s3://lakes/") for file in store.files(place, DAY, DAY))
    assert store.compact(place) == 1
    assert len(store.files(place)) == 2
    assert store.vacuum(place) == 0
    with engine.connect(place, moved={8: 5}) as lake:
        (sums,) = questions.daily_sums(lake, since=DAY, until=DAY).to_pylist()
        newest = questions.newest_first(lake, customer=5, limit=5).to_pylist()
    assert (sums["events"], sums["customers"], sums["amount"]) == (3, 2, 21)
    assert [row["customer"] for row in newest] == [5, 5]
    found = {
        (one.event, one.day, one.level, one.size) for one in day_sets.build(place, [DAY, LATER])
    }
    assert found == {("order_paid", DAY, 1, 3), ("页面", LATER, 1, 1)}


def test_writers_at_once_lose_and_double_nothing(place: Place) -> None:
    put(place, factories.row(1, DAY))

    def write(number: int) -> bool:
        row = factories.row(number, DAY)
        assert put(place, row, app_id=f"own {number}")
        return put(place, row, app_id="shared", version=2)

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(write, (11, 12, 13))) == [False, False, True]
    with engine.connect(place) as lake:
        customers = lake.ask(lake.events())["customer"].to_pylist()
    assert sorted(set(customers)) == [1, 11, 12, 13]
    assert len(customers) == 5


def test_a_customer_is_taken_out_and_their_files_go(place: Place) -> None:
    put(place, factories.row(1, DAY), factories.row(2, DAY))
    assert rewrite.remove(place, [1]) == 1
    gone, _waiting = rewrite.purge(place, grace=dt.timedelta(0))
    assert gone == 1
    with engine.connect(place) as lake:
        assert lake.ask(lake.events())["customer"].to_pylist() == [2]


def test_clickhouse_is_told_where_it_lies(place: Place, server: str) -> None:
    found = clickhouse.source(place, places.Engine("clickhouse"))
    assert found.startswith(f"deltaLake('{server}/lakes/")
    assert found.endswith("/console/events', 'someone', 'secret')")
    named = places.Engine("clickhouse", options={"events": "shop.events"})
    assert clickhouse.source(place, named) == "shop.events"
