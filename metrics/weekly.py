"""A metric week by week, and what it came to before and after a day.

Weeks end with any day and have every weekday once. `metrics.stats.before_after` says by how much
a number moved beyond what it moves by itself; words for it: `metrics.promise_words`.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from metrics import alerts
from metrics.models import Metric
from metrics.overall import Overall
from metrics.stats import before_after
from metrics.stats.before_after import Change

BEFORE_AFTER = "before_after"  # how it was told
FEW_WEEKS, NO_SHARE = "few_weeks", "no_share"  # why nothing can be told
AROUND = 8  # weeks on each side of a day
PAST = 104  # weeks from which it is told how far the number moves by itself
LATEST = 70  # days within which a number has to be known, such as a retention of 30 days
DAY, WEEK, YEAR = dt.timedelta(days=1), dt.timedelta(days=7), dt.timedelta(days=364)


def around(metric: Metric, day: dt.date, *, on: dt.date) -> dict[str, Any]:
    """The weeks from a day on, at most eight, against the eight before; as of another day.

    Where a week on either side is not known, `value` is not there.
    """
    overall = read(metric.key, min(on - DAY, day + WEEK * AROUND - DAY))
    end = last_known(overall, metric.key, min(on - DAY, day + WEEK * AROUND - DAY))
    many = max(0, (end - day + DAY) // WEEK) if end else 0
    last = day + WEEK * many - DAY
    after = until(overall, metric.key, last, many)
    before = until(overall, metric.key, day - DAY, AROUND)
    past = until(overall, metric.key, day - WEEK * len(before) - DAY, PAST)
    found = before_after.change(before, after, past)
    said: dict[str, Any] = {"how": BEFORE_AFTER, "day": day.isoformat()}
    if found is None or len(after) < many:
        return said
    spans = {
        "before": [(day - WEEK * len(before)).isoformat(), (day - DAY).isoformat()],
        "after": [day.isoformat(), last.isoformat()],
    }
    return said | spans | told(found, before, after) | season(metric, spans)


def read(key: str, last: dt.date) -> Overall:
    """A metric's days from so long ago that its past tells how far it moves by itself."""
    return Overall([key], last - WEEK * (PAST + 2 * AROUND) - DAY * LATEST * 3, last)


def last_known(overall: Overall, key: str, last: dt.date) -> dt.date | None:
    """The last day that is known; a number that is known only later has an earlier one."""
    known = (day for day, one in overall.days(key).items() if one.value is not None)
    found = max((day for day in known if day <= last), default=None)
    return found if found and (last - found).days <= LATEST else None


def until(overall: Overall, key: str, day: dt.date, most: int) -> list[float]:
    """What the weeks that end with a day came to, the oldest first; up to a gap.

    The week in which measuring began is none: part of a week is no week.
    """
    known = (at for at, one in overall.days(key).items() if one.value is not None)
    first = min(known, default=None)
    found: list[float] = []
    for number in range(most):
        last = day - WEEK * number
        start = last - WEEK + DAY
        value = None if first is None or start < first else overall.value(key, start, last)
        if value is None:
            break
        found.append(float(value))
    return found[::-1]


def told(found: Change, before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    """What a change says, as it is kept and shown."""
    bounds = found.interval
    why = "" if bounds else FEW_WEEKS
    return {
        "why": why if found.relative is not None else NO_SHARE,
        "value": found.after,
        "against": found.before,
        "relative": found.relative,
        "low": bounds.low if bounds else None,
        "high": bounds.high if bounds else None,
        "moved": found.moved,
        "looked": found.looked,
        "weeks": list(after),
        "weeks_before": list(before),
    }


def season(metric: Metric, spans: dict[str, list[str]]) -> dict[str, Any]:
    """What was special about these weeks: the same weeks a year before, and public holidays."""
    (since, end), (first, last) = (
        [dt.date.fromisoformat(day) for day in spans[name]] for name in ("before", "after")
    )
    overall = Overall([metric.key], since - YEAR, last - YEAR)
    was = until(overall, metric.key, end - YEAR, (end - since + DAY) // WEEK)
    then = until(overall, metric.key, last - YEAR, (last - first + DAY) // WEEK)
    year_before = before_after.change(was, then)
    off = {
        name: sorted(set(alerts.holidays(*some).values()))
        for name, some in (("before", (since, end)), ("after", (first, last)))
    }
    return {"year_before": year_before.relative if year_before else None, "holidays": off}
