"""Long work that reports how far it has come."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import get_language

from console import states
from console.models import Job, Staff

# More often than this nobody sees the difference, and each report is a write.
SECONDS_BETWEEN_REPORTS = 0.5


class Progress(Protocol):
    """What long work calls to say how far it is."""

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


def silent(done: int, total: int, note: str = "") -> None:
    """A progress that nobody watches."""


def create(kind: str, label: str, *, by: Staff | None = None) -> Job:
    """A job that waits to be run; its words will be in the language of whoever asked."""
    language = get_language() or settings.LANGUAGE_CODE
    return Job.objects.create(kind=kind, label=label[:200], started_by=by, language=language)


@contextmanager
def running(job: Job) -> Iterator[Progress]:
    """Run the block as this job; give it the function to report with.

    The block should not be one large transaction: reports would show only at its end.
    An exception marks the job failed, with its words, and goes on upward.
    """
    states.move(job, to=Job.Status.RUNNING, started_at=timezone.now(), error="")
    try:
        with translation.override(job.language):
            yield _reporter(job)
    except BaseException as problem:
        words = str(problem) or type(problem).__name__
        states.move(job, to=Job.Status.FAILED, finished_at=timezone.now(), error=words)
        raise
    states.move(job, to=Job.Status.DONE, finished_at=timezone.now(), done=job.total)


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
