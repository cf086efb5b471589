"""What one more unit of money brings, by group, from campaigns that had a control.

A campaign of group g that spent s caused y, with the standard error that its control leaves:

    y = A_g (s / s0)^b + error,    0 < b <= 1,    A_g ~ Normal(m, t^2)

With b = 1 each unit brings as much as the one before; below, returns fall as the spend grows,
which a concave response says [1]. The marginal return at s is b A_g (s / s0)^(b - 1) / s0. All
groups share b, because few campaigns tell it; half of the belief before any data is that returns
do not fall, so that a difference between two groups never comes from that assumption alone. Each b
has its weight by Bayes' rule, and what is told is the mixture over them. Given b everything is
normal: a group's own estimate is the weighted least squares one, t^2 is DerSimonian and Laird's
[2], and A_g is drawn to the mean of all groups by as much as its own campaigns are unsure [3],
with the mean's own error in it [4]. What is long ago has its error made larger, so that it weighs
less [5].

[1] Little (1979), Aggregate advertising models: the state of the art, Operations Research 27;
    Hanssens, Parsons, Schultz (2001), Market Response Models, chapter 3 (the power model).
[2] DerSimonian, Laird (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7.
[3] Efron, Morris (1975), Data analysis using Stein's estimator, JASA 70, 311-319.
[4] Kass, Steffey (1989), Approximate Bayesian inference in conditionally independent
    hierarchical models, JASA 84, 717-726.
[5] Ibrahim, Chen (2000), Power prior distributions for regression models, Statistical Science 15.
[6] Birge (1932), The calculation of errors by the method of least squares, Physical Review 40.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from metrics.stats.distributions import STANDARD

BENDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(15))  # 0.3 to 1
STRAIGHT = 0.5  # of the belief before any data, for b = 1
LEVEL = 0.95
STEPS = 60  # halvings of an interval


@dataclass(frozen=True)
class Trial:
    """One campaign with a control. Money in minor units; `weight` fades from 1."""

    group: str
    spend: int
    caused: float
    error: float
    weight: float = 1.0

    @property
    def is_usable(self) -> bool:
        return self.spend > 0 and self.error > 0 and self.weight > 0


@dataclass(frozen=True)
class Estimate:
    """The middle, its bounds, and how sure one is that it is above nothing."""

    low: float
    middle: float
    high: float
    sure: float


@dataclass(frozen=True)
class Known:
    """What one bend makes of a group: its level, its own variance, and how far it was drawn."""

    level: float
    variance: float  # of its own campaigns, after they were drawn
    drawn: float  # 0: by its own campaigns alone; 1: the mean of all groups


@dataclass(frozen=True)
class Bend:
    """One exponent with its weight, and all groups under it."""

    exponent: float
    weight: float
    groups: Mapping[str, Known]
    mean_variance: float  # of the mean of all groups

    def sum(self, factors: Mapping[str, float]) -> tuple[float, float]:
        """The mean and the variance of a sum of levels, each with its factor."""
        mean = sum(factor * self.groups[name].level for name, factor in factors.items())
        own = sum(factor**2 * self.groups[name].variance for name, factor in factors.items())
        shared = sum(factor * self.groups[name].drawn for name, factor in factors.items())
        return mean, own + shared**2 * self.mean_variance


@dataclass(frozen=True)
class Response:
    """The response of every group, to be asked."""

    scale: float  # the spend at which levels are told
    bends: tuple[Bend, ...]

    @property
    def exponent(self) -> float:
        """The mean of the exponent."""
        return sum(bend.weight * bend.exponent for bend in self.bends)

    def drawn(self, group: str) -> float:
        """How much of a group's estimate comes from the others, 0 to 1."""
        return sum(bend.weight * bend.groups[group].drawn for bend in self.bends)

    def caused(self, group: str, spend: float) -> Estimate:
        """What a campaign of this spend causes."""
        return self.of(lambda b: {group: (spend / self.scale) ** b})

    def marginal(self, group: str, spend: float) -> Estimate:
        """What one more unit brings at this spend."""
        return self.of(lambda b: {group: b * (spend / self.scale) ** (b - 1) / self.scale})

    def of(self, factors: Callable[[float], Mapping[str, float]]) -> Estimate:
        """Any sum of levels; `factors` says each group's for an exponent."""
        parts = [(bend.weight, *bend.sum(factors(bend.exponent))) for bend in self.bends]
        mixed = [(weight, mean, math.sqrt(variance)) for weight, mean, variance in parts]
        tail = (1 - LEVEL) / 2
        return Estimate(
            _quantile(mixed, tail),
            sum(weight * mean for weight, mean, _spread in mixed),
            _quantile(mixed, 1 - tail),
            1 - _below(mixed, 0.0),
        )


