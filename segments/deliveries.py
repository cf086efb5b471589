"""Accepted deliveries: written down together, so that an answer never comes before its commit."""

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import psycopg
from django.db import InterfaceError, OperationalError, connection

from segments.dialects import item as item_form
from segments.dialects import texts
from segments.items import Group, Id, Item

T = TypeVar("T")

LONGEST_RAW = 64 * 1024  # bytes of a dead letter that are kept
PATIENCE = 20.0  # seconds that a request waits for its commit; less than any library waits for us
ITEM = "item"  # the dialect of a dead letter that is in our own form already

_TAGS = {kind: tag for tag, kind in item_form.KINDS.items()}
_OF_IDS = ("ids", "members")


class Unavailable(Exception):
    """The database is away: nothing is certain to be kept, and the sender should come again."""


@dataclass(frozen=True)
class Dead:
    """One item that cannot be taken: why, and what came, as much of it as is kept."""

    dialect: str
    reason: str  # a code of `dead_letters.REASONS`
    raw: bytes
    detail: str = ""
    event: str = ""


# --- items as bytes ---------------------------------------------------------


def encode(items: Sequence[Item]) -> bytes:
    """Items as they lie in `Delivery.items`: a JSON list of [tag, fields]."""
    return orjson.dumps([(_TAGS[type(item)], item) for item in items])


def decode(data: bytes | memoryview) -> list[Item]:
    """The items of a delivery, or of a dead letter of dialect "item"."""
    return [_item(tag, fields) for tag, fields in orjson.loads(data)]


def _item(tag: str, fields: dict[str, Any]) -> Item:
    for name in _OF_IDS:
        if name in fields:
            fields[name] = tuple((kind, value) for kind, value in fields[name])
    if "unset" in fields:
        fields["unset"] = tuple(fields["unset"])
    item: Item = item_form.KINDS[tag](**fields)
    return item


def ids_of(item: Item) -> tuple[Id, ...]:
    """The ids in an item."""
    return item.members if isinstance(item, Group) else item.ids


# --- keeping them -----------------------------------------------------------


@dataclass(eq=False)
class _Waiting:
    """A request that waits for the commit that it shares with others."""

    rows: dict[str, list[Any]]
    woken: threading.Event = field(default_factory=threading.Event)
    batch: "list[_Waiting]" = field(default_factory=list)  # to be written by this one
    is_over: bool = False
    problem: Exception | None = None


# While one batch is on its way to the disk, the next is read and gathered; more than two at
# once would only make the batches smaller.
MOST_WRITERS = 2
_queue: list[_Waiting] = []
_writers = 0
_guard = threading.Lock()  # of both


def accept(
    source_id: int, items: Sequence[Item], dead: Sequence[Dead] = (), *, received_at: dt.datetime
) -> None:
    """Keep what one request brought; when this returns, it is committed.

    Requests that arrive while another one's commit is under way are written together by
    the first of them, in one statement. Inside of a transaction the rows belong to it.

    Raises:
        Unavailable: the database is away.
    """
    if not items and not dead:
        return
    rows = _rows(source_id, items, dead, received_at)
    if connection.in_atomic_block:
        _insert(rows)
    else:
        _together(_Waiting(rows))


def _together(mine: _Waiting) -> None:
    """Write all that waits when a place to write is free; otherwise wait until somebody has
    written ours, or hands their place over to us."""
    global _writers
    with _guard:
        _queue.append(mine)
        if _writers < MOST_WRITERS:
            _writers += 1
            mine.batch = _gather()
    if not mine.batch and not mine.woken.wait(PATIENCE):
        _give_up(mine)
    if mine.batch:
        _lead(mine.batch)
    if mine.problem is not None or not mine.is_over:
        raise Unavailable(str(mine.problem or "cut off")) from mine.problem


def _gather() -> list[_Waiting]:
    """All that wait, taken out of the queue; for whoever holds the guard."""
    batch, _queue[:] = _queue[:], []
    return batch


def _give_up(mine: _Waiting) -> None:
    """Wait no longer; whether the rows are kept nobody can tell, so that they are sent again."""
    with _guard:
        if mine.woken.is_set():  # just now
            return
        if mine in _queue:
            _queue.remove(mine)
    raise Unavailable("another commit takes too long")


def _lead(batch: list[_Waiting]) -> None:
    """Write a batch, and hand the place over with what came meanwhile."""
    global _writers
    try:
        _write(batch)
    finally:
        with _guard:
            if _queue:
                heir = _queue[0]
                heir.batch = _gather()
                heir.woken.set()
            else:
                _writers -= 1
        for one in batch:
            one.woken.set()


def _write(batch: Sequence[_Waiting]) -> None:
    """Write a batch; when its rows are at fault, one request by one, so that nobody's
    trouble is another's. Each learns what became of its own."""
    try:
        _commit([one.rows for one in batch])
    except Exception as problem:
        if len(batch) > 1 and not isinstance(problem, OperationalError | InterfaceError):
            for one in batch:
                _write([one])
            return
        for one in batch:
            one.problem = problem
    for one in batch:
        one.is_over = True


def _commit(all_rows: Sequence[dict[str, list[Any]]]) -> None:
    """One statement is one transaction. It may run twice: every item has its key by now, so
    that rows that are written twice are taken once."""
    rows = {name: [value for rows in all_rows for value in rows[name]] for name in all_rows[0]}
    twice_if_stale(lambda: _insert(rows))


def twice_if_stale(work: Callable[[], T]) -> T:
    """Do something with the database; once more when the connection had died since it was
    last used, for example because the server was started again.

    Raises:
        OperationalError, InterfaceError: the server is away.
    """
    try:
        return work()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
    try:
        return work()
    except (OperationalError, InterfaceError):
        connection.close()  # so that the next one begins anew
        raise


def _insert(rows: dict[str, list[Any]]) -> None:
    """Past Django's cursor, which would write all bytes into the statement as hexadecimal."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT if rows["dialects"] else _INSERT_DELIVERIES, rows)


def _rows(
    source_id: int, items: Sequence[Item], dead: Sequence[Dead], received_at: dt.datetime
) -> dict[str, list[Any]]:
    """What goes into the two tables, by column."""
    good = 1 if items else 0
    return {
        "sources": [source_id] * good,
        "times": [received_at] * good,
        "counts": [len(items)] * good,
        "items": [encode(items)] * good,
        "dead_sources": [source_id] * len(dead),
        "dead_times": [received_at] * len(dead),
        "dialects": [one.dialect for one in dead],
        "reasons": [one.reason for one in dead],
        "details": [texts.storable(one.detail)[:200] for one in dead],
        "events": [texts.storable(one.event)[:80] for one in dead],
        "raws": [one.raw[:LONGEST_RAW] for one in dead],
    }


_INSERT_DELIVERIES = """
    INSERT INTO segments_delivery (source_id, received_at, count, items)
    SELECT * FROM unnest(
        %(sources)s::int[], %(times)s::timestamptz[], %(counts)s::int[], %(items)b::bytea[]
    )
"""
_INSERT = f"""
    WITH good AS ({_INSERT_DELIVERIES})
    INSERT INTO segments_deadletter
        (source_id, received_at, dialect, reason, detail, event, raw, status)
    SELECT one.*, 'waiting' FROM unnest(
        %(dead_sources)s::int[], %(dead_times)s::timestamptz[], %(dialects)s::text[],
        %(reasons)s::text[], %(details)s::text[], %(events)s::text[], %(raws)b::bytea[]
    ) AS one
"""  # noqa: S608  (both parts are ours)
