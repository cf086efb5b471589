"""Events that somebody waits for: copied for each listener in the transaction that took them in.

A listener is named by a word of its own, such as “campaign:7”; what it hears waits in a table
until it takes it, with the rows deleted in the transaction of whatever it makes of them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction
from django.db.models import Min

from segments.models import HeardEvent, Listener

MOST = 5_000  # that a listener takes at a time


class Happened(NamedTuple):
    """An event as it lies in the inbox."""

    key: str
    customer: int
    name: str
    time: dt.datetime
    amount: int | None
    properties: str  # as JSON


class Heard(NamedTuple):
    """An event that a listener took; the customer is who they are by now."""

    key: str
    customer: int
    name: str
    time: dt.datetime
    amount: int | None
    properties: dict[str, Any]


# --- listening --------------------------------------------------------------


@transaction.atomic
def listen(who: str, names: Collection[str]) -> None:
    """Hear these events from now on, and no others."""
    Listener.objects.filter(who=who).exclude(name__in=names).delete()
    Listener.objects.bulk_create(
        [Listener(who=who, name=name) for name in sorted(names)], ignore_conflicts=True
    )


@transaction.atomic
def stop(who: str) -> None:
    """Hear nothing more, and forget what was heard."""
    Listener.objects.filter(who=who).delete()
    HeardEvent.objects.filter(who=who).delete()


def listeners() -> dict[str, list[str]]:
    """Who listens, by the name of the event."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, who in Listener.objects.values_list("name", "who").order_by("name", "who"):
        found[name].append(who)
    return found


# --- on the way in ----------------------------------------------------------


def tell(events: Iterable[Happened]) -> int:
    """Copy events to those who listen for them, in the caller's transaction; how many copies."""
    ears = listeners()
    if not ears:
        return 0
    rows = [(who, *one) for one in events for who in ears.get(one.name, ())]
    if rows:
        with connection.cursor() as cursor, cursor.copy(_INTO_QUEUE) as copy:
            for row in rows:
                copy.write_row(row)
    return len(rows)


_INTO_QUEUE = """
    COPY segments_heardevent (who, key, customer_id, name, time, amount, properties) FROM STDIN
"""

# --- on the way out ---------------------------------------------------------


def waiting() -> list[str]:
    """Who has something to take."""
    return list(HeardEvent.objects.order_by("who").values_list("who", flat=True).distinct())


def oldest() -> dt.datetime | None:
    """Since when the oldest event waits to be taken."""
    moment: dt.datetime | None = HeardEvent.objects.aggregate(oldest=Min("heard_at"))["oldest"]
    return moment


def take(who: str, *, most: int = MOST) -> Sequence[Heard]:
    """Take what waits, oldest first; the caller's transaction makes it final.

    Two who take at once get different events. Of the erased nothing is told, and what a merged
    customer did is who they are now's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [who, most])
        return [
            Heard(key, customer, name, time, amount, _read(properties))
            for key, customer, name, time, amount, properties in sorted(
                cursor.fetchall(), key=lambda row: (row[3], row[0])
            )
        ]


def _read(properties: str) -> dict[str, Any]:
    """What was said; nothing where it cannot be read, because one event must not stop all."""
    try:
        return dict(orjson.loads(properties))
    except (ValueError, TypeError):
        return {}


_TAKE = """
    WITH taken AS (
        DELETE FROM segments_heardevent WHERE id IN (
            SELECT id FROM segments_heardevent WHERE who = %s
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
        ) RETURNING key, customer_id, name, time, amount, properties
    )
    SELECT t.key, coalesce(c.merged_into_id, c.id), t.name, t.time, t.amount, t.properties::text
    FROM taken t JOIN segments_customer c ON c.id = t.customer_id
    WHERE c.erased_at IS NULL
"""
