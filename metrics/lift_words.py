"""What a comparison came to, in words, tables and charts."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts, figures
from console.charts import Chart
from metrics import lift
from metrics.lift import Line, Outcome, Sums
from metrics.models import ComparedGroup, Comparison
from metrics.stats.differences import Interval
from metrics.stats.verdicts import Verdict

MEASURES: dict[str, Any] = {
    lift.CONVERSION: gettext_lazy("Conversion"),
    lift.REVENUE: gettext_lazy("Revenue per customer"),
    lift.ORDER: gettext_lazy("Revenue per event"),
}
VERDICTS: dict[str, tuple[Any, str]] = {
    Verdict.WON: (gettext_lazy("won"), "good"),
    Verdict.LOST: (gettext_lazy("lost"), "bad"),
    Verdict.NO_DIFFERENCE: (gettext_lazy("no difference shown"), ""),
    Verdict.TOO_EARLY: (gettext_lazy("too early to say"), ""),
    Verdict.BROKEN: (gettext_lazy("the sizes of the groups are broken"), "warn"),
    Verdict.HIGHER: (gettext_lazy("higher, which is no effect"), "warn"),
    Verdict.LOWER: (gettext_lazy("lower, which is no effect"), "warn"),
}


def value(measure: str, number: float | None, currency: str) -> str:
    """A mean in its unit."""
    if measure == lift.CONVERSION:
        return figures.share(number, digits=2)
    return figures.money(None if number is None else round(number), currency)


def signed(measure: str, number: float | None, currency: str) -> str:
    """A difference; of shares in percentage points."""
    if number is None:
        return figures.NOTHING
    if measure == lift.CONVERSION:
        return figures.points(number, digits=2)
    sign = "+" if number > 0 else ""
    return sign + value(measure, number, currency)


def between(measure: str, bounds: Interval | None, currency: str) -> str:
    if bounds is None:
        return figures.NOTHING
    return _to(*(signed(measure, one, currency) for one in (bounds.low, bounds.high)))


def relative_between(bounds: Interval | None) -> str:
    """Bounds of a difference as a share of the control."""
    if bounds is None:
        return figures.NOTHING
    return _to(*(figures.signed_share(one) for one in (bounds.low, bounds.high)))


def _to(low: str, high: str) -> str:
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def p_value(p: float | None) -> str:
    if p is None:
        return figures.NOTHING
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def rows(outcome: Outcome, currency: str) -> list[dict[str, Any]]:
    """A line a variant and measure, as the table shows it."""
    return [_row(line, currency) for line in outcome.lines]


def _row(line: Line, currency: str) -> dict[str, Any]:
    words, tone = VERDICTS[line.verdict]
    found, measure = line.found, line.measure
    return {
        "measure": MEASURES[measure],
        "variant": line.group.name,
        "control": value(measure, line.control_mean, currency),
        "value": value(measure, line.mean, currency),
        "difference": signed(measure, found.effect, currency),
        "interval": between(measure, found.interval, currency),
        "relative": figures.signed_share(found.relative),
        "relative_interval": relative_between(found.relative_interval),
        "daily": between(measure, line.daily, currency),
        "p": p_value(found.p),
        "detectable": signed(measure, line.detectable, currency),
        "explained": figures.share(line.explained, digits=0) if line.explained else "",
        "verdict": words,
        "tone": tone,
    }


COLUMNS: list[tuple[str, Any]] = [
    ("measure", gettext_lazy("Measure")),
    ("variant", gettext_lazy("Variant")),
    ("verdict", gettext_lazy("Verdict")),
    ("control", gettext_lazy("Control")),
    ("value", gettext_lazy("Value")),
    ("difference", gettext_lazy("Difference")),
    ("interval", gettext_lazy("Interval")),
    ("relative", gettext_lazy("Relative")),
    ("relative_interval", gettext_lazy("Relative interval")),
    ("daily", gettext_lazy("Interval for looking daily")),
    ("p", gettext_lazy("p")),
    ("detectable", gettext_lazy("Smallest difference it can show")),
]


def forest(outcome: Outcome, currency: str) -> Chart:
    """The relative difference of each variant and measure with its bounds."""
    drawn = [
        (f"{MEASURES[line.measure]} · {line.group.name}", line, bounds)
        for line in outcome.lines
        if (bounds := line.found.relative_interval) is not None
    ]
    return Chart(
        id="forest",
        title=_("Relative difference against the control"),
        option=_forest_option(drawn),
        columns=["", _("Difference"), _("Interval"), _("Verdict")],
        rows=[
            [
                name,
                figures.signed_share(line.found.relative),
                relative_between(bounds),
                str(VERDICTS[line.verdict][0]),
            ]
            for name, line, bounds in drawn
        ],
        definition=_(
            "The variant less the control as a share of the control, with Fieller's bounds. "
            "Bounds that hold zero show no difference."
        ),
        empty=_("There is no relative difference before the control has done something."),
    )


def _forest_option(drawn: Sequence[tuple[str, Line, Interval]]) -> dict[str, Any]:
    """Each interval is a bar on an unseen one that reaches to its lower bound."""
    bar: dict[str, Any] = {"type": "bar", "stack": "bounds", "stackStrategy": "all"}
    unseen = {"silent": True, "itemStyle": {"color": "transparent"}}
    lows = [bounds.low for _name, _line, bounds in drawn]
    spans = [bounds.high - bounds.low for _name, _line, bounds in drawn]
    names = [name for name, _line, _bounds in drawn]
    return {
        "unit": charts.unit("share"),
        "legend": {"show": False},
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "data": names, "inverse": True},
        "series": [
            bar | unseen | {"data": lows},
            bar | {"barWidth": 8, "name": _("Interval"), "data": spans},
            {
                "type": "scatter",
                "name": _("Relative difference"),
                "symbolSize": 11,
                "data": [[line.found.relative, name] for name, line, _bounds in drawn],
            },
        ],
    }


def daily(
    comparison: Comparison,
    groups: Sequence[ComparedGroup],
    course: Mapping[dt.date, Mapping[int, Sums]],
    variant: ComparedGroup,
    measure: str,
    currency: str,
) -> Chart:
    """The difference day by day, with the bounds that hold on all days together."""
    found = []
    for sums in course.values():
        lines = lift.outcome(comparison, groups, sums).lines
        found.append(next(x for x in lines if x.group == variant and x.measure == measure))
    unit = charts.unit("share" if measure == lift.CONVERSION else "money", currency)
    days = list(course)
    series = {
        _("Difference"): [line.found.effect for line in found],
        _("from, looking daily"): [line.daily.low if line.daily else None for line in found],
        _("to, looking daily"): [line.daily.high if line.daily else None for line in found],
    }
    return Chart(
        id=f"daily-{measure}-{variant.pk}",
        title=f"{MEASURES[measure]} · {variant.name}",
        option=charts.lines(days, series, unit=unit),
        columns=[_("Day"), *series],
        rows=[
            [
                day.isoformat(),
                signed(measure, line.found.effect, currency),
                signed(measure, line.daily.low if line.daily else None, currency),
                signed(measure, line.daily.high if line.daily else None, currency),
            ]
            for day, line in reversed(list(zip(days, found, strict=True)))
        ],
        definition=_(
            "The difference through each day. The outer lines hold on all days together, so that "
            "one may look daily and stop once they leave zero out."
        ),
    )
