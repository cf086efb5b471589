"""Both models fitted to a day's histories, or the reason why they are not."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from metrics.stats.lifetime import purchasing, spending, worth
from metrics.stats.lifetime.histories import Array, Histories
from metrics.stats.lifetime.purchasing import Purchasing
from metrics.stats.lifetime.spending import Spending

LEAST = 100  # customers who came again; of fewer the parameters would be guesses
FEW, NOT_ARRIVED = "few", "not_arrived"


class Refused(Exception):
    """Why there is no model: `FEW` or `NOT_ARRIVED`."""


@dataclass(frozen=True)
class Parameters:
    """Of both models; without amounts there is none of spending."""

    purchasing: Purchasing
    spending: Spending | None = None

    def plain(self) -> dict[str, float]:
        """As JSON has them."""
        return asdict(self.purchasing) | (asdict(self.spending) if self.spending else {})

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self | None:
        """From JSON; nothing of what is no run's."""
        if "r" not in kept:
            return None
        buying = Purchasing(*(kept[name] for name in ("r", "alpha", "a", "b")))
        spent = ("p", "q", "v", "plain")
        return cls(buying, Spending(*(kept[name] for name in spent)) if "p" in kept else None)


@dataclass(frozen=True)
class Fitted:
    parameters: Parameters
    log_likelihood: float
    spending: spending.Fit | None


def fit(histories: Histories, spent: Array, start: Parameters | None = None) -> Fitted:
    """The parameters of these histories, and of what was spent after each first day.

    Raises:
        Refused: there is too little, or the search did not arrive.
    """
    if histories.repeaters < LEAST:
        raise Refused(FEW)
    found = purchasing.fit(histories, start=start.purchasing if start else None)
    if not found.arrived and start:  # last night's may have led astray
        found = purchasing.fit(histories)
    if not found.arrived:
        raise Refused(NOT_ARRIVED)
    paid = _spending(histories, spent, start)
    parameters = Parameters(found.found, paid.found if paid else None)
    return Fitted(parameters, found.log_likelihood, paid)


def _spending(histories: Histories, spent: Array, start: Parameters | None) -> spending.Fit | None:
    """Nothing where too few paid, or all paid alike; orders are foretold all the same."""
    if np.count_nonzero(spending.usable(histories.x, spent)) < LEAST:
        return None
    begin = start.spending if start else None
    found = spending.fit(histories.x, spent, start=begin)
    if not found.arrived and begin:
        found = spending.fit(histories.x, spent)
    return found if found.arrived else None


@dataclass(frozen=True)
class Foretold:
    """What the models say of each customer; chances are from 0 to 1, value in whole units."""

    alive: Array
    orders: Array  # in 90 days
    silent: dict[int, Array]  # by days
    value: Array | None


def foretell(
    parameters: Parameters,
    histories: Histories,
    spent: Array,
    *,
    days: int,
    risks: tuple[int, ...],
    months: int,
    discount: float,
) -> Foretold:
    """Of everybody, from one fit."""
    model, value = parameters.purchasing, None
    if parameters.spending:
        average = spending.average(parameters.spending, histories.x, spent)
        value = average * worth.orders(model, histories, months=months, discount=discount)
    return Foretold(
        alive=purchasing.alive(model, histories),
        orders=purchasing.expected(model, histories, days),
        silent={ahead: purchasing.silent(model, histories, ahead) for ahead in risks},
        value=value,
    )
