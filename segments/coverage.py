"""How much of what was planned really comes in (埋点覆盖率)."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from segments.models import EventDay, EventProperty, EventType
from segments.models.event import OTHERS, SHIPPED_TITLES, Kind

DAYS = 7  # in which a planned event has to be seen


@dataclass(frozen=True)
class Share:
    """A part of a whole, as both counts; nothing of nothing has no value."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class OfEvent:
    """One kind of event in the last days."""

    event_type: EventType
    volume: int
    required: dict[str, int]  # how many of the events had each required property

    @property
    def lacking(self) -> list[str]:
        """The required properties that some of the events came without."""
        return [name for name, there in self.required.items() if there < self.volume]

    @property
    def filled(self) -> Share:
        """Of the required properties of all its events, how many were there."""
        return Share(sum(self.required.values()), self.volume * len(self.required))


@dataclass(frozen=True)
class Report:
    """The whole plan against the last days."""

    since: dt.date
    until: dt.date
    events: list[OfEvent]

    @cached_property
    def planned(self) -> list[OfEvent]:
        return [one for one in self.events if one.event_type.is_planned]

    @cached_property
    def missing(self) -> list[OfEvent]:
        """Planned, and not seen."""
        return [one for one in self.planned if not one.volume]

    @cached_property
    def unplanned(self) -> list[OfEvent]:
        """Seen, not planned, and not the console's own."""
        return [
            one
            for one in self.events
            if one.volume
            and not one.event_type.is_planned
            and one.event_type.name not in SHIPPED_TITLES
        ]

    @property
    def seen(self) -> Share:
        """Of the planned events, those that were seen."""
        return Share(len(self.planned) - len(self.missing), len(self.planned))

    @property
    def filled(self) -> Share:
        """Of all required properties of all planned events that came, those that were there."""
        shares = [one.filled for one in self.planned]
        return Share(sum(one.part for one in shares), sum(one.whole for one in shares))


def report(today: dt.date) -> Report:
    """Every kind of event in the days that end with today, in three queries at any number."""
    types = EventType.objects.filter(taken_as=None, blocked=False).exclude(name=OTHERS)
    chosen = types.filter(Q(is_planned=True) | Q(last_seen_at__isnull=False))
    events = of(chosen.select_related("owner"), today)
    return Report(today - dt.timedelta(days=DAYS - 1), today, events)


def of(event_types: Iterable[EventType], today: dt.date) -> list[OfEvent]:
    """The same of some kinds of events, in their order."""
    chosen = list(event_types)
    required: dict[int, list[str]] = defaultdict(list)
    wanted = EventProperty.objects.filter(event_type__in=chosen, is_required=True)
    for place, name in wanted.order_by("name").values_list("event_type", "name"):
        required[place].append(name)
    volumes: Counter[int] = Counter()
    there: dict[int, Counter[str]] = defaultdict(Counter)
    days = EventDay.objects.filter(
        event_type__in=chosen, day__gt=today - dt.timedelta(days=DAYS), day__lte=today
    )
    for place, volume, properties in days.values_list("event_type", "volume", "properties"):
        volumes[place] += volume
        for name in required[place]:
            kinds = properties.get(name, {})
            there[place][name] += sum(n for kind, n in kinds.items() if kind != Kind.NULL)
    return [
        OfEvent(one, volumes[one.pk], {name: there[one.pk][name] for name in required[one.pk]})
        for one in chosen
    ]
