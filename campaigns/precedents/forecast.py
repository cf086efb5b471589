"""What was expected of a campaign beside what came, line by line."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

What = Literal[
    "reach", "share", "lift", "activated", "stayed", "redeemed", "revenue", "cost", "each", "roi"
]
Verdict = Literal["below", "inside", "above", "open"]
WHAT: tuple[What, ...] = (
    *("reach", "share", "lift", "activated", "stayed", "redeemed"),
    *("revenue", "cost", "each", "roi"),
)
# Of these less is better.
DEAR: frozenset[What] = frozenset({"cost", "each"})
ALMOST = 1e-9
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Line:
    """One expectation with its bounds, and what came. None: nobody expected, or nobody knows.

    Shares are from 0 to 1, money in minor units; `revenue` and `each` are of one customer.
    """

    what: What
    low: float | None
    middle: float | None
    high: float | None
    came: float | None
    came_low: float | None = None
    came_high: float | None = None

    @property
    def verdict(self) -> Verdict:
        """Where it came to lie; open where it is not known, or nothing bounded it.

        Of what came with bounds of its own, the nearer one decides: chance alone made the rest.
        """
        if self.came is None or (self.low is None and self.high is None):
            return "open"
        most = self.came if self.came_high is None else self.came_high
        least = self.came if self.came_low is None else self.came_low
        if self.low is not None and most < self.low - _slack(self.low):
            return "below"
        if self.high is not None and least > self.high + _slack(self.high):
            return "above"
        return "inside"

    @property
    def ratio(self) -> float | None:
        """What came as a share of what was expected."""
        if self.came is None or not self.middle or self.middle < 0:
            return None
        return self.came / self.middle

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def bounds(count: int, n: int) -> tuple[float, float]:
    """The 95 % bounds of a share (Wilson 1927, Probable inference, JASA 22, 209-212)."""
    middle = (count + Z95**2 / 2) / (n + Z95**2)
    half = Z95 / (n + Z95**2) * math.sqrt(count * (n - count) / n + Z95**2 / 4)
    return middle - half, middle + half


def _slack(bound: float) -> float:
    return ALMOST * max(1.0, abs(bound))


def lines(
    expected: Mapping[str, Mapping[str, float] | None], came: Mapping[str, float | None]
) -> list[Line]:
    """Each thing that was expected or came; `expected` has low, middle and high of each.

    A thing that came with bounds has them as `<what>_low` and `<what>_high`.
    """
    return list(_lines(expected, came))


def _lines(
    expected: Mapping[str, Mapping[str, float] | None], came: Mapping[str, float | None]
) -> Iterator[Line]:
    for what in WHAT:
        bounds, found = expected.get(what) or {}, came.get(what)
        if bounds or found is not None:
            yield Line(
                what,
                bounds.get("low"),
                bounds.get("middle"),
                bounds.get("high"),
                found,
                came.get(f"{what}_low"),
                came.get(f"{what}_high"),
            )


def read(kept: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Lines that were kept as JSON."""
    return [Line(**one) for one in kept]
