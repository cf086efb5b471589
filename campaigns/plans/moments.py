"""When a wait ends and when a timetable strikes, on the clocks of people's zones."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal
from zoneinfo import ZoneInfo

from campaigns.plans import tree
from campaigns.plans.nodes import PlanError, Wait
from segments.rules.nodes import gettext_noop as _

DAY = dt.timedelta(days=1)
Every = Literal["day", "week", "month"]


@dataclass(frozen=True)
class Timetable:
    """At a time of day, every day, on some weekdays, or on some days of the month."""

    every: Every
    at: dt.time
    days: tuple[int, ...] = ()


def end_of(wait: Wait, since: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The moment at which somebody in the zone who came at `since` goes on.

    An hour that a change of clocks leaves out is the one behind the gap; of one that comes twice
    it is the first.
    """
    ripe = since + dt.timedelta(minutes=wait.minutes)
    if wait.at is None and not wait.weekdays:
        return ripe
    local = ripe.astimezone(zone)
    for day in _days(local.date()):
        if wait.weekdays and day.isoweekday() not in wait.weekdays:
            continue
        if wait.at is None:  # any time of such a day
            moment = ripe if day == local.date() else _moment(day, dt.time(), zone)
        else:
            moment = _moment(day, wait.at, zone)
        if moment >= ripe:
            return moment
    raise AssertionError("every eighth day has all weekdays")


def later(wait: Wait, end: dt.datetime, by: dt.timedelta, zone: ZoneInfo) -> dt.datetime:
    """When a wait ends that would have ended at `end`, in a pause of this length.

    One that was for an hour ends at that hour of a later day on the clock of the zone, whatever
    that clock was changed by meanwhile.
    """
    if wait.at is None and not wait.weekdays:
        return end + by
    days = 7 if wait.weekdays else 1
    local = end.astimezone(zone)
    for weeks in count(max(1, by // dt.timedelta(days=days))):
        day = local.date() + dt.timedelta(days=weeks * days)
        moment = _moment(day, wait.at or local.time(), zone)
        if moment >= end + by:
            return moment
    raise AssertionError("days come without end")


def read(raw: Any) -> Timetable:
    """The timetable that the JSON says.

    Raises:
        PlanError: it cannot be understood.
    """
    if not isinstance(raw, dict) or not tree.is_one_of(raw.get("every"), {"day", "week", "month"}):
        raise PlanError((), _("Say how often: every day, week or month."))
    tree.no_other_keys(raw, {"every", "at", "days"}, ())
    at = tree.clock_time(raw.get("at"), ())
    every, days = raw["every"], raw.get("days", [])
    if every == "day":
        return Timetable("day", at)
    if every == "week":
        found = tree.days_of_week(days, ())
    elif isinstance(days, list):
        words = _("Days of the month are 1 to 28.")
        found = tuple(sorted({tree.whole(one, 1, 28, (), words) for one in days}))
    else:
        found = ()
    if not found:
        raise PlanError((), _("Say on which days."))
    return Timetable(every, at, found)


def latest(timetable: Timetable, moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The last time that it struck, at or before the moment."""
    day = moment.astimezone(zone).date()
    while True:
        if _is_on(timetable, day) and (found := _moment(day, timetable.at, zone)) <= moment:
            return found
        day -= DAY


def following(timetable: Timetable, moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first time that it strikes after the moment."""
    day = moment.astimezone(zone).date()
    while True:
        if _is_on(timetable, day) and (found := _moment(day, timetable.at, zone)) > moment:
            return found
        day += DAY


def _is_on(timetable: Timetable, day: dt.date) -> bool:
    match timetable.every:
        case "day":
            return True
        case "week":
            return day.isoweekday() in timetable.days
        case "month":
            return day.day in timetable.days


def _moment(day: dt.date, at: dt.time, zone: ZoneInfo) -> dt.datetime:
    """A time of day as a moment."""
    return dt.datetime.combine(day, at, zone).astimezone(dt.UTC)


def _days(first: dt.date) -> Iterator[dt.date]:
    return (first + n * DAY for n in range(9))
