"""What a month's spend on a channel of acquisition brought, by what its customers paid at first.

No control stands beside it: who came by a channel might have come without it. What is told
is attribution by the first touch, and the screens that use it say so.
"""

import datetime as dt
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import Sum
from django.db.models.functions import TruncMonth

from campaigns.precedents import likeness
from metrics.models import Channel, Payback, Spend
from metrics.stats import response
from metrics.stats.response import Trial
from segments import traits
from segments.arrays import known

if TYPE_CHECKING:
    from segments.arrays import Array

WINDOW = 90  # days since they came, in which what a customer pays counts
DAYS = 730  # how long ago a month may be that still says something
MONTH = "%Y-%m"
Sums = dict[str, list[float]]  # customers, revenue, and the sum of its squares; by channel


def sums(
    on: "Array", codes: "Array", paid: "Array", words: list[str], *, since: dt.date, last: dt.date
) -> dict[str, Sums]:
    """By month: of each channel the customers who came, and what they paid in their window.

    Whole months whose customers all have the window behind them. The month in which the history
    begins is none of them: whoever had come before would seem to have come then.

    Args:
        on: by customer the day on which they came, in days since 1970.
        codes: by customer the place of their channel in `words`; another one: not known.
        paid: by customer what they paid within the window, in minor units.
    """
    found: dict[str, Sums] = {}
    first = _next(since)
    while (after := _next(first)) + dt.timedelta(days=WINDOW) <= last + dt.timedelta(days=1):
        came = known(on) & (on >= _number(first)) & (on < _number(after))
        mine, amounts = codes[came], paid[came].astype(float)
        columns = [
            np.bincount(mine, weights, len(words) + 1)
            for weights in (np.ones(len(mine)), amounts, amounts**2)
        ]
        found[first.strftime(MONTH)] = {
            word: [float(column[place]) for column in columns]
            for place, word in enumerate(words)
            if columns[0][place]
        }
        first = after
    return found


def trials(at: dt.datetime) -> tuple[list[Trial], dict[str, str], dict[str, list[str]]]:
    """Each month of a channel with spend as a trial; the channels' names; their months.

    A month's own error is that of a sum over as many customers as came [1]. Months differ by more
    than that, so all errors are widened until they fit.

    [1] Var(sum) = n E(x^2) for a Poisson number n of customers.
    """
    kept = Payback.objects.order_by("-day").first()
    if kept is None or not kept.months:
        return [], {}, {}
    channels = {one.key: one for one in Channel.objects.filter(archived_at=None)}
    found, months = list[Trial](), dict[str, list[str]]()
    squares = _squares(kept.months)
    for (month, key), spend in sorted(_spent(at).items()):
        if month not in kept.months or key not in channels or spend <= 0:
            continue
        many, revenue, _squared = kept.months[month].get(key, (0, 0, 0))
        error = math.sqrt(max(1.0, many) * squares.get(key, squares[""]))
        ago = (at.date() - dt.date.fromisoformat(f"{month}-01")).days
        found.append(Trial(key, spend, revenue, error, likeness.faded(ago)))
        months.setdefault(key, []).append(month)
    return response.widened(found), {key: str(channels[key]) for key in months}, months


def _squares(months: Mapping[str, Sums]) -> dict[str, float]:
    """The mean square of what a customer pays, by channel; of everybody under the empty key."""
    customers, squares = dict[str, float](), dict[str, float]()
    for channels in months.values():
        for key, (many, _revenue, squared) in channels.items():
            for one in (key, ""):
                customers[one] = customers.get(one, 0) + many
                squares[one] = squares.get(one, 0) + squared
    found = {key: squares[key] / many for key, many in customers.items()}
    return {"": 0.0} | {key: value for key, value in found.items() if value}


def _spent(at: dt.datetime) -> dict[tuple[str, str], int]:
    """By month and channel; spend that no channel tells is nobody's."""
    since = at.date() - dt.timedelta(days=DAYS)
    rows = Spend.objects.filter(Spend.ACQUIRES, day__gte=since.replace(day=1)).order_by()
    told = rows.exclude(channel=None).values_list(TruncMonth("day"), "channel__key")
    summed = told.annotate(amount=Sum("amount_minor"))
    return {(month.strftime(MONTH), key): int(amount) for month, key, amount in summed}


def _next(day: dt.date) -> dt.date:
    """The first of the month after."""
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def _number(day: dt.date) -> int:
    return (day - traits.EPOCH).days
