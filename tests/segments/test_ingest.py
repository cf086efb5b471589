"""The inbox and its way into the lake: neither lost nor doubled, wherever it is interrupted."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection

from console.models import Project
from segments import ingest
from segments.lake import engine, store
from segments.models import DirtyDay, EventType, InboxBatch, InboxEvent, ReceivedKey
from tests.segments import factories, programs

DAY = "2017-03-01"


def in_lake() -> list[dict[str, Any]]:
    with engine.connect(factories.lake_path()) as lake:
        return sorted(lake.ask(lake.events()).to_pylist(), key=lambda row: row["key"])


@pytest.mark.django_db
def test_an_event_arrives_in_the_lake_as_it_was_sent() -> None:
    Project.objects.update(time_zone="Asia/Shanghai")
    late = dt.datetime(2017, 3, 1, 23, 30, 5, 123456, dt.UTC)  # the next morning in Shanghai
    event = factories.incoming(
        7, DAY, key="k", time=late, amount=-250, properties={"store": 367, "词": "a'b\"c"}
    )
    assert ingest.receive([event]) == 1
    assert ingest.flush() == 1
    (row,) = in_lake()
    assert row == {
        "day": dt.date(2017, 3, 2),
        "time": late,
        "customer": 7,
        "event": "order_paid",
        "key": "k",
        "amount": -250,
        "properties": '{"词": "a\'b\\"c", "store": 367}',
    }
    assert not InboxEvent.objects.exists()
    assert list(DirtyDay.objects.values_list("day", flat=True)) == [dt.date(2017, 3, 2)]


@pytest.mark.django_db
def test_the_catalogue_counts_what_was_flushed() -> None:
    ingest.receive([factories.incoming(1, DAY), factories.incoming(2, "2017-03-04")])
    ingest.receive(
        [factories.incoming(1, "2017-02-01"), factories.incoming(1, DAY, name="item_bought")]
    )
    ingest.flush()
    orders = EventType.objects.get(name="order_paid")
    assert (orders.volume, orders.counts_as_active) == (3, True)
    assert orders.first_seen_at == factories.moment("2017-02-01")
    assert orders.last_seen_at == factories.moment("2017-03-04")
    assert EventType.objects.get(name="item_bought").counts_as_active is False


@pytest.mark.django_db
def test_a_key_is_taken_once_before_and_after_the_flush() -> None:
    event = factories.incoming(1, DAY, key="same")
    assert ingest.receive([event, event]) == 1
    assert ingest.receive([event, factories.incoming(1, DAY)]) == 1
    ingest.flush()
    assert ingest.receive([event]) == 0
    assert ingest.flush() == 0
    assert len(in_lake()) == 2


@pytest.mark.django_db
def test_a_key_is_forgotten_after_the_days_that_the_rule_says() -> None:
    start = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    event = factories.incoming(1, DAY, key="same")
    with time_machine.travel(start, tick=False):
        ingest.receive([event])
        ingest.flush()
    with time_machine.travel(start + dt.timedelta(days=ingest.DAYS_REMEMBERED), tick=False):
        ingest.flush()
        assert ingest.receive([event]) == 0
    with time_machine.travel(start + dt.timedelta(days=ingest.DAYS_REMEMBERED + 1), tick=False):
        ingest.flush()
        assert not ReceivedKey.objects.exists()
        assert ingest.receive([event]) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"name": "n" * 81},
        {"properties": {"n": 10**400}},  # beyond all numbers
        {"key": ""},
        {"key": "k" * 201},
        {"key": "a\0b"},
        {"key": "\ud800"},
        {"time": dt.datetime(2017, 1, 1)},
        {"time": dt.datetime(9999, 1, 1, tzinfo=dt.UTC)},
        {"amount": 2**63},
        {"properties": {"a": float("nan")}},
        {"properties": {"a": dt.date(2017, 1, 1)}},
        {"properties": {"a": "\0"}},
        {"properties": {"a": "\udfff"}},
    ],
)
def test_with_a_bad_event_none_of_the_batch_is_taken(bad: dict[str, Any]) -> None:
    with pytest.raises(ingest.Refused):
        ingest.receive([factories.incoming(1, DAY), factories.incoming(1, DAY, **bad)])
    assert not InboxEvent.objects.exists()
    assert not ReceivedKey.objects.exists()


@pytest.mark.django_db
def test_nothing_received_is_nothing_done() -> None:
    assert ingest.receive([]) == 0
    assert ingest.flush() == 0


@pytest.mark.django_db
def test_a_full_inbox_leaves_in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "AT_A_TIME", 4)
    ingest.receive([factories.incoming(number, DAY) for number in range(1, 11)])
    assert ingest.flush() == 10
    assert sorted(row["customer"] for row in in_lake()) == list(range(1, 11))


@pytest.mark.django_db
def test_a_day_that_scatters_over_many_files_is_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    def files() -> int:
        return len(store.files(factories.lake_path()))

    monkeypatch.setattr(ingest, "FILES_OF_A_DAY", 3)
    found = []
    for number in range(1, 6):
        ingest.receive([factories.incoming(number, DAY)])
        ingest.flush()
        found.append(files())
    assert found == [1, 2, 3, 1, 2]
    assert ingest.tidy() == 1
    assert files() == 1
    assert sorted(row["customer"] for row in in_lake()) == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_two_requests_with_the_same_events_take_each_once() -> None:
    events = [factories.incoming(1, DAY, key=f"k{number}") for number in range(500)]
    together = threading.Barrier(2)

    def send(mine: list[ingest.IncomingEvent]) -> int:
        try:
            together.wait()
            return ingest.receive(mine)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(send, [events, events[::-1]]))
    assert sum(counts) == InboxEvent.objects.count() == 500


@pytest.mark.django_db(transaction=True)
def test_while_somebody_else_writes_the_lake_a_flush_leaves_the_inbox_alone() -> None:
    ingest.receive([factories.incoming(1, DAY)])

    def flush() -> int:
        try:
            return ingest.flush()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with ingest.lake_lock(wait=True):
            assert pool.submit(flush).result(timeout=30) == 0
        assert InboxEvent.objects.count() == 1
        assert pool.submit(flush).result(timeout=30) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "killed",
    [
        "ingest._move = die",  # the batch has its number
        "store._commit = die",  # its files are written, nobody knows them
        "store.append = then_die(store.append)",  # the lake has it, the inbox still too
        "catalogue.add = then_die(catalogue.add)",  # in the middle of the last transaction
        "ingest._forget = die",  # all is done
    ],
)
def test_a_flush_that_is_killed_loses_and_doubles_nothing(killed: str) -> None:
    ingest.receive([factories.incoming(number, DAY, key=f"k{number}") for number in range(3)])
    program = f"""
        from segments import catalogue, ingest
        from segments.lake import store
        {killed}
        ingest.flush()
    """
    assert programs.run(program) == -9
    ingest.receive([factories.incoming(9, DAY, key="meanwhile")])
    ingest.flush()
    assert [row["key"] for row in in_lake()] == ["k0", "k1", "k2", "meanwhile"]
    assert EventType.objects.get(name="order_paid").volume == 4
    assert not InboxEvent.objects.exists()
    assert DirtyDay.objects.count() == 1


@pytest.mark.django_db
def test_a_batch_is_bounded_by_its_bytes_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BYTES_AT_A_TIME", 2500)
    events = [factories.incoming(1, DAY, properties={"text": "x" * 1000}) for _each in range(5)]
    events.append(factories.incoming(1, DAY, properties={"text": "x" * 5000}))
    ingest.receive(events)
    assert ingest.flush() == 6
    assert store.version(factories.lake_path(), ingest.APP) == 4  # 2, 2, 1 and the large one
    assert len(in_lake()) == 6


@pytest.mark.django_db
def test_a_batch_whose_people_were_all_erased_meanwhile_is_an_empty_one() -> None:
    anna = factories.CustomerFactory()
    ingest.receive([factories.incoming(anna, DAY)])
    assert ingest._next_batch(2**62) == 1
    InboxEvent.objects.all().delete()
    assert ingest.flush() == 0
    assert not InboxBatch.objects.exists()
    ingest.receive([factories.incoming(anna, DAY)])
    assert ingest.flush() == 1


@pytest.mark.django_db
def test_what_a_batch_has_already_is_not_waiting() -> None:
    ingest.receive([factories.incoming(1, DAY, key="moving")])
    ingest._next_batch(2**62)
    ingest.receive([factories.incoming(1, DAY, key="waiting")])
    assert [event.key for event in ingest.waiting()] == ["waiting"]
