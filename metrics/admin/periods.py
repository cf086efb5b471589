"""The period that a page is about: from the address, in days, with those one usually wants."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

USUAL = "90"
OFFERED = {
    "30": _("30 days"),
    "90": _("90 days"),
    "month": _("last month"),
    "quarter": _("last quarter"),
    "year": _("a year"),
    "all": _("all"),
}
FIRST = dt.date(2000, 1, 1)


@dataclass(frozen=True)
class Period:
    """Days, both ends included, and what they were chosen by."""

    since: dt.date
    until: dt.date
    chosen: str

    @property
    def query(self) -> str:
        if self.chosen:
            return f"period={self.chosen}"
        return f"since={self.since}&until={self.until}"


def chosen(given: Mapping[str, str], *, last: dt.date, first: dt.date | None) -> Period:
    """The period that an address asks for; nonsense is the usual one."""
    since, until = _day(given.get("since", "")), _day(given.get("until", ""))
    if since and until and since <= until:
        return Period(since, min(until, last), "") if since <= last else usual(last)
    key = given.get("period", USUAL)
    start = {
        "30": last - dt.timedelta(days=29),
        "90": last - dt.timedelta(days=89),
        "year": last - dt.timedelta(days=364),
        "all": first or last,
    }
    if key in start:
        return Period(start[key], last, key)
    if key in {"month", "quarter"}:
        end = _beginning(last + dt.timedelta(days=1), key) - dt.timedelta(days=1)
        return Period(_beginning(end, key), end, key)
    return usual(last)


def usual(last: dt.date) -> Period:
    return Period(last - dt.timedelta(days=89), last, USUAL)


def _beginning(day: dt.date, of: str) -> dt.date:
    month = day.month if of == "month" else (day.month - 1) // 3 * 3 + 1
    return day.replace(month=month, day=1)


def _day(text: str) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if found >= FIRST else None
