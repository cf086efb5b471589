"""Cohorts by the period in which customers first appear, and who of them comes back."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from segments import bitmaps


@dataclass(frozen=True)
class Share:
    """A part of a whole, kept as both counts so that shares can be added up rightly."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        """Nothing of nothing has no share: None, never a division error."""
        return self.numerator / self.denominator if self.denominator else None


def first_seen(periods: Sequence[BitMap]) -> list[BitMap]:
    """For each period, the customers who were in none before it."""
    seen = BitMap()
    cohorts = []
    for members in periods:
        cohorts.append(members - seen)
        seen |= members
    return cohorts


def woken(periods: Sequence[BitMap], quiet: int) -> list[BitMap]:
    """For each period, who is there again after at least `quiet` periods without them."""
    before = [BitMap(), *bitmaps.sliding_union(periods, quiet)]
    seen = BitMap()
    found = []
    for members, lately in zip(periods, before, strict=False):
        found.append((members & seen) - lately)
        seen |= members
    return found


def returned(cohorts: Sequence[BitMap], periods: Sequence[BitMap], after: int) -> list[Share]:
    """For each cohort whose period `after` later is there: who of it was active in that one.

    The list ends where the later periods end, so it is shorter than the cohorts.
    """
    return [
        Share(cohort.intersection_cardinality(later), len(cohort))
        for cohort, later in zip(cohorts, periods[after:], strict=False)
    ]


def triangle(periods: Sequence[BitMap]) -> list[list[Share]]:
    """The retention table: line i, place k is the cohort of period i, k periods later."""
    return [
        [Share(cohort.intersection_cardinality(later), len(cohort)) for later in periods[start:]]
        for start, cohort in enumerate(first_seen(periods))
    ]
