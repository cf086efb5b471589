"""The kinds of events that were ever seen, with their properties, how many and when."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction
from django.db.models import F

from console import once
from segments import definitions, history
from segments.models import EventDay, EventProperty, EventType
from segments.models.event import OTHERS, Kind

# A sender that makes a name out of a product or a person would otherwise fill the tables.
MOST_TYPES = 2_000  # what comes after them stands together as `OTHERS`
MOST_PROPERTIES = 500  # of one kind of event; sightings of further ones are only counted
LONGEST_PROPERTY = 80

Shape = Mapping[str, str]  # the kind of each property's value


@dataclass(frozen=True)
class Seen:
    """How often a kind of event was seen on a day with exactly these properties."""

    event: str
    day: dt.date
    volume: int
    first: dt.datetime
    last: dt.datetime
    shape: Shape


class Known(NamedTuple):
    """What has to be known of an event that comes in: as what it is taken, and whether at all."""

    name: str
    blocked: bool
    amount_property: str


# --- asking -------------------------------------------------------------------


def names() -> dict[str, Known]:
    """For each name that an event may come in under what to do with it. Others are new."""
    own = ("name", "blocked", "amount_property")
    rows = EventType.objects.values_list("name", *own, *(f"taken_as__{one}" for one in own))
    return {row[0]: Known(*(row[1:4] if row[4] is None else row[4:])) for row in rows}


@once.a_page_asks
def titles() -> dict[str, str]:
    """What each kind of event is called on screen, in the active language, by its name.

    Other names of an event and those without room of their own are not among them.
    """
    own = EventType.objects.filter(taken_as=None).exclude(name=OTHERS)
    return {one.name: one.label for one in own.only("name", "title")}


def title(name: str) -> str:
    """What one kind of event is called on screen."""
    if said := titles().get(name):
        return said
    known = EventType.objects.only("name", "title").filter(name=name).first()
    return (known or EventType(name=name)).label


def canonical(name: str) -> str:
    """Under which name the events are kept that came in under this one."""
    target = EventType.objects.filter(name=name).values_list("taken_as__name", flat=True).first()
    return target or name


def other_names() -> dict[str, str]:
    """Of all events that are taken as others: under which name they are kept."""
    taken = EventType.objects.filter(taken_as__isnull=False)
    return dict(taken.values_list("name", "taken_as__name"))


def count_blocked(dropped: Mapping[str, int]) -> None:
    """Remember how many events of blocked kinds were dropped."""
    for name, count in sorted(dropped.items()):
        EventType.objects.filter(name=name).update(blocked_volume=F("blocked_volume") + count)


# --- noting -------------------------------------------------------------------

_KINDS = {
    str: Kind.STRING,
    bool: Kind.BOOLEAN,
    int: Kind.NUMBER,
    float: Kind.NUMBER,
    list: Kind.LIST,
    dict: Kind.OBJECT,
    type(None): Kind.NULL,
}


def seen(rows: Iterable[Mapping[str, Any]]) -> Iterator[Seen]:
    """What events (their `event`, `day`, `time`, and `properties` as JSON) came to."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        properties, time = orjson.loads(row["properties"]), row["time"]
        key = (row["event"], row["day"], *properties, *map(type, properties.values()))
        if (so_far := found.get(key)) is None:
            found[key] = [1, time, time]
        else:
            so_far[0] += 1
            so_far[1] = min(so_far[1], time)
            so_far[2] = max(so_far[2], time)
    for (event, day, *rest), (volume, first, last) in found.items():
        half = len(rest) // 2
        shape = {name: _KINDS[kind] for name, kind in zip(rest[:half], rest[half:], strict=True)}
        yield Seen(event, day, volume, first, last, shape)


@transaction.atomic
def add(seen: Iterable[Seen]) -> None:
    """Count further events. The caller keeps others from counting meanwhile."""
    days = _noted(seen)
    _add_to_properties(days.values())
    _add_to_types(days.values())
    kept = EventDay.objects.filter(
        event_type__in={place for place, _day in days}, day__in={day for _place, day in days}
    )
    for row in kept:
        if fresh := days.get((row.event_type_id, row.day)):
            _join(fresh, row)
    _write(EventDay, days.values(), unique=["event_type", "day"])


