"""Promises and verdicts in the words of a page, with the weeks as a chart."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise as Words
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from console import charts, clock, figures, formats, kept_words
from console.charts import Chart
from console.models import RequestVerdict, TeamRequest
from metrics import controls, promises, weekly
from metrics.models import Metric
from segments.models import Definition

Outcome = RequestVerdict.Outcome
TONES = {Outcome.MET: "good", Outcome.PARTLY: "warn", Outcome.NOT: "bad", Outcome.UNCLEAR: ""}
WEEK = dt.timedelta(days=7)
BEFORE, AFTER = pgettext_lazy("in time", "Before"), pgettext_lazy("in time", "After")

WHY: dict[str, Words] = {
    promises.NOT_PROMISED: gettext_lazy("No change of a number was promised."),
    promises.NO_METRIC: gettext_lazy("There is no such metric any more."),
    promises.NOT_MEASURED: gettext_lazy("The number was not measured in these weeks."),
    promises.TOO_EARLY: gettext_lazy("Too few days are known since it was delivered."),
    weekly.FEW_WEEKS: gettext_lazy("There are too few weeks to tell chance from an effect."),
    weekly.NO_SHARE: gettext_lazy(
        "The number was nothing or below, so no share of it can be told."
    ),
}
NOTES: dict[str, Words] = {
    promises.NEW_DEFINITION: gettext_lazy(
        "The definition changed since: both stretches are counted by the new one."
    ),
    promises.LATE: gettext_lazy(
        "It was delivered too late for the date that was promised: the four weeks after count."
    ),
}


@dataclass(frozen=True)
class Promised:
    """What a request is to move, as its page says it."""

    label: str
    link: str
    definition: str  # the word it rests on, such as active v3
    change: str
    by: dt.date | None
    value: str  # the baseline
    bounds: str
    span: tuple[dt.date, dt.date] | None
    target: str
    why: str  # nothing is frozen, or it is not measured
    chart: Chart | None


@dataclass(frozen=True)
class Verdict:
    """What became of it, as its page says it."""

    outcome: str
    tone: str
    how: str
    facts: list[tuple[str, str]]
    caveats: list[str] = field(default_factory=list)
    link: str = ""  # of the control
    words: str = ""  # of the person who judged
    by: str = ""
    at: dt.datetime | None = None
    found: str = ""  # what the console had found, where the person says something else


def promised(request: TeamRequest) -> Promised | None:
    """The promise of a request; None where it promises no number."""
    if not request.metric:
        return None
    metric = Metric.objects.filter(key=request.metric).first()
    frozen = request.baseline or {}
    value, why = frozen.get("value"), str(WHY.get(frozen.get("why", ""), ""))
    if metric is None:
        why = str(WHY[promises.NO_METRIC])
    elif not frozen:
        why = _("It is written down when the request is accepted.")
    return Promised(
        label=metric.label if metric else request.metric,
        link=reverse("admin:metrics_metric_change", args=[metric.pk]) if metric else "",
        definition=_definition(frozen),
        change=signed(request.expected_change),
        by=request.expected_by,
        value=a_week(value, metric),
        bounds="" if value is None else _between(frozen.get("low"), frozen.get("high"), metric),
        span=_span(frozen),
        target=a_week(promises.target(request), metric),
        why=why,
        chart=course(request, metric) if metric and value is not None else None,
    )


def verdict(request: TeamRequest) -> Verdict | None:
    """The verdict that stands; None before there is any."""
    given = promises.outcome_of(request)
    if given is None:
        return None
    metric = Metric.objects.filter(key=request.metric).first()
    own = next((one for one in request.verdicts.all() if one.by_id is None), None)
    measured = given.measured or (own.measured if own else {})
    differs = own is not None and own.outcome != given.outcome
    return Verdict(
        outcome=given.get_outcome_display(),
        tone=TONES[Outcome(given.outcome)],
        how=how(measured),
        facts=_facts(measured, metric),
        caveats=caveats(measured),
        link=_control(measured),
        words=given.words,
        by=str(given.by or ""),
        at=given.at,
        found=own.get_outcome_display() if own is not None and differs else "",
    )


def how(measured: Mapping[str, Any]) -> str:
    """What it was held against."""
    match measured.get("how"):
        case controls.COMPARISON:
            return _("Against the control of the comparison “%(name)s”.") % measured
        case controls.CAMPAIGN:
            return _("Against the control of the campaign “%(name)s”.") % measured
        case weekly.BEFORE_AFTER if measured.get("value") is not None:
            return _("The weeks after it was delivered against those before it was accepted.")
    return ""


def caveats(measured: Mapping[str, Any]) -> list[str]:
    """What a reader has to know before they believe it."""
    found = [str(WHY[measured["why"]])] if measured.get("why") in WHY else []
    found += [str(NOTES[one]) for one in measured.get("notes", ()) if one in NOTES]
    if measured.get("how") != weekly.BEFORE_AFTER or measured.get("relative") is None:
        return found
    found.append(
        _("No control tells what would have been without it: other things may have moved it too.")
    )
    if looked := measured.get("looked"):
        said = ngettext(
            "Of %(looked)d earlier stretch as long, %(moved)d moved at least so far alone.",
            "Of %(looked)d earlier stretches as long, %(moved)d moved at least so far alone.",
            looked,
        )
        found.append(said % {"looked": looked, "moved": measured["moved"]})
    if measured.get("year_before") is not None:
        words = _("A year before, the same weeks changed by %(change)s.")
        found.append(words % {"change": figures.signed_share(measured["year_before"])})
    holidays = measured.get("holidays") or {}
    for name, words in (
        ("before", _("Holidays before: %(names)s.")),
        ("after", _("Holidays after: %(names)s.")),
    ):
        if holidays.get(name):
            found.append(words % {"names": formats.listed(map(kept_words.said, holidays[name]))})
    return found


def course(request: TeamRequest, metric: Metric) -> Chart:
    """Week by week from the baseline on, with the level that was promised."""
    weeks = promises.course(request, metric, on=clock.today())
    days = [day for day, _value in weeks]
    unit = charts.unit(metric.unit, clock.project().currency)
    value, goal = (request.baseline or {})["value"], promises.target(request)
    series: dict[str, list[Any]] = {metric.label: [one for _day, one in weeks]}
    series[_("Baseline")] = [value] * len(days)
    if goal is not None:
        series[_("Promised")] = [goal] * len(days)
    return Chart(
        id="promise",
        title=_("%(metric)s, week by week") % {"metric": metric.label},
        option=charts.lines(days, series, unit=unit) if days else {},
        columns=[_("Week until"), *series],
        rows=[
            [day.isoformat(), *(in_words(values[at], metric) for values in series.values())]
            for at, day in reversed(list(enumerate(days)))
        ],
        size="low",
        empty=_("No week of it is measured yet."),
    )


# --- parts ----------------------------------------------------------------------------


def _facts(measured: Mapping[str, Any], metric: Metric | None) -> list[tuple[str, str]]:
    if measured.get("relative") is None:
        return []
    bounds = _("cannot be told")
    if measured.get("low") is not None:
        bounds = f"{signed(measured['low'])} … {signed(measured['high'])}"
    is_controlled = measured.get("how") in (controls.CAMPAIGN, controls.COMPARISON)
    shares = Metric(unit=Metric.Unit.SHARE) if is_controlled and not _is_money(metric) else metric
    found = [
        (_("Promised"), signed(measured.get("expected"))),
        (_("Came to"), signed(measured["relative"])),
        (_("95 % bounds"), bounds),
        (
            _("Control") if is_controlled else str(BEFORE),
            in_words(measured.get("against"), shares),
        ),
        (
            _("With it") if is_controlled else str(AFTER),
            in_words(measured.get("value"), shares),
        ),
    ]
    if after := measured.get("after"):
        found.append((_("Counted from"), " – ".join(after)))
    if definition := _definition(measured):
        found.append((_("By the definition"), definition))
    return found


def _is_money(metric: Metric | None) -> bool:
    return metric is not None and metric.unit == Metric.Unit.MONEY


def _definition(said: Mapping[str, Any]) -> str:
    """The versions that decided: of the metric, and of the word that it rests on."""
    parts = []
    if said.get("version"):
        parts.append(_("metric v%(number)s") % {"number": said["version"]})
    if said.get("word") in Definition.Key.values and said.get("under"):
        parts.append(f"{Definition.Key(said['word']).label} v{said['under']}")
    return " · ".join(parts)


def _control(measured: Mapping[str, Any]) -> str:
    names = {
        controls.CAMPAIGN: "admin:campaigns_campaign_change",
        controls.COMPARISON: "admin:metrics_comparison_change",
    }
    name = names.get(str(measured.get("how")))
    try:
        return reverse(name, args=[measured["subject"]]) if name else ""
    except (NoReverseMatch, KeyError):
        return ""


def in_words(value: float | None, metric: Metric | None) -> str:
    """A mean of weeks in the unit of its metric."""
    if value is None or metric is None:
        return figures.NOTHING
    if metric.unit in {Metric.Unit.COUNT, Metric.Unit.CUSTOMERS}:
        return figures.number(value, digits=0 if abs(value) >= 100 else 1)
    amount = round(value) if metric.unit == Metric.Unit.MONEY else value
    return figures.in_unit(amount, metric.unit, clock.project().currency)  # type: ignore[arg-type]


def a_week(value: float | None, metric: Metric | None) -> str:
    """What days are added up of is told for a week."""
    said = in_words(value, metric)
    adds_up = value is not None and metric is not None and metric.over == Metric.Over.SUM
    return _("%(value)s a week") % {"value": said} if adds_up else said


def _between(low: float | None, high: float | None, metric: Metric | None) -> str:
    if low is None or high is None or low == high:  # once, weeks that were alike had such
        return _("no bounds: the weeks are too few, or all the same")
    return f"{_('95 % bounds')} {in_words(low, metric)} – {in_words(high, metric)}"


def signed(share: Any) -> str:
    """A change as a share, with its sign."""
    return figures.signed_share(None if share is None else float(share))


def _span(frozen: Mapping[str, Any]) -> tuple[dt.date, dt.date] | None:
    if not frozen.get("since"):
        return None
    return dt.date.fromisoformat(frozen["since"]), dt.date.fromisoformat(frozen["until"])
