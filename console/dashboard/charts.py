"""The charts of the home page, from what was measured."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from django.utils.translation import gettext as _

from console import charts, figures
from console.charts import Chart
from console.dashboard.page import Page
from metrics import charts as metric_charts
from metrics import measurements, retention, slices

WEEKS = 52


def activity(page: Page) -> Chart:
    """Who was active, by day and within 30 days, over the year."""
    daily, monthly = ({one.day: one.value for one in page.figures[key]} for key in ("dau", "mau"))
    days = sorted({*daily, *monthly})  # one may be measured on days on which the other is not
    return Chart(
        id="activity",
        title=_("Active customers"),
        definition=page.metrics["mau"].explanation,
        option=charts.lines(
            days,
            {
                _("DAU"): [daily.get(day) for day in days],
                _("MAU"): [monthly.get(day) for day in days],
            },
            unit=charts.unit("customers"),
            zoom=len(days) > 30,
        ),
        columns=[_("Day"), _("DAU"), _("MAU")],
        rows=[
            [day.isoformat(), figures.whole(daily.get(day)), figures.whole(monthly.get(day))]
            for day in reversed(days)
        ],
        link=page.metric_link("mau"),
        word=page.words.get("mau"),
        size="tall",
    )


def revenue(page: Page) -> Chart:
    """Revenue by calendar week."""
    weeks = _weeks(page)
    return Chart(
        id="revenue",
        title=_("Revenue by week"),
        definition=page.metrics["revenue"].explanation,
        option=charts.bars(
            [monday.isoformat() for monday in weeks],
            list(weeks.values()),
            name=_("Revenue"),
            unit=charts.unit("money", page.currency),
        ),
        columns=[_("Week from"), _("Revenue")],
        rows=[
            [monday.isoformat(), figures.money(amount, page.currency)]
            for monday, amount in reversed(weeks.items())
        ],
        note=_open_week(page),
        link=page.metric_link("revenue"),
        word=page.words.get("revenue"),
    )


def months(page: Page) -> Chart:
    """Month cohorts and who of them came back."""
    return metric_charts.monthly_retention(
        page.metrics[retention.KEY],
        measurements.read([retention.KEY])[retention.KEY],
        today=page.today,
        link=page.metric_link(retention.KEY),
        word=page.words.get(retention.KEY),
    )


def stages(page: Page) -> Chart:
    """How the customers are spread over the lifecycle's stages."""
    key = "stage_customers"
    found = page.figures[key]
    newest = max((figure.day for figure in found), default=None)
    sizes = {figure.slice: figure.value for figure in found if figure.day == newest}
    known = [stage for stage in slices.default_stages() if stage.key in sizes]
    everyone = sum(sizes[stage.key] or 0 for stage in known)
    return Chart(
        id="stages",
        title=_("Customers by stage"),
        definition=page.metrics[key].explanation,
        option=charts.bars(
            [str(stage) for stage in known],
            [sizes[stage.key] for stage in known],
            name=_("Customers"),
            unit=charts.unit("customers"),
            lying=True,
            colors=[stage.color for stage in known],
        ),
        columns=[_("Stage"), _("Customers"), _("Share")],
        rows=[
            [str(stage), figures.whole(size), figures.share(size / everyone if everyone else None)]
            for stage in known
            if (size := sizes[stage.key]) is not None
        ],
        freshness=_("as of %(day)s") % {"day": newest.isoformat()} if newest else "",
        link=page.metric_link(key),
        empty=_("Stages show here after the first nightly recompute."),
    )


def _weeks(page: Page) -> dict[dt.date, Decimal]:
    """Sums by the week's Monday, oldest first, without a first week that is cut."""
    found = page.figures["revenue"]
    weeks: dict[dt.date, Decimal] = defaultdict(Decimal)
    for figure in found:
        weeks[figure.day - dt.timedelta(days=figure.day.weekday())] += figure.value or 0
    mondays = sorted(weeks)[-WEEKS:]
    if len(mondays) > 1 and found[0].day > mondays[0]:
        mondays = mondays[1:]
    return {monday: weeks[monday] for monday in mondays}


def _open_week(page: Page) -> str:
    gone = page.today.weekday()
    if gone == 0:
        return ""
    return _("The last week is not over: it has %(n)d of 7 days.") % {"n": gone}
