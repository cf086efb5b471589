"""What the page of lifetime value says besides its charts: parameters in words, runs, offers."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console import figures
from console.charts import Word
from metrics import lifetime_value
from metrics import lifetime_words as words
from metrics.models import LifetimeModel
from metrics.words import PAGE, outdated
from segments import catalogue, definitions, foretold, traits
from segments.models import Trait

SHOWN = 30  # runs
STRONG = 0.3  # a correlation from which on the model of amounts is to be doubted
RUN_COLUMNS = [
    gettext_lazy("As of"),
    gettext_lazy("Customers"),
    gettext_lazy("Came again"),
    "r",
    "α",
    "a",
    "b",
    gettext_lazy("Log-likelihood"),
    gettext_lazy("Trial: predicted"),
    gettext_lazy("Trial: actual"),
    gettext_lazy("Settings"),
    gettext_lazy("Seconds"),
    gettext_lazy("Refused"),
]


def of_run(run: LifetimeModel) -> dict[str, Any]:
    """The run in words; notes are what somebody who uses the numbers should know."""
    model = run.report.get("model") or {}
    return {
        "freshness": words.freshness(run),
        "rows": _rows(run, model) if model else [],
        "parameters": _parameters(run.parameters),
        "notes": [*_notes(run, model)] if model else [],
        "trial": words.orders_words(run.report["trial"]) if run.report.get("trial") else "",
    }


def word(run: LifetimeModel) -> Word:
    """What counted as paid when the run read the orders."""
    now = definitions.current(definitions.PAID)
    return Word(
        label=f"{now.get_key_display()} v{run.paid_version}",
        sentence=definitions.sentence(now, catalogue.titles()),
        link=f"{reverse(PAGE)}#{definitions.PAID}",
        warning="" if now.version == run.paid_version else outdated(),
    )


def _rows(run: LifetimeModel, model: dict[str, Any]) -> list[tuple[str, str]]:
    rate, leaving = model["rate"], model["leaving"]
    rows = [
        (
            _("Orders fitted to"),
            _("%(since)s to %(until)s") % {"since": run.since, "until": run.day},
        ),
        (
            _("Customers who came again"),
            _("%(again)s of %(all)s")
            % {"again": figures.whole(run.repeaters), "all": figures.whole(run.customers)},
        ),
        (
            _("Pace of the average customer who is with us"),
            _("%(rate)s orders a week") % {"rate": figures.number(rate)},
        ),
        (_("Chance to leave after an order, on average"), figures.share(leaving)),
        (_("Likely still customers, on average"), figures.share(model["average_alive"])),
        (_("Orders expected in 90 days, of all"), figures.whole(model["orders"])),
    ]
    if paid := model["spending"]:
        average = round(paid["average"] * 10 ** figures.decimals(run.currency))
        rows.append(
            (_("Average order of the average customer"), figures.money(average, run.currency))
        )
        if paid["correlation"] is not None:
            rows.append(
                (
                    _("Correlation of how often and how much"),
                    figures.number(paid["correlation"], digits=3),
                )
            )
    rows.append((_("Log-likelihood"), figures.number(run.log_likelihood, digits=3)))
    return rows


def _parameters(kept: dict[str, float]) -> str:
    """As the papers name them."""
    letters = {"r": "r", "alpha": "α", "a": "a", "b": "b", "p": "p", "q": "q", "v": "v"}
    return " · ".join(
        f"{letter} {kept[name]:.6g}" for name, letter in letters.items() if name in kept
    )


def _notes(run: LifetimeModel, model: dict[str, Any]) -> Any:
    if {"r", "alpha"} & {*model["edges"]}:
        yield _("All customers order at about the same pace; the model leaves no room for more.")
    if {"a", "b"} & {*model["edges"]}:
        yield _(
            "The chance to leave hardly differs between customers, or nobody seems to leave; "
            "take it with care for customers with few orders."
        )
    paid = model["spending"]
    if paid is None:
        yield _("Too few orders have an amount, so that nothing is said about value.")
    elif not paid["has_limit"]:
        yield _("A few orders are so large that the average has no limit; the plain one is used.")
    elif paid["correlation"] is not None and abs(paid["correlation"]) > STRONG:
        yield _(
            "Customers who order more often also spend another amount an order; the model takes "
            "both apart, so that values of the most frequent are less sure."
        )
    if not run.report.get("trial"):
        yield _("There is too little past to try the model on: three months are needed at least.")


# --- runs -----------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A row of the history; the cells are those of `RUN_COLUMNS`."""

    pk: int
    is_refused: bool
    cells: list[str]


def runs(most: int | None = SHOWN) -> list[Run]:
    """The newest runs."""
    found = LifetimeModel.objects.select_related("recipe").defer("report")  # long, and many
    trials = {name: KT(f"report__trial__{name}") for name in ("said", "came")}
    return [Run(one.pk, bool(one.refusal), _cells(one)) for one in found.annotate(**trials)[:most]]


def _cells(run: Any) -> list[str]:
    return [
        run.day.isoformat(),
        figures.whole(run.customers),
        figures.whole(run.repeaters),
        *(
            f"{run.parameters[name]:.4g}" if name in run.parameters else figures.NOTHING
            for name in ("r", "alpha", "a", "b")
        ),
        figures.number(run.log_likelihood),
        *(figures.whole(Decimal(one) if one else None) for one in (run.said, run.came)),
        str(run.recipe),
        figures.number(run.seconds),
        run.get_refusal_display() if run.refusal else "",
    ]


def offers() -> dict[str, Any]:
    """What the form lets one choose from."""
    return {
        "traits": lifetime_value.choices(),
        "events": sorted(catalogue.titles().items(), key=lambda one: one[1].lower()),
    }


# --- one customer -----------------------------------------------------------------


def _came_true(groups: list[dict[str, Any]], risk: float) -> str:
    """What came of those customers of the trial who were told about as much."""
    like = min(groups, key=lambda one: abs(one["said"] - risk), default=None)
    if like is None:
        return ""
    said = ngettext(
        "of %(customers)s customer told about %(said)s, %(came)s did not order",
        "of %(customers)s customers told about %(said)s, %(came)s did not order",
        like["customers"],
    )
    return said % {
        "customers": figures.whole(like["customers"]),
        "said": figures.share(like["said"]),
        "came": figures.share(like["came"]),
    }


def of_customer(customer: int, currency: str) -> dict[str, Any]:
    """What is foretold of a customer, and how well that proved right."""
    run = lifetime_value.in_force()
    known = traits.of([customer], [*foretold.FORETOLD])[customer] if run else {}
    trial = (run.report.get("trial") or {}) if run else {}
    risks = [
        {
            "days": days,
            "risk": figures.share(known[key] / 100),
            "auc": figures.share(found["auc"]) if found and found["auc"] is not None else "",
            "came_true": _came_true(found["groups"], known[key] / 100) if found else "",
        }
        for days, key in foretold.RISK.items()
        if key in known
        for found in [trial.get("risks", {}).get(str(days))]
    ]
    value = known.get(foretold.VALUE)
    computed = Trait.objects.filter(key=foretold.ALIVE).values_list("data_as_of", flat=True)
    return {
        "run": run,
        "is_known": bool(known),
        "alive": figures.share(known[foretold.ALIVE] / 100) if known else "",
        "orders": figures.number(known.get(foretold.ORDERS)),
        "value": figures.money(value, currency) if value is not None else "",
        "risks": risks,
        "as_of": computed.first(),
    }
