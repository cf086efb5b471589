"""The meeting's numbers: metrics that moved beyond what is usual, warnings, and goals at risk."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from console import figures
from console.meetings.pack import MOST, Line, Section, iso
from console.meetings.weeks import DAY, Week
from metrics import alerts, goals, period_words, reviews, slicing
from metrics.models import Alert, Goal, Metric
from metrics.overall import Overall
from metrics.stats import seasons

NEEDS = "metrics.view"
MOST_BY_CHANCE = 5  # customers or events below which nothing is told of what usually is nothing


def moved(week: Week, *, last: dt.date, currency: str) -> Section:
    """Metrics whose week stands out against the eight before it, and the week's warnings.

    A week that is not over is held against as many first days of the weeks before.
    """
    until = min(week.until, last)
    lines = [line for _score, line in sorted(_moved(week, until, currency), key=_by_score)]
    return Section(
        "metrics",
        _("Metrics that moved"),
        [*lines[:MOST], *_warnings(week, currency)],
        _("No key metric left the range of its last eight weeks, and nothing warned."),
    )


def _by_score(one: tuple[float, Line]) -> float:
    return -abs(one[0])


def _moved(week: Week, until: dt.date, currency: str) -> Iterator[tuple[float, Line]]:
    days = (until - week.since).days
    if days < 0:
        return
    overall = Overall(reviews.KEY, week.ago(seasons.WEEKS).since, until)
    for key in reviews.KEY:
        metric = overall.metrics.get(key)
        now = overall.value(key, week.since, until)
        if metric is None or now is None:
            continue
        before = [
            overall.value(key, one.since, one.since + DAY * days)
            for one in (week.ago(n) for n in range(1, seasons.WEEKS + 1))
        ]
        known = [float(one) for one in before if one is not None]
        is_count = metric.unit in {Metric.Unit.CUSTOMERS, Metric.Unit.COUNT}
        usual = seasons.usual(known, is_count=is_count)
        if usual is None or abs(score := usual.score(float(now))) < seasons.OUTLIER:
            continue
        if not usual.middle and not (is_count and now >= MOST_BY_CHANCE):
            continue  # after weeks of nothing a single customer is no news
        yield score, _line(metric, now, usual, currency)


def _line(metric: Metric, now: Decimal, usual: seasons.Usual, currency: str) -> Line:
    low, high = (period_words.value(metric, Decimal(repr(one)), currency) for one in usual.bounds)
    middle = Decimal(repr(usual.middle))
    change = figures.change(now, middle)
    is_better = (now > middle) == (metric.direction == Metric.Direction.MORE)
    is_told = metric.direction != Metric.Direction.NEITHER
    return Line(
        what=f"{metric.label}: {period_words.value(metric, now, currency)}",
        link=reverse("admin:metrics_metric_change", args=[metric.pk]),
        badge=figures.signed_share(change) if change is not None else "",
        tone=("good" if is_better else "bad") if is_told else "warn",
        why=_("usually %(low)s to %(high)s") % {"low": low, "high": high},
        needs=NEEDS,
    )


def _warnings(week: Week, currency: str) -> list[Line]:
    """Warnings that began in the week; those that stand under another one are left out."""
    found = list(
        Alert.objects.filter(cause=None, began_on__gte=week.since, began_on__lte=week.until)
        .select_related("watch__metric", "acknowledged_by")
        .order_by("began_on", "pk")[:MOST]
    )
    parts = slicing.names([one.watch.slice for one in found if one.watch.slice])
    return [_of_alert(one, parts.get(one.watch.slice, ""), currency) for one in found]


def _of_alert(alert: Alert, part: str, currency: str) -> Line:
    metric = alert.watch.metric
    what = f"{metric.label} · {part}" if part else metric.label
    expected = period_words.value(metric, alert.expected, currency)
    who = alert.acknowledged_by
    looked_after = (
        _("looked after by %(who)s") % {"who": who} if who else _("nobody looks after it")
    )
    is_over = alert.status == alerts.Status.RESOLVED
    return Line(
        what=_("Warning: %(what)s")
        % {"what": f"{what}: {period_words.value(metric, alert.value, currency)}"},
        link=reverse("admin:metrics_alert_change", args=[alert.pk]),
        badge=alert.get_status_display(),
        tone="" if is_over else "bad",
        when=iso(alert.began_on),
        why=_("expected %(value)s") % {"value": expected} + f" · {looked_after}",
        needs=NEEDS,
    )


def at_risk(week: Week, *, last: dt.date, currency: str) -> Section:
    """Goals under way that are behind, or that the forecast misses."""
    found = Goal.objects.filter(
        archived_at=None, since__lte=week.until, until__gte=week.since
    ).select_related("metric", "owner")
    standings = goals.standings(found, last=min(week.until, last))
    behind = [one for one in standings if one.light in {"warn", "bad"}]
    parts = slicing.names([one.goal.slice for one in behind if one.goal.slice])
    behind.sort(key=lambda one: (one.light != "bad", one.goal.until))
    return Section(
        "goals",
        _("Goals at risk"),
        [_of_goal(one, parts.get(one.goal.slice, ""), currency) for one in behind[:MOST]],
        _("All goals are on their way, or there are none."),
    )


def _of_goal(one: goals.Standing, part: str, currency: str) -> Line:
    goal = one.goal
    name = f"{goal.metric.label} · {part}" if part else goal.metric.label
    return Line(
        what=name,
        link=reverse("admin:metrics_goal_change", args=[goal.pk]),
        badge=goals.attained_words(one),
        tone=one.light,
        when=iso(goal.until),
        why=goals.reason(one, currency) + (f" · {goal.owner}" if goal.owner else ""),
        needs=NEEDS,
    )
