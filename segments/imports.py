"""Bringing in one file of events: checked whole, then loaded whole or not at all.

The file is read and checked into a staging file; the lake gets all its events in one
commit that knows the import's number. Killed before that, nothing is there (but perhaps
customers without events, whom the next run finds); killed after it, the next run only
finishes the paperwork.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, clock, jobs, states
from segments import activity, catalogue, identity, ingest, uploads
from segments.lake import engine
from segments.models import EventImport
from segments.reading import events
from segments.reading.mapping import Mapping
from segments.reading.problems import BadFile

LOCK = 0x1A40  # with the import's number: the advisory lock of who loads it
MEMORY = "800MB"  # what does not fit spills to the disk
CUSTOMERS_AT_A_TIME = 50_000
READING = 70  # of a hundred: what reading and checking take of the time


class NotLoaded(Exception):
    """Why a file was not loaded, in the words of the person's language."""


def load(
    event_import: EventImport, *, again: bool = False, progress: jobs.Progress = jobs.silent
) -> None:
    """Load the import's file by its mapping; afterwards the record has the counts.

    `again` loads a file whose content was loaded before; what the lake has by its key
    is still not doubled.

    Raises:
        NotLoaded: why not; the import has failed with these words, and nothing is loaded.
    """
    with _alone(event_import):
        states.move(event_import, to=EventImport.Status.LOADING, error="")
        try:
            _load(event_import, again, progress)
        except BadFile as bad:
            _fail(event_import, bad.said(_))
            raise NotLoaded(bad.said(_)) from bad
        except Exception as problem:
            _fail(event_import, str(problem) or type(problem).__name__)
            raise
    uploads.forget(event_import)
    activity.catch_up()
    progress(100, 100)


def _load(event_import: EventImport, again: bool, progress: jobs.Progress) -> None:
    from segments.lake import store  # heavy: not in the web process

    if store.version(_lake(), _app(event_import)):  # killed after the lake had it
        with ingest.lake_lock(wait=True):
            _finish(event_import)
        return
    _note_content(event_import, again)
    staging = Path(settings.UPLOADS_PATH) / f"staging-{event_import.pk}.parquet"
    staging.parent.mkdir(parents=True, exist_ok=True)
    try:
        _stage(event_import, staging, progress)
        with ingest.lake_lock(wait=True), _opened(staging) as con:
            progress(READING, 100, _("looking for doubles"))
            ingest.flush()  # what waits in the inbox counts as there already
            _tell_doubles(con, event_import)
            progress(READING + 10, 100, _("customers"))
            _find_customers(con, event_import)
            progress(READING + 15, 100, _("writing"))
            _append(con, event_import)
            _finish(event_import)
    finally:
        staging.unlink(missing_ok=True)
    progress(READING + 25, 100, _("who did what on which day"))


def _fail(event_import: EventImport, words: str) -> None:
    states.move(event_import, to=EventImport.Status.FAILED, error=words)


def _app(event_import: EventImport) -> str:
    """The name under which the lake knows this import."""
    return f"import:{event_import.pk}"


def _lake() -> Path:
    return Path(settings.LAKE_PATH)


@contextmanager
def _alone(event_import: EventImport) -> Iterator[None]:
    """Be the only one that loads this import; the database lets go of it should we die."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, event_import.pk])
        if not cursor.fetchone()[0]:
            raise NotLoaded(_("This file is being loaded already."))
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, event_import.pk])


# --- reading ----------------------------------------------------------------


def _note_content(event_import: EventImport, again: bool) -> None:
    """Keep the content's hash, and refuse content that was loaded before."""
    path = Path(event_import.path)
    try:
        with path.open("rb") as file:
            event_import.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        words = _("%(path)s cannot be read: %(problem)s.")
        raise NotLoaded(words % {"path": path, "problem": problem.strerror}) from problem
    event_import.save(update_fields=["sha256"])
    before = loaded_before(event_import.sha256)
    if before and not again:
        raise NotLoaded(
            _("The same content was loaded already, on %(day)s as “%(name)s”.")
            % {"day": f"{before.loaded_at:%Y-%m-%d}", "name": before.name}
        )


def loaded_before(sha256: str) -> EventImport | None:
    """The import that brought in a file with this content."""
    return EventImport.objects.filter(sha256=sha256, status=EventImport.Status.LOADED).first()


