"""A run of lifetime value as charts: who stays, what they bring, and how well that was foretold."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from console import charts, figures
from console.charts import Chart
from metrics import lifetime_curves as curves
from metrics import lifetime_words as words
from metrics.models import LifetimeModel
from metrics.stats.lifetime.trial import MOST_TIMES
from segments.foretold import RISKS

Report = dict[str, Any]


def every(run: LifetimeModel, names: Mapping[str, str]) -> dict[str, Chart]:
    """The charts that the run has something for, by key; `names` are those of the parts."""
    found = []
    if model := run.report.get("model"):
        found += [alive(run, model), *([value(run, model)] if model["value"] else [])]
    if trial := run.report.get("trial"):
        found += [weeks(run, trial), by_times(run, trial), by_rank(run, trial)]
        found += [money_by_rank(run, trial)] if trial["value"] else []
        found += [risk(run, trial, days) for days in RISKS if trial["risks"].get(str(days))]
    if cohorts := run.report.get("cohorts"):
        found.append(curves.by_cohort(run, cohorts))
        if len(cohorts["parts"]) > 1:
            found.append(curves.by_part(run, cohorts, names))
    if contracts := run.report.get("contracts"):
        found.append(curves.survival(run, contracts))
    return {one.id: one for one in found}


# --- what is foretold -----------------------------------------------------------


def alive(run: LifetimeModel, model: Report) -> Chart:
    """Customers by the chance that they are still with us."""
    bands = [f"{10 * n}–{10 * n + 10}%" for n in range(len(model["alive"]))]
    whole = sum(model["alive"])
    return Chart(
        id="alive",
        title=_("Likely still customers"),
        definition=_(
            "How likely a customer has not left for good, from how often and how lately they "
            "ordered."
        ),
        option=charts.bars(bands, model["alive"], name=_("Customers"), unit=charts.unit("count")),
        columns=[_("Chance"), _("Customers"), _("Share")],
        rows=[
            [band, figures.whole(count), figures.share(count / whole) if whole else ""]
            for band, count in zip(bands, model["alive"], strict=True)
        ],
        freshness=words.freshness(run),
    )


def value(run: LifetimeModel, model: Report) -> Chart:
    """What each tenth of the customers will be worth on average."""
    rows, currency = model["value"], run.currency
    tenths = [str(n) for n in range(1, len(rows) + 1)]
    return Chart(
        id="value",
        title=_("Predicted value by tenths of the customers"),
        definition=_(
            "What a customer's orders of the next %(months)d months are expected to come to, "
            "discounted by %(discount)s a month; the best tenth first."
        )
        % {
            "months": run.recipe.months,
            "discount": figures.share(run.recipe.monthly_discount),
        },
        option=charts.bars(
            tenths,
            [words.minor(one["total"] / one["customers"], currency) for one in rows],
            name=_("Each on average"),
            unit=charts.unit("money", currency),
        ),
        columns=[
            _("Tenth"),
            _("Customers"),
            _("Each on average"),
            _("Together"),
            _("Share"),
            _("At least"),
            _("Orders so far, each"),
            _("Orders expected in 90 days, each"),
            _("Likely still a customer"),
        ],
        rows=[
            [
                tenth,
                figures.whole(one["customers"]),
                words.money(one["total"] / one["customers"], currency),
                words.money(one["total"], currency),
                figures.share(one["share"]),
                words.money(one["least"], currency),
                figures.number(one["times"], digits=1),
                figures.number(one["orders"]),
                figures.share(one["alive"]),
            ]
            for tenth, one in zip(tenths, rows, strict=True)
        ],
        freshness=words.freshness(run),
    )


# --- how well -------------------------------------------------------------------


def weeks(run: LifetimeModel, trial: Report) -> Chart:
    """All orders after the first, added up week by week."""
    days = [words.day_of(row[0]) for row in trial["weeks"]]
    said, came = [row[1] for row in trial["weeks"]], [row[2] for row in trial["weeks"]]
    series = {_("Predicted"): [round(one) for one in said], _("Actual"): came}
    return Chart(
        id="weeks",
        title=_("Orders by week, added up"),
        definition=_(
            "Orders after each customer's first. The model knew only the days up to %(cut)s."
        )
        % {"cut": words.day_of(trial["cut"])},
        option=charts.lines(days, series, unit=charts.unit("count")),
        columns=[_("Week to"), _("Predicted"), _("Actual"), _("Difference")],
        rows=[
            [day.isoformat(), figures.whole(a), figures.whole(b), words.apart(a, b)]
            for day, a, b in zip(reversed(days), reversed(said), reversed(came), strict=True)
        ],
        note=words.orders_words(trial),
        freshness=words.freshness(run),
        size="tall",
    )


def by_times(run: LifetimeModel, trial: Report) -> Chart:
    """By how often they had come again before the trial."""
    labels = [str(n) if n < MOST_TIMES else f"{n}+" for n in range(len(trial["by_times"]))]
    kept = [
        (label, one)
        for label, one in zip(labels, trial["by_times"], strict=True)
        if one["customers"]
    ]
    return _against(
        run,
        trial,
        "by-times",
        _("Orders in the trial, by orders after the first before it"),
        _("Orders after the first"),
        kept,
    )


def by_rank(run: LifetimeModel, trial: Report) -> Chart:
    """By how many orders were expected."""
    return _against(
        run,
        trial,
        "by-rank",
        _("Orders in the trial, by tenths of what was expected"),
        _("Tenth"),
        _ranked(trial["by_rank"]),
    )


def money_by_rank(run: LifetimeModel, trial: Report) -> Chart:
    """By what was expected to be spent."""
    return _against(
        run,
        trial,
        "money-by-rank",
        _("Spent in the trial, by tenths of what was expected"),
        _("Tenth"),
        _ranked(trial["value"]),
        unit="money",
    )


def _ranked(groups: Sequence[Report]) -> list[tuple[str, Report]]:
    return [(str(place), one) for place, one in enumerate(groups, start=1)]


def _against(
    run: LifetimeModel,
    trial: Report,
    key: str,
    title: str,
    heading: str,
    groups: Sequence[tuple[str, Report]],
    unit: str = "count",
) -> Chart:
    """What was said of each customer on average against what came, group by group."""
    is_money, currency = unit == "money", run.currency

    def drawn(number: float) -> float:
        return words.minor(number, currency) if is_money else round(number, 3)

    def shown(number: float) -> str:
        return words.money(number, currency) if is_money else figures.number(number)

    series = {
        _("Predicted"): [drawn(one["said"]) for _label, one in groups],
        _("Actual"): [drawn(one["came"]) for _label, one in groups],
    }
    return Chart(
        id=key,
        title=title,
        definition=_(
            "On average a customer, in the %(days)d days after %(cut)s, which the model had not "
            "seen."
        )
        % {"days": trial["days"], "cut": words.day_of(trial["cut"])},
        option=charts.curves(
            [label for label, _one in groups], series, unit=charts.unit(unit, currency)
        ),
        columns=[heading, _("Customers"), _("Predicted"), _("Actual"), _("Difference")],
        rows=[
            [
                label,
                figures.whole(one["customers"]),
                shown(one["said"]),
                shown(one["came"]),
                words.apart(one["said"], one["came"]),
            ]
            for label, one in groups
        ],
        freshness=words.freshness(run),
    )


def risk(run: LifetimeModel, trial: Report, days: int) -> Chart:
    """The risk of no order: said against come true, in tenths."""
    found = trial["risks"][str(days)]
    groups = _ranked(found["groups"])
    series = {
        _("Predicted"): [one["said"] for _label, one in groups],
        _("Actual"): [one["came"] for _label, one in groups],
    }
    return Chart(
        id=f"risk-{days}",
        title=_("Risk of no order in %(days)d days") % {"days": days},
        definition=_(
            "The model knew the days up to %(cut)s: the risk that it told, and the share of whom "
            "it came true, by tenths of the risk."
        )
        % {"cut": words.day_of(trial["cut"])},
        option=charts.curves([label for label, _one in groups], series, unit=charts.unit("share")),
        columns=[_("Tenth"), _("Customers"), _("Predicted"), _("Actual")],
        rows=[
            [
                label,
                figures.whole(one["customers"]),
                figures.share(one["said"]),
                figures.share(one["came"]),
            ]
            for label, one in groups
        ],
        note=words.risk_words(found),
        freshness=words.freshness(run),
    )
