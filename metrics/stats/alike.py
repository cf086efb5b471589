"""Those who did something against those alike who did not: a difference that is no proof.

Both are put into cells by what they did before, and compared cell by cell, weighed by those who did
it: what it was worth to them, if nothing unseen tells the cells' two sides apart (the effect on the
treated, Rosenbaum and Rubin 1984). A cell with one side alone compares nobody and is left out, and
that is told. How strong the unseen would have to be is the E-value of VanderWeele and Ding (2017).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from metrics.stats import distributions
from metrics.stats.differences import Interval
from metrics.stats.samples import Proportion


@dataclass(frozen=True)
class Cell:
    """Customers who are alike before: those who did it, those who did not, and who came again."""

    did: Proportion
    others: Proportion


@dataclass(frozen=True)
class Contrast:
    """What one week says. Shares are of those who did it and have somebody alike."""

    did: int  # customers
    alike: int  # of them with somebody alike
    came: float | None  # of these, the share that came again
    others: float | None  # of those alike to them
    error: float | None  # of the difference
    plain: float | None  # of all others, whoever they are

    @property
    def effect(self) -> float | None:
        if self.came is None or self.others is None:
            return None
        return self.came - self.others


@dataclass(frozen=True)
class Worth:
    """What several weeks say together."""

    did: float  # customers a week
    alike: float | None  # share of them with somebody alike
    came: float | None
    others: float | None
    plain: float | None
    effect: float | None
    interval: Interval | None

    @property
    def kept(self) -> float | None:
        """How many customers a week would not have come again, if it were an effect."""
        if self.effect is None or self.alike is None:
            return None
        return self.effect * self.did * self.alike

    @property
    def unseen(self) -> float | None:
        """How many times likelier something unseen would have to make both, to explain it all."""
        if self.interval is None or not self.came or not self.others:
            return None
        # Of the bound nearest to nothing, as risks: the rest of the difference may be chance.
        if 0 in self.interval:
            return 1.0
        if self.interval.low > 0:
            return e_value((self.others + self.interval.low) / self.others)
        lower = self.others + self.interval.high
        return e_value(self.others / lower) if lower > 0 else None


def contrast(cells: Iterable[Cell]) -> Contrast:
    """Cell by cell, weighed by those who did it."""
    known = [one for one in cells if one.did.n or one.others.n]
    both = [one for one in known if one.did.n and one.others.n]
    everybody = sum(one.did.n for one in known)
    others = sum(one.others.n for one in known)
    plain = sum(one.others.count for one in known) / others if others else None
    alike = sum(one.did.n for one in both)
    if not alike:
        return Contrast(everybody, 0, None, None, None, plain)
    weights = [one.did.n / alike for one in both]
    variance = sum(
        weight**2 * (_variance(one.did) + _variance(one.others))
        for weight, one in zip(weights, both, strict=True)
    )
    return Contrast(
        everybody,
        alike,
        sum(one.did.count for one in both) / alike,
        sum(
            weight * one.others.count / one.others.n
            for weight, one in zip(weights, both, strict=True)
        ),
        math.sqrt(variance),
        plain,
    )


def together(weeks: Sequence[Contrast], *, level: float = 0.95) -> Worth:
    """The weeks, weighed by who did it. Many come every week, so the errors add up as they are: the
    bounds are those of one week's customers, however many weeks one looks at."""
    did = sum(one.did for one in weeks)
    known = [one for one in weeks if one.error is not None]
    whole = sum(one.alike for one in known)
    per_week = did / len(weeks) if weeks else 0.0
    if not whole:
        return Worth(per_week, 0.0 if did else None, None, None, None, None, None)

    def mean(values: Iterable[float | None]) -> float:
        some = zip(values, known, strict=True)
        return sum((value or 0.0) * one.alike / whole for value, one in some)

    came, others = mean(one.came for one in known), mean(one.others for one in known)
    half = mean(one.error for one in known) * distributions.normal_quantile((1 + level) / 2)
    effect = came - others
    return Worth(
        per_week,
        whole / did,
        came,
        others,
        mean(one.plain for one in known),
        effect,
        Interval(effect - half, effect + half),
    )


def e_value(ratio: float) -> float:
    """For a risk ratio of 1 or more."""
    return ratio + math.sqrt(ratio * (ratio - 1)) if ratio > 1 else 1.0


def _variance(of: Proportion) -> float:
    """Of a share, with one more of each: a cell of three who all came is not certain."""
    share = (of.count + 1) / (of.n + 2)
    return share * (1 - share) / of.n
