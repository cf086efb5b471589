"""One customer's events, newest first: from the lake, and what still waits in the inbox."""

import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from segments import history
from segments.models import InboxEvent

# How many days the first look covers; each further look reaches four times as far back,
# so that a lively customer opens few files and a silent one is still found.
FIRST_REACH = 32
# No single page goes further back than this: of a silent customer the reader asks on.
MOST_DAYS = 400

Place = tuple[dt.datetime, str]


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
    next: Place | None


def newest(customer: int, *, limit: int, before: Place | None = None, event: str = "") -> Page:
    """A page of events before a moment and key, the end of the page before; of one kind, if named.

    The page may have fewer events than the limit, or none, and still a next one.
    """
    waiting = _waiting(customer, limit + 1, before, event)
    found, reached = _from_lake(customer, limit + 1, before, event)
    entries = sorted(waiting + found, key=lambda entry: (entry.time, entry.key), reverse=True)
    if len(entries) > limit:
        last = entries[limit - 1]
        return Page(entries[:limit], (last.time, last.key))
    if reached is None:
        return Page(entries, None)
    # What waits in the inbox from before there comes with its own page.
    return Page([entry for entry in entries if entry.time >= reached], (reached, ""))


def place(given: Mapping[str, str]) -> Place | None:
    """Where a page begins, from an address; nonsense begins at the newest."""
    moment, _comma, key = given.get("before", "").partition(",")
    try:
        time = dt.datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (time, key) if time.tzinfo and 1900 < time.year < 3000 else None


def since(customer: int, day: dt.date, *, most: int) -> list[Entry]:
    """The newest events from a day on, at most so many."""
    from segments.lake import questions  # heavy: not in the web process

    with history.opened(of=customer) as lake:
        rows = questions.newest_first(lake, customer=customer, limit=most, since=day).to_pylist()
    waiting = _waiting(customer, most, None, "")
    return [*waiting, *(_entry(row) for row in rows)][:most]


def _waiting(customer: int, limit: int, before: Place | None, event: str) -> list[Entry]:
    rows = InboxEvent.objects.filter(customer_id__in=_bits(customer)).order_by("-time", "-key")
    if before:
        rows = rows.filter(time__lte=before[0])
    if event:
        rows = rows.filter(name=event)
    return [
        Entry(row.key, row.time, row.name, row.amount, row.properties)
        for row in rows[:limit]
        if before is None or (row.time, row.key) < before
    ]


def _bits(customer: int) -> Collection[int]:
    """The customer's number, and those of whom it absorbed lately."""
    return history.moved(of=customer).into(customer)


def _from_lake(
    customer: int, limit: int, before: Place | None, event: str
) -> tuple[list[Entry], dt.datetime | None]:
    """Events, and from which moment on they are all there; None when from the very first."""
    from segments.lake import questions, store  # heavy: not in the web process

    days = store.days(history.place())
    if not days:
        return [], None
    first, latest = days[0], days[-1]
    until = min(latest, (before[0] + dt.timedelta(days=1)).date()) if before else latest
    least = max(first, until - dt.timedelta(days=MOST_DAYS - 1))
    reach, rows = FIRST_REACH, list[dict[str, Any]]()
    with history.opened(of=customer) as lake:
        while len(rows) < limit and until >= least:
            since = max(least, until - dt.timedelta(days=reach - 1))
            rows += questions.newest_first(
                lake,
                customer=customer,
                limit=limit - len(rows),
                since=since,
                until=until,
                before=before,
                event=event,
            ).to_pylist()
            until, reach = since - dt.timedelta(days=1), reach * 4
    # A day of any zone begins within a day of the day in UTC: these days are complete.
    complete = dt.datetime.combine(least + dt.timedelta(days=2), dt.time(), dt.UTC)
    return [_entry(row) for row in rows], complete if least > first else None


def _entry(row: dict[str, Any]) -> Entry:
    properties = json.loads(row["properties"] or "{}")
    return Entry(row["key"], row["time"], row["event"], row["amount"], properties)
