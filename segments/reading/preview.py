"""The first rows of a file as they would become events, with what is wrong with them."""

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from segments.reading.events import Reader
from segments.reading.problems import BadFile

ROWS = 10


@dataclass
class Preview:
    """Good rows as events, bad ones with their problem, in the order of the file."""

    rows: list[tuple[int, dict[str, Any] | BadFile]] = field(default_factory=list)
    left_out: int = 0  # which no condition wanted, or without a customer
    problem: BadFile | None = None  # why nothing can be read at all

    @property
    def is_bad(self) -> bool:
        return self.problem is not None or any(isinstance(row, BadFile) for _n, row in self.rows)


def first_rows(reader: Reader, *, rows: int = ROWS) -> Preview:
    """What so many rows would become."""
    found, bad = Preview(), list[BadFile]()
    try:
        for checked in islice(replace(reader, refuse=bad.append).read(size=rows), 1):
            good = checked.events.to_pylist()
            found.rows = [(row["row"], row) for row in good]
            found.left_out = checked.skipped + sum(checked.left_out.values())
    except BadFile as problem:
        found.problem = problem
    found.rows += [(one.line or one.row or 0, one) for one in bad]
    found.rows.sort(key=lambda row: row[0])
    return found
