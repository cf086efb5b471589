"""Whether a day stands out against the same weekdays before it.

The middle and the spread are the median and the median absolute deviation, which a promotion or
an outage among the days before does not move. The score is that of Iglewicz and Hoaglin (1993),
How to detect and handle outliers, who call 3.5 and more an outlier.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

WEEKS = 8
LEAST = 4  # with fewer weekdays nobody knows what is usual
OUTLIER = 3.5
SCALE = 1.4826  # of a normal distribution the deviation is so many times the median one
LEAST_SPREAD = 0.01  # of the middle: a number that never moves may move by a hair


@dataclass(frozen=True)
class Usual:
    """What a day would usually come to, and how far it usually is from that."""

    middle: float
    spread: float

    def score(self, value: float) -> float:
        """How many usual deviations away; below the middle it is negative."""
        return (value - self.middle) / self.spread if self.spread else _away(value - self.middle)

    @property
    def bounds(self) -> tuple[float, float]:
        return self.middle - OUTLIER * self.spread, self.middle + OUTLIER * self.spread


def usual(same_weekdays: Sequence[float], *, is_count: bool = False) -> Usual | None:
    """From the same weekdays before; None with too few of them.

    A count cannot be steadier than chance: its spread is at least the root of its middle.
    """
    if len(same_weekdays) < LEAST:
        return None
    middle = median(same_weekdays)
    spread = SCALE * median(abs(value - middle) for value in same_weekdays)
    least = max(abs(middle) * LEAST_SPREAD, math.sqrt(abs(middle)) if is_count else 0.0)
    return Usual(middle, max(spread, least))


def _away(difference: float) -> float:
    return math.copysign(math.inf, difference) if difference else 0.0
