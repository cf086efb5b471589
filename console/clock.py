"""The console's now and today: the real clock, or the date that the project pins."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from console import once
from console.models import Project

# Nobody means other days, and reckoning weeks back and forth from these stays in the calendar.
FIRST, LAST = dt.date(1970, 1, 1), dt.date(2199, 12, 31)


@once.a_page_asks
def project() -> Project:
    """The one project; its row is made by the first migration."""
    return Project.objects.get(pk=1)


def zone(of: Project | None = None) -> ZoneInfo:
    """The zone in which days begin and end."""
    return ZoneInfo((of or project()).time_zone)


def now(of: Project | None = None) -> dt.datetime:
    """This moment in UTC; with a pinned date, that date at the real time of day.

    The time of day goes on so that what happens in a demonstration keeps its order.
    """
    of = of or project()
    real = timezone.now()
    if of.today_on is None:
        return real
    local = real.astimezone(zone(of))
    return local.replace(
        year=of.today_on.year, month=of.today_on.month, day=of.today_on.day
    ).astimezone(dt.UTC)


def ours(real: dt.datetime, of: Project | None = None) -> dt.datetime:
    """A real moment, as far from the console's now as it is from the real one."""
    of = of or project()
    return real if of.today_on is None else real + (now(of) - timezone.now())


def today(of: Project | None = None) -> dt.date:
    """The project's date."""
    of = of or project()
    return of.today_on or timezone.now().astimezone(zone(of)).date()


def day_of(moment: dt.datetime, of: Project | None = None) -> dt.date:
    """The project's date at a moment."""
    return moment.astimezone(zone(of)).date()


def read_day(text: str) -> dt.date | None:
    """The day that somebody wrote as ISO 8601 has it; None if it is none, or far off."""
    try:
        found = dt.date.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if is_near(found) else None


def is_near(*days: dt.date) -> bool:
    """Whether the days are of the centuries that one can mean here."""
    return all(FIRST <= day <= LAST for day in days)
