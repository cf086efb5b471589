"""A worker's own record of what it gives away, so that its death leaves little in doubt.

A line is appended before a message is given and another one when its end is known. That is a
file and not a table because two commits a message would cost more than everything else. What
was written survives the worker; whether it survived the machine is asked of the boot's number.
"""

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.channels.base import Accepted, Outcome, Unsure

BOOT = Path("/proc/sys/kernel/random/boot_id")
BEGUN, SENT, BACK = "begun", "sent", "back"


class InUse(Exception):
    """The worker that writes it is alive."""


class Journal:
    """What one worker writes while it sends one claim. Nobody else may, for as long as it lives."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._write(_boot())

    def begun(self, number: int) -> None:
        self._write(f"{BEGUN} {number}")

    def ended(self, number: int, outcome: Outcome) -> None:
        match outcome:
            case Accepted(provider_id):
                named = " ".join(provider_id.split())  # a line's end would begin another line
                self._write(f"{SENT} {number} {named}")
            case Unsure():
                pass  # begun is all that is known
            case _:
                self._write(f"{BACK} {number}")

    def forget(self) -> None:
        """Everything in it is in the database."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Leave it to whoever takes the claim next."""
        os.close(self._file)

    def _write(self, line: str) -> None:
        whole = f"{line}\n".encode(errors="replace")
        if os.write(self._file, whole) != len(whole):
            raise OSError(f"no room for {self.path}")


@dataclass(frozen=True)
class Found:
    """What a worker that is gone had written."""

    sent: dict[int, str] = field(default_factory=dict)  # and the provider's number for it
    in_doubt: frozenset[int] = frozenset()
    # Whether what is not in it was certainly not begun.
    is_whole: bool = False


def read(path: Path) -> Found:
    """The journal of a worker that is gone; nothing where there is none.

    Raises:
        InUse: it is not gone. It may have lost its database, and be sending all the same.
    """
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError as held:
                raise InUse(path.name) from held
            boot, *lines = file.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        return Found()
    last = {}
    for line in lines[:-1]:  # behind the last line end is nothing, or a line that was cut off
        what, number, *provider_id = line.split(" ", 2)
        last[int(number)] = (what, "".join(provider_id))
    return Found(
        sent={number: words for number, (what, words) in last.items() if what == SENT},
        in_doubt=frozenset(number for number, (what, _) in last.items() if what == BEGUN),
        is_whole=boot == _boot() != "",
    )


def _boot() -> str:
    """The number of this run of the machine; empty where there is none."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""
