"""Sources of events as people keep them, and how much each sent."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext as _

from console import audit, roles
from console import seen as marks
from console.models import Staff
from console.states import NotAllowed
from segments import write_keys
from segments.models import EventSource

ACTION = "sources.change"
EDITABLE = ("name", "description")


@transaction.atomic
def add(*, name: str, by: Staff, description: str = "") -> EventSource:
    """A new source; it can send once it has a key.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    source = EventSource.objects.create(name=name, description=description, created_by=by)
    audit.log("event_source.added", source, by=by)
    return source


@transaction.atomic
def change(source: EventSource, *, by: Staff, name: str, description: str, seen: str = "") -> None:
    """Another name or description.

    Raises:
        NotAllowed: the role may not.
        Stale: somebody else changed it since it was `seen`.
    """
    roles.require(by, ACTION)
    marks.require(EventSource.objects.select_for_update().get(pk=source.pk), EDITABLE, seen)
    EventSource.objects.filter(pk=source.pk).update(name=name, description=description)
    audit.log("event_source.changed", source, by=by, name=name)


@transaction.atomic
def archive(source: EventSource, *, by: Staff, at: dt.datetime) -> None:
    """Put it away: its keys work no more, what it sent stays.

    Raises:
        NotAllowed: the role may not, or it is put away already.
    """
    roles.require(by, ACTION)
    if not EventSource.objects.filter(pk=source.pk, archived_at=None).update(archived_at=at):
        raise NotAllowed(_("This source is archived already; load the page again."))
    audit.log("event_source.archived", source, by=by)
    transaction.on_commit(write_keys.forget)


@transaction.atomic
def restore(source: EventSource, *, by: Staff) -> None:
    """Take it out again; keys that have not ended work again.

    Raises:
        NotAllowed: the role may not.
    """
    roles.require(by, ACTION)
    EventSource.objects.filter(pk=source.pk).update(archived_at=None)
    audit.log("event_source.restored", source, by=by)
    transaction.on_commit(write_keys.forget)


# --- how much each sent -----------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """What a source sent today, and when we last heard of it."""

    today: int = 0
    last_at: dt.datetime | None = None
    waiting: int = 0  # of today's, those that are not sorted yet
    dead: int = 0  # letters that wait for a person


def count(received: Mapping[int, tuple[int, dt.datetime]], *, day: dt.date) -> None:
    """Add to what each source sent on a day: how many items, and when the latest came.

    Called by intake, in the transaction in which the deliveries go away.
    """
    rows = [(source, day, items, last) for source, (items, last) in sorted(received.items())]
    with connection.cursor() as cursor:
        cursor.executemany(_COUNT, rows)


_COUNT = """
    INSERT INTO segments_sourceday AS kept (source_id, day, items, last_at)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (source_id, day) DO UPDATE SET
        items = kept.items + excluded.items, last_at = greatest(kept.last_at, excluded.last_at)
"""


def sent(*, day: dt.date) -> dict[int, Sent]:
    """For each source: what intake counted and what waits for it, added up by the database."""
    with connection.cursor() as cursor:
        cursor.execute(_SENT, {"day": day})
        return {row[0]: Sent(*row[1:]) for row in cursor.fetchall()}


_SENT = """
    WITH waiting AS (
        SELECT source_id, sum(count) AS items, max(received_at) AS last_at
        FROM segments_delivery GROUP BY source_id
    ), sorted AS (
        SELECT source_id, sum(items) FILTER (WHERE day = %(day)s) AS items, max(last_at) AS last_at
        FROM segments_sourceday GROUP BY source_id
    ), dead AS (
        SELECT source_id, count(*) AS letters
        FROM segments_deadletter WHERE status = 'waiting' GROUP BY source_id
    )
    SELECT source.id,
           (coalesce(sorted.items, 0) + coalesce(waiting.items, 0))::bigint,
           greatest(sorted.last_at, waiting.last_at),
           coalesce(waiting.items, 0)::bigint,
           coalesce(dead.letters, 0)
    FROM segments_eventsource AS source
    LEFT JOIN waiting ON waiting.source_id = source.id
    LEFT JOIN sorted ON sorted.source_id = source.id
    LEFT JOIN dead ON dead.source_id = source.id
"""
