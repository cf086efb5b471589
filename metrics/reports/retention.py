"""Retention: of those who came for the first time, who came again, and when."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts, figures
from metrics import activity_tables
from metrics.activity_tables import DAY, MONTH, WEEK, Activity
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import COUNT, SHARE, TEXT, Column, Part
from metrics.reports.parts import DAY as A_DAY
from metrics.reports.report import OfActivity, not_over
from metrics.stats.gaps import Tables

ON, FROM = "on", "from"
WAYS = [
    (ON, gettext_lazy("in exactly that period")),
    (FROM, gettext_lazy("in that period or later")),
]
# After so many periods it is looked who came back, and so many cohorts are shown.
COLUMNS = {
    DAY: [1, 2, 3, 4, 5, 6, 7, 14, 21, 30, 60, 90],
    WEEK: [*range(1, 13)],
    MONTH: [*range(1, 13)],
}
COHORTS = {DAY: 28, WEEK: 16, MONTH: 13}
LONGEST = {DAY: 90, WEEK: 52, MONTH: 24}


class Retention(OfActivity):
    kind = Kind.RETENTION
    icon = "replay"
    sentence = gettext_lazy("Of those who came for the first time, how many come again, and when?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        return {
            **super().read(given),
            "way": fields.one_of(given, "way", WAYS, ON),
            "since": fields.day(given, "since"),
            "until": fields.day(given, "until"),
        }

    def fields(self, settings: Settings) -> list[Field]:
        return [
            *super().fields(settings),
            Field("way", _("Came back"), "choice", settings["way"], WAYS),
            Field("since", _("First active from"), "day", settings["since"]),
            Field("until", _("until"), "day", settings["until"]),
        ]

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        found = activity_tables.read(answer)
        cohorts = _cohorts(found, fields.date(settings, "since"), fields.date(settings, "until"))
        later = settings["way"] == FROM
        parts = [_curve(found, cohorts, later), _milestones(found, cohorts, later)]
        if len(found.groups) == 1:
            parts.append(_field(found, cohorts, later))
        return parts


def _cohorts(found: Activity, since: dt.date | None, until: dt.date | None) -> range:
    """The places of the cohorts that begin on these days."""
    starts = found.starts
    first = bisect_left(starts, since) if since else 0
    last = bisect_right(starts, until) if until else len(starts)
    return range(first, max(first, last))


def _pooled(tables: Tables, after: int, cohorts: range, later: bool) -> tuple[int, int]:
    return tables.pooled(after, since=cohorts.start, until=cohorts.stop - 1, or_later=later)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _named(label: str) -> str:
    return label or _("all customers")


def _curve(found: Activity, cohorts: range, later: bool) -> Part:
    """All cohorts together: the share after each number of periods."""
    count = found.groups[0][2].periods if found.groups else 0
    places = range(1, min(LONGEST[found.period] + 1, count))
    shares = {
        _named(label): {at: _share(*_pooled(tables, at, cohorts, later)) for at in places}
        for label, _size, tables in found.groups
    }
    known = [at for at in places if any(values[at] is not None for values in shares.values())]
    period = _periods(found.period)
    return Part(
        "retention-curve",
        _("Came back after so many %(periods)s") % {"periods": period},
        [Column(_("After"), COUNT), *(Column(label, SHARE) for label in shares)],
        [[at, *(values[at] for values in shares.values())] for at in known],
        charts.curves(
            [str(at) for at in known],
            {label: [values[at] for at in known] for label, values in shares.items()},
            unit=charts.unit("share"),
        ),
        definition=_(
            "All cohorts together. A cohort counts only where the day, week or month in "
            "question has passed for it, so that the shares can be compared."
        ),
        note=not_over(found),
        size="tall",
        empty=_("Nobody came for the first time on these days."),
    )


def _milestones(found: Activity, cohorts: range, later: bool) -> Part:
    """The same as counts, for the usual numbers of periods."""
    columns = [Column(_("Customers"), TEXT), Column(_("After"), COUNT)]
    columns += [Column(_("Came back")), Column(_("Of")), Column(_("Share"), SHARE)]
    rows = []
    for label, _size, tables in found.groups:
        for after in COLUMNS[found.period]:
            back, of = _pooled(tables, after, cohorts, later)
            if of:
                rows.append([_named(label), after, back, of, _share(back, of)])
    title = _("Counts after so many %(periods)s") % {"periods": _periods(found.period)}
    return Part("retention-counts", title, columns, rows, empty=_("No cohort is old enough yet."))


def _field(found: Activity, cohorts: range, later: bool) -> Part:
    """A row a cohort, a column a number of periods later."""
    tables, starts = found.groups[0][2], found.starts
    afters = [one for one in COLUMNS[found.period] if one < tables.periods]
    back = {after: tables.came_back(after, or_later=later) for after in afters}
    sizes = tables.cohorts()
    shown = [at for at in cohorts if sizes[at]]
    shares = {
        at: [
            _share(int(back[after][at]), int(sizes[at])) if at < len(back[after]) else None
            for after in afters
        ]
        for at in shown
    }
    drawn = shown[-COHORTS[found.period] :]
    cells = [
        (column, row, value)
        for row, at in enumerate(drawn)
        for column, value in enumerate(shares[at])
    ]
    return Part(
        "retention-cohorts",
        _("Cohorts"),
        [Column(_("First active"), A_DAY), Column(_("New customers"))]
        + [Column(f"+{after}", SHARE) for after in afters],
        [[starts[at], int(sizes[at]), *shares[at]] for at in shown],
        charts.heatmap(
            [f"+{after}" for after in afters],
            [f"{starts[at]:%Y-%m-%d} · {figures.whole(int(sizes[at]))}" for at in drawn],
            cells,
            name=_("Share"),
            unit=charts.unit("share"),
        ),
        definition=_(
            "Each row stands for the customers who came for the first time in that period."
        ),
        note=_("The chart has the latest %(count)s cohorts, the table all.")
        % {"count": figures.whole(len(drawn))}
        if len(shown) > len(drawn)
        else "",
        size="field wide",
        empty=_("No cohort is old enough yet."),
    )


def _periods(period: str) -> str:
    return {DAY: _("days"), WEEK: _("weeks"), MONTH: _("months")}[period]
