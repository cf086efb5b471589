"""The portrait of one customer (画像): what their events, traits and sets say about them.

Everything here costs the same at any number of customers: a bounded read of the lake, rows
found by an index, and a few bytes of each segment's set.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from console import kept_words
from segments import arrays, bitmaps, scorings, sheet, timeline
from segments.models import Customer, Segment
from segments.timeline import Entry

DAYS, MOST_EVENTS = 365, 5_000  # what interests and habits are read from
# What is done to a customer, rather than by them.
DONE_TO_THEM = ("campaign_", "message_")

# --- what they did ----------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """One value of a property: how often, and of how many."""

    value: str
    count: int
    of: int

    @property
    def share(self) -> float:
        return self.count / self.of


@dataclass(frozen=True)
class Liking:
    """The values that come up most in one property of what somebody did."""

    property: str
    values: list[Share]


@dataclass(frozen=True)
class Habits:
    """When somebody does things, by weekday (Monday is 0) and hour of the project's zone."""

    cells: dict[tuple[int, int], int]
    active_days: int
    events: int
    weekday: int | None
    hour: int | None


@dataclass(frozen=True)
class Doings:
    """All that the events of the last year tell."""

    events: int
    is_cut: bool  # there were more than we read
    likings: list[Liking]
    habits: Habits
    origins: list[Liking]
    devices: list[Liking]


def doings(customer: int, *, day: dt.date, zone: ZoneInfo) -> Doings:
    """What the customer did in the year that ends with the day."""
    entries = timeline.since(customer, day - dt.timedelta(days=DAYS), most=MOST_EVENTS)
    own = [entry for entry in entries if not entry.name.startswith(DONE_TO_THEM)]
    return Doings(
        events=len(own),
        is_cut=len(entries) == MOST_EVENTS,
        likings=likings(own),
        habits=habits(own, zone),
        origins=_named(own, ORIGINS),
        devices=_named(own, DEVICES),
    )


# Properties that say where somebody came from, and with what, in the words of several senders.
ORIGINS = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "referrer",
    "referring_domain",
    "channel",
    "latest_traffic_source_type",
    "latest_referrer_host",
    "search_engine",
)
DEVICES = ("platform", "os", "device_type", "device", "manufacturer", "model", "browser", "lib")
# What libraries add by themselves, and where something was shown, tells nothing of a liking.
TECHNICAL = (
    *("mp_lib", "python_runtime", "python_version", "os_distro", "os_version", "lib_version"),
    *("app_version", "screen_name", "page", "path", "title", "sdk", "runtime"),
)
LEAST = 3  # events that have a property, before its values are called somebody's likings
# Properties that say what somebody likes come first, the others by how often they are there.
TELLING = ("category", "product_category", "department", "brand", "topic", "genre", "tag")
MOST_PROPERTIES, MOST_VALUES, LONGEST_VALUE = 5, 5, 60


def likings(entries: Sequence[Entry]) -> list[Liking]:
    """The properties whose values repeat, which names and numbers of things do not."""
    found = {
        name: counter
        for name, counter in _counted(entries).items()
        if name not in ORIGINS + DEVICES + TECHNICAL
        and counter.total() >= max(LEAST, 2 * len(counter) - 1)
    }

    def order(name: str) -> tuple[int, int]:
        telling = TELLING.index(name) if name in TELLING else len(TELLING)
        return telling, -found[name].total()

    return [_liking(name, found[name]) for name in sorted(found, key=order)[:MOST_PROPERTIES]]


def habits(entries: Iterable[Entry], zone: ZoneInfo) -> Habits:
    """The hours and weekdays of events."""
    moments = [entry.time.astimezone(zone) for entry in entries]
    cells = Counter((moment.weekday(), moment.hour) for moment in moments)
    weekdays = Counter(moment.weekday() for moment in moments)
    hours = Counter(moment.hour for moment in moments)
    return Habits(
        cells=dict(cells),
        active_days=len({moment.date() for moment in moments}),
        events=len(moments),
        weekday=_most(weekdays),
        hour=_most(hours),
    )


def _most(counter: Counter[int]) -> int | None:
    return max(counter, key=lambda key: (counter[key], -key), default=None)


