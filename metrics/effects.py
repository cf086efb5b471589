"""What a campaign changed: who was let in to get it, against the control that got nothing.

By intention: everybody who came in counts, whether or not a message reached them, because whom it
reaches is no longer chance. Each customer counts from the first time that they came in.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from pyroaring import BitMap

from campaigns.models import Campaign, Message, Redemption
from metrics.queries import conversions
from metrics.queries.conversions import Conversions, Windows
from metrics.stats import differences
from metrics.stats.samples import Proportion
from segments import catalogue


@dataclass(frozen=True)
class Side:
    """One of the two: how many came in, and what they did in their windows."""

    size: int
    done: Conversions

    @property
    def share(self) -> Proportion:
        return Proportion(self.size, self.done.customers)


def of(campaign: Campaign) -> dict[str, Any]:
    """The fields of its result that need a control; empty where it has none."""
    if not campaign.control_share:
        return {}
    treated, control = sides(campaign)
    found = differences.proportions(control.share, treated.share)
    return {
        "treated": treated.size,
        "treated_purchased": treated.done.customers,
        "treated_revenue_minor": treated.done.amount,
        "control": control.size,
        "control_purchased": control.done.customers,
        "control_revenue_minor": control.done.amount,
        "lift": found.effect,
        "lift_low": found.interval.low if found.interval else None,
        "lift_high": found.interval.high if found.interval else None,
    }


def sides(campaign: Campaign) -> tuple[Side, Side]:
    """Those who were to get it, and the control."""
    event = catalogue.canonical(campaign.conversion_event)
    counted_for = dt.timedelta(days=campaign.conversion_days)
    both: list[list[tuple[BitMap, dt.datetime]]] = [[], []]
    seen = BitMap()
    intakes = campaign.intakes.order_by("number").values_list("members", "control", "at")
    for members, control, at in intakes.iterator(chunk_size=100):
        fresh = members | control
        fresh -= seen
        seen |= fresh
        both[0].append((fresh - control, at))
        both[1].append((fresh & control, at))
    return _side(event, both[0], counted_for), _side(event, both[1], counted_for)


def cost(campaign: Campaign) -> int:
    """What its messages and its redeemed coupons cost so far, in minor units."""
    messages = Message.objects.filter(campaign=campaign, status=Message.Status.SENT)
    redeemed = Redemption.objects.filter(coupon__campaign=campaign, reversed_at=None)
    return sum(
        found.aggregate(total=Sum("cost_minor"))["total"] or 0 for found in (messages, redeemed)
    )


def _side(event: str, parts: list[tuple[BitMap, dt.datetime]], counted_for: dt.timedelta) -> Side:
    customers = [one for members, _at in parts for one in members]
    since = [at for members, at in parts for _one in members]
    inside = Windows(customers, since, [at + counted_for for at in since])
    return Side(len(customers), conversions.count(event, inside))
