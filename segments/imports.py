"""Bringing in one file of events: checked whole, then loaded whole or not at all.

The file is read and checked into parts on the disk (`staging`), from which `loading` puts
everything into the lake in one commit. An import whose process died goes on after its last
part; one that a person stops leaves nothing behind.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, clock, jobs, states
from console.models import Staff
from segments import activity, catalogue, history, ingest, loading, uploads
from segments.models import EventImport
from segments.pace import Pace
from segments.reading.events import Reader
from segments.reading.mapping import Mapping
from segments.reading.problems import BadFile
from segments.staging import Progress, Stage

LOCK = 0x1A40  # with the import's number: the advisory lock of who loads it
READING = 70  # of a hundred: what reading and checking take of the time
WRITING = 25
SECONDS_BETWEEN_FLUSHES = 5  # of live events, while a file is written
SECONDS_BETWEEN_LOOKS = 1  # whether somebody asked the import to stop


class NotLoaded(Exception):
    """Why a file was not loaded, in the words of the person's language."""


class Busy(NotLoaded):
    """Another process is loading the file."""


class Stopped(NotLoaded):
    """Somebody stopped the import; nothing is loaded."""


def load(
    event_import: EventImport, *, again: bool = False, progress: jobs.Progress = jobs.silent
) -> None:
    """Load the import's file by its mapping; afterwards the record has the counts.

    `again` loads a file whose content was loaded before; what the lake has by its key
    is still not doubled.

    Raises:
        NotLoaded: why not; the import has failed with these words, and nothing is loaded.
        OperationalError: the database is away; the import is left for the next run.
    """
    with alone(event_import):
        event_import.again = again or event_import.again
        states.move(event_import, to=EventImport.Status.LOADING, error="", again=event_import.again)
        try:
            _load(event_import, progress)
        except Stopped as stopped:
            _stop(event_import)
            raise stopped from None
        except (BadFile, NotLoaded) as bad:
            words = bad.said(_) if isinstance(bad, BadFile) else str(bad)
            _give_up(event_import, words)
            raise NotLoaded(words) from bad
        except (OperationalError, InterfaceError):
            raise
        except Exception as problem:  # the parts stay: perhaps the next run comes further
            _fail(event_import, str(problem) or type(problem).__name__)
            raise
    uploads.forget(event_import)
    activity.catch_up()
    progress(100, 100)


def _load(event_import: EventImport, progress: jobs.Progress) -> None:
    stage = _stage(event_import)
    if not loading.is_in_lake(event_import):  # it is: killed after the lake had it
        _open(stage, event_import)
        stage.watch = _watch(event_import, stage.progress, progress)
        stage.read()
        _note_counts(event_import, stage.progress)
    with ingest.lake_lock(wait=True):
        if not loading.is_in_lake(event_import):
            _look_for_stop(event_import)
            since = timezone.now() - dt.timedelta(days=ingest.DAYS_REMEMBERED)
            loading.remember(event_import, stage.parts, since=since)
            ingest.flush()  # what waits in the inbox counts as there already
            _write(event_import, stage.parts, progress)
        _finish(event_import)
    uploads.keep_bad_rows(event_import, stage.bad_rows())
    stage.drop()
    progress(READING + WRITING, 100, _("who did what on which day"))


