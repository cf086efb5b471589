"""Warnings: a day that stands out gives one, and one cause gives no second.

Quiet rules: a warning that lasts stays one warning; metrics that are made of another stand under
its warning; after it is over a watch rests for some days; a person can make it rest longer.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from console import audit, kept_words, roles, states, work
from console import seen as marks
from console.duties import lifts
from console.models import Staff, WorkLift
from console.states import NotAllowed
from metrics import library, measurements
from metrics.models import Alert, Metric, Watch
from metrics.recipes import nodes
from metrics.stats import seasons

ACTION = "alerts.change"
FIELDS = (
    *("metric", "slice", "kind", "side", "threshold", "cool_down_days"),
    *("owner", "is_on", "raises", "raised_days", "answer_days"),
)
DAY = dt.timedelta(days=1)
LOOK_BACK = DAY * 7 * seasons.WEEKS
MILLIONTH = Decimal("0.000001")
Status = Alert.Status
# What moves with what though no recipe says so: both count the same events in their own way.
MOVES_WITH = {
    "interacting": "dau",
    "sessions": "dau",
    "seconds_in_app": "dau",
    "effective_new": "new_customers",
    "retention_d1": "new_customers",
    "buyers": "orders",
    "revenue": "orders",
}
SHIPPED = ("dau", "new_customers", "orders", "revenue")  # watched for anomalies

Days = Mapping[dt.date, Decimal]


@dataclass(frozen=True)
class Finding:
    """A day beyond what its watch allows."""

    value: Decimal
    expected: Decimal | None
    note: str = ""


# --- judging a day ----------------------------------------------------------------


def judge_all(*, day: dt.date) -> list[Alert]:
    """Judge a closed day by everything that is watched; the warnings that are new.

    Causes come before what is made of them, so that the effects find their cause.
    """
    watches = list(Watch.objects.filter(is_on=True).select_related("metric", "raises"))
    made_of = parents()
    causes_of = {one.metric.key: causes(one.metric.key, made_of) for one in watches}
    watches.sort(key=lambda one: (len(causes_of[one.metric.key]), one.pk))
    courses = _courses(watches, day)
    off = holidays(day - LOOK_BACK, day)
    found = []
    for watch in watches:
        known = courses.get((watch.metric.key, watch.slice), {})
        if day in known:  # a day that was not measured says nothing
            keys = [watch.metric.key, *causes_of[watch.metric.key]]
            alert = _note(watch, finding(watch, known, day, off), day=day, keys=keys)
            found += [alert] if alert else []
    return found


def finding(watch: Watch, known: Days, day: dt.date, off: Mapping[dt.date, str]) -> Finding | None:
    """What is remarkable about the day; None if nothing is."""
    value = known[day]
    if watch.kind == Watch.Kind.LEVEL:
        return _beyond_level(watch, value)
    if watch.kind == Watch.Kind.CHANGE:
        return _changed(watch, value, known.get(day - DAY * 7))
    return _stands_out(watch, known, day, off)


def _beyond_level(watch: Watch, value: Decimal) -> Finding | None:
    if watch.threshold is None:
        return None
    is_low = watch.side == Watch.Side.LOW and value < watch.threshold
    is_high = watch.side != Watch.Side.LOW and value > watch.threshold
    return Finding(value, watch.threshold) if is_low or is_high else None


def _changed(watch: Watch, value: Decimal, before: Decimal | None) -> Finding | None:
    if watch.threshold is None or not before or before < 0:
        return None
    change = value / before - 1
    far = abs(change) >= watch.threshold
    return Finding(value, before) if far and _is_side(watch, change < 0) else None


def _stands_out(
    watch: Watch, known: Days, day: dt.date, off: Mapping[dt.date, str]
) -> Finding | None:
    weeks = [day - DAY * 7 * n for n in range(1, seasons.WEEKS + 1)]
    same = [float(known[one]) for one in weeks if one in known and one not in off]
    is_count = watch.metric.unit in {Metric.Unit.CUSTOMERS, Metric.Unit.COUNT}
    usual = seasons.usual(same, is_count=is_count)
    if usual is None:
        return None
    score = usual.score(float(known[day]))
    if abs(score) < seasons.OUTLIER or not _is_side(watch, score < 0):
        return None
    expected = Decimal(repr(usual.middle)).quantize(MILLIONTH)
    return Finding(known[day], expected, off.get(day, ""))


def _is_side(watch: Watch, is_low: bool) -> bool:
    return watch.side == Watch.Side.BOTH or (watch.side == Watch.Side.LOW) == is_low


def holidays(since: dt.date, until: dt.date) -> dict[dt.date, str]:
    """China's public holidays of the days, in both languages; they are no measure for others."""
    import holidays as calendar  # heavy: not in the web process

    years = range(since.year, until.year + 1)
    chinese, english = (
        calendar.country_holidays("CN", years=years, language=one) for one in ("zh_CN", "en_US")
    )
    return {
        day: kept_words.both(name, english[day])
        for day, name in chinese.items()
        if since <= day <= until
    }


