"""Hours in which people work: 9 to 18 on China's working days, make-up working days included."""

import datetime as dt
import functools
from typing import Any
from zoneinfo import ZoneInfo

OPENS, CLOSES = dt.time(9), dt.time(18)
HOURS_A_DAY = CLOSES.hour - OPENS.hour


def is_open(moment: dt.datetime, zone: ZoneInfo) -> bool:
    """Whether people work at this moment."""
    local = moment.astimezone(zone)
    return is_working_day(local.date()) and OPENS <= local.time() < CLOSES


def after(moment: dt.datetime, hours: int, zone: ZoneInfo) -> dt.datetime:
    """The moment when so many hours of work have passed."""
    local, left = moment.astimezone(zone), dt.timedelta(hours=hours)
    while True:
        day = local.date()
        begins = max(local, dt.datetime.combine(day, OPENS, zone))
        ends = dt.datetime.combine(day, CLOSES, zone)
        if is_working_day(day) and begins < ends:
            if left <= ends - begins:
                return (begins + left).astimezone(dt.UTC)
            left -= ends - begins
        local = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)


def worked(since: dt.datetime, until: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    """How much time of work passed from one moment to another; nothing backwards."""
    begin, end, total = since.astimezone(zone), until.astimezone(zone), dt.timedelta()
    for number in range((end.date() - begin.date()).days + 1):
        day = begin.date() + dt.timedelta(days=number)
        if is_working_day(day):
            opens = max(begin, dt.datetime.combine(day, OPENS, zone))
            closes = min(end, dt.datetime.combine(day, CLOSES, zone))
            total += max(closes - opens, dt.timedelta())
    return total


def days_between(one: dt.date, other: dt.date) -> int:
    """Working days from after one day up to another with it; negative if it is earlier."""
    if other < one:
        return -days_between(other, one)
    span = (other - one).days
    return sum(is_working_day(one + dt.timedelta(days=n)) for n in range(1, span + 1))


def later_by(day: dt.date, days: int) -> dt.date:
    """The day so many working days later; the day itself with none."""
    while days > 0:
        day += dt.timedelta(days=1)
        days -= is_working_day(day)
    return day


def is_working_day(day: dt.date) -> bool:
    """Weekdays that are no public holiday, and the weekends at which those are made up for."""
    return _calendar(day.year).is_working_day(day)


@functools.cache
def _calendar(year: int) -> Any:
    import holidays  # heavy: only where hours of work are counted

    return holidays.country_holidays("CN", years=[year])
