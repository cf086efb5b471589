"""Days that a chart has to be read with care: on which nothing came in, or of 23 or 25 hours."""

import datetime as dt
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import clock, figures
from segments import activity

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
NAMED = 4  # spans of days, or days; of more it says how many


def words(since: dt.date | None, until: dt.date) -> str:
    """What is odd about these days; nothing, where nothing is."""
    first = activity.first_day()
    if first is None:
        return ""
    since = max(since, first) if since else first
    return joined(_silent_words(silent(since, until)), _uneven_words(uneven(since, until)))


def joined(*notes: str) -> str:
    """Notes in a row, without those that say nothing."""
    return " ".join(note for note in notes if note)


def silent(since: dt.date, until: dt.date) -> list[dt.date]:
    """The days on which no customer did anything: what is sent to them does not count."""
    there = activity.days_with_deeds(since, until)
    return [day for day in _each(since, until) if day not in there]


def uneven(since: dt.date, until: dt.date, zone: ZoneInfo | None = None) -> dict[dt.date, int]:
    """The days on which the project's clock changes, and how many hours they have."""
    zone = zone or clock.zone()
    found: dict[dt.date, int] = {}
    before = _offset(since, zone)
    for day in _each(since, until):
        after = _offset(day + DAY, zone)
        if after != before:
            found[day] = 24 + round((before - after) / HOUR)
        before = after
    return found


def _each(since: dt.date, until: dt.date) -> Iterable[dt.date]:
    return (since + DAY * step for step in range((until - since).days + 1))


def _offset(day: dt.date, zone: ZoneInfo) -> dt.timedelta:
    """How far the zone is from UTC when a day begins."""
    return dt.datetime.combine(day, dt.time(), zone).utcoffset() or dt.timedelta()


def _silent_words(days: Sequence[dt.date]) -> str:
    if not days:
        return ""
    spans = _spans(days)
    named = [_span_words(*span) for span in spans[-NAMED:]]
    left = sum((until - since).days + 1 for since, until in spans[:-NAMED])
    if left:
        more = ngettext("%(n)s day before", "%(n)s days before", left)
        named.append(more % {"n": figures.whole(left)})
    said = ngettext(
        "No event of customers came in on %(days)s: what is 0 there may not have been told.",
        "No events of customers came in on these days: %(days)s. What is 0 there may not have "
        "been told.",
        len(days),
    )
    return said % {"days": ", ".join(named)}


def _spans(days: Sequence[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Days that follow each other as one span."""
    found: list[tuple[dt.date, dt.date]] = []
    for day in days:
        if found and found[-1][1] + DAY == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _span_words(since: dt.date, until: dt.date) -> str:
    return since.isoformat() if since == until else f"{since.isoformat()} – {until.isoformat()}"


def _uneven_words(found: dict[dt.date, int]) -> str:
    if not found:
        return ""
    newest = list(found.items())[-NAMED:]
    days = [_("%(day)s (%(n)d hours)") % {"day": day, "n": n} for day, n in newest]
    return _("The clock changed on %(days)s.") % {"days": ", ".join(days)}