def parents() -> dict[str, list[str]]:
    """What each metric is made of, by its recipe, and what it moves with all the same."""
    recipes = {key: library.recipe(one) for key, one in library.by_key().items()}
    return {
        key: [*nodes.leans_on(recipe), *filter(None, [MOVES_WITH.get(key)])]
        for key, recipe in recipes.items()
    }


def causes(key: str, made_of: Mapping[str, Sequence[str]]) -> list[str]:
    """What the metric is made of, the nearest first, down to what is made of nothing else."""
    found = dict.fromkeys(made_of.get(key, ()))
    for part in (level := list(found)):  # grows while it is walked
        new = [one for one in made_of.get(part, ()) if one not in found and one != key]
        found.update(dict.fromkeys(new))
        level += new
    return list(found)


def _courses(
    watches: list[Watch], day: dt.date
) -> Mapping[tuple[str, str], Mapping[dt.date, Decimal]]:
    keys = {watch.metric.key for watch in watches}
    courses: dict[tuple[str, str], dict[dt.date, Decimal]] = {}
    known = measurements.read(keys, since=day - LOOK_BACK, until=day, sliced=True)
    for key, figures in known.items():
        for figure in figures:
            if figure.value is not None:
                courses.setdefault((key, figure.slice), {})[figure.day] = figure.value
    return courses


# --- keeping it quiet ---------------------------------------------------------------


@transaction.atomic
def _note(
    watch: Watch, found: Finding | None, *, day: dt.date, keys: Sequence[str]
) -> Alert | None:
    """Open, go on with, or end the watch's warning; the alert if it is new."""
    alert = watch.alerts.exclude(status=Status.RESOLVED).select_for_update().first()
    if alert is not None:
        if found is None:
            if day > alert.last_on:
                states.move(alert, to=Status.RESOLVED, resolved_on=day)
        elif day >= alert.last_on:
            alert.last_on, alert.value, alert.expected = day, found.value, found.expected
            alert.save(update_fields=["last_on", "value", "expected"])
            _raise(watch, alert)
        return None
    if found is None or _rests(watch, day):
        return None
    return _open(watch, found, day, keys)


def _open(watch: Watch, found: Finding, day: dt.date, keys: Sequence[str]) -> Alert | None:
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                watch=watch,
                began_on=day,
                last_on=day,
                value=found.value,
                expected=found.expected,
                note=found.note,
                cause=_cause(watch, keys),
            )
    except IntegrityError:  # somebody else judged the same day
        return None
    audit.log("alert.opened", alert, value=found.value, expected=found.expected)
    _raise(watch, alert)
    return alert


def _raise(watch: Watch, alert: Alert) -> None:
    """The work of the team that the watch names comes first, from the morning after."""
    if watch.raises is not None:
        lifts.warned(
            alert,
            team=watch.raises,
            why=kept_words.each(lambda: _("Warning: %(what)s") % {"what": watch}),
            on=alert.last_on + DAY,
            days=watch.raised_days,
            answer_days=watch.answer_days,
        )


