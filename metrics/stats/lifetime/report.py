"""What a run found, as plain numbers that a page can show without computing anything."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from metrics.stats.lifetime import fitting, purchasing, spending, trial
from metrics.stats.lifetime.fitting import Fitted, Foretold, Refused
from metrics.stats.lifetime.histories import Array, Histories
from metrics.stats.lifetime.ledger import NEVER, After, Cohorts, Ledger
from metrics.stats.lifetime.survival import Survival

Report = dict[str, Any]
BANDS = 10
MOST_WEEKS, MOST_MONTHS, MOST_STEPS = 160, 36, 200


@dataclass(frozen=True)
class Past:
    """Orders read in one pass: all of them, and those up to a cut with what came after it."""

    ledger: Ledger
    today: int
    since: int
    again: Array  # orders after each customer's first, by day from `since` on
    cohorts: Cohorts
    then: Ledger | None = None
    after: After | None = None


# --- who and what ---------------------------------------------------------------


def of_model(fitted: Fitted, histories: Histories, found: Foretold) -> Report:
    """The spread of what was foretold, and how the model of amounts came to be."""
    paid = fitted.spending
    return {
        "rate": fitted.parameters.purchasing.rate,
        "leaving": fitted.parameters.purchasing.leaving,
        "edges": fitted.parameters.purchasing.edges,
        "alive": np.histogram(found.alive, BANDS, (0.0, 1.0))[0].tolist(),
        "average_alive": _mean(found.alive),
        "orders": float(found.orders.sum()),
        "value": _deciles(histories, found) if found.value is not None else [],
        "spending": None
        if paid is None
        else {
            "customers": paid.customers,
            "correlation": paid.correlation,
            "average": paid.found.average,
            "has_limit": paid.found.q > 1,
        },
    }


def _deciles(histories: Histories, found: Foretold) -> list[Report]:
    """Tenths of the customers by what they will be worth, the best first."""
    assert found.value is not None
    order = np.argsort(-found.value, kind="stable")
    whole = float(found.value.sum())
    rows = []
    for part in np.array_split(order, min(BANDS, len(order))):
        total = float(found.value[part].sum())
        rows.append(
            {
                "customers": len(part),
                "total": total,
                "share": total / whole if whole else None,
                "least": float(found.value[part[-1]]),
                "alive": _mean(found.alive[part]),
                "orders": _mean(found.orders[part]),
                "times": _mean(histories.x[part] + 1),
            }
        )
    return rows


def _mean(values: Array) -> float | None:
    return float(values.mean()) if len(values) else None


# --- the trial --------------------------------------------------------------------


def of_trial(past: Past, living: Array, risks: tuple[int, ...], unit: float) -> Report | None:
    """The model fitted up to the cut, and what it said of the days after, against what came.

    `unit` is how many of the ledger's units make one of money. None where there was too little
    before the cut to fit anything.
    """
    if past.then is None or past.after is None:
        return None
    who = past.then.buyers(living)
    known = past.then.histories(who, past.after.since)
    spent = past.then.spent_again(who) / unit
    try:
        fitted = fitting.fit(known, spent)
    except Refused:
        return None
    model, days = fitted.parameters.purchasing, past.after.days
    said, came = purchasing.expected(model, known, days), past.after.times[who].astype(float)
    return {
        "cut": past.after.since,
        "days": days,
        "parameters": fitted.parameters.plain(),
        "said": float(said.sum()),
        "came": float(came.sum()),
        "customers": len(who),
        "by_times": _groups(trial.by_times(known.x, said, came)),
        "by_rank": _groups(trial.by_rank(said, came)),
        "value": _value(fitted, known, spent, said, past.after.total[who] / unit),
        "risks": {
            str(ahead): _verdict(
                trial.verdict(purchasing.silent(model, known, ahead), past.after.silent(who, ahead))
            )
            for ahead in risks
            if ahead <= days
        },
        "weeks": _weeks(past, living, fitted),
    }


def _value(
    fitted: Fitted, known: Histories, spent: Array, orders: Array, came: Array
) -> list[Report]:
    paid = fitted.parameters.spending
    if paid is None:
        return []
    said = orders * spending.average(paid, known.x, spent)
    return _groups(trial.by_rank(said, came))


def _weeks(past: Past, living: Array, fitted: Fitted) -> list[list[float]]:
    """Orders after the first by week's end, said by the model of the cut, for all customers."""
    everybody = past.ledger.histories(past.ledger.buyers(living), past.today)
    rows = trial.weekly(fitted.parameters.purchasing, everybody, past.again)
    first = max(0, len(rows) - MOST_WEEKS)
    return [
        [past.since + 7 * (first + place) + 6, said, came]
        for place, (said, came) in enumerate(rows[first:])
    ]


def _groups(groups: list[trial.Group]) -> list[Report]:
    return [asdict(one) for one in groups]


def _verdict(found: trial.Verdict | None) -> Report | None:
    return asdict(found) if found else None


# --- cohorts and contracts ------------------------------------------------------------


def of_cohorts(cohorts: Cohorts, living: Array) -> Report:
    """Customers of each month of first order, and what they spent month by month since."""
    sizes = cohorts.sizes(living)
    begun = np.flatnonzero(sizes.sum(0))
    kept = min(cohorts.months - (int(begun[0]) if len(begun) else 0), MOST_MONTHS)
    return {
        "first_month": cohorts.first_month + cohorts.months - kept,
        "parts": list(cohorts.names),
        "sizes": sizes[:, -kept:].tolist(),
        "spent": cohorts.spent[:, -kept:, :kept].tolist(),
    }


def ahead_of(cohorts: Cohorts, amounts: Array, kept: int) -> list[list[int]]:
    """What is foretold of each part and of the last `kept` months of first order; `amounts` are
    by customer."""
    mine = np.flatnonzero((cohorts.of != NEVER) & np.isfinite(amounts[: len(cohorts.of)]))
    found = np.zeros((len(cohorts.names), cohorts.months))
    np.add.at(found, (cohorts.part[mine], cohorts.of[mine].astype(np.int64)), amounts[mine])
    rows: list[list[int]] = np.rint(found[:, -kept:]).astype(np.int64).tolist()
    return rows


def of_contracts(found: Survival) -> Report:
    """The curve, thinned to what a chart can show."""
    step = max(1, -(-len(found.times) // MOST_STEPS))
    places = np.unique(np.append(np.arange(0, len(found.times), step), len(found.times) - 1))
    places = places[places >= 0]
    names = ("times", "running", "ended", "share", "error", "low", "high")
    return {
        "contracts": found.contracts,
        "open": found.open,
        "longest": found.longest,
        "median": found.median,
        "mean": found.mean(found.longest) if found.contracts else None,
        "rows": [
            [getattr(found, name)[place].item() for name in names] for place in places.tolist()
        ],
    }
