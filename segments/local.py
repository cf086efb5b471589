"""Files of this host: copies of what the database keeps, and answers that took long.

All processes of the host share them. Losing them costs time and nothing else.
"""

import os
import time
from collections.abc import Callable, Collection
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings

AN_HOUR, A_DAY = 3600, 86_400
ANSWERS, DAYS_OF_ANSWERS = "lake", 2


def folder() -> Path:
    """Where they are."""
    found = Path(settings.COPIES_PATH)
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def answer_to(*about: object) -> str:
    """The name of an answer that depends on all this and on nothing else."""
    return f"{ANSWERS}-{blake2b(repr(about).encode(), digest_size=20).hexdigest()}"


def read(name: str) -> bytes | None:
    """What is kept under the name."""
    path = folder() / name
    try:
        data = path.read_bytes()
        if time.time() - path.stat().st_mtime > AN_HOUR:  # so that `tidy` knows it is in use
            os.utime(path)
    except FileNotFoundError:
        return None
    return data


def write(name: str, data: bytes) -> None:
    """Keep it; who reads at the same time has all of it or nothing."""
    with NamedTemporaryFile(dir=folder(), prefix="new-", delete=False) as file:
        file.write(data)
    Path(file.name).rename(folder() / name)


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """What is kept under the name, or what `make` makes, which is kept from then on."""
    found = read(name)
    if found is None:
        found = make()
        write(name, found)
    return found


def drop(names: Collection[str]) -> None:
    for name in names:
        (folder() / name).unlink(missing_ok=True)


def tidy(*, wanted: Callable[[str], bool], most: int) -> int:
    """Remove what nobody wants, and of the rest what lay longest unused, down to `most` bytes.

    Whoever has a file mapped keeps it until they let go. Tells how many files went.
    """
    found = [(path.stat(), path) for path in folder().iterdir() if path.is_file()]
    room, gone = most, 0
    for about, path in sorted(found, key=lambda one: -one[0].st_mtime):
        if path.suffix == ".lock" or time.time() - about.st_mtime < AN_HOUR:  # being written
            continue
        is_wanted = wanted(path.name)
        room -= about.st_size if is_wanted else 0
        if not is_wanted or room < 0:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def is_young(name: str) -> bool:
    """Whether it is an answer that was in use lately; copies are asked for in the database."""
    path = folder() / name
    return name.startswith(ANSWERS) and time.time() - path.stat().st_mtime < DAYS_OF_ANSWERS * A_DAY
