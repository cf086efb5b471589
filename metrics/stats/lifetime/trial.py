"""How well a model foretells: what it said of days that it had not seen, against what came."""

import itertools
from dataclasses import dataclass

import numpy as np

from metrics.stats.lifetime import purchasing
from metrics.stats.lifetime.histories import Array, Histories
from metrics.stats.lifetime.purchasing import Purchasing

GROUPS = 10
MOST_TIMES = 7  # orders after the first; more are one group


@dataclass(frozen=True)
class Group:
    """Some customers: how many, what was said of each on average, and what came."""

    customers: int
    said: float
    came: float


@dataclass(frozen=True)
class Verdict:
    """How well chances were told: AUC is None where all came out alike."""

    auc: float | None
    brier: float
    plain: float  # the Brier score of telling everybody the same right share
    groups: list[Group]


def verdict(said: Array, came: Array) -> Verdict | None:
    """Chances against what came of them; nothing of nobody."""
    if not len(said):
        return None
    truth = came.astype(float)
    share = float(truth.mean())
    return Verdict(
        auc=auc(said, came),
        brier=float(np.mean((said - truth) ** 2)),
        plain=share * (1 - share),
        groups=by_rank(said, truth),
    )


def auc(said: Array, came: Array) -> float | None:
    """The chance that of one to whom it came and one to whom it did not the first was told
    the higher one; a tie is half (Mann and Whitney 1947)."""
    positive = int(np.count_nonzero(came))
    negative = len(came) - positive
    if not positive or not negative:
        return None
    _values, places, counts = np.unique(said, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # of tied ones the middle
    above = ranks[places][came.astype(bool)].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))


def by_rank(said: Array, came: Array, groups: int = GROUPS) -> list[Group]:
    """Groups of the same size by what was said, the lowest first; equal ones stay together."""
    order = np.argsort(said, kind="stable")
    ordered, truth = said[order], came[order]
    cuts = np.searchsorted(ordered, ordered[np.arange(1, groups) * len(said) // groups])
    bounds = np.unique(np.concatenate([[0], cuts, [len(said)]]))
    return [
        Group(int(end - start), float(ordered[start:end].mean()), float(truth[start:end].mean()))
        for start, end in itertools.pairwise(bounds)
    ]


def by_times(x: Array, said: Array, came: Array) -> list[Group]:
    """Customers by their orders after the first, from none to a last group of many."""
    times = np.minimum(x, MOST_TIMES)
    return [
        Group(int(mine.sum()), float(said[mine].mean()), float(came[mine].mean()))
        if (mine := times == number).any()
        else Group(0, 0.0, 0.0)
        for number in range(MOST_TIMES + 1)
    ]


def weekly(model: Purchasing, histories: Histories, came: Array) -> list[tuple[float, float]]:
    """Orders after the first, all together up to each week's end: said, and came.

    `came` has the orders of each day from the first customer's first on; customers who came
    first on later days begin to count then.
    """
    days = len(came)
    born = days - 1 - histories.T  # the day of each first order
    begun = np.bincount(born[born >= 0], minlength=days)[:days].astype(float)
    grown = purchasing.since_first(model, np.arange(days))
    ends = np.arange(6, days, 7)
    said = [float(begun[: end + 1] @ grown[end::-1][: end + 1]) for end in ends]
    return list(zip(said, np.cumsum(came)[ends].tolist(), strict=True))
