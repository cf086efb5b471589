"""Whether a number moved between two stretches of weeks, by more than it moves by itself.

Weeks, because they have every weekday once. Two doubts are told apart and the wider one holds:
how much single weeks differ (Student's t, pooled, with Fieller's bounds of the quotient), and how
much stretches of the same length differed in the past with nobody doing anything: growth, seasons
and slow waves make neighbours alike, and a test of single weeks takes them for an effect. The past
is the placebo in time of Abadie, Diamond and Hainmueller (2015), Comparative Politics and the
Synthetic Control Method.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from metrics.stats import differences, distributions
from metrics.stats.differences import Interval
from metrics.stats.samples import Proportion

LEAST_BEFORE, LEAST_AFTER = 4, 2  # weeks
LEAST_SPANS = 3  # of the past that do not overlap, before it says how far it moves by itself
TINY = 1e-12


@dataclass(frozen=True)
class Change:
    """From a stretch of weeks to another, as a share of the first.

    Without bounds nothing can be told. `moved` of `looked` earlier stretches, with nothing
    delivered, moved at least so far.
    """

    before: float
    after: float
    relative: float | None = None
    interval: Interval | None = None
    moved: int = 0
    looked: int = 0


def change(
    before: Sequence[float],
    after: Sequence[float],
    past: Sequence[float] = (),
    *,
    gap: int = 0,
    level: float = 0.95,
) -> Change | None:
    """From the weeks before to the weeks after, with so many weeks between them.

    `past` are the weeks up to the first of `before`; the longer the gap, the further they went.

    None with no weeks on a side, and no bounds with too few, or where a share of the first says
    nothing: of nothing, or of a loss.
    """
    if not before or not after:
        return None
    first, then = fmean(before), fmean(after)
    if first <= TINY:
        return Change(first, then)
    relative = then / first - 1
    by_itself = swings([*past, *before], len(before), len(after), gap=gap)
    found = Change(
        first,
        then,
        relative,
        moved=sum(abs(one) >= abs(relative) - TINY for one in by_itself),
        looked=len(by_itself),
    )
    if len(before) < LEAST_BEFORE or len(after) < LEAST_AFTER:
        return found
    single = _of_weeks(before, after, level=level)
    if single is None:
        return found
    spans = (len(past) + len(before)) // (len(before) + gap + len(after))
    half = _of_spans(by_itself, spans, level=level) if spans >= LEAST_SPANS else 0.0
    interval = Interval(min(single.low, relative - half), max(single.high, relative + half))
    return Change(first, then, relative, interval, found.moved, found.looked)


def of_mean(
    weeks: Sequence[float], seen: Proportion | None = None, *, level: float = 0.95
) -> Interval | None:
    """Student's bounds of the mean of some weeks; None with one alone, or where all are the same:
    that they never differed tells nothing, least of all that they never will.

    Of a share with what was `seen` in all these weeks they reach at least as far as Wilson's, for
    eight weeks of nobody out of three are no proof of nobody, and never beyond 0 and 1.
    """
    found = _of_spread(weeks, level=level)
    if seen is None:
        return found
    least = differences.wilson(seen, level=level)
    both = [one for one in (found, least) if one is not None]
    if not both:
        return None
    return Interval(max(0.0, min(one.low for one in both)), min(1.0, max(one.high for one in both)))


def _of_spread(weeks: Sequence[float], *, level: float) -> Interval | None:
    if len(weeks) < 2:
        return None
    middle = fmean(weeks)
    variance = sum((one - middle) ** 2 for one in weeks) / (len(weeks) - 1)
    if variance <= TINY * middle**2:
        return None
    quantile = distributions.t_quantile((1 + level) / 2, len(weeks) - 1)
    half = quantile * math.sqrt(variance / len(weeks))
    return Interval(middle - half, middle + half)


def swings(weeks: Sequence[float], before: int, after: int, *, gap: int = 0) -> list[float]:
    """Each change of the past from so many weeks to so many that follow after the gap."""
    found = []
    for at in range(before, len(weeks) - gap - after + 1):
        first, then = fmean(weeks[at - before : at]), weeks[at + gap : at + gap + after]
        if first > TINY:
            found.append(fmean(then) / first - 1)
    return found


def _of_weeks(before: Sequence[float], after: Sequence[float], *, level: float) -> Interval | None:
    """The bounds if every week were a draw of its own; None where they are alike (`of_mean`)."""
    first, then = fmean(before), fmean(after)
    freedom = len(before) + len(after) - 2
    squares = sum((one - first) ** 2 for one in before) + sum((one - then) ** 2 for one in after)
    variance = squares / freedom
    if variance <= TINY * first**2:
        return None
    quantile = distributions.t_quantile((1 + level) / 2, freedom)
    return differences.fieller(
        first, then, variance / len(before), variance / len(after), quantile=quantile
    )


def _of_spans(swings: Sequence[float], spans: int, *, level: float) -> float:
    """How far it moves by itself: around nought, so that steady growth is no effect either."""
    if not swings:
        return 0.0
    spread = math.sqrt(fmean([one * one for one in swings]))
    return spread * distributions.t_quantile((1 + level) / 2, spans)


class Promise(StrEnum):
    """What became of one."""

    MET = "met"
    PARTLY = "partly"
    NOT = "not"
    UNCLEAR = "unclear"


def kept(expected: float, relative: float | None, interval: Interval | None) -> Promise:
    """Whether so much was moved as was promised; both are shares of the baseline.

    Met: at least so far, and not by chance. Partly: not by chance, and less far. Not: the bounds
    leave out what was promised. Cannot be told: they hold both what was promised and nothing.
    """
    if relative is None or interval is None or not expected:
        return Promise.UNCLEAR
    sign = math.copysign(1.0, expected)
    least, most = sorted((sign * interval.low, sign * interval.high))
    if least > 0:
        return Promise.MET if sign * relative >= abs(expected) else Promise.PARTLY
    return Promise.NOT if most < abs(expected) else Promise.UNCLEAR
