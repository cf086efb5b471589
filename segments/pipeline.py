"""The recompute, from accepted events to segments: one way, in one order, one run at a time."""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, jobs
from console.states import NotAllowed
from segments import (
    activity,
    computing,
    drift,
    ingest,
    intake,
    library,
    membership,
    merging,
    scorings,
    stages,
    valuing,
)

log = structlog.get_logger(__name__)
LOCK = 0x6C6966_6379  # any number; the same for every process on this database
LOOK_EVERY = 5  # seconds, while one run waits for another


class Busy(NotAllowed):
    """Another run is under way."""


@dataclass(frozen=True)
class Step:
    """One part of the work: its name in logs, its name for people, and what it does."""

    key: str
    label: str
    work: Callable[[], Any]


def run(
    day: dt.date, *, progress: jobs.Progress = jobs.silent, patience: int = 0
) -> dict[str, int]:
    """Everything anew for the end of a day; tells how much each step changed.

    Raises:
        Busy: another run is under way, still after so many seconds.
    """
    with alone(patience):
        library.install_stages()
        steps = [
            Step("events", _("moving accepted events into the lake"), _flush),
            Step("day_sets", _("who did what on which day"), activity.catch_up),
            Step("drift", _("events that are not as they were"), lambda: drift.look(day)),
            *_of_one_day(day),
        ]
        found = _walk(steps, progress)
        audit.log("pipeline.ran", None, by=None, day=day, changed=found)
        return found


def replay(days: Sequence[dt.date], *, progress: jobs.Progress = jobs.silent) -> None:
    """Traits, scores, stages and segments as they were on past days, the oldest first.

    For a business whose past is loaded at once: sizes and moves then have a history.
    """
    with alone():
        library.install_stages()
        for done, day in enumerate(sorted(days), start=1):
            _walk(_of_one_day(day, is_past=done < len(days)), jobs.silent)
            progress(done, len(days), day.isoformat())


def traits(day: dt.date, *, progress: jobs.Progress = jobs.silent) -> int:
    """The traits alone, for example after somebody made one; for who is `alone`."""
    return computing.recompute(day, progress)


def _of_one_day(day: dt.date, *, is_past: bool = False) -> list[Step]:
    # Of a past day tiers alone are looked at, because of the moves between them.
    valued = (scorings.VALUE,) if is_past else valuing.AFTER_STAGES
    return [
        Step("traits", _("traits"), lambda: computing.recompute(day)),
        Step("scores", _("scores"), lambda: valuing.run_due(valuing.BEFORE_STAGES, day)),
        Step("moves", _("stages"), lambda: _stages(day)),
        Step("value", _("value"), lambda: valuing.run_due(valued, day)),
        Step("segments", _("segments"), lambda: _segments(day)),
    ]


def _walk(steps: list[Step], progress: jobs.Progress) -> dict[str, int]:
    found = {}
    for done, step in enumerate(steps):
        progress(done, len(steps), step.label)
        began = time.perf_counter()
        found[step.key] = step.work()
        seconds = round(time.perf_counter() - began, 3)
        log.info("pipeline.step", step=step.key, changed=found[step.key], seconds=seconds)
    progress(len(steps), len(steps))
    return found


def _flush() -> int:
    """Sort what was delivered and move it into the lake, as far as it is there by now."""
    now = timezone.now()
    intake.run(at=now)
    moved = ingest.flush()
    merging.tell(at=now)
    return moved


def _stages(day: dt.date) -> int:
    return sum(one.moves for one in stages.recompute_all(day).values())


def _segments(day: dt.date) -> int:
    """How many segments are fresh now; one that failed keeps its last good members."""
    return sum(not one.failure for one in membership.recompute_all(day).values())


@contextmanager
def alone(patience: int = 0) -> Iterator[None]:
    """Hold the lock of the recompute; the database lets go of it should we die.

    Raises:
        Busy: another run is under way, still after so many seconds.
    """
    with connection.cursor() as cursor:
        until = time.monotonic() + patience
        while not _take_lock(cursor):
            if time.monotonic() >= until:
                raise Busy(_("A recompute is running already; wait until it is done."))
            time.sleep(LOOK_EVERY)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _take_lock(cursor: Any) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
    return bool(cursor.fetchone()[0])