def _named(entries: Sequence[Entry], names: Sequence[str]) -> list[Liking]:
    counts = _counted(entries)
    return [_liking(name, counts[name]) for name in names if name in counts]


def _counted(entries: Iterable[Entry]) -> dict[str, Counter[str]]:
    """How often each property has each short text."""
    counts: dict[str, Counter[str]] = {}
    for entry in entries:
        for key, value in entry.properties.items():
            if isinstance(value, str) and _is_telling(value):
                counts.setdefault(key.lstrip("$").lower(), Counter())[value.strip()] += 1
    return counts


def _is_telling(value: str) -> bool:
    """Whether a text may say something about a person; numbers, addresses and ids do not."""
    text = value.strip()
    return (
        0 < len(text) <= LONGEST_VALUE
        and "://" not in text
        and "@" not in text
        and not all(letter.isdigit() or letter in ".,:-+/ TZ" for letter in text)
    )


def _liking(name: str, counter: Counter[str]) -> Liking:
    total = counter.total()
    most = sorted(counter.items(), key=lambda one: (-one[1], one[0]))[:MOST_VALUES]
    return Liking(name, [Share(value, count, total) for value, count in most])


# --- what they are worth ----------------------------------------------------

RANKED = 10_000  # as far as a place tells more than a share
QUIET_TIMES, QUIET_ORDERS = 2, 3


@dataclass(frozen=True)
class Worth:
    """What a customer is worth beside the others who ordered."""

    cell: str  # in words; empty for one who never ordered
    rank: int | None  # by what they spent in all, when among the first
    top: float | None  # the share of those who ordered that spent as much or more
    usual_days: float | None  # between two orders
    is_quiet: bool  # for much longer than usual


def worth(found: Mapping[str, Any]) -> Worth:
    """The value of the customer of whom this is known."""
    recency, orders = found.get("recency_days"), found.get("orders", 0)
    if recency is None:
        return Worth("", None, None, None, False)
    rank, top = _rank(found.get("monetary_minor", 0))
    tenure = found.get("tenure_days")
    usual = (tenure - recency) / (orders - 1) if orders > 1 and tenure is not None else None
    return Worth(
        cell=_cell(found.get("rfm_cell")),
        rank=rank,
        top=top,
        usual_days=usual,
        is_quiet=bool(
            usual and orders >= QUIET_ORDERS and recency > QUIET_TIMES * usual and recency >= 7
        ),
    )


def _cell(key: str | None) -> str:
    recipe = scorings.read(scorings.current(scorings.RFM))
    return next((scorings.named(one, scorings.CELLS) for one in recipe.cells if one.key == key), "")


def _rank(spent: int) -> tuple[int | None, float | None]:
    """The place among those who spent most, and the share who spent as much or more."""
    columns = sheet.read("monetary_minor", "last_order_on")
    if len(columns) < 2:
        return None, None
    every, last = (columns[key].values for key in ("monetary_minor", "last_order_on"))
    before, ordered = int((every > spent).sum()), int(arrays.known(last).sum())
    rank = before + 1 if before < RANKED else None
    return rank, min(1.0, (before + 1) / ordered) if ordered else None


# --- which segments they are in ---------------------------------------------


def segments_of(customer: Customer) -> list[Segment]:
    """The segments in use that have this customer, in two queries however many there are."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        heads = {pk: bitmaps.locate(head, customer.pk) for pk, head in cursor.fetchall()}
        places = {pk: place for pk, place in heads.items() if isinstance(place, bitmaps.Place)}
        found = {pk for pk, place in heads.items() if place is True}
        columns = [[p.offset + 1 for p in places.values()], [p.length for p in places.values()]]
        cursor.execute(_PARTS, [list(places), *columns])
        found |= {pk for pk, part in cursor.fetchall() if bitmaps.has(places[pk], part)}
    return list(
        Segment.objects.filter(pk__in=found).only("pk", "name").order_by(kept_words.by_name("name"))
    )


_HEADS = f"""
    SELECT id, {bitmaps.head_sql("members")} FROM segments_segment WHERE archived_at IS NULL
"""  # noqa: S608  (a column of ours)
_PARTS = """
    SELECT s.id, substr(s.members, part.start, part.length)
    FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS part (id, start, length)
    JOIN segments_segment s ON s.id = part.id
"""