def _rests(watch: Watch, day: dt.date) -> bool:
    if watch.snoozed_until is not None and day <= watch.snoozed_until:
        return True
    last = watch.alerts.filter(status=Status.RESOLVED).order_by("-resolved_on").first()
    if last is None or last.resolved_on is None:
        return False
    return day <= last.resolved_on + DAY * watch.cool_down_days


def _cause(watch: Watch, keys: Sequence[str]) -> Alert | None:
    """The open warning of the same metric otherwise watched, or of what it is made of: `keys`,
    the nearest first."""
    open_ones = Alert.objects.filter(watch__metric__key__in=keys, watch__slice=watch.slice)
    open_ones = open_ones.exclude(status=Status.RESOLVED).select_related("watch__metric")
    found = sorted(open_ones, key=lambda one: keys.index(one.watch.metric.key))
    return (found[-1].cause or found[-1]) if found else None


def unresolved() -> "list[Alert]":
    """What people should look at now: causes, with how many stand under each."""
    rows = Alert.objects.exclude(status=Status.RESOLVED).filter(cause=None)
    return list(rows.select_related("watch__metric").prefetch_related("effects"))


# --- what people do -----------------------------------------------------------------


def acknowledge(alert: Alert, *, by: Staff) -> None:
    """Somebody looks after it."""
    states.move(alert, to=Status.ACKNOWLEDGED, acknowledged_by=by)


@transaction.atomic
def snooze(watch: Watch, *, until: dt.date, today: dt.date, by: Staff) -> None:
    """No warnings of this watch up to the day.

    Raises:
        NotAllowed: the day is past, or further away than a quarter of a year.
    """
    if not today <= until <= today + DAY * 92:
        raise NotAllowed(_("Choose a day within the next three months."))
    Watch.objects.filter(pk=watch.pk).update(snoozed_until=until)
    watch.snoozed_until = until
    audit.log("watch.snoozed", watch, by=by, until=until)


@transaction.atomic
def save(watch: Watch, *, by: Staff, seen: str = "") -> Watch:
    """Watch something, or watch it otherwise.

    Raises:
        NotAllowed: it contradicts itself, or raises the work of a team that is not theirs.
        Stale: somebody else changed it since it was `seen`.
    """
    check(watch)
    was = Watch.objects.select_for_update().get(pk=watch.pk) if watch.pk else None
    if was:
        marks.require(was, FIELDS, seen)
    changed = [name for name in FIELDS if not was or getattr(was, name) != getattr(watch, name)]
    if "raises" in changed and watch.raises is not None:
        roles.require(by, work.GIVE, record=WorkLift(team=watch.raises))
    # Who makes it quiet meanwhile is not overruled by who changes what is watched.
    watch.save(update_fields=FIELDS if was else None)
    audit.log("watch.changed" if was else "watch.added", watch, by=by, fields=changed)
    return watch


def check(watch: Watch) -> None:
    """Refuse in words what cannot be judged."""
    if watch.kind != Watch.Kind.ANOMALY and watch.threshold is None:
        raise NotAllowed(_("A level or a change needs a threshold."))
    if watch.kind == Watch.Kind.CHANGE and watch.threshold is not None and watch.threshold <= 0:
        raise NotAllowed(_("A change is a share above nothing, such as 30%."))
    if watch.kind == Watch.Kind.LEVEL and watch.side == Watch.Side.BOTH:
        raise NotAllowed(_("Say to which side of the level it warns."))


def install() -> int:
    """Watch the main metrics for anomalies, each once; how many were added."""
    have = set(Watch.objects.filter(is_shipped=True).values_list("metric__key", flat=True))
    metrics = Metric.objects.filter(key__in=set(SHIPPED) - have)
    fresh = [Watch(metric=metric, is_shipped=True) for metric in metrics]
    Watch.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)
