"""Deliveries: commits shared by many, trouble told to everybody, and quotas that hold."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from console.models import Staff
from segments import deliveries, write_keys
from segments.items import Consent, Event, Group, Item, Link, Profile
from segments.models import DeadLetter, Delivery, EventSource
from tests.segments.collect.knocking import event_of, send_items, words_of
from tests.segments.collect.reading import reasons, taken

committing = pytest.mark.django_db(transaction=True)
DIALECTS = ("segment", "mixpanel", "posthog", "sensors", "own")
ITEMS: list[Item] = [
    Event("k1", (("user_id", "安娜"),), "Seen", 1, {"a": [1, {"b": None}]}, True),
    Profile("k2", (("user_id", "u"),), 2, True, {"a": 1}, {"b": 2}, {"c": 1.5}, {"d": 3},
            {"e": [4]}, {"f": 5}, ("g", "h")),
    Link("k3", (("user_id", "u"), ("anonymous_id", "a")), 3, True),
    Group("k4", "company", "acme", 4, (("user_id", "u"),), set={"seats": 7}, unset=("x",)),
    Consent("k5", (("email", "a@b.example"),), 5, "email", "marketing", False),
]  # fmt: skip


def an_event(number: int) -> Event:
    return Event(f"key-{number}", (("user_id", f"u{number}"),), "Seen", 1_790_000_000_000_000)


@pytest.fixture
def many() -> Iterator[ThreadPoolExecutor]:
    """Threads that close their connections, so that the test's database can go."""
    pool = ThreadPoolExecutor(16)
    yield pool
    barrier = threading.Barrier(16)

    def close(_: int) -> None:
        barrier.wait()  # each thread takes one
        connection.close()

    list(pool.map(close, range(16)))
    pool.shutdown()


def test_items_come_back_as_they_were() -> None:
    assert deliveries.decode(deliveries.encode(ITEMS)) == ITEMS
    assert deliveries.decode(memoryview(deliveries.encode(ITEMS))) == ITEMS


