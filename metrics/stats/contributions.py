"""What each thing that customers were given did, from groups that chance told apart.

Every group was given some things, the control none. The mean of a group is taken as the natural
demand plus an effect for each thing that it was given. Effects are found by least squares over
the groups' means, each as heavy as its customers; with as many groups as effects that is the
plain difference of two groups. Where two things always came together, nothing can tell them
apart, and they are told as one. The variance is that of a linear function of independent means:
Var(H m) = H diag(s^2 / n) H' [1]; of shares, s^2 / n has one more success and one more failure
in it, so that a group without any is not taken for certain [2].

[1] White (1980), A heteroskedasticity-consistent covariance matrix estimator, Econometrica 48.
[2] Agresti, Caffo (2000), Simple and effective confidence intervals for proportions and
    differences of proportions, The American Statistician 54, 280-288.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from metrics.stats import distributions
from metrics.stats.samples import Proportion, Sample, error2

NATURAL = "natural"  # what would have come anyway


@dataclass(frozen=True)
class Group:
    """Customers who were given the same things by chance; nobody gave the control anything."""

    given: frozenset[str]
    sample: Sample


@dataclass(frozen=True)
class Part:
    """What some things did together of the total, with bounds; alone if there is one name."""

    names: tuple[str, ...]
    amount: float
    low: float
    high: float


@dataclass(frozen=True)
class Split:
    """The total of those who were given something, and what did what of it.

    `beyond` is what the parts do not add up to: things that help or hinder each other.
    """

    total: float
    parts: tuple[Part, ...]
    beyond: float


def split(groups: Sequence[Group], *, level: float = 0.95) -> Split | None:
    """None where chance gave everybody the same, or too few ways to tell the things apart."""
    there = [one for one in groups if one.sample.n and one.sample.mean is not None]
    given = [one for one in there if one.given]
    names = _together(there)
    if len(names) < 2 or not given:
        return None
    design = np.array([[float(_has(one, name)) for name in names] for one in there])
    if np.linalg.matrix_rank(design) < len(names):
        return None
    sizes = np.array([one.sample.n for one in there], float)
    means = np.array([one.sample.mean for one in there], float)
    weighted = design.T * sizes
    hat = np.linalg.solve(weighted @ design, weighted)
    spread = hat * np.array([_error2(one.sample) for one in there]) @ hat.T
    effects, errors = hat @ means, np.sqrt(np.diag(spread))
    counts = [sum(one.sample.n for one in given if _has(one, name)) for name in names]
    z = distributions.normal_quantile((1 + level) / 2)
    parts = tuple(
        Part(name, count * e, count * (e - z * error), count * (e + z * error))
        for name, count, e, error in zip(
            names, counts, effects.tolist(), errors.tolist(), strict=True
        )
    )
    total = sum(one.sample.n * (one.sample.mean or 0.0) for one in given)
    return Split(total, parts, total - math.fsum(part.amount for part in parts))


def _together(groups: Sequence[Group]) -> list[tuple[str, ...]]:
    """The things, those that always came together as one; the natural demand came to all."""
    columns: dict[tuple[bool, ...], list[str]] = {tuple(True for _one in groups): [NATURAL]}
    for name in sorted({name for one in groups for name in one.given}):
        columns.setdefault(tuple(name in one.given for one in groups), []).append(name)
    return [tuple(names) for names in columns.values()]


def _has(group: Group, names: tuple[str, ...]) -> bool:
    return NATURAL in names or names[0] in group.given


def _error2(sample: Sample) -> float:
    if isinstance(sample, Proportion):
        share = (sample.count + 1) / (sample.n + 2)
        return share * (1 - share) / (sample.n + 2)
    return error2(sample) or 0.0


def shares(found: Split) -> Iterator[float | None]:
    """Each part of the total as a share; None of a total of nothing."""
    for part in found.parts:
        yield part.amount / found.total if found.total > 0 else None
