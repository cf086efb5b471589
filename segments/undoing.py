"""Taking back a file of events that somebody loaded by mistake: what it brought, and no more.

What the lake had before the file stays. Customers whom the file made become nobody, unless
anything else is known of them by now. Killed at any point, the next run goes on: what is
gone already is not found again.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import audit, jobs, states
from console.models import Staff
from console.states import NotAllowed
from segments import activity, catalogue, entries, history, identity, imports, ingest, uploads
from segments.models import EventImport
from segments.reading.mapping import Mapping

Status = EventImport.Status
AT_A_TIME = 100_000  # keys of a day, customers of a transaction


@dataclass(frozen=True)
class Preview:
    """What taking an import back would do."""

    events: int
    customers: int  # at most: of these nothing but the file may be known
    later: list[EventImport]  # files that counted on events of this one


def require_possible(event_import: EventImport) -> None:
    """Raises NotAllowed: it is not loaded, or what it brought is not remembered any more."""
    if event_import.status not in {Status.LOADED, Status.UNDOING}:
        raise NotAllowed(_("Only a file that is loaded can be taken back."))
    if not uploads.events_of(event_import).is_file():
        raise NotAllowed(
            _("What a file brought is remembered for %(days)d days; this one is older.")
            % {"days": uploads.DAYS_UNDOABLE}
        )


def preview(event_import: EventImport) -> Preview | None:
    """What would be taken back; None where it cannot be."""
    try:
        require_possible(event_import)
    except NotAllowed:
        return None
    later = EventImport.objects.filter(
        status=Status.LOADED,
        known__gt=0,
        loaded_at__gt=event_import.loaded_at,
        first_on__lte=event_import.last_on,
        last_on__gte=event_import.first_on,
    )
    return Preview(event_import.events, event_import.customers_new, list(later))


def undo(
    event_import: EventImport,
    *,
    by: Staff | None,
    at: dt.datetime,
    progress: jobs.Progress = jobs.silent,
) -> None:
    """Take the events out of the lake, and make nobody of customers known by them alone.

    Raises:
        NotAllowed: it is not loaded, or what it brought is forgotten.
    """
    require_possible(event_import)
    with imports.alone(event_import):
        states.move(event_import, to=Status.UNDOING, error="")
        try:
            events = _take_out(event_import, progress)
            progress(85, 100, _("customers whom nothing else tells of"))
            customers = _part_with(event_import, at)
        except Exception as problem:
            words = str(problem) or type(problem).__name__
            states.move(event_import, to=Status.LOADED, error=words)
            raise
        states.move(event_import, to=Status.UNDONE, undone_at=at)
        audit.log("eventimport.taken_back", event_import, by=by, events=events, customers=customers)
    uploads.forget_brought(event_import)
    activity.catch_up()
    progress(100, 100)


# --- events -----------------------------------------------------------------


def _take_out(event_import: EventImport, progress: jobs.Progress) -> int:
    """Day by day, so that live events get in between; how many there were."""
    from segments.lake import rewrite  # heavy: not in the web process

    source, removed, seen = Mapping.from_json(event_import.mapping).source, 0, 0
    for day, keys in _brought(event_import):
        with ingest.lake_lock(wait=True):
            removed += rewrite.remove_events(history.place(), keys, days=[day])
            catalogue.recount([day])
            ingest.mark_dirty([day])
        _forget_keys(source, keys)
        seen += len(keys)
        progress(80 * seen // max(event_import.events, 1), 100, _("events"))
    return removed


def _brought(event_import: EventImport) -> Iterator[tuple[dt.date, list[str]]]:
    """The keys of the file's events, some of one day at a time."""
    import pyarrow.compute as pc  # heavy: not in the web process
    import pyarrow.parquet as pq  # heavy: not in the web process

    path = uploads.events_of(event_import)
    for day in pc.unique(pq.read_table(path, columns=["day"])["day"]).to_pylist():
        keys = pq.read_table(path, columns=["key"], filters=[("day", "=", day)])["key"]
        for start in range(0, len(keys), AT_A_TIME):
            yield day, keys.slice(start, AT_A_TIME).to_pylist()


def _forget_keys(source: int | None, keys: list[str]) -> None:
    """Let the source that the file stood for send these events itself."""
    if not source:
        return
    start = len(f"{source}:")
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM segments_receivedkey WHERE digest = ANY(%s::uuid[])",
            [[entries.digest(source, key[start:]) for key in keys]],
        )


# --- customers --------------------------------------------------------------


def _part_with(event_import: EventImport, at: dt.datetime) -> int:
    """Make nobody of the customers whom the file made and nothing else tells of; how many."""
    import pyarrow.parquet as pq  # heavy: not in the web process

    mapping = Mapping.from_json(event_import.mapping)
    kinds = [mapping.identifier_kind, mapping.fallback_kind]
    gone = 0
    with ingest.lake_lock(wait=True):  # nothing moves from the inbox into the lake meanwhile
        made = BitMap(pq.read_table(uploads.customers_of(event_import))["id"].to_numpy())
        lonely = (made - _who_did_something(made)).to_array()
        for start in range(0, len(lonely), AT_A_TIME):
            gone += _make_nobody(list(lonely[start : start + AT_A_TIME]), kinds, at)
    return gone


def _who_did_something(customers: BitMap) -> BitMap:
    """Those of the customers of whom the lake has events."""
    from segments.lake import store  # heavy: not in the web process

    found, events = BitMap(), store.dataset(history.place())
    if events is not None and customers:
        for batch in events.scanner(columns=["customer"], batch_readahead=1).to_batches():
            found |= customers & BitMap(batch["customer"].to_numpy())
    return found


@transaction.atomic
def _make_nobody(customers: list[int], kinds: list[str], at: dt.datetime) -> int:
    identity.alone()
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"ids": customers, "kinds": kinds, "at": at}
        cursor.execute(_NOBODY, values)
        nobody = [number for (number,) in cursor.fetchall()]
        # What was computed of them goes with the next recompute, which follows every undoing.
        cursor.execute("DELETE FROM segments_identifier WHERE customer_id = ANY(%s)", [nobody])
    return len(nobody)


_NOBODY = f"""
    UPDATE segments_customer c SET erased_at = %(at)s
    WHERE id = ANY(%(ids)s) AND {identity.LIVING_SQL}
        AND name = '' AND email = '' AND phone = '' AND language = '' AND attributes = '{{}}'
        AND NOT EXISTS (SELECT FROM segments_identifier i
            WHERE i.customer_id = c.id AND i.kind <> ALL(%(kinds)s))
        AND NOT EXISTS (SELECT FROM segments_inboxevent e WHERE e.customer_id = c.id)
        AND NOT EXISTS (SELECT FROM segments_consent o WHERE o.customer_id = c.id)
        AND NOT EXISTS (SELECT FROM segments_customernote n WHERE n.customer_id = c.id)
        AND NOT EXISTS (SELECT FROM segments_merge m WHERE c.id IN (m.kept_id, m.absorbed_id))
    RETURNING id
"""  # noqa: S608  (words of ours)
