"""Growth accounting: who came, stayed, came back and stayed away, period by period."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts
from metrics import activity_tables
from metrics.activity_tables import DAY, MONTH, WEEK, Activity
from metrics.models import KeptAnswer
from metrics.models.report import Kind
from metrics.reports import fields
from metrics.reports.fields import Field, Settings
from metrics.reports.parts import DAY as A_DAY
from metrics.reports.parts import NUMBER, Column, Part
from metrics.reports.report import OfActivity, not_over
from metrics.stats.gaps import Growth as Counts
from metrics.stats.gaps import Tables

SHOWN = {DAY: 60, WEEK: 26, MONTH: 13}
WINDOWS = {DAY: (1, 7, 30), WEEK: (1, 4, 13), MONTH: (1, 3, 12)}


class Growth(OfActivity):
    kind = Kind.GROWTH
    icon = "trending_up"
    sentence = gettext_lazy("Who is new, who stayed, who came back, and who stayed away?")

    def read(self, given: Mapping[str, Any]) -> Settings:
        settings = super().read(given)
        usual = SHOWN[settings["period"]]
        return {**settings, "last": fields.whole(given, "last", 2, 400, usual)}

    def fields(self, settings: Settings) -> list[Field]:
        last = Field("last", _("The last"), "number", settings["last"], lowest=2, highest=400)
        return [*super().fields(settings), last]

    def parts(self, settings: Settings, answer: KeptAnswer) -> list[Part]:
        found = activity_tables.read(answer)
        parts = [
            _accounts(found, label, tables, at, settings["last"])
            for at, (label, _size, tables) in enumerate(found.groups)
        ]
        return [*parts, _actives(found, settings["last"])]


def _accounts(found: Activity, label: str, tables: Tables, number: int, last: int) -> Part:
    growth, starts = tables.growth(), found.starts
    # The first period has nobody from before, and says nothing about growing.
    shown = range(max(0, len(starts) - last), len(starts))
    rows = [_row(growth, at, starts[at]) for at in shown]
    series = {
        _("Retained"): [row[3] for row in rows],
        _("Came back"): [row[4] for row in rows],
        _("New"): [row[2] for row in rows],
        _("Stayed away"): [-row[5] for row in rows],
    }
    columns = [Column(_("First day"), A_DAY), Column(_("Active")), Column(_("New"))]
    columns += [Column(_("Retained")), Column(_("Came back")), Column(_("Stayed away"))]
    columns.append(Column(_("Quick ratio"), NUMBER))
    return Part(
        f"growth-{number}",
        label or str(Kind.GROWTH.label),
        columns,
        rows,
        charts.stacks([f"{row[0]:%Y-%m-%d}" for row in rows], series, unit=charts.unit("count")),
        definition=_(
            "Retained were there in the period before as well; who came back was there earlier, "
            "but not in the period before; who stayed away was there in the period before. The "
            "quick ratio is new and came back, divided by stayed away."
        ),
        note=not_over(found),
        size="tall",
        empty=_("Nobody was active yet."),
    )


def _row(growth: Counts, at: int, start: Any) -> list[Any]:
    counts = (growth.active, growth.new, growth.retained, growth.resurrected, growth.churned)
    return [start, *(int(one[at]) for one in counts), growth.quick_ratio(at)]


def _actives(found: Activity, last: int) -> Part:
    """Different customers in windows that end with each period."""
    starts, widths = found.starts[-last:], WINDOWS[found.period]
    several = len(found.groups) > 1
    series = {}
    for label, _size, tables in found.groups:
        for width in widths[-1:] if several else widths:
            name = label if several else _window(found.period, width)
            series[name] = [int(one) for one in tables.rolling(width)[-last:]]
    title = _("Different customers")
    if several:
        title = f"{title}: {_window(found.period, widths[-1])}"
    return Part(
        "growth-actives",
        title,
        [Column(_("First day"), A_DAY), *(Column(name) for name in series)],
        [[start, *(series[name][at] for name in series)] for at, start in enumerate(starts)],
        charts.lines(starts, series, unit=charts.unit("count")),
        definition=_("Different customers in the period and those before it, each counted once."),
        size="tall",
        empty=_("Nobody was active yet."),
    )


def _window(period: str, width: int) -> str:
    words = {DAY: _("%(n)d days"), WEEK: _("%(n)d weeks"), MONTH: _("%(n)d months")}
    one = {DAY: _("the day"), WEEK: _("the week"), MONTH: _("the month")}
    return one[period] if width == 1 else words[period] % {"n": width}
