"""What the reports on the order of events share: days, kinds of events, and their rows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from console import clock, jobs
from metrics import groups, history
from metrics.groups import By, Group
from metrics.reports import fields
from metrics.reports.fields import Field, Settings
from segments import arrays, catalogue, trails
from segments.lake.trails import Rows

DAYS = 30  # usually
MOST_DAYS = 400
HOURS, IN_DAYS = "hours", "days"
UNITS = [(HOURS, _("hours")), (IN_DAYS, _("days"))]
MILLISECONDS = {HOURS: 3_600_000, IN_DAYS: 86_400_000}
LONGEST = {HOURS: 24 * 366, IN_DAYS: 366}  # more would read years of events for every look
A_DAY = dt.timedelta(days=1)
EACH = {"each": True}  # answers of when groups were added together are answers to something else


# --- settings -----------------------------------------------------------------


def read_days(given: Mapping[str, Any], *, usual: int = DAYS) -> Settings:
    """So many days that end with one, which is the last closed day where none is named."""
    return {
        "days": fields.whole(given, "days", 1, MOST_DAYS, usual),
        "until": fields.day(given, "until"),
    }


def day_fields(settings: Settings) -> list[Field]:
    return [
        Field("days", _("The last days"), "number", settings["days"], lowest=1, highest=MOST_DAYS),
        Field("until", _("until (empty: yesterday)"), "day", settings["until"]),
    ]


def dated(settings: Settings) -> Settings:
    """The settings as a question has them: with the days that are meant now."""
    closed = history.last_closed_day()
    until = min(fields.date(settings, "until") or closed, closed)
    since = until - A_DAY * (settings["days"] - 1)
    rest = {name: value for name, value in settings.items() if name != "days"}
    return {**rest, "since": since.isoformat(), "until": until.isoformat()}


def read_window(given: Mapping[str, Any], *, usual: int, unit: str) -> Settings:
    chosen = fields.one_of(given, "unit", UNITS, unit)
    return {"within": fields.whole(given, "within", 1, LONGEST[chosen], usual), "unit": chosen}


def window_fields(settings: Settings) -> list[Field]:
    within, most = settings["within"], max(LONGEST.values())
    return [
        Field("within", _("Within"), "number", within, lowest=1, highest=most),
        Field("unit", _("hours or days"), "choice", settings["unit"], UNITS),
    ]


def window(about: Mapping[str, Any]) -> int:
    """In milliseconds."""
    return int(about["within"]) * MILLISECONDS[about["unit"]]


def window_words(about: Mapping[str, Any]) -> str:
    return f"{about['within']} {dict(UNITS)[about['unit']]}"


def asked(steps: Sequence[str], settings: Settings) -> str:
    """What was asked of which days, in one line."""
    return _("%(steps)s, within %(window)s, begun %(since)s – %(until)s") % {
        **dated(settings),
        "steps": " → ".join(steps),
        "window": window_words(settings),
    }


def kinds() -> list[tuple[str, str]]:
    """The kinds of events to choose from, by their titles."""
    return sorted(catalogue.titles().items(), key=lambda one: one[1].casefold())


def known(name: Any, offered: Mapping[str, str]) -> str:
    """A kind of event that there is, or nothing."""
    return str(name) if str(name) in offered else ""


# --- data ---------------------------------------------------------------------


def days(about: Mapping[str, Any]) -> tuple[dt.date, dt.date]:
    return dt.date.fromisoformat(about["since"]), dt.date.fromisoformat(about["until"])


def last_day(about: Mapping[str, Any]) -> dt.date:
    """The last day on which what began in time may go on."""
    _since, until = days(about)
    more = -(-window(about) // MILLISECONDS[IN_DAYS])
    return min(until + A_DAY * more, history.last_closed_day())


def version(about: Mapping[str, Any], until: dt.date) -> str:
    """Of the events from the first day on until another, and of the groups."""
    since, _until = days(about)
    by = groups.version(By.read(about.get("by", "")), day=clock.today())
    said = (trails.version(since, until), by, clock.project().time_zone)
    return blake2b(repr(said).encode(), digest_size=20).hexdigest()


def end_of(day: dt.date) -> int:
    """The last millisecond of a day, since 1970 in UTC."""
    midnight = dt.datetime.combine(day + A_DAY, dt.time(), clock.zone())
    return int(midnight.timestamp() * 1000) - 1


def rows(since: dt.date, until: dt.date, progress: jobs.Progress) -> list[Rows]:
    """What happened on these days, in the order of time."""
    return trails.days(since, until, progress=progress)


def only(rows: list[Rows], members: BitMap | None) -> list[Rows]:
    """The rows of these customers alone."""
    if members is None:
        return rows
    length = max((one.highest for one in rows), default=-1) + 1
    mask = arrays.mask(members, length)
    return [one.where(mask[one.customers]) for one in rows]


def found(about: Mapping[str, Any]) -> list[Group]:
    """The groups of a question."""
    return groups.of(By.read(about.get("by", "")), day=clock.today())


def told(progress: jobs.Progress) -> Any:
    """A kernel's report as the job's."""
    return lambda done, total: progress(done, total)
