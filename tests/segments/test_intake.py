"""Sorting deliveries: each item once, whatever breaks."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from segments import deliveries, identity, intake, sorting
from segments.models import (
    Customer,
    Delivery,
    EventSource,
    Identifier,
    InboxEvent,
    Merge,
    SourceDay,
)
from tests.segments import programs, sent
from tests.segments.sent import NOW, event, letter, profile, user, visit

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
pytestmark = pytest.mark.django_db


# --- taken once -------------------------------------------------------------


def test_an_event_becomes_its_customers_row_in_the_lake() -> None:
    sent.take(event(user("anna"), name="order_paid", key="m1", properties={"total": "12.50"}))
    (row,) = sent.in_lake()
    assert row["customer"] == sent.of(user("anna")).pk
    assert (row["event"], row["time"], row["amount"]) == ("order_paid", NOW, 1250)
    assert row["key"] == f"{sent.source().pk}:m1"
    assert not Delivery.objects.exists()


def test_the_same_message_is_taken_once_in_one_batch_and_in_later_ones() -> None:
    one = event(user("anna"))
    sent.deliver(one, one)
    sent.deliver(one)
    first = intake.run(at=timezone.now()).fates
    assert (first["events"], first["known"]) == (1, 2)
    assert sent.take(one)["known"] == 1
    sent.in_lake()
    assert sent.take(one)["known"] == 1
    assert len(sent.in_lake()) == 1


def test_one_message_can_be_an_event_and_a_profile() -> None:
    sent.take(event(user("anna"), key="m"), profile(user("anna"), key="m", set={"vip": True}))
    assert InboxEvent.objects.count() == 1
    assert sent.of(user("anna")).attributes == {"vip": True}


def test_two_sources_may_use_the_same_key() -> None:
    other = EventSource.objects.create(name="App")
    sent.deliver(event(user("anna"), key="1"))
    deliveries.accept(other.pk, [event(user("anna"), key="1")], received_at=NOW)
    assert intake.run(at=timezone.now()).fates["events"] == 2


def test_a_backlog_is_taken_in_bounded_batches_in_its_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "MOST_ITEMS", 3)
    for number in range(5):
        sent.deliver(*(profile(user("anna"), set={"n": number, str(number): 1}) for _ in "ab"))
    total = intake.run(at=timezone.now())
    assert (total.deliveries, total.items) == (5, 10)
    assert sent.of(user("anna")).attributes == {"n": 4, **dict.fromkeys("01234", 1)}


def test_a_delivery_larger_than_a_batch_is_taken_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "MOST_BYTES", 10)
    sent.deliver(event(user("anna")), event(user("ben")))
    sent.deliver(event(user("anna")))
    assert intake.run(at=timezone.now()).fates["events"] == 3


def test_what_each_source_sent_is_counted() -> None:
    sent.take(event(user("anna")), event(user("ben")))
    assert SourceDay.objects.get(source=sent.source()).items == 2


# --- what breaks ------------------------------------------------------------


def test_what_breaks_a_batch_is_set_aside_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = sorting._Batch._row

    def breaking(batch: Any, entry: Any, *rest: Any) -> Any:
        if "poison" in entry.item.properties:
            raise ArithmeticError("no")
        return row(batch, entry, *rest)

    monkeypatch.setattr(sorting._Batch, "_row", breaking)
    poison = event(user("zoe"), properties={"poison": 1})
    sent.deliver(event(user("anna")))
    sent.deliver(event(user("ben")), poison, event(user("anna")))
    sent.deliver(event(user("cleo")))
    fates = intake.run(at=timezone.now()).fates
    assert (fates["events"], fates["dead"]) == (4, 1)
    assert (letter().reason, letter().detail) == ("broken", "ArithmeticError")
    assert deliveries.decode(letter().raw) == [poison]
    assert not Delivery.objects.exists()
    assert sent.people() == {frozenset({user(name)}) for name in ("anna", "ben", "cleo")}


def test_a_delivery_that_nobody_can_read_is_set_aside_whole() -> None:
    Delivery.objects.create(source_id=sent.source().pk, received_at=NOW, count=2, items=b"[[1")
    assert sent.take(event(user("anna"))) == {"dead": 2, "events": 1}
    assert (letter().reason, bytes(letter().raw)) == ("broken", b"[[1")


@pytest.mark.django_db(transaction=True)
def test_two_workers_sort_everything_once() -> None:
    for number in range(40):
        sent.deliver(*(event(user(f"u{one}")) for one in range(number, number + 25)))

    def sort(_worker: int) -> int:
        try:
            return intake.run(at=timezone.now()).fates["events"]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(sort, range(2)))
    assert sum(counts) + intake.run(at=timezone.now()).fates["events"] == 1000
    assert InboxEvent.objects.count() == 1000
    assert Customer.objects.count() == Identifier.objects.count() == 64


@pytest.mark.django_db(transaction=True)
def test_a_new_id_that_an_import_names_at_the_same_moment_is_one_customer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settle = identity.settle
    raced: list[int] = []

    def late(*args: Any, **kwargs: Any) -> None:
        if not raced:
            with ThreadPoolExecutor(1) as pool:
                raced.append(pool.submit(_import_anna).result())
        settle(*args, **kwargs)

    monkeypatch.setattr(identity, "settle", late)
    assert sent.take(event(user("anna")), event(user("ben")))["events"] == 2
    assert Customer.objects.count() == 2
    assert sent.of(user("anna")).pk == raced[0]


def _import_anna() -> int:
    try:
        return identity.resolve("user_id", ["anna"])["anna"]
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "killed",
    [
        "identity.settle = then_die(identity.settle)",
        "merging.merge_many = then_die(merging.merge_many)",
        "sorting._Batch._happen = then_die(sorting._Batch._happen)",
        "intake._next = then_die(intake._next)",
        "ingest.flush = die",
        "store.append = then_die(store.append)",
        "ingest._forget = die",
    ],
)
def test_a_worker_that_is_killed_anywhere_loses_and_doubles_nothing(killed: str) -> None:
    sent.take(event(visit("v"), key="before"), event(user("anna"), key="before too"))
    for number in range(3):
        sent.deliver(
            event(user("anna"), visit("v"), key=f"k{number}"),
            profile(user("anna"), add={"points": 1}),
        )
    program = f"""
        from django.utils import timezone, translation
        from segments import identity, ingest, intake, merging, sorting
        from segments.lake import store
        {killed}
        intake.run(at=timezone.now())
        ingest.flush()
    """
    assert programs.run(program) == -9
    intake.run(at=timezone.now())
    sent_by = sent.source().pk
    found = [row["key"].removeprefix(f"{sent_by}:") for row in sent.in_lake()]
    assert found == ["before", "before too", "k0", "k1", "k2"]
    assert sent.of(user("anna")).attributes == {"points": 3}
    assert Merge.objects.count() == 1
    assert not Delivery.objects.exists()
    assert not InboxEvent.objects.exists()
