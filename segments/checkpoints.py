"""What all days up to one came to, kept so that the next nights add only the days since.

A checkpoint lies beside the tallies that it was made of, in files of this host, and holds on to
them by links: a late event, an erasure or a rewritten day is seen by comparing them with those of
today. Whose days are not as they were, or who is another customer by now, is added up anew from
the first day on, and nobody else is. Without a checkpoint everybody is.
"""

import datetime as dt
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import structlog

from segments import tally_files, traits
from segments.arrays import Array
from segments.gathering import World
from segments.recipes.adding import Adder
from segments.tallies import Measure

log = structlog.get_logger(__name__)
FORM = 1  # raise it when an adder adds up in another way
LATE = dt.timedelta(days=3)  # by which most events are there: of later ones few customers change
WEEK = dt.timedelta(days=7)  # a new one is made when the last is as much behind
_NAME, _KNOWN_AS = "until-", "known_as.npy"
_UNREADABLE = (OSError, ValueError, BadZipFile)  # cut short by a crash, or never there
Files = Mapping[dt.date, Path]


@dataclass(frozen=True)
class Checkpoint:
    """What was known at the end of a day. `anew` masks the customers of whom it says nothing."""

    folder: Path
    day: dt.date
    anew: Array

    def resume(self, adders: Mapping[str, Adder]) -> None:
        """Let those go on that it knows; others begin at the first day."""
        number = (self.day - traits.EPOCH).days
        for key, adder in adders.items():
            with suppress(*_UNREADABLE), np.load(self.folder / _file(key)) as parts:
                adder.resume(dict(parts), until=number, but=self.anew)


def last(measure: Measure, world: World, files: Files) -> Checkpoint | None:
    """The newest one of this measure, if it is of no later day than asked about."""
    for folder in measure.folder.glob(f"{_NAME}*[0-9]") if files else ():
        day = dt.date.fromisoformat(folder.name.removeprefix(_NAME))
        with suppress(*_UNREADABLE):
            if day <= world.day:
                found = Checkpoint(folder, day, _changed(folder, day, world, files))
                log.info("traits.resumed", of=measure.of, day=day, anew=int(found.anew.sum()))
                return found
    return None


def due(
    today: dt.date, files: Files, before: Checkpoint | None, adders: Mapping[str, Adder]
) -> dt.date | None:
    """The day at whose end another is to be made; None when the last one does."""
    settled = max((day for day in files if day <= today - LATE), default=None)
    if settled is None or before is None:
        return settled
    is_whole = all(adder.is_resumed for adder in adders.values())
    is_needed = not is_whole or bool(before.anew.any()) or settled - before.day >= WEEK
    return settled if is_needed and settled > before.day else None


def keep(
    measure: Measure, world: World, files: Files, day: dt.date, adders: Mapping[str, Adder]
) -> None:
    """What these have come to by the end of the day, instead of earlier ones: whole or not.

    A disk that is full, or knows no links, costs the next night time and nothing else.
    """
    draft = measure.folder / f"{_NAME}draft"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        _write(draft, world, files, day, adders)
    except OSError as problem:
        log.warning("traits.not_kept", of=measure.of, why=str(problem))
        shutil.rmtree(draft, ignore_errors=True)
        return
    for old in measure.folder.glob(f"{_NAME}*[0-9]"):
        shutil.rmtree(old)
    draft.rename(measure.folder / f"{_NAME}{day}")


def _write(
    draft: Path, world: World, files: Files, day: dt.date, adders: Mapping[str, Adder]
) -> None:
    draft.mkdir(mode=0o700)
    for key, adder in adders.items():
        with (draft / _file(key)).open("wb") as file:
            np.savez(file, allow_pickle=False, **adder.parts())
            os.fsync(file.fileno())  # a file of noughts would be believed
    np.save(draft / _KNOWN_AS, world.known_as)
    for on, path in files.items():
        if on <= day:
            (draft / path.name).hardlink_to(path)


def _file(key: str) -> str:
    return f"{blake2b(f'{FORM} {key}'.encode(), digest_size=12).hexdigest()}.npz"


def _changed(folder: Path, day: dt.date, world: World, files: Files) -> Array:
    """A mask of who did something else by now than what was added up, or is somebody else."""
    was = {path.name: path for path in folder.glob("*.arrow")}
    now = {path.name: path for on, path in files.items() if on <= day}
    days = {name[:10] for name in was.keys() ^ now.keys()}
    before, after = (
        {name[:10]: path for name, path in some.items() if name[:10] in days} for some in (was, now)
    )
    who = [tally_files.differing(before.get(one), after.get(one)) for one in sorted(days)]
    known_then = np.load(folder / _KNOWN_AS)
    length = max(len(known_then), len(world.known_as))
    then, today = (_padded(one, length) for one in (known_then, world.known_as))
    touched = np.concatenate([*who, np.flatnonzero(then != today)]).astype(np.int64)
    moved = touched[touched < length]
    touched = np.concatenate([touched, then[moved], today[moved]])
    mask = np.zeros(len(world.living), np.bool_)
    mask[touched[touched < len(mask)]] = True
    return mask


def _padded(known_as: Array, length: int) -> Array:
    """Who each is counted as, up to this length; who did not move is themselves."""
    everyone = np.arange(length, dtype=np.int64)
    everyone[: len(known_as)] = known_as
    return everyone