def _stage(event_import: EventImport, staging: Path, progress: jobs.Progress) -> None:
    """Read the whole file and check every value, before anything is written elsewhere."""
    import pyarrow.parquet as pq  # heavy: not in the web process

    mapping, project = Mapping.from_json(event_import.mapping), clock.project()
    zone = ZoneInfo(mapping.time_zone or project.time_zone)
    event_import.rows = event_import.skipped = 0
    with pq.ParquetWriter(staging, events.schema(), compression="zstd") as writer:
        reader = events.Reader(
            Path(event_import.path),
            mapping,
            zone,
            decimals=get_currency_precision(project.currency),
        )
        for batch in reader.read():
            writer.write_batch(batch.events)
            event_import.rows += batch.seen
            event_import.skipped += batch.skipped
            progress(round(READING * batch.done), 100, _("reading and checking"))


# --- loading ----------------------------------------------------------------


@contextmanager
def _opened(staging: Path) -> Iterator[Any]:
    """DuckDB with the staged rows as `staged`; what does not fit into memory spills."""
    import duckdb  # heavy: not in the web process

    _lake().mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={"threads": 2, "memory_limit": MEMORY, "temp_directory": str(_lake() / "spill")}
    )
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.read_parquet(engine.literal(str(staging))).create_view("staged")
        yield con
    finally:
        con.close()


def _tell_doubles(con: Any, event_import: EventImport) -> None:
    """Choose the rows that are events of their own and not in the lake yet, as `fresh`."""
    from segments.lake import store  # heavy: not in the web process

    mapping = Mapping.from_json(event_import.mapping)
    same = "same" if mapping.distinct_by else "key" if mapping.key else "row"
    zone = clock.zone().key
    content = event_import.sha256[:20]
    con.execute(f"""
        CREATE TABLE kept AS SELECT min(row) AS row FROM staged GROUP BY {same};
        CREATE VIEW named AS
        SELECT row, customer, time, event, amount, properties,
            CAST(timezone('{zone}', time) AS DATE) AS day,
            coalesce(
                key,
                'same:' || left(sha256(event || chr(31) || same), 40),
                'file:{content}:' || row
            ) AS key
        FROM staged SEMI JOIN kept USING (row)
    """)  # noqa: S608  (a column of ours, a known zone, a hash)
    ((first, last),) = con.execute("SELECT min(day), max(day) FROM named").fetchall()
    event_import.first_on, event_import.last_on = first, last
    files = [engine.literal(file) for file in store.files(_lake(), first, last)] if first else []
    if files:
        con.read_parquet(files).select("key").create_view("known")
        con.execute("CREATE TABLE fresh AS SELECT row FROM named ANTI JOIN known USING (key)")
    else:
        con.execute("CREATE TABLE fresh AS SELECT row FROM kept")
    ((kept, fresh),) = con.execute(
        "SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM fresh)"
    ).fetchall()
    event_import.events, event_import.known = fresh, kept - fresh


def _find_customers(con: Any, event_import: EventImport) -> None:
    """Find or make the customers of the fresh rows, as `ids`."""
    import pyarrow as pa  # heavy: not in the web process

    kind = Mapping.from_json(event_import.mapping).identifier_kind
    con.execute("CREATE TABLE ids (customer VARCHAR, id INTEGER)")
    wanted = con.cursor().execute(
        "SELECT DISTINCT customer FROM staged SEMI JOIN fresh USING (row) ORDER BY customer"
    )
    event_import.customers_new = 0
    while some := wanted.fetchmany(CUSTOMERS_AT_A_TIME):
        values = [value for (value,) in some]
        event_import.customers_new += len(values) - len(identity.known(kind, values))
        found = identity.resolve(kind, values, at=clock.now())
        rows = pa.table({"customer": list(found), "id": pa.array(found.values(), pa.int32())})
        con.register("further", rows)
        con.execute("INSERT INTO ids SELECT customer, id FROM further")
        con.unregister("further")


def _append(con: Any, event_import: EventImport) -> None:
    """Put the fresh events into the lake, in one commit that knows the import's number."""
    from segments.lake import schema, store  # heavy: not in the web process

    event_import.save()  # the counts, before there is no way back to them
    rows = con.sql("""
        SELECT day, time, ids.id AS customer, event, key, amount, properties
        FROM named SEMI JOIN fresh USING (row) JOIN ids USING (customer)
        ORDER BY day, ids.id, time
    """).to_arrow_reader(100_000)
    store.append(_lake(), rows.cast(schema.columns()), app_id=_app(event_import), version=1)


@transaction.atomic
def _finish(event_import: EventImport) -> None:
    """What remains once the lake has the events; may be done again."""
    from segments.lake import store  # heavy: not in the web process

    if event_import.first_on:
        ingest.mark_dirty(store.days(_lake(), event_import.first_on, event_import.last_on))
    catalogue.recount()
    states.move(event_import, to=EventImport.Status.LOADED, loaded_at=timezone.now())
    audit.log(
        "eventimport.counted",
        event_import,
        rows=event_import.rows,
        events=event_import.events,
        customers_new=event_import.customers_new,
    )
