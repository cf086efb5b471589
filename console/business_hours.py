"""Hours in which people work: 9 to 18 on China's working days, make-up working days included."""

import calendar
import datetime as dt
import functools
import itertools
from typing import Any
from zoneinfo import ZoneInfo

OPENS, CLOSES = dt.time(9), dt.time(18)
HOURS_A_DAY = CLOSES.hour - OPENS.hour
A_DAY = dt.timedelta(hours=HOURS_A_DAY)


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
    begin, end = since.astimezone(zone), until.astimezone(zone)
    if end <= begin:
        return dt.timedelta()
    days = _count(begin.date(), end.date())
    return A_DAY * days + _worked_of_day(end) - _worked_of_day(begin)


def _worked_of_day(moment: dt.datetime) -> dt.timedelta:
    """How much time of work of a local moment's day is over."""
    if not is_working_day(moment.date()):
        return dt.timedelta()
    passed = dt.timedelta(hours=moment.hour - OPENS.hour, minutes=moment.minute)
    passed += dt.timedelta(seconds=moment.second, microseconds=moment.microsecond)
    return min(max(passed, dt.timedelta()), A_DAY)


def days_between(one: dt.date, other: dt.date) -> int:
    """Working days from after one day up to another with it; negative if it is earlier."""
    if other < one:
        return -days_between(other, one)
    tomorrow = dt.timedelta(days=1)
    return _count(one + tomorrow, other + tomorrow)


def _count(one: dt.date, other: dt.date) -> int:
    """Working days from a day on and before a later one."""
    found = _before(other.year)[other.timetuple().tm_yday - 1]
    found -= _before(one.year)[one.timetuple().tm_yday - 1]
    return found + sum(_before(year)[-1] for year in range(one.year, other.year))


def later_by(day: dt.date, days: int) -> dt.date:
    """The day so many working days later; the day itself with none."""
    while days > 0:
        day += dt.timedelta(days=1)
        days -= is_working_day(day)
    return day


def is_working_day(day: dt.date) -> bool:
    """Weekdays that are no public holiday, and the weekends at which those are made up for."""
    before = _before(day.year)
    number = day.timetuple().tm_yday
    return before[number] > before[number - 1]


@functools.cache
def _before(year: int) -> tuple[int, ...]:
    """How many working days of a year are before each of its days, and at last all of them."""
    first, many = dt.date(year, 1, 1), 365 + calendar.isleap(year)
    days = (first + dt.timedelta(days=number) for number in range(many))
    working = (_calendar(year).is_working_day(day) for day in days)
    return tuple(itertools.accumulate(working, initial=0))


@functools.cache
def _calendar(year: int) -> Any:
    import holidays  # heavy: only where hours of work are counted

    return holidays.country_holidays("CN", years=[year])
