"""The charts of a metric's and a report's page, also for who asks another team about one."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from console import clock
from console.charts import Chart, Word
from console.models import Project
from metrics import (
    charts,
    foreign,
    library,
    measurements,
    odd_days,
    retention,
    slices,
    slicing,
    words,
)
from metrics.measurements import Freshness
from metrics.models import Metric
from metrics.recipes import nodes
from metrics.reports import asking, parts
from metrics.reports.asking import Known
from metrics.reports.fields import Settings
from metrics.reports.report import Report

RANGES, USUAL_RANGE = ("30", "90", "365", "all"), "90"
Given = Mapping[str, Any]


def range_of(given: Given) -> str:
    """How many days an address asks for."""
    chosen = str(given.get("range", USUAL_RANGE))
    return chosen if chosen in RANGES else USUAL_RANGE


def slice_of(metric: Metric, given: Given) -> str:
    """By which of its dimensions an address divides a metric."""
    chosen = str(given.get("by", ""))
    return chosen if chosen in metric.slices else ""


def days(project: Project, chosen: str) -> tuple[dt.date | None, dt.date]:
    """The first and last day of a range that ends with the last closed day."""
    today = clock.today(project)
    since = None if chosen == "all" else today - dt.timedelta(days=int(chosen))
    return since, today


def of_metric(metric: Metric, chosen: str, sliced: str = "", word: Word | None = None) -> Chart:
    """A metric day by day, or in slices."""
    project = clock.project()
    today = clock.today(project)
    known = measurements.freshness(until=today)
    fresh = charts.freshness_words(known)
    if metric.key == retention.KEY:
        found = measurements.read([metric.key])[metric.key]
        chart = charts.monthly_retention(metric, found, today=today, freshness=fresh, word=word)
        return _with(chart, odd_days.words(None, known.as_of) if known else "")
    since, until = days(project, chosen)
    found = measurements.read([metric.key], since=since, until=until, sliced=True)[metric.key]
    if metric.slices:
        found = [one for one in found if slicing.dimension_of(one.slice) == sliced]
    names = slices.names(metric, found)
    chart = charts.over_time(
        metric, found, currency=project.currency, names=names, freshness=fresh, word=word
    )
    if sliced and not found:
        chart = replace(chart, empty=_why_empty(metric, sliced))
    is_money = metric.unit == Metric.Unit.MONEY
    odd = odd_days.words(since, min(until, known.as_of)) if known else ""
    return _with(chart, odd, foreign.words(since, until) if is_money else "")


def _why_empty(metric: Metric, dimension: str) -> str:
    """Which of the metrics that it is made of are not measured in these slices; else nothing."""
    rows = library.rows()
    parts = [rows[key] for key in nodes.leans_on(library.recipe(metric)) if key in rows]
    without = [one.label for one in parts if dimension not in one.slices]
    if not without:
        return ""
    words = _("It is made of %(metrics)s, and these are not measured in such slices.")
    return words % {"metrics": _(", ").join(without)}


def _with(chart: Chart, *notes: str) -> Chart:
    return replace(chart, note=odd_days.joined(chart.note, *notes))


def of_report(
    report: Report, settings: Settings, known: Known, *, export: Callable[[str], str] = str
) -> list[Chart]:
    """What is known of a report; `export` says where each part is as a file."""
    answer = known.answer
    if answer is None or answer.data is None or answer.as_of is None or answer.computed_at is None:
        return []
    key = report.word(settings)
    word = words.of(key, answer.under.get(key)) if key else None
    fresh = charts.freshness_words(Freshness(answer.as_of, answer.computed_at))
    return [
        parts.chart(one, freshness=fresh, word=word, export=export(one.key))
        for one in asking.parts(report, settings, answer)
    ]
