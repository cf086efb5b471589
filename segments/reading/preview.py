"""The first rows of a file as they would become events, with what is wrong with them."""

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from segments.reading.events import Reader
from segments.reading.problems import BadFile

ROWS = 10
WITHIN = 200  # that are looked through for some with amounts


Row = tuple[int, dict[str, Any] | BadFile]  # with its number in the file


@dataclass
class Preview:
    """Good rows as events, bad ones with their problem, in the order of the file."""

    rows: list[Row] = field(default_factory=list)
    left_out: int = 0  # which no condition wanted, or without a customer
    problem: BadFile | None = None  # why nothing can be read at all

    @property
    def is_bad(self) -> bool:
        return self.problem is not None or any(isinstance(row, BadFile) for _n, row in self.rows)


def first_rows(reader: Reader, *, rows: int = ROWS, within: int = WITHIN) -> Preview:
    """What so many rows would become.

    Where none of the first has an amount, and further ones have, some of these stand last:
    otherwise nobody would see what becomes of amounts.
    """
    found, bad = Preview(), list[BadFile]()
    try:
        for checked in islice(replace(reader, refuse=bad.append).read(size=within), 1):
            good = checked.events.to_pylist()
            found.rows = [(row["row"], row) for row in good]
            found.left_out = checked.skipped + sum(checked.left_out.values())
    except BadFile as problem:
        found.problem = problem
    found.rows += [(one.line or one.row or 0, one) for one in bad]
    found.rows = _telling(sorted(found.rows, key=lambda row: row[0]), rows)
    return found


def _telling(found: list[Row], most: int) -> list[Row]:
    first = found[:most]
    if any(_has_amount(row) for row in first):
        return first
    with_amounts = [row for row in found[most:] if _has_amount(row)][: most // 2]
    return [*first[: most - len(with_amounts)], *with_amounts]


def _has_amount(row: Row) -> bool:
    return not isinstance(row[1], BadFile) and row[1]["amount"] is not None
