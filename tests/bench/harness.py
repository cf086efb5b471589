"""How a benchmark is run: the same answer first, then medians of both, side by side."""

import functools
import gc
import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROUNDS = 7


@dataclass(frozen=True)
class Contest:
    """Two ways to one answer. Each call is one whole run; the answers must be equal."""

    ours: Callable[[], Any]
    peer: Callable[[], Any]
    note: str = ""


def at_most(goal: float, work: Callable[[], Any], note: str = "") -> Contest:
    """Work that is to take so many seconds: its peer is a clock."""

    def wait() -> Any:
        time.sleep(goal)
        return answer

    answer = work()
    return Contest(ours=lambda: work() and answer, peer=wait, note=note)


@dataclass(frozen=True)
class Entry:
    """A registered contest: how many times as fast as the peer we mean to be."""

    name: str
    peer: str
    goal: float
    prepare: Callable[[Path], Contest]
    only_by: str = ""  # the word that one has to say for it: too large for every run

    def is_asked(self, word: str) -> bool:
        """Whether it runs when somebody asks for a part by this word, or for all by none."""
        return word in self.name and self.only_by in word

    @property
    def room(self) -> str:
        """The module that registered it."""
        prepare = self.prepare
        return (prepare.func if isinstance(prepare, functools.partial) else prepare).__module__


@dataclass(frozen=True)
class Row:
    """What came of it. The ratio is the peer's time by ours; the goal is the least it may be."""

    name: str
    ours_s: float
    peer: str
    peer_s: float
    ratio: float
    goal: float
    note: str


ENTRIES: list[Entry] = []


class AnswersDiffer(Exception):
    """A faster wrong answer is not faster."""


def contest(
    name: str, *, peer: str, goal: float, only_by: str = ""
) -> Callable[[Callable[[Path], Contest]], Callable[[Path], Contest]]:
    """Register a function that prepares a contest in a folder of its own making.

    The folder is shared by all contests of a run, so that large data is built once.
    """

    def register(prepare: Callable[[Path], Contest]) -> Callable[[Path], Contest]:
        ENTRIES.append(Entry(name, peer, goal, prepare, only_by))
        return prepare

    return register


def run(
    entries: Iterable[Entry], folder: Path, *, tell: Callable[[str], None] = print
) -> list[Row]:
    """Run the contests one after the other; what they make for themselves is in the folder."""
    rows = []
    for entry in entries:
        tell(f"… {entry.name} ({entry.peer})")
        rows.append(compete(entry, entry.prepare(folder)))
    return rows


def compete(entry: Entry, both: Contest, *, rounds: int = ROUNDS) -> Row:
    """Compare the answers, which warms both up, then time them in turns.

    Raises:
        AnswersDiffer: the two do not say the same.
    """
    if both.ours() != both.peer():
        raise AnswersDiffer(entry.name)
    taken = [(timed(both.ours), timed(both.peer)) for _ in range(rounds)]
    ours, peer = (statistics.median(one[side].wall for one in taken) for side in (0, 1))
    ours_cpu, peer_cpu = (statistics.median(one[side].cpu for one in taken) for side in (0, 1))
    cpu = f"CPU seconds {peer_cpu / ours_cpu:.1f}×" if ours_cpu else ""
    return Row(
        name=entry.name,
        ours_s=round(ours, 6),
        peer=entry.peer,
        peer_s=round(peer, 6),
        ratio=round(peer / ours, 2),
        goal=entry.goal,
        note="; ".join(part for part in (both.note, cpu) if part),
    )


@dataclass(frozen=True)
class Taken:
    """Seconds of one run by the clock on the wall, and of all cores together."""

    wall: float
    cpu: float


def timed(work: Callable[[], Any]) -> Taken:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def table(rows: Iterable[Row]) -> str:
    """The rows as text for a terminal."""
    cells = [("work", "ours", "peer", "", "ratio", "goal", "")]
    cells += [
        (
            row.name,
            seconds(row.ours_s),
            row.peer,
            seconds(row.peer_s),
            f"{row.ratio:.1f}×",
            f"≥ {row.goal:g}×",
            "met" if row.ratio >= row.goal else "MISSED",
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def seconds(taken: float) -> str:
    return f"{taken:.2f} s" if taken >= 1 else f"{taken * 1000:.1f} ms"


def save(rows: Iterable[Row], path: Path) -> None:
    """Write the rows as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) + "\n")
