"""Whether what was agreed is kept: closed periods against the expected return, and guardrails.

Nothing here reads or writes anything; numbers come in, verdicts go out.
"""

import calendar
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WATCHED_MONTHS = 6


@dataclass(frozen=True)
class Period:
    """A closed period as it stands now. `is_below` is None where nobody can tell."""

    begins_on: dt.date
    is_below: bool | None


@dataclass(frozen=True)
class Guardrail:
    """So many of so many did what customers should not have to do; and the most that may."""

    cause: str
    count: int
    of: int
    most: float | None  # a share; None: nobody looks

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0

    def is_broken(self, least: int) -> bool:
        """Above the most, once there are enough to tell."""
        return self.most is not None and self.of >= max(1, least) and self.share > self.most


def is_below(roi: float | None, expected: float | None) -> bool | None:
    """Whether a period brought less than was agreed; what is not known is neither."""
    return None if roi is None or expected is None else roi < expected


def run(periods: Iterable[Period]) -> list[Period]:
    """The periods below what was agreed that nothing better came after, the oldest first.

    A period in which nobody came in is not among `periods`, and so neither ends a run nor is in
    it. One of which nobody can tell ends it.
    """
    found: list[Period] = []
    for period in periods:
        found = [*found, period] if period.is_below else []
    return found


def broken(guardrails: Sequence[Guardrail], *, least: int) -> Guardrail | None:
    """The guardrail that is furthest beyond what was agreed, if any is."""
    found = [one for one in guardrails if one.is_broken(least)]
    return max(found, key=lambda one: one.share / (one.most or 1e-9), default=None)


def watched_until(day: dt.date) -> dt.date:
    """Six months later, on the same day of the month, or its last."""
    months = day.month - 1 + WATCHED_MONTHS
    year, month = day.year + months // 12, months % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