def _write(event_import: EventImport, parts: Sequence[Path], progress: jobs.Progress) -> None:
    """Load the parts; what comes in live meanwhile does not wait for them.

    Of a live event that the file has too, the other one is known already (`loading.remember`).

    Raises:
        NotLoaded: an amount is too large.
    """
    words, flushed_at = _("writing"), time.monotonic()

    def tell(done: int) -> None:
        nonlocal flushed_at
        if time.monotonic() - flushed_at > SECONDS_BETWEEN_FLUSHES:
            ingest.flush()  # we hold the lake's lock, and live events come first
            flushed_at = time.monotonic()
        progress(READING + WRITING * done // 100, 100, words)

    try:
        loading.load(event_import, parts, tell)
    except loading.TooLarge as large:
        row, amount = large.args
        raise NotLoaded(
            _("Line %(row)d: the amounts of this event add up to %(amount)s, which is too large.")
            % {"row": row, "amount": amount}
        ) from large


def _give_up(event_import: EventImport, words: str) -> None:
    uploads.drop_parts(event_import)
    _fail(event_import, words)


def _fail(event_import: EventImport, words: str) -> None:
    states.move(event_import, to=EventImport.Status.FAILED, error=words)


@contextmanager
def alone(event_import: EventImport) -> Iterator[None]:
    """Be the only one that loads this import; the database lets go of it should we die.

    Raises:
        Busy: another process is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, event_import.pk])
        if not cursor.fetchone()[0]:
            raise Busy(_("This file is being loaded already."))
    try:
        yield
    finally:
        if connection.connection and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, event_import.pk])


# --- reading ----------------------------------------------------------------


def _stage(event_import: EventImport) -> Stage:
    mapping, project = Mapping.from_json(event_import.mapping), clock.project()
    zone = ZoneInfo(mapping.time_zone or project.time_zone)
    reader = Reader(
        Path(event_import.path),
        mapping,
        zone,
        get_currency_precision(project.currency),
        project.currency,
    )
    return Stage(uploads.parts_of(event_import), reader, _)


def _watch(
    event_import: EventImport, before: Progress, progress: jobs.Progress
) -> Callable[[Progress], None]:
    """Tells how far the reading is, and looks whether somebody asked the import to stop."""
    pace, looked_at = Pace(before.rows, before.done), 0.0

    def watch(so_far: Progress) -> None:
        nonlocal looked_at
        if time.monotonic() - looked_at > SECONDS_BETWEEN_LOOKS:
            looked_at = time.monotonic()
            _look_for_stop(event_import)
        progress(round(READING * so_far.done), 100, pace.said(so_far.rows, so_far.done))

    return watch


def _open(stage: Stage, event_import: EventImport) -> None:
    """Find what an earlier run read, and refuse content that was loaded before."""
    _look_for_stop(event_import)
    try:
        stage.open()
    except OSError as problem:
        words = _("%(path)s cannot be read: %(problem)s.")
        place = {"path": event_import.path, "problem": problem.strerror}
        raise NotLoaded(words % place) from problem
    event_import.sha256 = stage.progress.sha256
    event_import.save(update_fields=["sha256"])
    if stage.progress.parts:
        audit.log("eventimport.resumed", event_import, share=round(stage.progress.done, 2))
    before = loaded_before(event_import.sha256)
    if before and not event_import.again:
        raise NotLoaded(
            _("The same content was loaded already, on %(day)s as “%(name)s”.")
            % {"day": f"{before.loaded_at:%Y-%m-%d}", "name": before.name}
        )


def loaded_before(sha256: str) -> EventImport | None:
    """The import that brought in a file with this content."""
    return EventImport.objects.filter(sha256=sha256, status=EventImport.Status.LOADED).first()


def _note_counts(event_import: EventImport, read: Progress) -> None:
    event_import.rows, event_import.skipped, event_import.bad = read.rows, read.skipped, read.bad
    event_import.left_out = read.left_out


@transaction.atomic
def _finish(event_import: EventImport) -> None:
    """What remains once the lake has the events; may be done again."""
    from segments.lake import store  # heavy: not in the web process

    if event_import.first_on:
        days = store.days(history.place(), event_import.first_on, event_import.last_on)
        ingest.mark_dirty(days)
        catalogue.recount(days)
    states.move(event_import, to=EventImport.Status.LOADED, loaded_at=timezone.now())
    audit.log(
        "eventimport.counted",
        event_import,
        rows=event_import.rows,
        events=event_import.events,
        customers_new=event_import.customers_new,
        bad=event_import.bad,
    )


# --- stopping, and going on -------------------------------------------------


def stop(event_import: EventImport, *, by: Staff) -> None:
    """Ask an import to stop; one that nobody works at stops at once.

    Once it writes into the lake, it is too late: the import is loaded.
    """
    event_import.stop_asked_at = timezone.now()
    event_import.save(update_fields=["stop_asked_at"])
    audit.log("eventimport.stop_asked", event_import, by=by)
    try:
        with alone(event_import):
            event_import.refresh_from_db()
            if states.can_move(event_import, to=EventImport.Status.STOPPED):
                _stop(event_import)
    except Busy:
        pass  # whoever loads it looks every second


def _look_for_stop(event_import: EventImport) -> None:
    asked = EventImport.objects.filter(pk=event_import.pk, stop_asked_at__isnull=False)
    if asked.exists():
        raise Stopped(_("The import was stopped; nothing was loaded."))


def _stop(event_import: EventImport) -> None:
    uploads.drop_parts(event_import)
    states.move(event_import, to=EventImport.Status.STOPPED)


def is_being_loaded(event_import: EventImport) -> bool:
    """Whether a process is at work on it just now."""
    try:
        with alone(event_import):
            return False
    except Busy:
        return True


def left_behind() -> list[EventImport]:
    """Imports whose process died while it loaded them or took them back."""
    at_work = [EventImport.Status.LOADING, EventImport.Status.UNDOING]
    loading_now = EventImport.objects.filter(status__in=at_work)
    return [one for one in loading_now.select_related("job") if not is_being_loaded(one)]


def give_up(event_import: EventImport) -> None:
    """Say that a loading from the terminal was interrupted; what was read of it is kept."""
    try:
        with alone(event_import):
            words = _("The loading was interrupted; give the same command again, and it goes on.")
            _fail(event_import, words)
    except Busy:
        pass


def unfinished(path: Path, mapping: Mapping) -> EventImport | None:
    """The import of this file by this mapping that did not come to its end, if there is one."""
    status = [EventImport.Status.LOADING, EventImport.Status.FAILED]
    return EventImport.objects.filter(
        path=str(path), mapping=mapping.to_json(), status__in=status, job=None
    ).first()
