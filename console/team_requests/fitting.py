"""What a team can finish when: work in order of rank over its days. Numbers and dates only.

One person does one request, so it gets at most one day of work on a day.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from console import business_hours

A_DAY = Decimal(1)


@dataclass(frozen=True)
class Item:
    """Something to be done: how many days of work, and before what it goes."""

    id: int
    days: Decimal
    rank: tuple[int, ...]  # the smallest first
    promised_on: dt.date | None = None

    @property
    def order(self) -> tuple[tuple[int, ...], dt.date, int]:
        return self.rank, self.promised_on or dt.date.max, self.id


@dataclass
class Placed:
    """On which days an item gets work; without an end, where the days do not reach."""

    ends_on: dt.date | None = None
    by_day: dict[dt.date, Decimal] = field(default_factory=dict)


def capacity(
    on: dt.date, *, weeks: int, usual: Decimal, other: Mapping[dt.date, Decimal]
) -> dict[dt.date, Decimal]:
    """Days of work on each working day of so many weeks, beginning with the week of a day.

    A week's days are spread over its working days; what of the first week is over is gone.
    """
    first = monday(on)
    found: dict[dt.date, Decimal] = {}
    for number in range(weeks):
        start = first + dt.timedelta(weeks=number)
        days = [start + dt.timedelta(days=n) for n in range(7)]
        working = [day for day in days if business_hours.is_working_day(day)]
        for day in working:
            if day >= on:
                found[day] = other.get(start, usual) / len(working)
    return found


def place(items: Iterable[Item], capacity: Mapping[dt.date, Decimal]) -> dict[int, Placed]:
    """Give each day's work to the items by their rank, until each is done."""
    queue = sorted(items, key=lambda one: one.order)
    left = {one.id: one.days for one in queue}
    placed = {one.id: Placed() for one in queue}
    for day in sorted(capacity):
        room, reached = capacity[day], 0
        for one in queue:
            if room <= 0:
                break
            piece = min(room, A_DAY, left[one.id])
            placed[one.id].by_day[day] = piece
            room -= piece
            left[one.id] -= piece
            reached += 1
            if left[one.id] <= 0:
                placed[one.id].ends_on = day
        # Only these can be done by now; a team may have thousands behind them.
        queue = [one for one in queue[:reached] if left[one.id] > 0] + queue[reached:]
    return placed


def pushed_out(
    others: Iterable[Item], newcomer: Item, capacity: Mapping[dt.date, Decimal]
) -> dict[int, dt.date]:
    """The day on which each of the others would end that fits no more by its promise because
    the newcomer comes in; the last day there is, where it would be later still."""
    others = list(others)
    before, after = place(others, capacity), place([*others, newcomer], capacity)
    last = max(capacity, default=dt.date.max)
    found: dict[int, dt.date] = {}
    for one in others:
        was, now = before[one.id].ends_on or dt.date.max, after[one.id].ends_on or dt.date.max
        if one.promised_on is not None and now > max(was, one.promised_on):
            found[one.id] = min(now, last)
    return found


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())
