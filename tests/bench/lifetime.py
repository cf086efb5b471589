"""Fitting the models of lifetime value to a million customers, against the package `lifetimes`."""

import functools
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from metrics.stats.lifetime import histories, purchasing, spending
from metrics.stats.lifetime.histories import WEEK, Array, Counted, Histories
from tests.bench.harness import Contest, contest

CUSTOMERS, DAYS = 1_000_000, 365
NEAR = 1e-5


@dataclass(frozen=True, eq=False)
class Answer:
    """Parameters; two are equal when none differs by more than a hundred-thousandth."""

    parameters: tuple[float, ...]
    log_likelihood: float  # ours at these parameters

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Answer):
            return NotImplemented
        return bool(np.allclose(self.parameters, other.parameters, rtol=NEAR, atol=NEAR))


@contest("BG/NBD of 1M customers", peer="lifetimes", goal=40)
def of_a_million(_folder: Path) -> Contest:
    known = world()
    counted = Counted(known)

    def ours() -> Answer:
        fit = purchasing.fit(known)
        return _answer((fit.found.r, fit.found.alpha, fit.found.a, fit.found.b), counted)

    def peer() -> Answer:
        return _answer(_theirs(known.x, known.t_x / WEEK, known.T / WEEK), counted)

    return Contest(ours=ours, peer=peer, note=_likelihoods(ours(), peer()))


@contest("the same from grouped rows", peer="lifetimes with weights", goal=12)
def of_groups(_folder: Path) -> Contest:
    """The peer's best form, which its documentation tells nobody: rows that are alike, counted."""
    known = world()
    counted = Counted(known)
    nobody = known.of(known.x == 0)
    T, n = np.unique(nobody.T, return_counts=True)
    nought = np.zeros(len(T))
    rows = [
        np.concatenate(both)
        for both in (
            (counted.x, nought),
            (counted.t_x / WEEK, nought),
            (counted.T / WEEK, T / WEEK),
            (counted.n, n),
        )
    ]

    def ours() -> Answer:
        found = purchasing.fit(known).found
        return _answer((found.r, found.alpha, found.a, found.b), counted)

    def peer() -> Answer:
        return _answer(_theirs(*rows), counted)

    return Contest(ours=ours, peer=peer, note="ours groups the rows within its time")


@contest("Gamma-Gamma of them", peer="lifetimes", goal=6)
def of_amounts(_folder: Path) -> Contest:
    known, chance = world(), np.random.default_rng(4)
    again = known.x > 0
    x = known.x[again]
    pace = chance.gamma(3.7, 1, len(x)) / 15.4
    total = chance.gamma(6.2 * x) / pace
    mean = total / x

    def ours() -> Answer:
        found = spending.fit(x, total)
        return Answer((found.found.p, found.found.q, found.found.v), found.log_likelihood)

    def peer() -> Answer:
        from lifetimes import GammaGammaFitter

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitter = GammaGammaFitter().fit(x, mean)
        return Answer(tuple(fitter.params_.to_numpy()), -fitter._negative_log_likelihood_)

    return Contest(ours=ours, peer=peer)


def _theirs(x: Array, t_x: Array, T: Array, weights: Array | None = None) -> tuple[float, ...]:
    from lifetimes import BetaGeoFitter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = BetaGeoFitter().fit(x, t_x, T, weights=weights)
    return tuple(fitter.params_.to_numpy())


def _answer(found: tuple[float, ...], counted: Counted) -> Answer:
    return Answer(found, purchasing.log_likelihood(np.log(found), counted)[0])


def _likelihoods(ours: Answer, theirs: Answer) -> str:
    assert ours.log_likelihood >= theirs.log_likelihood - 1e-6, "theirs is more likely"
    return f"log-likelihood {ours.log_likelihood:.6f}, theirs {theirs.log_likelihood:.6f}"


@functools.cache
def world() -> Histories:
    """A shop's year: customers come at paces of their own, and leave."""
    chance: Any = np.random.default_rng(1)
    T = chance.integers(0, DAYS, CUSTOMERS)
    pace = chance.gamma(0.6, 1 / 6, CUSTOMERS) / WEEK
    leaves = chance.beta(0.8, 2.5, CUSTOMERS)
    x, t_x = (np.zeros(CUSTOMERS, np.int64) for _ in range(2))
    now, there = np.zeros(CUSTOMERS), np.arange(CUSTOMERS)
    while len(there):
        now[there] += chance.exponential(1 / pace[there])
        there = there[now[there] <= T[there]]
        day = now[there].astype(np.int64)
        x[there] += day > t_x[there]  # orders of a day are one
        t_x[there] = day
        there = there[chance.random(len(there)) > leaves[there]]
    return histories.made(x, t_x, T)