@transaction.atomic
def recount(days: Collection[dt.date] | None = None) -> None:
    """Count what the lake has of these days (None: of all) anew.

    The caller keeps others from appending meanwhile.
    """
    from segments.lake import questions  # heavy: not in the web process

    if days is not None and not days:
        return
    since, until = (min(days), max(days)) if days else (None, None)
    with history.opened() as lake:
        found = questions.shapes(lake, since=since, until=until).to_pylist()
    counted = _noted(_from_lake(row) for row in found if days is None or row["day"] in set(days))
    stale = EventDay.objects.all() if days is None else EventDay.objects.filter(day__in=days)
    stale.delete()
    EventDay.objects.bulk_create(counted.values(), batch_size=1000)
    with connection.cursor() as cursor:
        for statement in _SUM_UP:
            cursor.execute(statement)


def register(names: Iterable[str]) -> dict[str, EventType]:
    """The kinds of events by name; new ones get their row while there is room for them."""
    wanted = set(names)
    found = _by_name(wanted)
    if missing := sorted(wanted - found.keys()):
        definitions.hold(shared=True)  # or it would count as it did a moment ago
        words = definitions.everything()
        room = max(0, MOST_TYPES - EventType.objects.exclude(name=OTHERS).count())
        EventType.objects.bulk_create(
            [EventType(name=one, **definitions.flags(one, words)) for one in missing[:room]],
            ignore_conflicts=True,
        )
        found |= _by_name(missing)
    if beyond := wanted - found.keys():
        others = EventType.objects.get_or_create(name=OTHERS)[0]
        found |= dict.fromkeys(beyond, others)
    return found


def _by_name(names: Collection[str]) -> dict[str, EventType]:
    return {one.name: one for one in EventType.objects.filter(name__in=names)}


# --- a day of a kind of event ---------------------------------------------------

Days = dict[tuple[int, dt.date], EventDay]


def _noted(seen: Iterable[Seen]) -> Days:
    """What was seen, gathered by kind of event and day; the rows are not written yet."""
    found = list(seen)
    types = register({one.event for one in found})
    days: Days = {}
    for one in found:
        place = types[one.event]
        shape = {} if place.name == OTHERS else one.shape
        row = EventDay(
            event_type=place,
            day=one.day,
            volume=one.volume,
            properties={name: {kind: one.volume} for name, kind in shape.items()},
            first_at=one.first,
            last_at=one.last,
        )
        if so_far := days.get((place.pk, one.day)):
            _join(so_far, row)
        else:
            days[place.pk, one.day] = row
    _leave_out(days.values())
    return days


def _join(row: EventDay, other: EventDay) -> None:
    """Add another part of the same day."""
    row.volume += other.volume
    row.first_at = min(row.first_at, other.first_at)
    row.last_at = max(row.last_at, other.last_at)
    for name, kinds in other.properties.items():
        row.properties[name] = _summed(row.properties.get(name, {}), kinds)


def _summed(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {kind: one.get(kind, 0) + other.get(kind, 0) for kind in {**one, **other}}


def _leave_out(days: Collection[EventDay]) -> None:
    """Leave out properties for which there is no room, and count how often they were seen."""
    known: dict[int, set[str]] = defaultdict(set)
    places = {row.event_type_id for row in days}
    kept = EventProperty.objects.filter(event_type__in=places)
    for place, name in kept.values_list("event_type", "name"):
        known[place].add(name)
    beyond: Counter[int] = Counter()
    for row in days:
        names = known[row.event_type_id]
        for name in list(row.properties):
            if name in names or (len(names) < MOST_PROPERTIES and _fits(name)):
                names.add(name)
            else:
                beyond[row.event_type_id] += sum(row.properties.pop(name).values())
    for place, count in sorted(beyond.items()):
        EventType.objects.filter(pk=place).update(beyond=F("beyond") + count)


def _fits(name: str) -> bool:
    return 0 < len(name) <= LONGEST_PROPERTY and "\0" not in name


# --- what days add up to ----------------------------------------------------------


def _add_to_properties(days: Iterable[EventDay]) -> None:
    """Add the days, not yet joined with what was written, to their properties."""
    fresh: dict[tuple[int, str], EventProperty] = {}
    for row in days:
        for name, kinds in row.properties.items():
            one = fresh.setdefault(
                (row.event_type_id, name),
                EventProperty(event_type=row.event_type, name=name, first_seen_on=row.day),
            )
            _sight(one, kinds, row.day, row.day)
    places = {place for place, _name in fresh}
    names = {name for _place, name in fresh}
    for kept in EventProperty.objects.filter(event_type__in=places, name__in=names):
        if again := fresh.get((kept.event_type_id, kept.name)):
            _sight(again, kept.kinds, kept.first_seen_on, kept.last_seen_on)
    _write(EventProperty, fresh.values(), unique=["event_type", "name"])


def _sight(
    one: EventProperty, kinds: Mapping[str, int], first: dt.date | None, last: dt.date | None
) -> None:
    one.kinds = _summed(one.kinds, kinds)
    one.volume = sum(count for kind, count in one.kinds.items() if kind != Kind.NULL)
    one.first_seen_on = min(filter(None, (one.first_seen_on, first)), default=None)
    one.last_seen_on = max(filter(None, (one.last_seen_on, last)), default=None)


def _add_to_types(days: Iterable[EventDay]) -> None:
    rows = [(row.event_type_id, row.volume, row.first_at, row.last_at) for row in days]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    with connection.cursor() as cursor:
        cursor.execute(_ADD_TO_TYPES, columns)


_UPDATED = {
    EventDay: ["volume", "properties", "first_at", "last_at"],
    EventProperty: ["kinds", "volume", "first_seen_on", "last_seen_on"],
}


def _write(model: Any, rows: Iterable[Any], *, unique: list[str]) -> None:
    """Write over what stood there, but leave alone what people wrote about it."""
    model.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=unique,
        update_fields=_UPDATED[model],
        batch_size=1000,
    )


