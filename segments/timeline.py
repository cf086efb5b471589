"""One customer's events, newest first: from the lake, and what still waits in the inbox."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from segments import history
from segments.models import InboxEvent

# How many days the first look covers; each further look reaches four times as far back,
# so that a lively customer opens few files and a silent one is still found.
FIRST_REACH = 32


@dataclass(frozen=True)
class Entry:
    """One event as it is shown. `amount` is in minor units."""

    key: str
    time: dt.datetime
    name: str
    amount: int | None
    properties: dict[str, Any]

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """The properties for a template, which would take one named `items` for the method."""
        return list(self.properties.items())


@dataclass(frozen=True)
class Page:
    """Some events, and where the next page begins; None when there are no more."""

    entries: list[Entry]
    next: tuple[dt.datetime, str] | None


def newest(customer: int, *, limit: int, before: tuple[dt.datetime, str] | None = None) -> Page:
    """A page of events before a moment and key, the end of the page before."""
    found = _waiting(customer, limit + 1, before) + _from_lake(customer, limit + 1, before)
    entries = sorted(found, key=lambda entry: (entry.time, entry.key), reverse=True)
    last = entries[limit - 1] if len(entries) > limit else None
    return Page(entries[:limit], (last.time, last.key) if last else None)


def _waiting(customer: int, limit: int, before: tuple[dt.datetime, str] | None) -> list[Entry]:
    rows = InboxEvent.objects.filter(customer_id=customer).order_by("-time", "-key")
    if before:
        rows = rows.filter(time__lte=before[0])
    return [
        Entry(row.key, row.time, row.name, row.amount, row.properties)
        for row in rows[:limit]
        if before is None or (row.time, row.key) < before
    ]


def _from_lake(customer: int, limit: int, before: tuple[dt.datetime, str] | None) -> list[Entry]:
    from segments.lake import questions, store  # heavy: not in the web process

    days = store.days(settings.LAKE_PATH)
    if not days:
        return []
    first, latest = days[0], days[-1]
    until = min(latest, (before[0] + dt.timedelta(days=1)).date()) if before else latest
    reach, rows = FIRST_REACH, list[dict[str, Any]]()
    with history.opened() as lake:
        while len(rows) < limit and until >= first:
            since = max(first, until - dt.timedelta(days=reach - 1))
            rows += questions.newest_first(
                lake,
                customer=customer,
                limit=limit - len(rows),
                since=since,
                until=until,
                before=before,
            ).to_pylist()
            until, reach = since - dt.timedelta(days=1), reach * 4
    return [_entry(row) for row in rows]


def _entry(row: dict[str, Any]) -> Entry:
    properties = json.loads(row["properties"] or "{}")
    return Entry(row["key"], row["time"], row["event"], row["amount"], properties)
