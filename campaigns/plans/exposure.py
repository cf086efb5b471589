"""How many of those who come in get to each step: at least, about, and at most."""

from dataclasses import dataclass

from campaigns.plans import nodes
from campaigns.plans.nodes import Branch, Exit, Plan, Split, Step

HALF = 0.5  # of those before a branch: nobody knows yet for whom it holds


@dataclass(frozen=True)
class Share:
    """A share of those who come in, 0 to 1, and its bounds."""

    low: float
    middle: float
    high: float

    def times(self, low: float, middle: float, high: float) -> "Share":
        return Share(self.low * low, self.middle * middle, self.high * high)

    def __add__(self, other: "Share") -> "Share":
        return Share(self.low + other.low, self.middle + other.middle, self.high + other.high)


EVERYBODY, NOBODY = Share(1, 1, 1), Share(0, 0, 0)


def of(plan: Plan) -> dict[str, Share]:
    """The share that gets to each step, by the step's key; goals and opt-outs are not known."""
    found: dict[str, Share] = {}
    _walk(plan.steps, EVERYBODY, found)
    return found


def _walk(steps: tuple[Step, ...], share: Share, found: dict[str, Share]) -> Share:
    """Note who gets to these steps; the share that goes on behind them."""
    for step in steps:
        found[step.key] = share
        match step:
            case Exit():
                return NOBODY
            case Split():
                whole = sum(arm.weight for arm in step.arms)
                parts = [arm.weight / whole for arm in step.arms]
                ends = [
                    _walk(arm.steps, share.times(part, part, part), found)
                    for arm, part in zip(step.arms, parts, strict=True)
                ]
                share = sum(ends, NOBODY)
            case Branch():
                share = _branch(step, share, found)
    return share


def _branch(step: Branch, share: Share, found: dict[str, Share]) -> Share:
    """Anybody from nobody to everybody may go one way; whoever does not goes the other.

    That a message never left is the exception: nobody is expected there.
    """
    ways = nodes.ways(step)
    middles = (HALF, HALF, 0)
    ends = [
        _walk(way, share.times(0, middle, 1), found)
        for way, middle in zip(ways, middles, strict=False)
    ]
    stay = [_walk(way, EVERYBODY, {}) for way in ways]  # of those who go this way
    return Share(
        share.low * min(one.low for one in stay),
        sum(one.middle for one in ends),
        share.high * max(one.high for one in stay),
    )
