"""Everybody's orders read in one pass: histories, what came after a cut, and cohorts by month."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from console import jobs
from metrics.queries import order_days
from metrics.stats.lifetime.ledger import After, Cohorts, Ledger
from metrics.stats.lifetime.report import Past
from segments import history, sheet, traits
from segments.arrays import Array

HOLDOUTS = (90, 60, 30)  # days kept from the model to try it on,
TIMES = 3  # if there are so many times as many in all
MOST_PARTS = 7
OTHERS = ""


@dataclass(frozen=True)
class Parts:
    """Customers apart by the words of a trait, the most frequent first; the rest together."""

    of: Array
    names: tuple[str, ...]


def parts(trait: str, length: int) -> Parts | None:
    """Nothing where the trait has no values."""
    column = sheet.read(trait).get(trait) if trait else None
    if column is None or not column.words:
        return None
    codes = np.full(length, -1, np.int64)
    inside = min(length, len(column.values))
    codes[:inside] = column.values[:inside]
    counts = np.bincount(codes[codes >= 0], minlength=len(column.words))
    best = [one for one in np.argsort(-counts, kind="stable")[:MOST_PARTS] if counts[one]]
    place = np.full(len(column.words) + 1, len(best), np.int64)  # the last for who has no word
    place[best] = np.arange(len(best))
    names = (*(column.words[one] for one in best), OTHERS)
    return Parts(place[np.where(codes < 0, len(column.words), codes)], names)


def read(
    events: Sequence[str],
    *,
    until: dt.date,
    length: int,
    apart: Parts | None = None,
    tell: jobs.Progress = jobs.silent,
) -> Past | None:
    """The orders of customers with a number below `length`; nothing where there are none."""
    begin, today = history.first_day(), number(until)
    if begin is None or begin > until:
        return None
    all_days = today - number(begin) + 1
    holdout = next((days for days in HOLDOUTS if all_days >= TIMES * days), 0)
    cut = today - holdout
    ledger, then = Ledger(length), None
    after = After(cut, holdout, length)
    cohorts = Cohorts(
        length, month(begin), month(until), *((apart.of, apart.names) if apart else ())
    )
    again: dict[int, int] = {}
    for one in order_days.each(events, until=until):
        day, inside = number(one.day), one.who < length
        who, bought, amount = one.who[inside], one.bought[inside], one.amount[inside]
        if day > cut and then is None:
            then = ledger.copy()
        again[day] = ledger.add(day, who, bought, amount)
        after.add(day, who, bought, amount)
        cohorts.add(month(one.day), who, bought, amount)
        tell(day - number(begin), all_days)
    if not again:
        return None
    since = min(again)
    by_day = np.zeros(today - since + 1)
    by_day[np.array([*again]) - since] = [*again.values()]
    found = Past(ledger, today, since, by_day, cohorts)
    if not holdout:
        return found
    return replace(found, then=then or ledger.copy(), after=after)


def number(day: dt.date) -> int:
    """A day as columns have it."""
    return (day - traits.EPOCH).days


def month(day: dt.date) -> int:
    """Months since the year nought."""
    return day.year * 12 + day.month - 1