def _from_lake(row: Mapping[str, Any]) -> Seen:
    kinds = orjson.loads(row["shape"] or "{}")
    shape = {name: _kind(kind) for name, kind in kinds.items()} if isinstance(kinds, dict) else {}
    return Seen(row["event"], row["day"], row["volume"], row["first"], row["last"], shape)


def _kind(written: Any) -> Kind:
    if isinstance(written, list | dict):
        return Kind.LIST if isinstance(written, list) else Kind.OBJECT
    return _WRITTEN.get(written, Kind.NUMBER)


# How the engine writes the kind of a value; all others are kinds of numbers. An object with
# nothing in it has no structure, and is only JSON.
_WRITTEN = {
    "VARCHAR": Kind.STRING,
    "BOOLEAN": Kind.BOOLEAN,
    "NULL": Kind.NULL,
    "JSON": Kind.OBJECT,
}

_ADD_TO_TYPES = """
    UPDATE segments_eventtype AS known SET
        volume = known.volume + fresh.volume,
        first_seen_at = least(known.first_seen_at, fresh.first_at),
        last_seen_at = greatest(known.last_seen_at, fresh.last_at)
    FROM (
        SELECT place, sum(volume) AS volume, min(first_at) AS first_at, max(last_at) AS last_at
        FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
            AS one (place, volume, first_at, last_at)
        GROUP BY place
    ) AS fresh
    WHERE known.id = fresh.place
"""
_SUM_UP = (
    """
    UPDATE segments_eventtype AS known SET
        volume = coalesce(days.volume, 0), first_seen_at = days.first_at,
        last_seen_at = days.last_at
    FROM segments_eventtype AS every LEFT JOIN (
        SELECT event_type_id, sum(volume) AS volume, min(first_at) AS first_at,
            max(last_at) AS last_at
        FROM segments_eventday GROUP BY event_type_id
    ) AS days ON days.event_type_id = every.id
    WHERE known.id = every.id
    """,
    """
    UPDATE segments_eventproperty
    SET kinds = '{}', volume = 0, first_seen_on = NULL, last_seen_on = NULL
    """,
    """
    INSERT INTO segments_eventproperty AS known (event_type_id, name, kinds, volume,
        first_seen_on, last_seen_on, description, is_required, planned_kind)
    SELECT event_type_id, name, jsonb_object_agg(kind, times),
        coalesce(sum(times) FILTER (WHERE kind <> 'null'), 0), min(first_on), max(last_on),
        '', false, ''
    FROM (
        SELECT event_type_id, one.key AS name, kinds.key AS kind,
            sum(kinds.value::bigint) AS times, min(day) AS first_on, max(day) AS last_on
        FROM segments_eventday, jsonb_each(properties) AS one, jsonb_each_text(one.value) AS kinds
        GROUP BY 1, 2, 3
    ) AS counted
    GROUP BY event_type_id, name
    ON CONFLICT (event_type_id, name) DO UPDATE SET kinds = excluded.kinds,
        volume = excluded.volume, first_seen_on = excluded.first_seen_on,
        last_seen_on = excluded.last_seen_on
    """,
)
