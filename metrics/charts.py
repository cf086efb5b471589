"""Measurements as charts, for the metrics screens and the home page."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from console import charts, figures
from console.charts import Chart, Word
from metrics.measurements import Figure, Freshness
from metrics.models import Metric

MOST_NAMED = 6  # slices in a note


def freshness_words(freshness: Freshness | None) -> str:
    """Up to which day the numbers reach and when they were computed."""
    if freshness is None:
        return ""
    return figures.fresh(freshness.as_of, freshness.computed_at)


def over_time(
    metric: Metric,
    found: Sequence[Figure],
    *,
    currency: str,
    names: Mapping[str, str] | None = None,
    freshness: str = "",
    word: Word | None = None,
) -> Chart:
    """A metric day by day; a line for each slice, if it has slices."""
    days = sorted({figure.day for figure in found})
    series, names = _by_slice(found, days), names or {}
    order = [*(key for key in names if key in series), *(key for key in series if key not in names)]
    named = {names.get(key, key) or metric.label: series[key] for key in order}
    option = charts.lines(days, named, unit=charts.unit(metric.unit, currency), zoom=len(days) > 14)
    return Chart(
        id=f"metric-{metric.key}",
        title=metric.label,
        definition=metric.explanation,
        option=option,
        columns=[_("Day"), *named],
        rows=[
            [
                day.isoformat(),
                *(figures.in_unit(values[n], metric.unit, currency) for values in named.values()),
            ]
            for n, day in reversed(list(enumerate(days)))
        ],
        freshness=freshness,
        note=_why_nothing(found, days, {key: names.get(key, key) for key in order}),
        word=word,
        size="tall",
    )


def _why_nothing(found: Sequence[Figure], days: Sequence[dt.date], names: Mapping[str, str]) -> str:
    """What a “–” in the table stands for: an answer that there is none, or no figure at all."""
    known: dict[str, set[dt.date]] = {key: set() for key in names}
    whose: dict[str, dict[str, None]] = {_divided(): {}, _of_parts(): {}, _unmeasured(): {}}
    for one in found:
        known[one.slice].add(one.day)
        if one.value is None:
            whose[_divided() if one.denominator == 0 else _of_parts()][names[one.slice]] = None
    for key, seen in known.items():
        if len(seen) < len(days):
            whose[_unmeasured()][names[key]] = None
    reasons = [_of(why, list(some)) for why, some in whose.items() if some]
    return (
        _("“–” in the table: %(reasons)s.") % {"reasons": _("; ").join(reasons)} if reasons else ""
    )


def _divided() -> str:
    return _("there was nobody and nothing to divide by that day")


def _of_parts() -> str:
    return _("one of the metrics that it is made of has no value that day, or divides by 0")


def _unmeasured() -> str:
    return _("not measured that day")


def _of(why: str, slices: Sequence[str]) -> str:
    """A reason, and whom it is about; of everybody nothing need be said."""
    called = [one for one in slices if one]
    if not called:
        return why
    shown = _(", ").join(called[:MOST_NAMED]) + ("…" if len(called) > MOST_NAMED else "")
    return _("%(why)s (%(whose)s)") % {"why": why, "whose": shown}


def monthly_retention(
    metric: Metric,
    found: Sequence[Figure],
    *,
    today: dt.date,
    freshness: str = "",
    link: str = "",
    word: Word | None = None,
) -> Chart:
    """The field of month cohorts: a row a cohort, a column a number of months later."""
    cohorts: dict[dt.date, dict[int, Figure]] = defaultdict(dict)
    for figure in found:
        cohorts[figure.day][int(figure.slice)] = figure
    months = [month for month in sorted(cohorts) if cohorts[month][0].numerator]
    later = range(1, max((max(cohorts[month]) for month in months), default=0) + 1)
    cells = [
        (place - 1, row, cohorts[month][place].value)
        for row, month in enumerate(months)
        for place in later
        if place in cohorts[month]
    ]
    option = charts.heatmap(
        [_("+%(n)d mo.") % {"n": place} for place in later],
        [f"{month:%Y-%m} · {figures.whole(cohorts[month][0].numerator)}" for month in months],
        cells,
        name=metric.label,
        unit=charts.unit("share"),
    )
    return Chart(
        id="monthly-retention",
        title=metric.label,
        definition=metric.explanation,
        option=option,
        columns=[_("Month"), _("New customers"), *(f"+{place}" for place in later)],
        rows=[_retention_row(month, cohorts[month], len(later)) for month in months if cells],
        note=_open_month(today),
        freshness=freshness,
        link=link,
        word=word,
        size="tall wide",
        empty=_("Retention shows from the second month with customers on."),
    )


def _retention_row(month: dt.date, cohort: Mapping[int, Figure], places: int) -> list[str]:
    shares = [cohort[n].value if n in cohort else None for n in range(1, places + 1)]
    return [
        f"{month:%Y-%m}",
        figures.whole(cohort[0].numerator),
        *(figures.share(share) for share in shares),
    ]


def _open_month(today: dt.date) -> str:
    """Until a month is over, its customers may still come back."""
    if today.day == 1:
        return ""
    return _("%(month)s is not over: what stands in it so far will still grow.") % {
        "month": f"{today:%Y-%m}"
    }


def _by_slice(found: Sequence[Figure], days: Sequence[dt.date]) -> dict[str, list[Decimal | None]]:
    place = {day: n for n, day in enumerate(days)}
    series: dict[str, list[Decimal | None]] = {}
    for figure in found:
        values = series.setdefault(figure.slice, [None] * len(days))
        values[place[figure.day]] = figure.value
    return series
