"""Adds up orders day by day into histories of buying, and into what cohorts spent by month.

Numbers of customers are places in arrays; of a day each customer comes once. Days are numbers
since 1970, in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from metrics.stats.lifetime import histories
from metrics.stats.lifetime.histories import Array, Histories

NEVER = -1


@dataclass
class Ledger:
    """What everybody bought up to a day, as it is added up."""

    length: int
    first: Array = field(init=False)  # days
    last: Array = field(init=False)
    times: Array = field(init=False)  # days with an order
    before: Array = field(init=False)  # amount of the first of them
    total: Array = field(init=False)

    def __post_init__(self) -> None:
        self.first, self.last = (np.full(self.length, NEVER, np.int32) for _ in range(2))
        self.times = np.zeros(self.length, np.int32)
        self.before, self.total = (np.zeros(self.length, np.int64) for _ in range(2))

    def add(self, day: int, who: Array, bought: Array, amount: Array) -> int:
        """A day's customers; who only had something paid back did not buy, but spent less.

        Tells how many bought who had done so before.
        """
        buyers, paid = who[bought], amount[bought]
        fresh = self.first[buyers] == NEVER
        self.first[buyers[fresh]] = day
        self.before[buyers[fresh]] = paid[fresh]
        self.last[buyers] = day
        self.times[buyers] += 1
        self.total[who] += amount
        return len(buyers) - int(np.count_nonzero(fresh))

    def copy(self) -> "Ledger":
        """As it stands now; what is added later does not change it."""
        found = Ledger(0)
        found.length = self.length
        for name in ("first", "last", "times", "before", "total"):
            setattr(found, name, getattr(self, name).copy())
        return found

    def buyers(self, living: Array) -> Array:
        """Who of those that are there ordered at all."""
        return np.flatnonzero((self.times > 0) & living[: self.length])

    def histories(self, who: Array, today: int) -> Histories:
        """Their histories at the end of a day."""
        return histories.made(
            self.times[who] - 1, self.last[who] - self.first[who], today - self.first[who]
        )

    def spent_again(self, who: Array) -> Array:
        """What their orders after the first day came to, less what was paid back."""
        return self.total[who] - self.before[who]


@dataclass
class After:
    """What everybody bought in the days after one, by which a model is tried."""

    since: int  # the last day that the model knew
    days: int
    length: int
    next: Array = field(init=False)  # days until the next order
    times: Array = field(init=False)
    total: Array = field(init=False)

    def __post_init__(self) -> None:
        self.next = np.full(self.length, NEVER, np.int32)
        self.times = np.zeros(self.length, np.int32)
        self.total = np.zeros(self.length, np.int64)

    def add(self, day: int, who: Array, bought: Array, amount: Array) -> None:
        if not self.since < day <= self.since + self.days:
            return
        buyers = who[bought]
        fresh = buyers[self.next[buyers] == NEVER]
        self.next[fresh] = day - self.since
        self.times[buyers] += 1
        self.total[who] += amount

    def silent(self, who: Array, days: int) -> Array:
        """Who ordered nothing in the first so many of the days."""
        came = (self.next[who] != NEVER) & (self.next[who] <= days)
        return ~came


class Cohorts:
    """What the customers of each month of first order spent, month by month since; of each of
    some parts of the customers apart, if there are any."""

    def __init__(
        self,
        length: int,
        first_month: int,
        last_month: int,
        parts: Array | None = None,
        names: Sequence[str] = ("",),
    ) -> None:
        self.first_month, self.months = first_month, last_month - first_month + 1
        self.names = names
        self.part = np.zeros(length, np.int64) if parts is None else parts
        self.of = np.full(length, NEVER, np.int16)
        self.spent = np.zeros((len(names), self.months, self.months), np.int64)  # months later

    def add(self, month: int, who: Array, bought: Array, amount: Array) -> None:
        """A day's customers; `month` is the year times twelve and the month."""
        place = month - self.first_month
        buyers = who[bought]
        self.of[buyers[self.of[buyers] == NEVER]] = place
        has = self.of[who] != NEVER
        who, amount = who[has], amount[has]
        cohort = self.of[who].astype(np.int64)
        np.add.at(self.spent, (self.part[who], cohort, place - cohort), amount)

    def sizes(self, living: Array) -> Array:
        """Customers of each part and cohort that are there."""
        mine = np.flatnonzero(living[: len(self.of)] & (self.of != NEVER))
        found = np.zeros((len(self.names), self.months), np.int64)
        np.add.at(found, (self.part[mine], self.of[mine].astype(np.int64)), 1)
        return found