def fit(trials: Sequence[Trial]) -> Response | None:
    """None without a campaign that tells something."""
    usable = [one for one in trials if one.is_usable]
    if not usable:
        return None
    scale = _scale(usable)
    found = [(_prior(b), *_bend(usable, b, scale)) for b in BENDS]
    best = max(likelihood for _prior_of, likelihood, _bend_of in found)
    weights = [prior * math.exp(likelihood - best) for prior, likelihood, _bend_of in found]
    whole = sum(weights)
    bends = (
        Bend(bend.exponent, weight / whole, bend.groups, bend.mean_variance)
        for weight, (_prior_of, _likelihood, bend) in zip(weights, found, strict=True)
    )
    return Response(scale, tuple(bends))


def widened(trials: Sequence[Trial]) -> list[Trial]:
    """The trials with all errors larger by what they miss of each other, where that is more than
    the errors say [6]: months differ by season and by what was shown, too."""
    usable = [one for one in trials if one.is_usable]
    free = len(usable) - len(_names(usable)) - 1  # a level each, and the exponent
    if free <= 0:
        return list(trials)
    scale = _scale(usable)
    left = min(
        sum(_own(usable, group, bend, scale).left for group in _names(usable)) for bend in BENDS
    )
    ratio = math.sqrt(max(1.0, left / free))
    return [replace(one, error=one.error * ratio) for one in trials]


def _scale(usable: Sequence[Trial]) -> float:
    return math.exp(sum(math.log(one.spend) for one in usable) / len(usable))


def _prior(exponent: float) -> float:
    return STRAIGHT if exponent == 1 else (1 - STRAIGHT) / (len(BENDS) - 1)


@dataclass(frozen=True)
class _Own:
    """A group's own estimate: level, precision, and what is left of its squares."""

    level: float
    precision: float
    left: float


def _bend(trials: Sequence[Trial], exponent: float, scale: float) -> tuple[float, Bend]:
    """The log likelihood of an exponent, but for what all have in common, and its groups."""
    own = {group: _own(trials, group, exponent, scale) for group in _names(trials)}
    spread = _between(list(own.values()))
    trust = {group: 1 / (1 / one.precision + spread) for group, one in own.items()}
    whole = sum(trust.values())
    mean = sum(trust[group] * one.level for group, one in own.items()) / whole
    groups, likelihood = dict[str, Known](), 0.0
    for group, one in own.items():
        drawn = trust[group] / one.precision
        level = drawn * mean + (1 - drawn) * one.level
        groups[group] = Known(level, (1 - drawn) / one.precision, drawn)
        likelihood -= one.left / 2 + math.log1p(spread * one.precision) / 2
        likelihood -= (one.level - mean) ** 2 * trust[group] / 2
    return likelihood, Bend(exponent, 0.0, groups, 1 / whole)


def _own(trials: Sequence[Trial], group: str, exponent: float, scale: float) -> _Own:
    mine = [one for one in trials if one.group == group]
    reach = [(one.spend / scale) ** exponent for one in mine]
    trust = [one.weight / one.error**2 for one in mine]
    precision = sum(w * x * x for w, x in zip(trust, reach, strict=True))
    level = (
        sum(w * x * one.caused for w, x, one in zip(trust, reach, mine, strict=True)) / precision
    )
    left = sum(
        w * (one.caused - level * x) ** 2 for w, x, one in zip(trust, reach, mine, strict=True)
    )
    return _Own(level, precision, left)


def _between(own: Sequence[_Own]) -> float:
    """The variance between groups beyond what chance makes [2]; nothing of a single group."""
    whole = sum(one.precision for one in own)
    mean = sum(one.precision * one.level for one in own) / whole
    q = sum(one.precision * (one.level - mean) ** 2 for one in own)
    below = whole - sum(one.precision**2 for one in own) / whole
    return max(0.0, (q - (len(own) - 1)) / below) if len(own) > 1 and below > 0 else 0.0


def _names(trials: Sequence[Trial]) -> list[str]:
    return list(dict.fromkeys(one.group for one in trials))


# --- a mixture of normal distributions ------------------------------------------

Mixed = Sequence[tuple[float, float, float]]  # weight, mean, standard deviation


def _below(mixed: Mixed, value: float) -> float:
    return sum(weight * _normal(value, mean, spread) for weight, mean, spread in mixed)


def _normal(value: float, mean: float, spread: float) -> float:
    if not spread:
        return 0.5 if value == mean else float(value > mean)
    return STANDARD.cdf((value - mean) / spread)


def _quantile(mixed: Mixed, share: float) -> float:
    """By halving an interval that holds it for certain."""
    z = abs(STANDARD.inv_cdf(share)) + 1
    low = min(mean - z * spread for _weight, mean, spread in mixed)
    high = max(mean + z * spread for _weight, mean, spread in mixed)
    for _step in range(STEPS):
        middle = (low + high) / 2
        if _below(mixed, middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
