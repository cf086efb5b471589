"""How much segments have in common: everybody in each two of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from segments import sets
from segments.models import Segment

MOST = 12


@dataclass(frozen=True)
class Overlap:
    """Two segments: how many are in both, as shares of each, and of all that are in either."""

    row: Segment
    column: Segment
    both: int
    of_row: float | None
    of_either: float | None


def matrix(segments: Sequence[Segment]) -> list[list[Overlap]]:
    """A row and a column a segment; each cell tells how much of the row is in the column.

    The sets are intersected as they are stored, without making their common members.
    """
    found = [(one, sets.one(Segment, one.pk)[0]) for one in segments[:MOST]]
    return [[_cell(row, mine, column, theirs) for column, theirs in found] for row, mine in found]


def _cell(row: Segment, mine: BitMap, column: Segment, theirs: BitMap) -> Overlap:
    both = mine.intersection_cardinality(theirs)
    either = len(mine) + len(theirs) - both
    return Overlap(
        row,
        column,
        both,
        both / len(mine) if mine else None,
        both / either if either else None,
    )
