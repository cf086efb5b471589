"""What is said about kinds of events: volumes as bars, marks, coverage, drift."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console import charts, clock, figures, formats
from segments import coverage, definitions, drift
from segments.models import Definition, EventDay, EventProperty, EventType
from segments.models.event import Kind

DAYS_IN_A_LIST, DAYS_ON_A_PAGE = 30, 90
BAR_HEIGHT, BAR_STEP, BAR_WIDTH = 16, 4, 3


@dataclass(frozen=True)
class Facts:
    """What a list says about one kind of event besides its own row."""

    volumes: list[int]
    of_event: coverage.OfEvent
    last_seen: str


def of_list(event_types: Sequence[EventType], today: dt.date) -> dict[int, Facts]:
    """The facts about some kinds of events, in as many queries as for one."""
    first = today - dt.timedelta(days=DAYS_IN_A_LIST - 1)
    volumes: dict[int, list[int]] = defaultdict(lambda: [0] * DAYS_IN_A_LIST)
    rows = EventDay.objects.filter(event_type__in=event_types, day__gte=first, day__lte=today)
    for place, day, volume in rows.values_list("event_type", "day", "volume"):
        volumes[place][(day - first).days] = volume
    zone = clock.zone()
    return {
        one.event_type.pk: Facts(
            volumes[one.event_type.pk], one, _day(one.event_type.last_seen_at, zone)
        )
        for one in coverage.of(event_types, today)
    }


def _day(at: dt.datetime | None, zone: dt.tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d}" if at else figures.NOTHING


def bars(volumes: Sequence[int]) -> SafeString:
    """The days as small bars; whoever cannot see them hears the sum."""
    most = max(volumes, default=0) or 1
    words = _("%(volume)s events in the last %(days)d days") % {
        "volume": figures.whole(sum(volumes)),
        "days": len(volumes),
    }
    # A day with anything at all shows.
    heights = [max(1, round(one / most * BAR_HEIGHT)) if one else 0 for one in volumes]
    return format_html(
        '<svg class="event-bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><title>{}</title>{}</svg>',
        BAR_STEP * len(volumes),
        BAR_HEIGHT,
        words,
        words,
        format_html_join(
            "",
            '<rect x="{}" y="{}" width="{}" height="{}"/>',
            (
                (BAR_STEP * n, BAR_HEIGHT - height, BAR_WIDTH, height)
                for n, height in enumerate(heights)
            ),
        ),
    )


def marks(event_type: EventType) -> SafeString:
    """What it counts as, a badge each."""
    return format_html_join(
        " ",
        '<span class="badge good">{}</span>',
        (
            (key.label,)
            for key in Definition.Key
            if getattr(event_type, definitions.column(key.value))
        ),
    )


def state(event_type: EventType) -> SafeString:
    """Whether it comes in at all, under this name, and as planned."""
    if event_type.blocked:
        return format_html('<span class="badge bad">{}</span>', _("blocked"))
    if event_type.taken_as:
        words = _("taken as %(event)s") % {"event": event_type.taken_as.label}
        return format_html('<span class="badge">{}</span>', words)
    if event_type.drift:
        words = " ".join(one.words() for one in drift.kept(event_type))
        return format_html('<span class="badge warn" title="{}">{}</span>', words, _("drift"))
    if event_type.is_planned:
        return format_html('<span class="badge">{}</span>', _("planned"))
    return SafeString("")


def filled(share: coverage.Share) -> SafeString:
    """A share as a bar and in figures."""
    if share.value is None:
        return SafeString(figures.NOTHING)
    return format_html(
        '<span class="filled"><meter value="{}" aria-hidden="true"></meter>{}</span>',
        f"{share.value:.4f}",
        figures.share(share.value),
    )


def chart(event_type: EventType, today: dt.date) -> charts.Chart:
    """The volume of each day, today included as far as it has come."""
    first = today - dt.timedelta(days=DAYS_ON_A_PAGE - 1)
    rows = EventDay.objects.filter(event_type=event_type, day__gte=first, day__lte=today)
    volumes = dict(rows.values_list("day", "volume"))
    days = [first + dt.timedelta(days=n) for n in range(DAYS_ON_A_PAGE)] if volumes else []
    return charts.Chart(
        id="event-volume",
        title=_("Events a day"),
        option=charts.bars(
            [day.isoformat() for day in days],
            [volumes.get(day, 0) for day in days],
            name=_("events"),
            unit=charts.unit("count"),
        ),
        columns=[_("Day"), _("Events")],
        rows=[[day.isoformat(), figures.whole(volumes.get(day, 0))] for day in reversed(days)],
        size="low",
        empty=_("No event of this kind in the last 90 days."),
    )


def properties(event_type: EventType, today: dt.date) -> list[dict[str, Any]]:
    """Each property with its kinds, how often it is there, and what the plan says."""
    lately = _lately(event_type, today)
    volume = sum(row.volume for row in lately)
    return [
        {
            "property": one,
            "kinds": _kinds(one),
            "filled": filled(coverage.Share(_there(lately, one.name), volume)),
            "choices": [(kind.value, kind.label) for kind in Kind if kind != Kind.NULL],
        }
        for one in EventProperty.objects.filter(event_type=event_type).order_by("name")
    ]


def _lately(event_type: EventType, today: dt.date) -> list[EventDay]:
    since = today - dt.timedelta(days=coverage.DAYS)
    return list(EventDay.objects.filter(event_type=event_type, day__gt=since, day__lte=today))


def _there(days: Iterable[EventDay], name: str) -> int:
    return sum(
        count
        for row in days
        for kind, count in row.properties.get(name, {}).items()
        if kind != Kind.NULL
    )


def _kinds(one: EventProperty) -> str:
    """What its values were, the most frequent kind first."""
    whole = sum(one.kinds.values())
    if not whole:
        return figures.NOTHING
    ordered = sorted(one.kinds.items(), key=lambda pair: (-pair[1], pair[0]))
    if len(ordered) == 1:
        return str(Kind(ordered[0][0]).label)
    return formats.listed(
        f"{Kind(kind).label} {figures.share(count / whole)}" for kind, count in ordered
    )
