"""Who ordered on each day and for how much, day by day; and when contracts began and ended."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from segments import history
from segments.arrays import EPOCH, Array
from segments.lake import operations

DAYS_AT_A_TIME = 28  # of which the answers are held in memory
MOST = 10**15  # minor units of a day: what is more is a slip, and would drown all others


@dataclass(frozen=True)
class Day:
    """The customers of a day, each once."""

    day: dt.date
    who: Array
    bought: Array  # whether there was an order; otherwise something was only paid back
    amount: Array  # in minor units


def each(events: Sequence[str], *, until: dt.date) -> Iterator[Day]:
    """Every day with any of the events, which are orders, in order. Orders of a customer's day
    are one; an event below nothing is money that was paid back."""
    day = history.first_day()
    if not events or day is None:
        return
    with history.opened() as lake:
        while day <= until:
            last = min(day + dt.timedelta(days=DAYS_AT_A_TIME - 1), until)
            happened = lake.events(day, last)
            done = happened.filter(happened.event.isin(events))
            whole = done.amount.isnull() | (done.amount >= 0)
            sums = done.group_by(["day", "customer"]).agg(
                orders=done.count(where=whole), amount=operations.total(done.amount)
            )
            table = lake.ask(sums.order_by(["day", "customer"]))
            yield from _days(*(table[name].to_numpy() for name in table.column_names))
            day = last + dt.timedelta(days=1)


def _days(day: Array, who: Array, orders: Array, amount: Array) -> Iterator[Day]:
    numbers = day.astype("datetime64[D]")
    ends = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    amount = np.clip(amount, -MOST, MOST).astype(np.int64)
    for start, end in zip([0, *ends], [*ends, len(numbers)], strict=True):
        if start < end:
            rows = slice(start, end)
            on = numbers[start].astype(dt.date)
            yield Day(on, who[rows].astype(np.int64), orders[rows] > 0, amount[rows])


@dataclass(frozen=True)
class Contracts:
    """How long each contract ran in whole days, and whether it has ended."""

    lengths: Array
    has_ended: Array


def contracts(start: str, end: str, *, until: dt.date) -> Contracts:
    """Every contract from its start to the next end of the same customer, or to today."""
    with history.opened() as lake:
        happened = lake.events(until=until)
        marks = happened.filter(happened.event.isin([start, end]))
        marks = marks.mutate(begins=(marks.event == start).cast("int8"))
        chosen = marks.select("customer", "day", "time", "begins")
        # Who ends a contract and begins the next in one moment has one.
        table = lake.ask(chosen.order_by(["customer", "time", "begins", "day"]))
    who, day = table["customer"].to_numpy(), table["day"].to_numpy().astype("datetime64[D]")
    begins = table["begins"].to_numpy().astype(bool)
    today = int((np.datetime64(until) - EPOCH).astype(int))
    return _pair(who, (day - EPOCH).astype(np.int64), begins, today)


def _pair(who: Array, day: Array, begins: Array, today: int) -> Contracts:
    """A start while a contract runs, and an end while none does, say nothing new."""
    before = np.zeros(len(who), bool)  # whether one ran before this mark
    before[1:] = begins[:-1] & (who[1:] == who[:-1])
    starts = np.flatnonzero(begins & ~before)
    ends = np.flatnonzero(~begins & before)
    # Starts and ends of a customer take turns, so that the next end is the contract's own.
    places = np.searchsorted(ends, starts)
    inside = np.minimum(places, max(len(ends) - 1, 0))
    has_ended = np.zeros(len(starts), bool)
    over = np.full(len(starts), today)
    if len(ends):
        has_ended = (places < len(ends)) & (who[ends[inside]] == who[starts])
        over = np.where(has_ended, day[ends[inside]], today)
    return Contracts(over - day[starts], has_ended)
