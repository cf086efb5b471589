"""Taking events in: the inbox accepts each key once, a flush moves them into the lake."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from console import clock
from segments import amounts, catalogue, heard, history
from segments.models import DirtyDay, InboxBatch, InboxEvent, ReceivedKey

# For so long a second delivery of an event is recognised and dropped; after that the same
# key is taken as a new event. A sender that retries for longer has lost its own queue.
DAYS_REMEMBERED = 30
# One batch of a flush: so many events, and so much of their properties, are held in memory.
AT_A_TIME, BYTES_AT_A_TIME = 50_000, 32 * 2**20
LONGEST_NAME, LONGEST_KEY = 80, 200
EARLIEST, LATEST = dt.datetime(1980, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
FILES_OF_A_DAY = 64  # more make every reader slow, so the day is written anew as one
APP = "inbox"  # whose batch numbers the lake remembers
LOCK = 0x1A4E  # the advisory lock of whoever writes the lake


class Refused(ValueError):
    """An event that cannot be taken, and why."""


@dataclass(frozen=True)
class IncomingEvent:
    """Something that a known customer did. `amount` is in minor units of the currency."""

    key: str
    customer: int
    name: str
    time: dt.datetime
    amount: int | None = None
    properties: dict[str, Any] = field(default_factory=dict)


# --- into the inbox ---------------------------------------------------------


@transaction.atomic
def receive(events: Iterable[IncomingEvent]) -> int:
    """Accept events; tells how many were new. All of them or, with a bad one, none.

    What a merged customer does is who they are now's; of the erased nothing is taken.

    Raises:
        Refused: an event that cannot be taken.
    """
    by_key: dict[str, IncomingEvent] = {}
    for event in events:
        by_key.setdefault(event.key, event)
    if not by_key:
        return 0
    rows = [_row(event) for event in by_key.values()]
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVE, {**columns, "now": timezone.now()})
        fresh = cursor.fetchall()
    heard.tell(heard.Happened(*row) for row in fresh)
    return len(fresh)


def _row(event: IncomingEvent) -> dict[str, Any]:
    """The event as the inbox's columns.

    Raises:
        Refused: it cannot be taken.
    """
    for what, value, longest in (
        (_("name"), event.name, LONGEST_NAME),
        (_("key"), event.key, LONGEST_KEY),
    ):
        if not value or len(value) > longest or not _is_text(value):
            raise Refused(
                _("An event's %(what)s has 1 to %(count)d characters; “%(value)s” does not fit.")
                % {"what": what, "count": longest, "value": value[:40]}
            )
    if event.time.tzinfo is None or not EARLIEST <= event.time < LATEST:
        raise Refused(
            _("%(time)s is not a moment with a time zone between 1980 and 2100.")
            % {"time": event.time}
        )
    if event.amount is not None and abs(event.amount) > amounts.LARGEST:
        raise Refused(_("The amount %(amount)d is too large.") % {"amount": event.amount})
    return {
        "digests": digest(event.key),
        "keys": event.key,
        "customers": event.customer,
        "names": event.name,
        "times": event.time,
        "amounts": event.amount,
        "properties": _json(event.properties),
    }


def _json(properties: dict[str, Any]) -> str:
    try:
        text = json.dumps(properties, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise Refused(
            _("Properties are not JSON: %(problem)s.") % {"problem": problem}
        ) from problem
    if "\\u0000" in text or not _is_text(text):
        raise Refused(_("Properties contain a character that no text can hold."))
    try:
        orjson.loads(text)  # as whoever takes it out again
    except ValueError as problem:  # a number beyond all numbers
        raise Refused(
            _("Properties are not JSON: %(problem)s.") % {"problem": problem}
        ) from problem
    return text


def _is_text(value: str) -> bool:
    """Whether PostgreSQL can keep it: no zero byte, no half of a surrogate pair."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def digest(key: str) -> uuid.UUID:
    """What the memory keeps of a key: the first half of its SHA-256."""
    return uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16])


# Sorted by digest, so that two requests with the same events cannot deadlock.
_RECEIVE = """
    WITH incoming AS (
        SELECT * FROM unnest(
            %(digests)s::uuid[], %(keys)s::text[], %(customers)s::int[], %(names)s::text[],
            %(times)s::timestamptz[], %(amounts)s::bigint[], %(properties)s::jsonb[]
        ) AS one (digest, key, customer_id, name, time, amount, properties)
    ), fresh AS (
        INSERT INTO segments_receivedkey (digest, received_on)
        SELECT digest, (%(now)s AT TIME ZONE 'UTC')::date FROM incoming ORDER BY digest
        ON CONFLICT DO NOTHING
        RETURNING digest
    )
    INSERT INTO segments_inboxevent (key, customer_id, name, time, amount, properties, received_at)
    SELECT key, coalesce(c.merged_into_id, customer_id), i.name, time, amount, properties, %(now)s
    FROM incoming i JOIN fresh USING (digest) LEFT JOIN segments_customer c ON c.id = customer_id
    WHERE c.erased_at IS NULL
    ON CONFLICT (key) DO NOTHING
    RETURNING key, customer_id, name, time, amount, properties::text
"""

