"""What precedents make one expect: a middle, and bounds that most of them lie within."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST = 10_000  # customers: a larger campaign is no better witness
LOW, HIGH = 0.1, 0.9  # the shares of the precedents' weight that lie below the bounds


@dataclass(frozen=True)
class Precedent:
    """A past campaign as a witness. Money in minor units; None is not known, never nothing."""

    size: int  # customers that the shares are of
    weight: float  # how alike, and how long ago
    purchased: int
    revenue: int
    redeemed: int | None = None
    lift: float | None = None  # against its control; None: there was none
    asleep: int | None = None  # had not been active for weeks before
    activated: int = 0  # of these, who became active
    followed: int | None = None  # was active, and looked at a week later
    stayed: int = 0  # of these, who was active again


@dataclass(frozen=True)
class Range:
    """A value and its bounds."""

    low: float
    middle: float
    high: float

    def times(self, factor: float) -> "Range":
        return Range(self.low * factor, self.middle * factor, self.high * factor)


@dataclass(frozen=True)
class Outlook:
    """What to expect of each customer. None: no precedent tells."""

    share: Range | None = None  # who does what it aims at
    revenue: Range | None = None  # minor units a customer
    redeemed: Range | None = None  # share of the coupons
    lift: Range | None = None  # who does it because of the campaign
    activated: Range | None = None  # share of those who are asleep
    stayed: Range | None = None  # share of those who were active, a week later


def of(precedents: Sequence[Precedent]) -> Outlook:
    """What they say together, each as much as its weight and size."""
    there = [one for one in precedents if one.size]
    return Outlook(
        share=_range((one.purchased / one.size, one.size, one) for one in there),
        revenue=_range((one.revenue / one.size, one.size, one) for one in there),
        redeemed=_range(
            (one.redeemed / one.size, one.size, one) for one in there if one.redeemed is not None
        ),
        lift=_range((one.lift, one.size, one) for one in there if one.lift is not None),
        activated=_range(
            (one.activated / one.asleep, one.asleep, one) for one in there if one.asleep
        ),
        stayed=_range(
            (one.stayed / one.followed, one.followed, one) for one in there if one.followed
        ),
    )


def _range(values: Iterable[tuple[float, int, Precedent]]) -> Range | None:
    told = sorted(
        ((value, one.weight * min(size, MOST)) for value, size, one in values),
        key=lambda pair: pair[0],
    )
    whole = sum(weight for _value, weight in told)
    if not whole:
        return None
    middle = sum(value * weight for value, weight in told) / whole
    return Range(min(_quantile(told, LOW), middle), middle, max(_quantile(told, HIGH), middle))


def _quantile(told: Sequence[tuple[float, float]], share: float) -> float:
    """The lowest value at which so much of the weight is reached."""
    wanted, reached = share * sum(weight for _value, weight in told), 0.0
    for value, weight in told:
        reached += weight
        if reached >= wanted:
            return value
    return told[-1][0]
