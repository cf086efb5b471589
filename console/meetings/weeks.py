"""Weeks by their names, such as 2018-W10; they begin on Monday."""

import datetime as dt
import re
from dataclasses import dataclass

DAY = dt.timedelta(days=1)
_NAMED = re.compile(r"(20\d\d|21\d\d)-W(\d\d)")


@dataclass(frozen=True)
class Week:
    """A week from its Monday to its Sunday."""

    since: dt.date

    @property
    def until(self) -> dt.date:
        return self.since + DAY * 6

    @property
    def name(self) -> str:
        year, number, _day = self.since.isocalendar()
        return f"{year}-W{number:02}"

    def ago(self, weeks: int) -> "Week":
        return Week(self.since - DAY * 7 * weeks)


def of(day: dt.date) -> Week:
    return Week(day - DAY * day.weekday())


def named(name: str) -> Week | None:
    """The week of this name; None if there is none."""
    found = _NAMED.fullmatch(name)
    if found is None:
        return None
    try:
        return Week(dt.date.fromisocalendar(int(found[1]), int(found[2]), 1))
    except ValueError:
        return None
