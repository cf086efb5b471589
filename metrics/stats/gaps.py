"""Gap tables: who was active when, in two small tables, from which all of activity follows.

Of each customer only the first and the last active period are remembered. `returned[c, p]` is
how many of those first active in period c were active in p; `gaps[p, g]` how many of those
active in p were active g periods before and not in between, where 0 is "never before". Periods
are days, or calendar weeks or months, counted from the first one. Everything is exact:

    active = column sums of returned          retained = gaps[:, 1]
    new = gaps[:, 0]                          resurrected = active - new - retained
    churned(p) = active(p - 1) - retained(p)

and the different customers of any window are the sum of its actives less those gaps that begin
and end inside of it.
"""

import io
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

NEVER = 0xFFFF
MOST = NEVER  # periods
ROOM = 1 << 16  # customers for whom room is made at a time

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Growth:
    """Of each period, who came, stayed, came back, and stayed away."""

    active: Array
    new: Array
    retained: Array
    resurrected: Array
    churned: Array

    def quick_ratio(self, at: int) -> float | None:
        """Won by lost: above 1 it grows. None where nobody was lost."""
        lost = int(self.churned[at])
        return int(self.new[at] + self.resurrected[at]) / lost if lost else None


@dataclass(frozen=True)
class Tables:
    """What came of it. `last[c, p]` are those of cohort c whose last active period is p."""

    returned: Array
    gaps: Array
    last: Array

    @property
    def periods(self) -> int:
        return len(self.returned)

    def growth(self) -> Growth:
        active = self.returned.sum(axis=0)
        new = self.gaps[:, 0] if self.periods else active
        retained = self.gaps[:, 1] if self.periods > 1 else np.zeros_like(active)
        before = np.concatenate([[0], active[:-1]]) if self.periods else active
        return Growth(active, new, retained, active - new - retained, before - retained)

    def rolling(self, width: int) -> Array:
        """Different customers in each period and the `width` - 1 before it.

        Raises:
            ValueError: the width is not positive.
        """
        if width < 1:
            raise ValueError("A window is at least one period wide.")
        # within[p, k]: those of p who were not active in the k periods before it.
        active, inside = self.returned.sum(axis=0), np.cumsum(self.gaps[:, 1:], axis=1)
        found = np.zeros(self.periods, np.int64)
        for back in range(min(width, self.periods)):
            reach = min(width - 1 - back, self.periods - 1)
            own = active - inside[:, reach - 1] if reach else active
            found[back:] += own[: self.periods - back]
        return found

    def cohorts(self) -> Array:
        """How many customers each cohort has."""
        return np.diagonal(self.returned).astype(np.int64)

    def came_back(self, after: int, *, or_later: bool = False) -> Array:
        """Of each cohort whose period `after` is there: who was active in it (or from it on)."""
        count = self.periods - after
        if count <= 0:
            return np.zeros(0, np.int64)
        if not or_later:
            return np.diagonal(self.returned, after).astype(np.int64)
        from_then = np.cumsum(self.last[:, ::-1], axis=1)[:, ::-1]
        return np.diagonal(from_then, after).astype(np.int64)

    def pooled(
        self, after: int, *, since: int = 0, until: int | None = None, or_later: bool = False
    ) -> tuple[int, int]:
        """All cohorts of these periods together: who came back, of how many.

        A cohort counts only once its period `after` has passed.
        """
        back = self.came_back(after, or_later=or_later)
        chosen = slice(since, None if until is None else until + 1)
        return int(back[chosen].sum()), int(self.cohorts()[: len(back)][chosen].sum())

    def first(self, periods: int) -> "Tables":
        """Those of the first so many periods; who came later came at least until their end."""
        some = slice(0, periods)
        last = self.last[some, some].copy()
        if periods:
            last[:, -1] += self.last[some, periods:].sum(axis=1, dtype=last.dtype)
        return Tables(self.returned[some, some], self.gaps[some, some], last)

    def dump(self) -> bytes:
        return _packed(returned=self.returned, gaps=self.gaps, last=self.last)

    @classmethod
    def load(cls, data: bytes) -> Self:
        return cls(**_unpacked(data))


class Builder:
    """Takes the periods in order and makes the tables; can be put aside and taken up again."""

    def __init__(self, periods: int) -> None:
        if periods > MOST:
            raise ValueError(f"At most {MOST} periods.")
        self.returned = np.zeros((periods, periods), np.int32)
        self.gaps = np.zeros((periods, periods), np.int32)
        self.seen = np.full((ROOM, 2), NEVER, np.uint16)
        self.period = 0  # the one that was fed last

    def add(self, period: int, customers: Array) -> None:
        """Who was active in a period, in any order, or again: a period may be fed in parts.

        Raises:
            ValueError: a later period was fed already.
        """
        from metrics.stats import loops  # heavy: not in the web process

        if period < self.period:
            raise ValueError("Periods come in order.")
        self.period = period
        if not len(customers):
            return
        self._make_room(int(customers.max()) + 1)
        column = np.zeros(len(self.returned), np.int32)
        loops.note(customers, period, self.seen, column, self.gaps[period])
        self.returned[:, period] += column

    def _make_room(self, length: int) -> None:
        if length <= len(self.seen):
            return
        more = np.full((-(-length // ROOM) * ROOM, 2), NEVER, np.uint16)
        more[: len(self.seen)] = self.seen
        self.seen = more

    def tables(self) -> Tables:
        from metrics.stats import loops  # heavy: not in the web process

        last = np.zeros_like(self.returned)
        loops.tally(self.seen, last)
        return Tables(self.returned.copy(), self.gaps.copy(), last)

    def save(self) -> bytes:
        """As it stands after the period that was fed last."""
        some = slice(0, self.period + 1)
        period = np.array(self.period)
        tables = {"returned": self.returned[some, some], "gaps": self.gaps[some, some]}
        return _packed(seen=self.seen, period=period, **tables)

    @classmethod
    def taken_up(cls, saved: bytes, periods: int) -> Self:
        """Where `save` left it, with room for so many periods."""
        kept, builder = _unpacked(saved), cls(periods)
        some = slice(0, len(kept["gaps"]))
        builder.seen, builder.period = kept["seen"], int(kept["period"])
        builder.returned[some, some], builder.gaps[some, some] = kept["returned"], kept["gaps"]
        return builder

    @staticmethod
    def has(saved: bytes, customers: Collection[int]) -> bool:
        """Whether it was told of one of these customers."""
        seen = _unpacked(saved)["seen"]
        known = [one for one in customers if one < len(seen)]
        return bool((seen[known, 0] != NEVER).any()) if known else False


def _packed(**arrays: Array) -> bytes:
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def _unpacked(data: bytes) -> dict[str, Array]:
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}
