"""Coupons that a campaign gives: paid at what they cost at most, until one knows what they did.

A coupon that can still be redeemed holds that money. When it has run out, was taken back, or was
redeemed for good, what it did not cost may be spent again.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from campaigns.models import Campaign, Coupon, CouponBatch, Redemption
from campaigns.money import paying
from campaigns.offers import coupons
from campaigns.offers.coupons import Given
from console import ledger

AT_A_TIME = 5_000
Status = Coupon.Status


@dataclass(frozen=True)
class Gave:
    """Coupons by message, and the messages for whose coupon the money did not reach."""

    given: Mapping[int, Given]
    unpaid: frozenset[int] = frozenset()


@transaction.atomic
def give(batch: CouponBatch, to: Mapping[int, int], *, campaign: Campaign, at: dt.datetime) -> Gave:
    """As `coupons.issue`, and paid by the campaign."""
    each = coupons.face(batch)
    coupons.room(batch, at=at)  # the batch is held before the budget, as everybody does
    reach = paying.as_many(campaign, each)
    paid = coupons.paid_for(batch, to)
    new = [message for message in to if message not in paid]
    unpaid = frozenset(new[reach:] if reach is not None else ())
    asked = {message: who for message, who in to.items() if message not in unpaid}
    given = coupons.issue(batch, asked, campaign=campaign, at=at)
    bought = [one.id for message, one in given.items() if message not in paid]
    if each and bought:
        Coupon.objects.filter(pk__in=bought).update(
            campaign=campaign, held_minor=each, settles_at=F("expires_at")
        )
        paying.spend(campaign, each * len(bought), "coupons")
    return Gave(given, unpaid)


def settle(*, at: dt.datetime) -> int:
    """Give back what coupons did not cost; how many were looked at."""
    waiting = Coupon.objects.filter(settles_at__lte=at, campaign__budget__isnull=False)
    looked = 0
    for campaign in Campaign.objects.filter(pk__in=waiting.values("campaign")):
        while count := _settle(campaign, at):
            looked += count
    return looked


@transaction.atomic
def _settle(campaign: Campaign, at: dt.datetime) -> int:
    """Some of a campaign's."""
    assert campaign.budget is not None
    ledger.lock(campaign.budget)  # first, as those who give coupons hold them behind it
    due = Coupon.objects.select_for_update(of=("self",), no_key=True).filter(
        campaign=campaign, settles_at__lte=at
    )
    found = list(due.select_related("batch").order_by("pk")[:AT_A_TIME])
    live = Redemption.objects.filter(coupon__in=found, reversed_at=None)
    costs = dict(live.values_list("coupon", "cost_minor"))
    back, ends = 0, defaultdict[int, list[int]](list)
    for one in found:
        cost = costs.get(one.pk, 0) if one.is_final(at) else one.held_minor
        back += one.held_minor - cost
        ends[cost].append(one.pk) if one.is_final(at) else None
    for cost, those in ends.items():
        Coupon.objects.filter(pk__in=those).update(held_minor=cost, settles_at=None)
    again = [one.pk for one in found if not one.is_final(at)]
    Coupon.objects.filter(pk__in=again).update(settles_at=F("expires_at"))
    paying.refund(campaign.pk, back, "coupons")
    return len(found)
