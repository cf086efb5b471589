"""Long work that reports how far it has come."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import ManyToOneRel
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from console import states
from console.models import Job, Staff
from console.states import NotAllowed, Stale

# More often than this nobody sees the difference, and each report is a write.
SECONDS_BETWEEN_REPORTS = 0.5
LOCK = 0x10B5  # with the job's number: the advisory lock of who runs it
STARTING = 0x10B6  # with the kind's digest: of who starts one of a kind
UNFINISHED = (Job.Status.WAITING, Job.Status.RUNNING)
# The broker brings back the work of a dead worker within half an hour.
QUIET = dt.timedelta(minutes=30)
LOST = dt.timedelta(days=1)  # what nobody took or took up again by then, nobody will


class Progress(Protocol):
    """What long work calls to say how far it is."""

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


def silent(done: int, total: int, note: str = "") -> None:
    """A progress that nobody watches."""


def create(kind: str, label: str, *, by: Staff | None = None) -> Job:
    """A job that waits to be run; its words will be in the language of whoever asked."""
    language = get_language() or settings.LANGUAGE_CODE
    return Job.objects.create(kind=kind, label=label[:200], started_by=by, language=language)


# --- starting, though two people click at once ------------------------------


def take(record: Any) -> Any:
    """The row of a record that has a job, locked, to start work on it in this transaction.

    Raises:
        NotAllowed: work on it waits or is under way.
    """
    model: type[models.Model] = type(record)
    kept: Any = model._default_manager.select_for_update().get(pk=record.pk)
    if kept.job is not None and not kept.job.is_over:
        raise NotAllowed(_("This was started already; see its progress here."))
    return kept


@transaction.atomic
def share(kind: str, label: str, *, by: Staff | None, start: Callable[[int], Any]) -> Job:
    """The job of a kind that still waits, else a new one.

    What waits begins after whatever this transaction changed, so that one run is enough
    however many asked; but what waits for long may have been lost. `start` gets the new job's
    number once it is really saved.
    """
    _one_at_a_time(kind)
    lately = timezone.now() - QUIET
    waiting = Job.objects.filter(kind=kind, status=Job.Status.WAITING, created_at__gt=lately)
    if (job := waiting.select_for_update().first()) is None:
        job = create(kind, label, by=by)
        number = job.pk
        transaction.on_commit(lambda: start(number))
    return job


@transaction.atomic
def create_alone(kind: str, label: str, *, by: Staff) -> Job:
    """A job of a kind of which only one may be under way.

    Raises:
        NotAllowed: another one waits or runs.
    """
    _one_at_a_time(kind)
    other = Job.objects.filter(kind=kind, status__in=UNFINISHED).first()
    if other is not None:
        raise NotAllowed(_("“%(job)s” is still under way; wait until it is done.") % {"job": other})
    return create(kind, label, by=by)


def _one_at_a_time(kind: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [STARTING, kind])


# --- running ----------------------------------------------------------------


@contextmanager
def running(job: Job) -> Iterator[Progress]:
    """Run the block as this job; give it the function to report with.

    The block should not be one large transaction: reports would show only at its end.
    An exception marks the job failed, with its words, and goes on upward.
    """
    states.move(job, to=Job.Status.RUNNING, started_at=timezone.now(), error="")
    try:
        with _at_work(job), translation.override(job.language):
            yield _reporter(job)
    except BaseException as problem:
        words = str(problem) or type(problem).__name__
        states.move(job, to=Job.Status.FAILED, finished_at=timezone.now(), error=words)
        raise
    states.move(job, to=Job.Status.DONE, finished_at=timezone.now(), done=job.total)


class Taken(Exception):
    """Another process is at the job, or has done it."""


@contextmanager
def running_alone(job: Job) -> Iterator[Progress]:
    """The same, for work that must not run twice at once, however often it is delivered.

    Raises:
        Taken: there is nothing left to do for us.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, job.pk])
        (is_ours,) = cursor.fetchone()
    try:
        job.refresh_from_db()
        if not is_ours or job.status == Job.Status.DONE:
            raise Taken
        with running(job) as progress:
            yield progress
    finally:
        if is_ours:
            _let_go("SELECT pg_advisory_unlock(%s, %s)", job)


def _reporter(job: Job) -> Progress:
    last = 0.0

    def report(done: int, total: int, note: str = "") -> None:
        nonlocal last
        job.done, job.total, job.note = done, total, note[:200]
        if done < total and time.monotonic() - last < SECONDS_BETWEEN_REPORTS:
            return
        last = time.monotonic()
        Job.objects.filter(pk=job.pk).update(done=done, total=total, note=job.note)

    return report


@contextmanager
def _at_work(job: Job) -> Iterator[None]:
    """Let others see that a process is at the job; the database lets go of it should we die.

    The lock is a shared one: work that is delivered twice takes care of itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", [LOCK, job.pk])
    try:
        yield
    finally:
        _let_go("SELECT pg_advisory_unlock_shared(%s, %s)", job)


def _let_go(statement: str, job: Job) -> None:
    """Give a lock back, unless it went with the connection."""
    if connection.connection and not connection.connection.closed:
        with connection.cursor() as cursor:
            cursor.execute(statement, [LOCK, job.pk])


# --- left behind ------------------------------------------------------------


def sweep(*, at: dt.datetime, of_records: tuple[str, ...]) -> int:
    """End the jobs that nobody works at and nobody will take up again; how many there were.

    `of_records` are the kinds of jobs that belong to a record which names them.
    """
    swept = 0
    for job in Job.objects.filter(status__in=UNFINISHED, created_at__lt=at - QUIET):
        with translation.override(job.language):
            words = _why_left(job, at, job.kind in of_records)
        if words:
            try:
                states.move(job, to=Job.Status.FAILED, finished_at=at, error=words)
                swept += 1
            except Stale:  # somebody came for it just now
                continue
    return swept


def _why_left(job: Job, at: dt.datetime, is_of_record: bool) -> str:
    """Why nobody will take up the job again; empty while somebody may."""
    quiet = at - (job.started_at or job.created_at)
    if quiet < QUIET or is_at_work(job):
        return ""
    record = _record(job)
    if is_of_record and record is None:
        return _("It was started twice; the other one did the work.")
    is_open = record is not None and _is_open(record)
    if quiet < LOST and (is_open or job.status == Job.Status.WAITING):
        return ""
    if job.status == Job.Status.WAITING:
        return _("No worker came for it; start it again.")
    return _("Its worker stopped.")


def is_at_work(job: Job) -> bool:
    """Whether a process is at the job right now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, job.pk])
        return not cursor.fetchone()[0]


def _record(job: Job) -> Any:
    """The record that names the job, whatever it is."""
    for relation in Job._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            model: Any = relation.related_model
            found = model._default_manager.filter(**{relation.field.name: job}).first()
            if found is not None:
                return found
    return None


def _is_open(record: Any) -> bool:
    """Whether its table of moves leads anywhere; a record without one is open.

    In a status that a record calls `SETTLED` the work is over, though a person may begin another.
    """
    if getattr(record, "status", None) in getattr(record, "SETTLED", ()):
        return False
    return not hasattr(record, "MOVES") or bool(record.MOVES[record.status])
