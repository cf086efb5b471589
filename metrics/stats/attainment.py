"""Goals against what was reached: attainment, pace, a plain forecast, and the light.

The forecast is plain on purpose: every remaining day is taken to come to the average of its
weekday over the last weeks. It knows no trend and no holiday.
"""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from metrics.stats.differences import wilson
from metrics.stats.samples import Proportion

NEAR = Decimal("0.9")  # of the target: not reached, and not far from it
WEEKS = 8
LEAST_DAYS = 14  # of which weekdays can be told apart

DAY = dt.timedelta(days=1)
GOOD, WARN, BAD, UNKNOWN = "good", "warn", "bad", ""


@dataclass(frozen=True)
class Attained:
    """What was reached of a target."""

    actual: Decimal | None
    target: Decimal
    is_less_better: bool = False

    @property
    def share(self) -> Decimal | None:
        """Actual by target, also where less is better: then below 100% is good."""
        return None if self.actual is None or not self.target else self.actual / self.target

    @property
    def is_met(self) -> bool | None:
        if self.actual is None:
            return None
        return self.actual <= self.target if self.is_less_better else self.actual >= self.target

    @property
    def ahead(self) -> Decimal | None:
        """By which share of the target it is better (positive) or worse than that."""
        if self.share is None:
            return None
        return 1 - self.share if self.is_less_better else self.share - 1

    @property
    def light(self) -> str:
        """Good when it is met, a warning when it is near, else bad."""
        if self.ahead is None:
            return UNKNOWN
        if self.ahead >= 0:
            return GOOD
        return WARN if self.ahead >= NEAR - 1 else BAD


def expectations(
    known: Mapping[dt.date, Decimal], last: dt.date
) -> Callable[[dt.date], Decimal | None]:
    """What a day to come is taken to come to: its weekday's average over the last weeks that end
    with `last`; of a short past the average of all its days."""
    since = last - DAY * (7 * WEEKS - 1)
    recent = {day: value for day, value in known.items() if since <= day <= last}
    average = sum(recent.values(), Decimal(0)) / len(recent) if recent else None
    by_weekday: dict[int, list[Decimal]] = defaultdict(list)
    if len(recent) >= LEAST_DAYS:
        for day, value in recent.items():
            by_weekday[day.weekday()].append(value)
    averages = {weekday: sum(some, Decimal(0)) / len(some) for weekday, some in by_weekday.items()}
    return lambda day: averages.get(day.weekday(), average)


def days(since: dt.date, until: dt.date) -> list[dt.date]:
    return [since + DAY * number for number in range((until - since).days + 1)]


def completed(
    known: Mapping[dt.date, Decimal], since: dt.date, until: dt.date, last: dt.date
) -> Decimal | None:
    """The sum of all days of a period: what is known, and what the days after `last` are taken
    to come to. None where nothing is known to go by."""
    expect = expectations(known, last)
    total = sum((value for day, value in known.items() if since <= day <= min(until, last)),
                Decimal(0))  # fmt: skip
    for day in days(max(since, last + DAY), until):
        value = expect(day)
        if value is None:
            return None
        total += value
    return total


def due(known: Mapping[dt.date, Decimal], since: dt.date, until: dt.date, last: dt.date) -> Decimal:
    """Which share of a period's sum is due by `last`: the days that passed, weighed as their
    weekdays usually weigh."""
    expect = expectations(known, min(last, until))
    weights = {day: expect(day) or Decimal(0) for day in days(since, until)}
    whole = sum(weights.values(), Decimal(0))
    if whole <= 0:
        weights = dict.fromkeys(weights, Decimal(1))
        whole = Decimal(len(weights))
    return sum((one for day, one in weights.items() if day <= last), Decimal(0)) / whole


def scored(value: Decimal | None, good: Decimal, bad: Decimal) -> Decimal | None:
    """0 to 1: fully at `good`, not at all at `bad`, in between in proportion."""
    if value is None:
        return None
    return min(Decimal(1), max(Decimal(0), (value - bad) / (good - bad)))


def is_thin(seen: tuple[int, int] | None, good: Decimal, bad: Decimal) -> bool:
    """Whether a share of too few cases says nothing: its interval (Wilson, 95 %) is wider than it
    is from bad to good, and its ends have different scores."""
    if seen is None or not 0 <= seen[0] <= seen[1] or not seen[1]:
        return False
    bounds = wilson(Proportion(seen[1], seen[0]))
    if bounds is None or bounds.high - bounds.low <= abs(good - bad):
        return False
    low, high = (scored(Decimal(repr(end)), good, bad) for end in (bounds.low, bounds.high))
    return low != high


def enough(seen: tuple[int, int], good: Decimal, bad: Decimal) -> int:
    """Of how many cases the same share would have an interval no wider than from bad to good:
    the width of Wilson's, solved for their number."""
    z2, part, gap2 = 1.959964**2, seen[0] / seen[1], float(good - bad) ** 2
    half = z2 * (2 * part * (1 - part) - gap2)
    return math.ceil((half + math.sqrt(half**2 + gap2 * z2**2 * (1 - gap2))) / gap2)


def weighed(scores: Sequence[tuple[Decimal | None, int]]) -> Decimal | None:
    """0 to 100: the average by weight of those that are known; None without any."""
    some = [(score, weight) for score, weight in scores if score is not None and weight]
    whole = sum(weight for _score, weight in some)
    if not whole:
        return None
    return 100 * sum((score * weight for score, weight in some), Decimal(0)) / whole
