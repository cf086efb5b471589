"""Which closed days have to be measured again: those whose data are not what they were."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b

from django.db import connection

from metrics import history as days_of
from metrics.models import MeasuredDay
from segments import activity, history


def digests(until: dt.date) -> dict[dt.date, str]:
    """What each day's data are, in a word: the lake's files, who did what, and what was spent."""
    from segments.lake import store  # heavy: not in the web process

    parts: dict[dt.date, list[str]] = defaultdict(list)
    for day, files in store.files_by_day(history.place(), None, until).items():
        parts[day] += sorted(files)
    with connection.cursor() as cursor:
        for statement in (_DAY_SETS, _SPEND):
            cursor.execute(statement, [until])
            for day, digest in cursor.fetchall():
                parts[day].append(digest)
    return {
        day: blake2b("\n".join(some).encode(), digest_size=16).hexdigest()
        for day, some in parts.items()
    }


def changed(now: Mapping[dt.date, str], until: dt.date) -> dt.date | None:
    """The first day up to `until` that is to be measured; None when all are as they were.

    What was spent before anybody came is of days that are never measured.
    """
    first = activity.first_day()
    if not now or first is None:
        return None
    known = dict(MeasuredDay.objects.values_list("day", "digest"))
    closed = days_of.each_day(first, until)
    return next((day for day in closed if known.get(day) != now.get(day, "")), None)


def note(now: Mapping[dt.date, str], since: dt.date, until: dt.date) -> None:
    """Remember from which data these days were measured."""
    MeasuredDay.objects.bulk_create(
        [MeasuredDay(day=day, digest=now.get(day, "")) for day in days_of.each_day(since, until)],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["digest"],
    )


_DAY_SETS = """
    SELECT day, md5(string_agg(event_type_id || ':' || level || ':' || encode(digest, 'hex'), ','
        ORDER BY event_type_id, level))
    FROM segments_dayset WHERE day <= %s GROUP BY day
"""
_SPEND = """
    SELECT day, md5(string_agg(coalesce(channel_id, 0) || ':' || amount_minor, ',' ORDER BY id))
    FROM metrics_spend WHERE day <= %s GROUP BY day
"""
