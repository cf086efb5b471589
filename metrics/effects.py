"""What a campaign changed: who was let in to get it, against the control that got nothing.

By intention: everybody who came in counts, whether or not a message reached them, because whom it
reaches is no longer chance. Each customer counts from the first time that they came in.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Sum
from pyroaring import BitMap

from campaigns.models import Campaign, Message, Redemption
from campaigns.money import paying
from console import clock
from console.models import BudgetEntry
from metrics.queries import conversions
from metrics.queries.conversions import Windows
from metrics.stats import differences
from metrics.stats.samples import Mean, Proportion, error2
from segments import bitmaps, catalogue, merging
from segments.arrays import Array


@dataclass(frozen=True)
class Came:
    """Who came in at a moment for the first time."""

    at: dt.datetime
    treated: BitMap
    control: BitMap
    number: int = 0  # of the intake


@dataclass(frozen=True)
class Side:
    """Customers, how many did what the campaign aims at, and what each of them came to."""

    done: Proportion
    revenue: Mean


@dataclass(frozen=True)
class Done:
    """Who did what the campaign aims at in their window, and what each came to."""

    customers: Array
    amounts: Array

    def of(self, members: BitMap) -> Side:
        """Of some of those who came in."""
        mine = self.amounts[np.isin(self.customers, bitmaps.to_array(members))]
        # Whole numbers of any size: squares of large amounts go beyond 64 bits.
        whole = mine.astype(object)
        total, squares = int(whole.sum()), int((whole * whole).sum())
        count = len(members)
        return Side(Proportion(count, len(mine)), Mean(count, total, squares))


def of(campaign: Campaign, came: Sequence[Came], done: Done) -> dict[str, Any]:
    """The fields of its result that need a control; empty where it has none."""
    if not campaign.control_share:
        return {}
    treated, control = (done.of(members) for members in everybody(came))
    found = differences.proportions(control.done, treated.done)
    return {
        "treated": treated.done.n,
        "treated_purchased": treated.done.count,
        "treated_revenue_minor": treated.revenue.total,
        "control": control.done.n,
        "control_purchased": control.done.count,
        "control_revenue_minor": control.revenue.total,
        "lift": found.effect,
        "lift_low": found.interval.low if found.interval else None,
        "lift_high": found.interval.high if found.interval else None,
        "caused_error_minor": _error(treated.revenue, control.revenue),
    }


def entries(campaign: Campaign) -> list[Came]:
    """Who came in when, each for the first time only."""
    return list(_entries(campaign))


def _entries(campaign: Campaign) -> Iterator[Came]:
    seen = BitMap()
    intakes = campaign.intakes.order_by("number")
    rows = intakes.values_list("members", "control", "at", "number")
    for members, control, at, number in rows.iterator(chunk_size=100):
        fresh = (members | control) - seen
        seen |= fresh
        yield Came(at, fresh - control, fresh & control, number)


def everybody(came: Sequence[Came]) -> tuple[BitMap, BitMap]:
    """All who were to get it, and the whole control."""
    return (
        bitmaps.union([one.treated for one in came]),
        bitmaps.union([one.control for one in came]),
    )


def done(campaign: Campaign, came: Sequence[Came]) -> Done:
    """What they did of what the campaign aims at, each in their own window.

    The deeds of who was merged since count for the number under which they came in first, for
    that one chance put into its arm.
    """
    counted_for = dt.timedelta(days=campaign.conversion_days)
    moved = merging.became(bitmaps.union([one.treated | one.control for one in came]))
    shared, origin = {*moved.values()}, dict[int, int]()
    customers, since = list[int](), list[dt.datetime]()
    for one in came:
        for number in one.treated | one.control:
            now = moved.get(number, number)
            if now in shared and origin.setdefault(now, number) != number:
                continue
            customers.append(now)
            since.append(one.at)
    inside = Windows(customers, since, [at + counted_for for at in since])
    event = catalogue.canonical(campaign.conversion_event)
    each = conversions.each([event], inside)
    who = [origin.get(number, number) for number in each]
    return Done(np.array(who, np.int64), np.array(list(each.values()), np.int64))


def cost(campaign: Campaign) -> int:
    """What its messages, its redeemed coupons and its work for people cost so far."""
    messages = Message.objects.filter(campaign=campaign, status=Message.Status.SENT)
    redeemed = Redemption.objects.filter(coupon__campaign=campaign, reversed_at=None)
    return sum(
        found.aggregate(total=Sum("cost_minor"))["total"] or 0 for found in (messages, redeemed)
    ) + cost_of_work(campaign)


def cost_of_work(
    campaign: Campaign, *, since: dt.date = clock.FIRST, until: dt.date = clock.LAST
) -> int:
    """What its budget paid for work of people on these days, both included."""
    paid = BudgetEntry.objects.filter(
        budget=campaign.budget_id,
        kind=BudgetEntry.Kind.SPEND,
        key__startswith=f"campaign:{campaign.pk}:{paying.WORK}:",
        on__range=(since, until),
    )
    return int(paid.aggregate(total=Sum("amount_minor"))["total"] or 0)


def _error(treated: Mean, control: Mean) -> float | None:
    """The standard error of what it caused: of n (mean - mean'), for n treated customers."""
    mine, theirs = error2(treated), error2(control)
    if mine is None or theirs is None:
        return None
    return float(treated.n * (mine + theirs) ** 0.5)
