"""What cohorts spent month by month, and how long contracts run, as charts."""

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from console import charts, figures
from console.charts import Chart
from metrics import lifetime_words as words
from metrics.models import LifetimeModel

Report = dict[str, Any]
MOST_CURVES, MOST_POINTS = 5, 120  # with everybody's, as many curves as there are colours
Curve = list[float | None]


def by_cohort(run: LifetimeModel, cohorts: Report) -> Chart:
    """What a customer of each month of first order has spent so far, month by month."""
    months = len(cohorts["sizes"][0])
    sizes = [sum(part[place] for part in cohorts["sizes"]) for place in range(months)]
    spent = [
        [sum(part[place][later] for part in cohorts["spent"]) for later in range(months)]
        for place in range(months)
    ]
    curves = {
        words.month(cohorts["first_month"] + place): (
            sizes[place],
            _each(spent[place], sizes[place], months - place),
        )
        for place in range(months)
        if sizes[place]
    }
    everybody = _together(sizes, spent)
    drawn = dict(list(curves.items())[-MOST_CURVES:])
    unit = charts.unit("money", run.currency)
    labels = [words.later(later) for later in range(months)]
    series = {_("all"): everybody} | {key: one for key, (_size, one) in drawn.items()}
    rows = [(_("all"), sum(sizes), everybody)]
    rows += [(key, size, one) for key, (size, one) in curves.items()]
    foretold = _foretold(cohorts)
    ahead = {_("all"): _each_of(sum(foretold), sum(sizes))} if foretold else {}
    for place, amount in enumerate(foretold):
        ahead[words.month(cohorts["first_month"] + place)] = _each_of(amount, sizes[place])
    return Chart(
        id="cohorts",
        title=_("Lifetime value by month of the first order"),
        definition=_(
            "What the customers of a month have spent since, added up and divided by how many "
            "they are; what was paid back is taken off. Foretold is what the model says of the "
            "months ahead, on top of that."
        ),
        option=charts.curves(labels, series, unit=unit),
        columns=[_("Month"), _("Customers"), _("Foretold, each"), *labels],
        rows=[
            [
                key,
                figures.whole(size),
                words.minor_money(ahead.get(key), run.currency),
                *(words.minor_money(one, run.currency) for one in curve),
            ]
            for key, size, curve in rows
        ]
        if curves
        else [],
        note=words.open_month(run.day),
        freshness=words.freshness(run),
        size="tall",
    )


def by_part(run: LifetimeModel, cohorts: Report, names: Mapping[str, str]) -> Chart:
    """The same for each part of the customers, over all months of first order."""
    months = len(cohorts["sizes"][0])
    curves, ahead = {}, {}
    for place, key in enumerate(cohorts["parts"]):
        sizes = cohorts["sizes"][place]
        if sum(sizes):
            label = names.get(key, key) or _("others")
            curves[label] = (sum(sizes), _together(sizes, cohorts["spent"][place]))
            if "ahead" in cohorts:  # not in runs of before it was kept
                ahead[label] = _each_of(sum(cohorts["ahead"][place]), sum(sizes))
    labels = [words.later(later) for later in range(months)]
    return Chart(
        id="parts",
        title=_("Lifetime value by %(trait)s") % {"trait": words.split_label(run)},
        definition=_("What customers have spent since the month of their first order, each."),
        option=charts.curves(
            labels,
            {key: one for key, (_size, one) in curves.items()},
            unit=charts.unit("money", run.currency),
        ),
        columns=[words.split_label(run), _("Customers"), _("Foretold, each"), *labels],
        rows=[
            [
                key,
                figures.whole(size),
                words.minor_money(ahead.get(key), run.currency),
                *(words.minor_money(one, run.currency) for one in curve),
            ]
            for key, (size, curve) in curves.items()
        ],
        note=words.open_month(run.day),
        freshness=words.freshness(run),
        size="tall",
    )


def _foretold(cohorts: Report) -> list[int]:
    """Of each month, all parts together; nothing of runs of before it was kept."""
    return [sum(amounts) for amounts in zip(*cohorts.get("ahead", []), strict=True)]


def _each_of(amount: int, size: int) -> float | None:
    return amount / size if size else None


def _each(spent: Sequence[int], size: int, known: int) -> Curve:
    """Added up and a head, as far as the months are there."""
    found: Curve = []
    whole = 0
    for later, amount in enumerate(spent):
        whole += amount
        found.append(whole / size if size and later < known else None)
    return found


def _together(sizes: Sequence[int], spent: Sequence[Sequence[int]]) -> Curve:
    """Of all cohorts: each month later is the average of those that have come so far."""
    found: Curve = []
    months, whole = len(sizes), 0.0
    for later in range(months):
        reached = range(months - later)
        size = sum(sizes[place] for place in reached)
        if not size:
            found.append(None)
            continue
        whole += sum(spent[place][later] for place in reached) / size
        found.append(whole)
    return found


# --- contracts ------------------------------------------------------------------


def survival(run: LifetimeModel, found: Report) -> Chart:
    """The share of contracts that run on, by days since they began."""
    rows = found["rows"]
    if not rows or rows[0][0] > 0:
        rows = [[0, found["contracts"], 0, 1.0, 0.0, 1.0, 1.0], *rows]
    step = max(1, -(-found["longest"] // MOST_POINTS))
    days = range(0, found["longest"] + 1, step)
    begun = [row[0] for row in rows]
    drawn = [rows[bisect.bisect_right(begun, day) - 1] for day in days]  # flat between two ends
    series = {
        _("Still running"): [row[3] for row in drawn],
        _("95% from"): [row[5] for row in drawn],
        _("95% to"): [row[6] for row in drawn],
    }
    labels = [figures.whole(row[0]) for row in rows]
    return Chart(
        id="contracts",
        title=_("How long contracts run"),
        definition=_(
            "Kaplan-Meier: the share of contracts that outlive so many days, with Greenwood's "
            "error; contracts that still run count as long as they were seen."
        ),
        option=charts.curves(
            [figures.whole(day) for day in days], series, unit=charts.unit("share")
        ),
        columns=[
            pgettext("how many", "Days"),
            _("At risk"),
            _("Ended then"),
            _("Still running"),
            _("Standard error"),
            _("95% from"),
            _("95% to"),
        ],
        rows=[
            [
                label,
                figures.whole(row[1]),
                figures.whole(row[2]),
                *(figures.share(one) for one in row[3:]),
            ]
            for label, row in zip(labels, rows, strict=True)
        ]
        if found["contracts"]
        else [],
        note=words.contract_words(found),
        freshness=_("as of %(day)s") % {"day": run.day.isoformat()},
        size="tall",
        empty=_("No event yet says that a contract began."),
    )
