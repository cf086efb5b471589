"""Trails of this console's lake: those of the days that are asked for, made where they are missing.

A file is named by the lake's files of its day. When these change, by late events or an erasure,
another name is looked for and only that day is made anew.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db.models import Count, Max

from console import jobs
from segments import history
from segments.lake import trails
from segments.lake.trails import Rows
from segments.models import DaySet

THREADS = 2


def folder() -> Path:
    found = Path(settings.COPIES_PATH) / "trails"
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def days(since: dt.date, until: dt.date, *, progress: jobs.Progress = jobs.silent) -> list[Rows]:
    """The events of these days in the order of time; a merged customer's are those of who they
    are now. A day may come in two parts, each with everything that its customers did."""
    from segments.lake import store  # heavy: not in the web process

    # Who was merged is asked before which files there are, as `history.opened` does.
    merged = trails.Merged(history.moved())
    every = store.files_by_day(history.place())
    wanted = {day: _file(day, names) for day, names in sorted(every.items())}
    _tidy({path.name for path in wanted.values()})
    asked = {day: path for day, path in wanted.items() if since <= day <= until}
    missing = [day for day, path in asked.items() if not path.exists()]

    def make(day: dt.date) -> None:
        trails.write(trails.make(history.place(), every[day]), asked[day])

    with ThreadPoolExecutor(THREADS) as pool:
        for done, _none in enumerate(pool.map(make, missing)):
            progress(done, len(missing))
    return [part for path in asked.values() for part in merged.read(trails.read(path))]


def version(since: dt.date, until: dt.date) -> str:
    """Of the events of these days, by the day sets that were made of them: for every look."""
    days = DaySet.objects.filter(day__gte=since, day__lte=until).order_by().values("day")
    said = days.annotate(newest=Max("pk"), count=Count("pk")).order_by("day")
    rows = list(said.values_list("day", "newest", "count"))
    return blake2b(repr((since, until, rows)).encode(), digest_size=20).hexdigest()


def _file(day: dt.date, names: Sequence[str]) -> Path:
    digest = blake2b("\n".join(sorted(names)).encode(), digest_size=12).hexdigest()
    return folder() / f"{day}-{digest}.trail"


def _tidy(wanted: Collection[str]) -> None:
    """Files of days as they are no more; who has one mapped keeps it until they let go."""
    for path in folder().glob("*.trail"):
        if path.name not in wanted:
            path.unlink(missing_ok=True)


# --- forgetting ---------------------------------------------------------------


def having(customers: Collection[int]) -> list[Path]:
    """The files with an event of one of these customers."""
    return [path for path in folder().glob("*.trail") if _has(path, sorted(customers))]


def forget(customers: Collection[int]) -> None:
    """Remove the files that have them; they are made anew from what the lake has then."""
    for path in having(customers):
        path.unlink(missing_ok=True)


def _has(path: Path, customers: Sequence[int]) -> bool:
    try:
        theirs = trails.read(path).customers
    except FileNotFoundError:
        return False
    wanted = np.array(customers, theirs.dtype)
    starts, ends = (np.searchsorted(theirs, wanted, side) for side in ("left", "right"))
    return bool((starts < ends).any())
