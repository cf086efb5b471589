"""Which money would bring more elsewhere: from the lowest marginal return to the highest.

At the best division of a budget one more unit brings the same everywhere [1], so money goes from
where it brings least to where it brings most, in small steps: at most a fifth of what the source
spent at a time, and never so much that campaigns become much larger than any that was measured.
What a move brings is told with bounds; one is proposed only if it gains with great probability.

[1] Dorfman, Steiner (1954), Optimal advertising and optimal quality, American Economic Review 44,
    826-836.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.stats.response import Estimate, Response, Trial

MOST_AT_A_TIME = 0.2  # of what the source spent
BEYOND = 1.25  # times the largest campaign that was measured there
STEPS = (0.05, 0.1, 0.15, 0.2)
SURE = 0.9
LEAST_TRIALS = 2  # of a group, before money is moved because of it
MOST_MOVES = 3


@dataclass(frozen=True)
class Standing:
    """What a group's campaigns spent and caused, and what one more unit would bring there."""

    group: str
    trials: int
    runs: int  # how many of them a move is for: all of its campaigns, or one month
    spend: int  # of all its campaigns
    largest: int
    average: float  # the spend of one
    caused: float
    marginal: Estimate
    drawn: float  # how much of that comes from other groups

    @property
    def is_thin(self) -> bool:
        """Whether it says more of the others than of itself."""
        return self.trials < LEAST_TRIALS or self.drawn > 0.5


@dataclass(frozen=True)
class Move:
    """An amount from one group to another, and the revenue that this would gain."""

    source: str
    target: str
    amount: int
    gain: Estimate


def standings(
    response: Response, trials: Sequence[Trial], *, runs: int | None = None
) -> list[Standing]:
    """Every group, the highest marginal return first; a move is for all trials, or for `runs`."""
    groups: dict[str, list[Trial]] = {}
    for one in trials:
        if one.is_usable:
            groups.setdefault(one.group, []).append(one)
    found = [_standing(response, group, mine, runs or len(mine)) for group, mine in groups.items()]
    return sorted(found, key=lambda one: one.marginal.middle, reverse=True)


def _standing(response: Response, group: str, mine: Sequence[Trial], runs: int) -> Standing:
    spend = sum(one.spend for one in mine)
    average = spend / len(mine)
    return Standing(
        group,
        len(mine),
        runs,
        spend,
        max(one.spend for one in mine),
        average,
        math.fsum(one.caused for one in mine),
        response.marginal(group, average),
        response.drawn(group),
    )


def moves(response: Response, found: Sequence[Standing]) -> list[Move]:
    """What would gain for almost certain, the largest gain first; no group is in two of them."""
    possible = [
        move
        for target in found
        for source in found
        if source.marginal.middle < target.marginal.middle
        and min(source.trials, target.trials) >= LEAST_TRIALS
        and (move := best(response, source, target)) is not None
    ]
    chosen, used = list[Move](), set[str]()
    for move in sorted(possible, key=lambda one: one.gain.middle, reverse=True):
        if not used & {move.source, move.target} and len(chosen) < MOST_MOVES:
            chosen.append(move)
            used |= {move.source, move.target}
    return chosen


def best(response: Response, source: Standing, target: Standing) -> Move | None:
    """The amount that gains most, of those that gain for almost certain."""
    room = (target.largest * BEYOND - target.average) * target.runs
    amounts = {round_down(min(source.average * source.runs * step, room)) for step in STEPS}
    tried = [
        Move(source.group, target.group, amount, gain(response, source, target, amount))
        for amount in sorted(amounts)
        if amount > 0
    ]
    sure = [move for move in tried if move.gain.sure >= SURE and move.gain.middle > 0]
    return max(sure, key=lambda move: move.gain.middle, default=None)


def gain(response: Response, source: Standing, target: Standing, amount: float) -> Estimate:
    """What the target's campaigns cause more, less what the source's cause less.

    Each has as many campaigns as before; they become larger, or smaller.
    """

    def factors(exponent: float) -> Mapping[str, float]:
        return {
            one.group: one.runs
            * (
                _reach(response, one.average + change / one.runs, exponent)
                - _reach(response, one.average, exponent)
            )
            for one, change in ((source, -amount), (target, amount))
        }

    return response.of(factors)


def _reach(response: Response, spend: float, exponent: float) -> float:
    return float((max(0.0, spend) / response.scale) ** exponent)


def round_down(amount: float) -> int:
    """To two digits: nobody knows it better."""
    if amount < 1:
        return 0
    step = 10 ** max(0, math.floor(math.log10(amount)) - 1)
    return int(amount // step * step)
