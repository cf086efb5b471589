"""What hangs on a metric: goals, watches, rules, the scorecard, and metrics made of it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from console import clock, figures, roles, work
from console.models import WorkItem
from metrics import alerts, goals, health, history, library, period_rules, period_words, slicing
from metrics.admin import review, scorecard
from metrics.models import Benchmark, Goal, Indicator, Metric, PeriodRule, Watch
from metrics.overall import Overall
from metrics.recipes import nodes
from metrics.reviews import Line

YEAR = dt.timedelta(days=365)
MOST = 20  # of a kind


@dataclass(frozen=True)
class Tie:
    """One thing that hangs on a metric, with the way to it."""

    kind: str
    words: str
    link: str


def page(metric: Metric, since: dt.date | None, user: Any) -> dict[str, Any]:
    """What hangs on it, how it did beside other times and others, and what one may add."""
    currency = clock.project().currency
    line = _line(metric, since) if since else None
    return {
        "ties": list(ties(metric, currency)),
        "beside": review.line(line, currency) if line and line.now is not None else None,
        "benchmark": _benchmark(metric, line, currency),
        "deeds": list(_deeds(metric, user)),
    }


def ties(metric: Metric, currency: str) -> Iterator[Tie]:
    """Whatever is in use now."""
    today = clock.today()
    aims = list(Goal.objects.filter(metric=metric, archived_at=None, until__gte=today)[:MOST])
    watches = list(Watch.objects.filter(metric=metric, is_on=True)[:MOST])
    rules = PeriodRule.objects.filter(metric=metric, is_on=True)
    held = list(rules.select_related("metric", "benchmark")[:MOST])
    divided: list[Any] = [*aims, *watches, *held]
    parts = slicing.names([one.slice for one in divided if one.slice])
    for aim in aims:
        target = figures.in_unit(aim.target, metric.unit, currency)
        days = f"{aim.since:%Y-%m-%d} – {aim.until:%Y-%m-%d}"
        said = f"{aim.get_direction_display()} {target} · {days}"
        link = reverse("admin:metrics_goal_change", args=[aim.pk])
        yield Tie(_("Goal"), _of(said, aim.slice, parts), link)
    for watch in watches:
        link = reverse("admin:metrics_watch_change", args=[watch.pk])
        yield Tie(_("Watched"), _of(watch.get_kind_display(), watch.slice, parts), link)
    for rule in held:
        link = reverse("admin:metrics_periodrule_change", args=[rule.pk])
        yield Tie(_("Period rule"), period_words.sentence(rule, currency, parts), link)
    for one in Indicator.objects.filter(metric=metric):
        said = _("weight %(weight)d") % {"weight": one.weight}
        yield Tie(_("Health"), said, reverse(scorecard.PAGE))
    for item in work.about(metric).filter(status__in=WorkItem.UNFINISHED)[:MOST]:
        link = reverse("admin:console_workitem_change", args=[item.pk])
        yield Tie(pgettext("duties", "Work"), str(item), link)
    for other in library.in_use().values():
        if metric.key in nodes.leans_on(library.recipe(other)):
            link = reverse("admin:metrics_metric_change", args=[other.pk])
            yield Tie(_("Made of it"), other.label, link)


def _of(said: str, part: str, parts: Mapping[str, str]) -> str:
    return f"{said} · {parts.get(part, part)}" if part else said


def _line(metric: Metric, since: dt.date) -> Line:
    """What the days come to, beside as many before them and the same a year before."""
    last = history.last_closed_day()
    days = last - since + history.DAY
    overall = Overall([metric.key], min(since - days, since - YEAR), last)

    def value(back: dt.timedelta) -> Any:
        return overall.value(metric.key, since - back, last - back)

    return Line(metric, value(dt.timedelta(0)), value(days), value(YEAR))


def _benchmark(metric: Metric, line: Line | None, currency: str) -> str:
    found = Benchmark.objects.filter(metric=metric).order_by("-day", "-id").first()
    return scorecard.against(found, line.now if line else None, metric, currency) if found else ""


def _deeds(metric: Metric, user: Any) -> Iterator[tuple[str, str]]:
    """What may be added to the metric by whoever looks, with the way to the form."""
    offered = (
        (goals.ACTION, _("Set a goal"), "metrics_goal_make", metric.key),
        (alerts.ACTION, _("Watch it"), "metrics_watch_add", metric.pk),
        (period_rules.ACTION, _("Add a period rule"), "metrics_periodrule_add", metric.pk),
        (health.ACTION, _("Enter a benchmark"), "metrics_indicator_benchmark", metric.key),
        (work.DO, _("Give work"), "console_workitem_give", metric.pk),
    )
    for action, words, name, chosen in offered:
        if roles.allows(user, action):
            yield words, f"{reverse(f'admin:{name}')}?metric={chosen}"
