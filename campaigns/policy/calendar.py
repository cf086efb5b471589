"""A customer's days, weeks, months and quiet hours, whatever their clock does."""

import datetime as dt
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from campaigns.policy.nodes import DAY, HOURS, SILENT, USUAL, WEEK, Hours, Policy

MIDNIGHT = dt.time()
DAYS_AHEAD = 62  # that are looked at for an hour that is not quiet
ONE = dt.timedelta(days=1)
IsOff = Callable[[dt.date], bool]


def never_off(_day: dt.date) -> bool:
    """A calendar without days off."""
    return False


# --- windows ----------------------------------------------------------------


def day_of(at: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The date on the customer's calendar."""
    return at.astimezone(zone).date()


def first_day(day: dt.date, window: str) -> dt.date:
    """The first day of the window that the day is in; weeks begin on Monday."""
    if window == DAY:
        return day
    return day - ONE * day.weekday() if window == WEEK else day.replace(day=1)


def next_window(day: dt.date, window: str) -> dt.date:
    """The first day of the window after the one that the day is in."""
    first = first_day(day, window)
    if window == DAY:
        return first + ONE
    return first + 7 * ONE if window == WEEK else first_day(first + 31 * ONE, window)


def begin(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The moment at which the day begins, also where a clock jumps over midnight."""
    return _moment(day, MIDNIGHT, zone)


def _moment(day: dt.date, time: dt.time, zone: ZoneInfo, fold: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, time, zone).replace(fold=fold).astimezone(dt.UTC)


# --- quiet hours ------------------------------------------------------------


def is_quiet(at: dt.datetime, zone: ZoneInfo, policy: Policy, is_off: IsOff) -> bool:
    """Whether the customer is to be left alone at this moment."""
    local = at.astimezone(zone)
    hours = _hours(local.date(), policy, is_off)
    if isinstance(hours, bool):
        return hours
    time = local.time()
    if hours.since <= hours.until:
        return hours.since <= time < hours.until
    return time >= hours.since or time < hours.until


def first_open(
    at: dt.datetime, zone: ZoneInfo, policy: Policy, is_off: IsOff
) -> dt.datetime | None:
    """The first moment from `at` on that is not quiet; None when there is none in two months."""
    if not is_quiet(at, zone, policy, is_off):
        return at
    for moment in _openings(at, zone, policy, is_off):
        if moment >= at and not is_quiet(moment, zone, policy, is_off):
            return moment
    return None


def _openings(
    at: dt.datetime, zone: ZoneInfo, policy: Policy, is_off: IsOff
) -> Iterator[dt.datetime]:
    """Moments at which quiet hours end, in order."""
    today = day_of(at, zone)
    for day in (today + ONE * ahead for ahead in range(DAYS_AHEAD)):
        hours = _hours(day, policy, is_off)
        times = [MIDNIGHT] if isinstance(hours, bool) else sorted({MIDNIGHT, hours.until})
        # An hour that the clock shows twice begins twice.
        yield from sorted({_moment(day, time, zone, fold) for time in times for fold in (0, 1)})


def _hours(day: dt.date, policy: Policy, is_off: IsOff) -> Hours | bool:
    """The quiet hours of a day; True: all day long, False: none."""
    usual = policy.quiet if policy.quiet is not None else False
    if policy.days_off == USUAL or not is_off(day):
        return usual
    if policy.days_off == SILENT:
        return True
    assert policy.days_off == HOURS
    return policy.quiet_off if policy.quiet_off is not None else False
