"""Where events are no longer what they were: new kinds of values, lost properties, odd volumes."""

import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from console import figures, formats
from segments.models import EventDay, EventProperty, EventType
from segments.models.event import OTHERS, SHIPPED_TITLES, Kind

LATELY = 7  # days in which something new is news
BEFORE = 28  # days before them that say what is usual
WEEKS = 8  # of the same weekday that say which volume is usual
FEWEST_WEEKS = 4  # with fewer there is no usual
ENOUGH = 20  # sightings that are worth a judgement
USUAL_SHARE, LOST_SHARE = 0.5, 0.1  # a property most events had, and now hardly any has
FAR = 4.0  # spreads from the usual volume
SMALLEST_SPREAD = 0.1  # of the usual: a tenth more or less is nobody's alarm

NEW_KIND, NOT_PLANNED, LOST, VOLUME, UNPLANNED = (
    "new_kind",
    "not_as_planned",
    "lost",
    "volume",
    "unplanned",
)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was. `now` and `was` are what the words need."""

    what: str
    property: str = ""
    now: str | float | None = None
    was: str | float | None = None

    def words(self) -> str:
        """The finding in the active language."""
        match self.what:
            case "new_kind":
                words = _("“%(property)s” came as %(now)s; before, always as %(was)s.")
            case "not_as_planned":
                words = _("“%(property)s” came as %(now)s; planned is %(was)s.")
            case "lost":
                words = _("“%(property)s” is in %(now)s of the events; before, in %(was)s.")
            case "volume":
                words = _("%(now)s events yesterday; on this weekday %(was)s are usual.")
            case _:
                words = _("Not in the tracking plan, and new.")
        return words % {
            "property": self.property,
            "now": self._said(self.now),
            "was": self._said(self.was),
        }

    def _said(self, value: str | float | None) -> str:
        if self.what in {NEW_KIND, NOT_PLANNED}:
            return formats.listed(Kind(one).label for one in str(value).split(","))
        if value is None or isinstance(value, str):
            return str(value)
        return figures.share(value) if self.what == LOST else figures.whole(round(value))


@dataclass(frozen=True)
class Day:
    """One day of one kind of event."""

    day: dt.date
    volume: int
    properties: Mapping[str, Mapping[str, int]]


# --- judging ------------------------------------------------------------------


def properties(
    days: Sequence[Day], today: dt.date, planned: Mapping[str, str] | None = None
) -> list[Finding]:
    """What is wrong with the properties in the days that end with today."""
    since = today - dt.timedelta(days=LATELY - 1)
    lately = [one for one in days if since <= one.day <= today]
    start = since - dt.timedelta(days=BEFORE)
    before = [one for one in days if start <= one.day < since]
    now, was = _kinds(lately), _kinds(before)
    volumes = sum(one.volume for one in lately), sum(one.volume for one in before)
    found: list[Finding] = []
    for name in sorted({*now, *was}):
        wanted = (planned or {}).get(name, "")
        found += _kind_findings(name, now[name], was[name], wanted)
        found += _lost(name, now[name], was[name], volumes)
    return found


def _kinds(days: Iterable[Day]) -> dict[str, Counter[str]]:
    """How often each property came as what; as nothing is not coming."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in days:
        for name, kinds in one.properties.items():
            found[name].update({k: n for k, n in kinds.items() if k != Kind.NULL})
    return found


def _kind_findings(
    name: str, now: Counter[str], was: Counter[str], planned: str
) -> Iterable[Finding]:
    if planned:
        if wrong := sorted(set(now) - {planned}):
            yield Finding(NOT_PLANNED, name, ",".join(wrong), planned)
    elif was.total() >= ENOUGH and (new := sorted(set(now) - set(was))):
        yield Finding(NEW_KIND, name, ",".join(new), ",".join(sorted(was)))


def _lost(
    name: str, now: Counter[str], was: Counter[str], volumes: tuple[int, int]
) -> Iterable[Finding]:
    if min(volumes) < ENOUGH:
        return
    share, usual = now.total() / volumes[0], was.total() / volumes[1]
    if usual >= USUAL_SHARE and share < usual * LOST_SHARE:
        yield Finding(LOST, name, share, usual)


