"""What each customer did on each day, added up once and kept in local files.

A file holds the answer about one day and is named by the lake's files of that day: when they
change, by late events or an erasure, another name is looked for and only that day is asked for
again. Nothing here is worth keeping: a host without the files makes them anew.
"""

import datetime as dt
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings

from segments import history, tally_files
from segments.arrays import Array
from segments.lake.properties import Condition
from segments.tally_files import Tally

if TYPE_CHECKING:
    import pyarrow as pa

    from segments.lake.engine import Lake

EVENTS_AT_A_TIME = 2_500_000  # about as many, of whole days, are asked for at once
GAP = np.timedelta64(30, "m")  # without an event, after which the next begins another visit
FORM = 2  # of the files: raise it when they are written in another way
TRAITS = "traits"


@dataclass(frozen=True)
class Measure:
    """What is added up of each customer and day."""

    of: str  # all, some, values, visits, moments: a question of `lake.tallies`; together
    names: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    value: str = ""
    kept_by: str = field(default=TRAITS, repr=False)  # what needs it: each has files of its own

    @property
    def folder(self) -> Path:
        digest = blake2b(f"{FORM} {self!r}".encode(), digest_size=12).hexdigest()
        return _root(self.kept_by) / f"{self.of}-{digest}"


EVERYTHING = Measure("all")


def _root(kept_by: str) -> Path:
    return Path(settings.COPIES_PATH) / ("tallies" if kept_by == TRAITS else f"tallies-{kept_by}")


def keep_only(measures: Collection[Measure], *, kept_by: str = TRAITS) -> None:
    """Throw away what nothing of this kind needs any more."""
    kept = {one.folder for one in measures}
    for folder in _root(kept_by).glob("*"):
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)


class Tallies:
    """What there is of each day; what is missing is made from the lake, opened once for all."""

    def __init__(self, opened: ExitStack) -> None:
        self._opened = opened

    @cached_property
    def _lake(self) -> "Lake":
        return self._opened.enter_context(history.as_written())

    def days(
        self, measure: Measure, *, since: dt.date | None, until: dt.date
    ) -> Iterator[tuple[dt.date, Tally]]:
        """The tally of each day that has any, in order; those that are missing are made first."""
        found = files(measure, since, until)
        self.catch_up(measure, found)
        for day, file in found.items():
            yield day, Tally(file)

    def catch_up(self, measure: Measure, files: Mapping[dt.date, Path]) -> None:
        """Make the files that are missing."""
        missing = {day for day, file in files.items() if not file.exists()}
        if not missing:
            return
        measure.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if measure.of == "together":
            for day in missing:
                tally_files.write(self._together(measure, day), files[day])
            return
        for some in _spans(list(files), missing):
            table = _ask(self._lake, measure, some[0], some[-1])
            for day, part in _by_day(table, some):
                tally_files.write(part, files[day])

    def _together(self, measure: Measure, day: dt.date) -> "pa.Table":
        """customer, times, valued, total, low, high: of several kinds of events of a day at once.

        They are in the tally of everything; the lake need not be asked.
        """
        import pyarrow as pa  # heavy: not in the web process

        every = replace(EVERYTHING, kept_by=measure.kept_by)
        found = files(every, day, day)
        self.catch_up(every, found)
        rows = Tally(found[day]).of(measure.names)
        who, sums = together(rows["customer"], {name: rows[name] for name in ABOUT})
        return pa.table({"customer": who, **sums})


@contextmanager
def reading() -> Iterator[Tallies]:
    """The tallies, for as long as the block."""
    with ExitStack() as opened:
        yield Tallies(opened)


# Of a day's value that is not there both edges are NaN, which `fmin` and `fmax` pass over.
_HOW: dict[str, Any] = {
    "times": np.add,
    "valued": np.add,
    "total": np.add,
    "low": np.fmin,
    "high": np.fmax,
}
ABOUT = tuple(_HOW)


def together(who: Array, columns: Mapping[str, Array]) -> tuple[Array, dict[str, Array]]:
    """Each customer once, in their order, and what is said about them added up."""
    order = np.argsort(who, kind="stable")
    who = who[order]
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    return who[starts], {
        name: _HOW[name].reduceat(one[order], starts) if len(starts) else one
        for name, one in columns.items()
    }


def files(measure: Measure, since: dt.date | None, until: dt.date) -> dict[dt.date, Path]:
    """Where the tally of each day lies that has any, in order, whether it is there yet or not."""
    from segments.lake import store  # heavy: not in the web process

    found = store.files_by_day(history.place(), since, until)
    return {
        day: measure.folder / f"{day}-{_digest(names)}.arrow"
        for day, names in sorted(found.items())
    }


def _digest(names: Sequence[str]) -> str:
    return blake2b("\n".join(sorted(names)).encode(), digest_size=12).hexdigest()


def _spans(days: Sequence[dt.date], missing: Collection[dt.date]) -> Iterator[list[dt.date]]:
    """The missing ones of the days that have events, in groups between which no other day is."""
    from segments.lake import store  # heavy: not in the web process

    sizes = store.volumes(history.place(), min(missing), max(missing))
    some: list[dt.date] = []
    room = EVENTS_AT_A_TIME
    for day in days:
        size = sizes.get(day, 0)
        if some and (day not in missing or size > room):
            yield some
            some, room = [], EVENTS_AT_A_TIME
        if day in missing:
            some.append(day)
            room -= size
    if some:
        yield some


def _ask(lake: "Lake", measure: Measure, since: dt.date, until: dt.date) -> "pa.Table":
    from segments.lake import tallies  # heavy: not in the web process

    if measure.of == "all":
        return tallies.of_all(lake, since, until)
    about: dict[str, Any] = {"names": measure.names, "where": measure.where}
    if measure.of == "moments":
        return tallies.moments(lake, since, until, **about)
    if measure.of == "visits":
        return _visits(tallies.moments(lake, since, until, **about))
    if measure.of == "values":
        return tallies.of_values(lake, since, until, **about, value=measure.value)
    return tallies.of_some(lake, since, until, **about, value=measure.value)


def _visits(moments: "pa.Table") -> "pa.Table":
    """day, customer, times, total: how many visits, and their seconds together."""
    import pyarrow as pa  # heavy: not in the web process

    day = moments["day"].to_numpy()
    customer = moments["customer"].to_numpy()
    time = moments["time"].to_numpy()
    same = np.zeros(len(day), np.bool_)
    same[1:] = (customer[1:] == customer[:-1]) & (day[1:] == day[:-1])
    goes_on = same.copy()
    goes_on[1:] &= np.diff(time) <= GAP
    seconds = np.zeros(len(day))
    seconds[1:] = np.where(goes_on[1:], np.diff(time) / np.timedelta64(1, "s"), 0)
    starts = np.flatnonzero(~same)
    if not len(starts):
        starts = np.empty(0, np.int64)
        times, total = np.empty(0, np.int32), np.empty(0)
    else:
        times = np.add.reduceat((~goes_on).astype(np.int32), starts)
        total = np.add.reduceat(seconds, starts)
    return pa.table(
        {"day": day[starts], "customer": customer[starts], "times": times, "total": total}
    )


_SIDES: tuple[Any, ...] = ("left", "right")


def _by_day(table: "pa.Table", days: Sequence[dt.date]) -> Iterator[tuple[dt.date, "pa.Table"]]:
    every = table["day"].to_numpy().astype("datetime64[D]")
    for day in days:
        start, end = (np.searchsorted(every, np.datetime64(day), side) for side in _SIDES)
        yield day, table.slice(start, end - start).drop_columns(["day"])