@committing
def test_many_requests_share_a_commit(
    source: EventSource, many: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    write = deliveries._insert

    def slowly(rows: dict[str, list[Any]]) -> None:
        sizes.append(len(rows["counts"]))
        time.sleep(0.02)
        write(rows)

    monkeypatch.setattr(deliveries, "_insert", slowly)

    def accept(number: int) -> bool:
        deliveries.accept(source.pk, [an_event(number)], received_at=timezone.now())
        return Delivery.objects.filter(items=deliveries.encode([an_event(number)])).exists()

    assert all(many.map(accept, range(160)))  # committed before each answer
    assert sum(sizes) == 160
    assert len(sizes) < 60
    assert {item.key for item in taken()} == {f"key-{number}" for number in range(160)}


@committing
def test_the_trouble_of_one_is_not_anothers(
    source: EventSource, many: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = deliveries._insert

    def slowly(rows: dict[str, list[Any]]) -> None:
        time.sleep(0.02)
        write(rows)

    monkeypatch.setattr(deliveries, "_insert", slowly)
    nobody = source.pk + 999

    def accept(number: int) -> str:
        dead = [deliveries.Dead("own", "no_name", b"{}")]
        of = nobody if number % 10 == 0 else source.pk
        try:
            deliveries.accept(of, [an_event(number)], dead, received_at=timezone.now())
        except deliveries.Unavailable:
            return "refused"
        return "taken"

    told = list(many.map(accept, range(60)))
    assert [answer == "refused" for answer in told] == [number % 10 == 0 for number in range(60)]
    assert (len(taken()), len(reasons())) == (54, 54)


@committing
def test_a_database_that_is_away_is_told_to_everybody_who_waits(
    source: EventSource, many: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_rows: object) -> None:
        time.sleep(0.02)
        raise OperationalError("away")

    monkeypatch.setattr(deliveries, "_insert", away)

    def accept(number: int) -> None:
        with pytest.raises(deliveries.Unavailable, match="away"):
            deliveries.accept(source.pk, [an_event(number)], received_at=timezone.now())

    list(many.map(accept, range(32)))
    assert (deliveries._queue, deliveries._writers) == ([], 0)


@committing
@pytest.mark.parametrize("dialect", DIALECTS)
def test_libraries_are_asked_to_come_again(
    dialect: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_items(dialect, key, event_of(dialect, key))
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    connection.close()
    told = send_items(dialect, key, event_of(dialect, key))
    monkeypatch.undo()
    connection.close()
    assert (told.status, told.headers["Retry-After"]) == (503, "5")
    assert "again" in words_of(dialect, told)
    assert len(taken()) == 1


@committing
def test_a_connection_that_died_is_made_anew(key: str) -> None:
    """As after PostgreSQL was started again: the sender notices nothing."""
    for dialect in DIALECTS:
        connection.ensure_connection()
        mine = connection.connection.info
        password = connection.settings_dict["PASSWORD"] or None
        with psycopg.connect(mine.dsn, autocommit=True, password=password) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [mine.backend_pid])
        write_keys.forget()
        assert send_items(dialect, key, event_of(dialect, key)).status == 200
    assert len(taken()) == 5


@committing
def test_nobody_waits_forever(
    source: EventSource, many: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While others write and do not come to an end, one is told to come again later."""
    write, go_on = deliveries._insert, threading.Event()

    def stuck(rows: dict[str, list[Any]]) -> None:
        go_on.wait(60)
        write(rows)

    def accept(number: int) -> None:
        deliveries.accept(source.pk, [an_event(number)], received_at=timezone.now())

    monkeypatch.setattr(deliveries, "_insert", stuck)
    others = [many.submit(accept, number) for number in range(deliveries.MOST_WRITERS)]
    while deliveries._writers < deliveries.MOST_WRITERS:
        time.sleep(0.01)
    monkeypatch.setattr(deliveries, "PATIENCE", 0.05)
    with pytest.raises(deliveries.Unavailable):
        accept(99)
    go_on.set()
    for other in others:
        other.result(timeout=20)
    accept(100)
    assert {item.key for item in taken()} == {"key-0", "key-1", "key-100"}
    assert (deliveries._queue, deliveries._writers) == ([], 0)


@committing
def test_a_writer_who_is_cut_off_acknowledges_nothing(
    source: EventSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gunicorn ends a worker that hangs by an exception in the middle of its work."""

    def cut_off(_rows: object) -> None:
        raise SystemExit

    waiting = deliveries._Waiting(deliveries._rows(source.pk, ITEMS, [], timezone.now()))
    deliveries._queue.append(waiting)
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_insert", cut_off)
        with pytest.raises(SystemExit):
            deliveries.accept(source.pk, ITEMS, received_at=timezone.now())
    assert waiting.woken.is_set()
    assert not waiting.is_over
    deliveries.accept(source.pk, ITEMS, received_at=timezone.now())
    assert (len(taken()), deliveries._writers) == (len(ITEMS), 0)


@pytest.mark.django_db
def test_inside_of_a_transaction_the_rows_belong_to_it(source: EventSource) -> None:
    deliveries.accept(source.pk, ITEMS, received_at=timezone.now())
    assert connection.in_atomic_block
    assert taken() == ITEMS
    deliveries.accept(source.pk, [], received_at=timezone.now())
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_what_no_table_can_hold_is_made_fit(source: EventSource) -> None:
    odd = deliveries.Dead("own", "bad_text", b"\x00\xff", "de\0tail\ud800" * 50, "e\0\ud800" * 50)
    deliveries.accept(source.pk, [], [odd], received_at=timezone.now())
    letter = DeadLetter.objects.get()
    assert (bytes(letter.raw), len(letter.event), len(letter.detail)) == (b"\x00\xff", 80, 200)


# --- quotas -----------------------------------------------------------------


@committing
def test_a_quota_is_never_overrun(
    source: EventSource, admin: Staff, many: ThreadPoolExecutor
) -> None:
    _kept, text = write_keys.make(source, by=admin, scopes=["events"], per_second=1, burst=40)

    def send(number: int) -> int:
        return send_items("own", text, *[event_of("own", text, who=f"{number}")] * 3).status

    told = list(many.map(send, range(64)))
    assert told.count(200) in {13, 14}  # of 40, and what the seconds of the test added
    assert set(told) == {200, 429}
    assert len(taken()) == 3 * told.count(200)


@pytest.mark.django_db
@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_says_when_to_come_again(
    dialect: str, source: EventSource, admin: Staff
) -> None:
    _kept, text = write_keys.make(source, by=admin, scopes=["events"], per_second=1, burst=2)
    raw = event_of(dialect, text)
    assert send_items(dialect, text, raw, raw).status == 200
    told = send_items(dialect, text, raw, raw)
    assert told.status == 429
    assert told.headers["Retry-After"] in {"1", "2"}
    assert "Retry" not in words_of(dialect, told)
    assert "second" in words_of(dialect, told)
    assert len(taken()) == 2


@pytest.mark.django_db
def test_a_request_larger_than_the_bucket_is_taken_whole_once_it_is_full(
    source: EventSource, admin: Staff
) -> None:
    kept, text = write_keys.make(source, by=admin, scopes=["events"], per_second=10, burst=20)
    found = write_keys.find(text, at=timezone.now())
    assert found is not None
    assert write_keys.seconds_to_wait(found, 50) == 0
    assert write_keys.seconds_to_wait(found, 1) in {3, 4}  # the debt of 30 comes first
    assert kept.pk == found.id


@pytest.mark.django_db
def test_without_valkey_everybody_may_send(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(write_keys, "_bucket", None)
    monkeypatch.setattr(write_keys, "_ask_again_at", 0.0)
    warned: list[str] = []
    monkeypatch.setattr(write_keys.log, "warning", lambda event, **_: warned.append(event))
    for _ in range(3):
        assert send_items("own", key, event_of("own", key)).status == 200
    assert warned == ["quota.unchecked"]
    monkeypatch.setattr(write_keys, "_bucket", None)
