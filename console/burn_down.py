"""What the ledger of a budget comes to: day by day, by thing, and whether it adds up."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Sum

from console.models import Budget, BudgetEntry, Reservation
from console.models.budget import BALANCES

PACE_DAYS = 14


@dataclass(frozen=True)
class BurnDown:
    """A budget at the end of each day: what was not reserved, and what was not spent."""

    days: Sequence[dt.date]
    available: Sequence[int]
    unspent: Sequence[int]
    even: Sequence[int]  # what would be unspent if all went evenly over the period
    ends_on: dt.date | None  # at the pace of the last days; None: not within the period


def burn_down(budget: Budget, *, today: dt.date) -> BurnDown:
    """From the first day or movement to today, or to the end of the period if that is over."""
    moved = _by_day(budget)
    first = min([budget.since, *moved])
    last = max([min(today, budget.until), first, *moved])
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    available, unspent, left, rest = [], [], 0, 0
    for day in days:
        one = moved.get(day, dict.fromkeys(BALANCES, 0))
        left += one["available_minor"]
        rest += sum(one.values()) - one["spent_minor"]
        available.append(left)
        unspent.append(rest)
    return BurnDown(
        days=days,
        available=available,
        unspent=unspent,
        even=[_evenly(budget, day) for day in days],
        ends_on=_ends_on(budget, moved, today),
    )


def wrong(budget: Budget) -> list[str]:
    """Where the kept balances are not what the ledger comes to; empty, as it always should be."""
    sums = {f"sum_{name}": Sum(name) for name in BALANCES}
    moved = BudgetEntry.objects.filter(budget=budget).order_by()
    rows = moved.values_list("reservation").annotate(**sums)
    by_thing = {thing: dict(zip(sums, came, strict=True)) for thing, *came in rows}
    return _differences(budget, BALANCES, moved.aggregate(**sums)) + [
        words
        for held in Reservation.objects.filter(budget=budget)
        for words in _differences(held, BALANCES[1:], by_thing.get(held.pk, {}))
    ]


def _differences(
    kept: Budget | Reservation, names: Sequence[str], sums: Mapping[str, int | None]
) -> list[str]:
    pairs = [(name, getattr(kept, name), sums.get(f"sum_{name}") or 0) for name in names]
    who = f"{type(kept).__name__} {kept.pk}"
    return [f"{who} {name}: {had} ≠ {sum_}" for name, had, sum_ in pairs if had != sum_]


def _by_day(budget: Budget) -> dict[dt.date, dict[str, int]]:
    rows = BudgetEntry.objects.filter(budget=budget).order_by().values_list("on")
    sums = rows.annotate(**{f"sum_{name}": Sum(name) for name in BALANCES})
    return {day: dict(zip(BALANCES, moved, strict=True)) for day, *moved in sums}


def _evenly(budget: Budget, day: dt.date) -> int:
    whole = (budget.until - budget.since).days + 1
    gone = min(max((day - budget.since).days + 1, 0), whole)
    return budget.total_minor - budget.total_minor * gone // whole


def _ends_on(
    budget: Budget, moved: dict[dt.date, dict[str, int]], today: dt.date
) -> dt.date | None:
    since = max(today - dt.timedelta(days=PACE_DAYS - 1), budget.since)
    spent = sum(one["spent_minor"] for day, one in moved.items() if since <= day <= today)
    days = (today - since).days + 1
    if spent <= 0 or days <= 0:
        return None
    left = budget.unspent_minor * days // spent
    if left > (budget.until - today).days:
        return None
    return today + dt.timedelta(days=left)
