"""Lines of a quote: how many times, how much each, and what that assumes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any, Literal

from campaigns.plans.exposure import Share

What = Literal["message", "second", "coupon", "task"]
WITHOUT_PRECEDENT = Share(0.0, 0.5, 1.0)  # of coupons redeemed, when nobody knows better


@dataclass(frozen=True)
class Count:
    """A number of things: at least, about, and at most.

    About is no whole number where nobody knows who goes which way: of one customer before two ways
    half stands on each, so that what is told of the ways comes to the whole.
    """

    low: int
    middle: float
    high: int


@dataclass(frozen=True)
class Order:
    """What an order of the past came to in minor units.

    Where nobody counted the orders it is what a buyer spent: as much, or more.
    """

    minor: int
    by: Literal["orders", "buyers"]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> "Order | None":
        """Of all orders of past campaigns together, as evidence keeps them.

        Where as much came back as was paid, nothing tells it: a share off would cost nothing.
        """
        counted = [one for one in rows if one.get("orders") is not None]
        if many := sum(one["orders"] for one in counted):
            found = cls(round(sum(one["revenue_minor"] for one in counted) / many), "orders")
            return found if found.minor > 0 else None
        others = [one for one in rows if one.get("orders") is None]
        if many := sum(one["purchased"] for one in others):
            found = cls(round(sum(one["revenue_minor"] for one in others) / many), "buyers")
            return found if found.minor > 0 else None
        return None


@dataclass(frozen=True)
class Line:
    """So many of one thing; `each` in minor units, with parts of one, and `most` at the worst."""

    what: What
    step: str
    name: str
    count: Count
    each: Decimal
    rate: Share | None = None  # the share of them that costs anything, such as redeemed coupons
    most: Decimal | None = None  # None: as usual
    is_seen: bool = True  # whether the rate was seen in the past; else it is only assumed
    order: Order | None = None  # by which a share off is priced

    @property
    def cost(self) -> Count:
        rate = self.rate or Share(1, 1, 1)
        return Count(
            _minor(self.count.low * rate.low, self.each),
            _minor(self.count.middle * rate.middle, self.each),
            _minor(self.count.high * rate.high, self.most_each, ROUND_CEILING),
        )

    @property
    def most_each(self) -> Decimal:
        return self.each if self.most is None else self.most

    def as_json(self) -> dict[str, Any]:
        cost, count, rate = self.cost, self.count, self.rate
        return {
            "what": self.what,
            "step": self.step,
            "name": self.name,
            "count": [count.low, count.middle, count.high],
            "each": str(self.each),
            "most_each": str(self.most_each),
            "rate": None if rate is None else [rate.low, rate.middle, rate.high],
            "is_seen": self.is_seen,
            "order": self.order and asdict(self.order),
            "cost_minor": [cost.low, cost.middle, cost.high],
        }


def times(size: int, share: Share) -> Count:
    """So many of this many customers, whom chance will divide: bounds that it hardly ever leaves.

    Four standard deviations of a binomial: of 30,000 times, once more than that come.
    """
    return Count(
        max(0, math.floor(size * share.low - _astray(size, share.low))),
        about(size, share.middle),
        min(size, math.ceil(size * share.high + _astray(size, share.high))),
    )


def about(size: int, share: float) -> float:
    """So many of them are expected."""
    found = round(float(size * share), 2)
    return int(found) if found.is_integer() else found


def _astray(size: int, share: float) -> float:
    return 4 * math.sqrt(size * share * (1 - share)) if 0 < share < 1 else 0.0


def total(lines: Iterable[Line]) -> Count:
    """What they cost together, in minor units."""
    costs: Sequence[Count] = [line.cost for line in lines]
    return Count(
        sum(one.low for one in costs),
        sum(one.middle for one in costs),
        sum(one.high for one in costs),
    )


def _minor(count: float, each: Decimal, rounding: str = ROUND_HALF_UP) -> int:
    return int((Decimal(str(count)) * each).quantize(Decimal(1), rounding))