# --- out of the inbox -------------------------------------------------------


def flush() -> int:
    """Move what waits in the inbox by now into the lake, exactly once; how many events moved.

    Killed at any point, the next flush finishes the numbered batch: the lake knows
    whether it has it. When another process writes the lake just now, nothing is done: an
    import that holds it for long flushes by itself. What arrives meanwhile waits for the
    next flush, so that imports get their turn however fast events come in.
    The days that got events are noted as `DirtyDay`; `activity.catch_up` attends to them.
    """
    from segments.lake import store  # heavy: not in the web process

    moved = 0
    with lake_lock(wait=False) as is_ours:
        newest = InboxEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
        while is_ours and (number := _next_batch(newest)):
            moved += _move(number)
        if moved:
            store.compact(history.place(), more_than=FILES_OF_A_DAY)
        if is_ours:
            _forget(before=timezone.now().date() - dt.timedelta(days=DAYS_REMEMBERED))
    return moved


def tidy() -> int:
    """Write each scattered day of the lake as one file, and delete what nobody needs any more."""
    from segments.lake import store  # heavy: not in the web process

    with lake_lock(wait=True):
        days = store.compact(history.place())
        store.vacuum(history.place())
    return days


@contextmanager
def lake_lock(*, wait: bool) -> Iterator[bool]:
    """Be the only one, in all processes, that writes the lake; False: somebody else is."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT true FROM (SELECT pg_advisory_lock(%s)) AS locked", [LOCK])
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (is_ours,) = cursor.fetchone()
        try:
            yield is_ours
        finally:
            if is_ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def waiting() -> QuerySet[InboxEvent]:
    """The events that no batch has yet. The caller holds `lake_lock`, so that none takes them."""
    batches = InboxBatch.objects.values_list("events", flat=True)
    return InboxEvent.objects.exclude(pk__in=[event for events in batches for event in events])


def _next_batch(newest: int) -> int | None:
    """The number of the batch to move: one that was left half done, or a new one."""
    from segments.lake import store  # heavy: not in the web process

    if unfinished := InboxBatch.objects.order_by("number").only("number").first():
        return unfinished.number
    number = store.version(history.place(), APP) + 1
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [number, newest, AT_A_TIME, BYTES_AT_A_TIME])
        return number if cursor.rowcount else None


# The oldest ones, as many as fit; one, however large it is.
_NUMBER = """
    INSERT INTO segments_inboxbatch (number, events)
    SELECT %s, array_agg(id) FROM (
        SELECT id, row_number() OVER before AS place,
            sum(octet_length(properties::text)) OVER before AS bytes
        FROM (
            SELECT id, properties FROM segments_inboxevent WHERE id <= %s ORDER BY id LIMIT %s
        ) oldest WINDOW before AS (ORDER BY id ROWS UNBOUNDED PRECEDING)
    ) counted WHERE place = 1 OR bytes <= %s
    HAVING count(*) > 0
"""


def _move(number: int) -> int:
    """Append one batch to the lake, then forget it here; both are safe to do twice."""
    from segments.lake import schema, store  # heavy: not in the web process

    rows = _read(number)
    table = schema.table(rows)
    store.append(history.place(), table, app_id=APP, version=number)
    with transaction.atomic():
        catalogue.add(catalogue.seen(rows))
        mark_dirty({row["day"] for row in rows})
        with connection.cursor() as cursor:
            cursor.execute(_FORGET_MOVED, [number])
    return len(rows)


def _read(number: int) -> list[dict[str, Any]]:
    """The batch as rows of the lake."""
    zone = clock.zone()
    names = ("time", "customer", "event", "key", "amount", "properties")
    with connection.cursor() as cursor:
        cursor.execute(_BATCH, [number])
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{**row, "day": row["time"].astimezone(zone).date()} for row in rows]


# A merge that is settled is read no more, so what came in under the absorbed customer and was
# on its way meanwhile is written under the kept one. Whoever was erased meanwhile is left out.
_BATCH = """
    SELECT i.time, CASE WHEN m.id IS NULL THEN i.customer_id ELSE c.merged_into_id END,
        i.name, i.key, i.amount, i.properties::text
    FROM (SELECT unnest(events) AS id FROM segments_inboxbatch WHERE number = %s) batch
    JOIN segments_inboxevent i USING (id)
    LEFT JOIN segments_customer c ON c.id = i.customer_id
    LEFT JOIN segments_merge m ON m.absorbed_id = c.id
        AND m.status = 'done' AND m.settled_at IS NOT NULL
    WHERE c.erased_at IS NULL
"""
_FORGET_MOVED = """
    WITH moved AS (DELETE FROM segments_inboxbatch WHERE number = %s RETURNING events)
    DELETE FROM segments_inboxevent WHERE id IN (SELECT unnest(events) FROM moved)
"""


def mark_dirty(days: Iterable[dt.date]) -> None:
    """Note that the lake's events of these days changed. Call it after they changed."""
    rows = [DirtyDay(day=day) for day in sorted(days)]
    DirtyDay.objects.bulk_create(rows, ignore_conflicts=True)


def _forget(*, before: dt.date) -> None:
    ReceivedKey.objects.filter(received_on__lt=before).delete()