def volume(days: Sequence[Day], today: dt.date) -> list[Finding]:
    """Whether yesterday's volume is far from what its weekday usually has.

    Far is more than `FAR` spreads from the median of the same weekday, where a spread is the
    median distance from it, scaled to a normal deviation (Rousseeuw and Croux 1993), and at
    least that of chance (the root of the count) and a tenth.
    """
    by_day = {one.day: one.volume for one in days}
    yesterday = today - dt.timedelta(days=1)
    first = min(by_day, default=today)
    same = [yesterday - dt.timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    usual = [by_day.get(day, 0) for day in same if day >= first]
    if len(usual) < FEWEST_WEEKS:
        return []
    middle = statistics.median(usual)
    distance = 1.4826 * statistics.median(abs(one - middle) for one in usual)
    spread = max(distance, middle**0.5, SMALLEST_SPREAD * middle, 1.0)
    now = by_day.get(yesterday, 0)
    if abs(now - middle) < max(FAR * spread, ENOUGH):
        return []
    return [Finding(VOLUME, "", float(now), float(middle))]


# --- looking --------------------------------------------------------------------


def of(event_type: EventType, today: dt.date) -> list[Finding]:
    """What is not as it was with one kind of event, as of now."""
    planned = EventProperty.objects.filter(event_type=event_type).exclude(planned_kind="")
    rows = EventDay.objects.filter(event_type=event_type, day__gt=_since(today), day__lte=today)
    return _judge(
        event_type,
        [Day(row.day, row.volume, row.properties) for row in rows],
        dict(planned.values_list("name", "planned_kind")),
        today,
        has_plan=EventType.objects.filter(is_planned=True).exists(),
    )


@transaction.atomic
def look(today: dt.date) -> int:
    """Judge every kind of event and keep what was found; tells how many are not as they were."""
    days: dict[int, list[Day]] = defaultdict(list)
    rows = EventDay.objects.filter(day__gt=_since(today), day__lte=today)
    for place, *row in rows.values_list("event_type", "day", "volume", "properties").iterator():
        days[place].append(Day(*row))
    planned: dict[int, dict[str, str]] = defaultdict(dict)
    wanted = EventProperty.objects.exclude(planned_kind="")
    for place, name, kind in wanted.values_list("event_type", "name", "planned_kind"):
        planned[place][name] = kind
    types = list(EventType.objects.all())
    has_plan = any(one.is_planned for one in types)
    for one in types:
        found = _judge(one, days[one.pk], planned[one.pk], today, has_plan=has_plan)
        one.drift, one.drift_on = [asdict(finding) for finding in found], today
    EventType.objects.bulk_update(types, ["drift", "drift_on"], batch_size=500)
    return sum(bool(one.drift) for one in types)


def kept(event_type: EventType) -> list[Finding]:
    """What the last look found."""
    return [Finding(**one) for one in event_type.drift]


def _judge(
    event_type: EventType,
    days: Sequence[Day],
    planned: Mapping[str, str],
    today: dt.date,
    *,
    has_plan: bool,
) -> list[Finding]:
    if event_type.blocked or event_type.taken_as_id or event_type.name == OTHERS:
        return []
    found = [*properties(days, today, planned), *volume(days, today)]
    if has_plan and _is_unplanned(event_type, today):
        found.append(Finding(UNPLANNED))
    return found


def _is_unplanned(event_type: EventType, today: dt.date) -> bool:
    """Seen for the first time lately, without a place in the plan, and not our own."""
    first = event_type.first_seen_at
    if event_type.is_planned or event_type.name in SHIPPED_TITLES or first is None:
        return False
    return first.date() > today - dt.timedelta(days=LATELY)


def _since(today: dt.date) -> dt.date:
    return today - dt.timedelta(days=max(LATELY + BEFORE, 7 * WEEKS + 1))
