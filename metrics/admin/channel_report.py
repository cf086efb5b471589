"""The report about channels as rows, sentences and charts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from console import charts as drawing
from console import clock, figures
from console.charts import Chart
from metrics import acquisition
from metrics.acquisition import Report, Row
from metrics.models import Payback

GOOD, BAD, PLAIN = "#2f9e6b", "#d1495b", "#94a3b8"
MOST_LINES = 6  # channels in the chart of the payback: as many as there are colours


def rows(report: Report) -> list[dict[str, Any]]:
    """Every channel, then what remains, then everything together."""
    currency = clock.project().currency
    found = [_row(one, one.name, currency, report) for one in report.rows]
    if report.has_rest:
        found.append(_row(report.rest, _("unexplained"), currency, report, kind="rest"))
    found.append(_row(report.total, _("together"), currency, report, kind="total"))
    return found


def _row(row: Row, name: str, currency: str, report: Report, *, kind: str = "") -> dict[str, Any]:
    new, whole = row.line.new, report.total.line.new
    # Where nobody entered anything, nothing is known, which is not the same as nothing spent.
    is_told = bool(report.total.line.spend or report.rows)
    return {
        "kind": kind,
        "name": name,
        "new": figures.whole(new),
        "part": figures.share(new / whole if whole else None),
        "spend": figures.money(row.line.spend if is_told else None, currency),
        "cost": figures.money(_cost(row, kind) if is_told else None, currency),
        "cap": figures.money(row.cap_minor, currency),
        "is_over": row.is_over,
        "is_under": row.cap_minor is not None and row.line.spend and not row.is_over,
        "converted": figures.share(row.converted),
        "roi": figures.signed_share(float(row.roi)) if row.roi is not None else figures.NOTHING,
    }


def _cost(row: Row, kind: str = "rest") -> Decimal | None:
    """Of one customer; what nobody entered is not known of the rest, which is not nothing."""
    return None if kind == "rest" and row.line.spend <= 0 else row.line.cost


def rest_sentence(report: Report) -> str:
    """What remains when every channel that tells its cost is taken away."""
    if not report.has_rest or not report.rows:
        return ""
    currency = clock.project().currency
    said = {
        "new": figures.whole(report.rest.line.new),
        "cost": figures.money(report.rest.line.cost, currency),
        "spend": figures.money(report.rest.line.spend, currency),
        "average": figures.money(report.total.line.cost, currency),
        "cap": figures.money(report.rest.cap_minor, currency),
    }
    if report.rest.line.new <= 0:
        return _("%(spend)s was spent that no channel tells.") % said
    if report.rest.line.spend <= 0:
        return (
            _(
                "%(new)s customers came without any spend that was entered for them: what they "
                "cost is not known."
            )
            % said
        )
    if report.rest.is_over and not report.total.is_over:
        return (
            _(
                "The average of %(average)s hides it: the remaining %(new)s customers cost "
                "%(cost)s each, above the limit of %(cap)s."
            )
            % said
        )
    return _("The remaining %(new)s customers cost %(cost)s each.") % said


def early_sentence(report: Report) -> str:
    """What was spent before there were events makes every customer look dearer."""
    if not report.early or report.first_day is None:
        return ""
    return _(
        "%(spend)s was spent before the first event of %(day)s: nobody could be seen to come by "
        "it, so what a customer cost is told too high."
    ) % {
        "spend": figures.money(report.early, clock.project().currency),
        "day": report.first_day.isoformat(),
    }


def cost_chart(report: Report) -> Chart:
    """A bar a channel: the cost of a new customer, with what remains."""
    currency = clock.project().currency
    shown = [(one.name, one, one.line.cost) for one in report.rows]
    if report.has_rest and report.rest.line.new > 0:
        shown.append((_("unexplained"), report.rest, _cost(report.rest)))
    shown.append((_("together"), report.total, report.total.line.cost))
    return Chart(
        id="cost",
        title=_("Cost of a new customer by channel"),
        definition=_("What was spent for the channel, divided by the customers who came by it."),
        option=drawing.bars(
            [name for name, _row, _money in shown],
            [cost for _name, _row, cost in shown],
            name=_("Cost"),
            unit=drawing.unit("money", currency),
            lying=True,
            colors=[BAD if row.is_over else GOOD for _name, row, _money in shown],
        ),
        columns=[_("Channel"), _("Cost"), _("Limit")],
        rows=[
            [name, figures.money(cost, currency), figures.money(row.cap_minor, currency)]
            for name, row, cost in shown
            if report.rows or report.total.line.spend
        ],
        empty=_("Enter what acquisition costs, or read it from a file; then it shows here."),
    )


def payback_chart(kept: Payback | None, report: Report) -> Chart:
    """What customers brought by months since they came, against what they cost."""
    currency = clock.project().currency
    costs = {one.line.key: one.line.cost for one in report.rows} | {"": report.total.line.cost}
    names = {one.line.key: one.name for one in report.rows} | {"": _("everybody")}
    courses = acquisition.courses(kept, costs)[:MOST_LINES] if kept else []
    longest = max((len(one.values) for one in courses), default=0)
    labels = [_("%(n)d mo.") % {"n": month} for month in range(1, longest + 1)]
    series = {
        names.get(one.key, one.key): [*one.values, *[None] * (longest - len(one.values))]
        for one in courses
    }
    like: dict[str, int] = {}  # a cost is drawn as the line that it belongs to
    for place, one in enumerate(courses):
        if one.cost is not None:
            name = _("cost: %(name)s") % {"name": names.get(one.key, one.key)}
            series[name], like[name] = [one.cost] * longest, place
    return Chart(
        id="payback",
        title=_("Payback"),
        definition=_(
            "Revenue a customer so far, by months of 30 days since they came. Each month counts "
            "the customers for whom it is over. It is paid back where the line reaches the cost "
            "of the chosen period."
        ),
        option=_lines(labels, series, like, drawing.unit("money", currency)),
        columns=[_("Channel"), _("Cost"), _("Paid back after"), *labels],
        rows=[
            [
                names.get(one.key, one.key),
                figures.money(one.cost, currency),
                _("%(n)d mo.") % {"n": one.months} if one.months else figures.NOTHING,
                *(figures.money(value, currency) for value in one.values),
                *[figures.NOTHING] * (longest - len(one.values)),
            ]
            for one in courses
        ],
        freshness=_("as of %(day)s") % {"day": kept.day.isoformat()} if kept else "",
        size="tall",
        empty=_("It is worked out when somebody asks for it; customers need a month behind them."),
    )


def payback_rows(kept: Payback | None, report: Report, currency: str) -> Iterator[list[object]]:
    """The payback as a file has it: every channel, a row a month, money in whole units."""
    yield ["channel", "cost", "paid_back_after", "month", "revenue", "currency", "as_of"]
    names = {one.line.key: one.name for one in report.rows} | {"": _("everybody")}
    costs = {one.line.key: one.line.cost for one in report.rows} | {"": report.total.line.cost}
    for one in acquisition.courses(kept, costs) if kept else []:
        cost = "" if one.cost is None else round(figures.major(one.cost, currency), 4)
        for month, value in enumerate(one.values, start=1):
            revenue = round(figures.major(value, currency), 4)
            name = names.get(one.key, one.key)
            yield [name, cost, one.months or "", month, revenue, currency, kept and kept.day]


def _lines(
    labels: list[str], series: dict[str, Any], like: dict[str, int], unit: Any
) -> dict[str, Any]:
    return {
        "unit": unit,
        "legend": {"show": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": labels},
        "yAxis": {"type": "value"},
        "series": [
            {
                "type": "line",
                "name": str(name),
                "showSymbol": drawing.has_lonely(values),
                "data": [drawing.plain(value) for value in values],
                **({"like": like[name]} if name in like else {}),
            }
            for name, values in series.items()
        ],
    }


def export_rows(report: Report, currency: str) -> Iterator[list[object]]:
    """The table as a file has it; money in whole units."""
    yield ["channel", "new", "spend", "cost", "limit", "currency", "first_order", "revenue", "note"]
    named = [(one, one.name, "") for one in report.rows]
    named += [(one, one.name, "no spend") for one in report.without_spend]
    if report.has_rest:
        named.append((report.rest, "", "unexplained"))
    named.append((report.total, "", "together"))
    for row, name, note in named:
        cost, cap = _cost(row, "rest" if note == "unexplained" else note), row.cap_minor
        yield [
            name,
            row.line.new,
            figures.major(row.line.spend, currency),
            "" if cost is None else round(figures.major(cost, currency), 4),
            "" if cap is None else figures.major(cap, currency),
            currency,
            "" if row.converted is None else round(row.converted, 6),
            "" if row.revenue is None else figures.major(row.revenue, currency),
            note,
        ]
