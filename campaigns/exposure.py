"""What a playbook may still cost: its budget, less what was spent and what it has promised."""

import datetime as dt

from django.db.models import Count, Sum

from campaigns import planning
from campaigns.models import Campaign, Coupon, CouponBatch, Message, Playbook, Redemption, Wave
from campaigns.money import facts
from campaigns.offers import coupons


def room(playbook: Playbook, campaign: Campaign, *, at: dt.datetime) -> int | None:
    """How many more customers of a campaign the budget bears at the worst; None: no limit."""
    if playbook.budget_minor is None:
        return None
    left = playbook.budget_minor - spent(playbook) - promised(playbook, at=at)
    each = worst(campaign)
    if not each:
        return None if left > 0 else 0
    return max(0, left // each)


def spent(playbook: Playbook) -> int:
    """What its messages, its redeemed coupons and its work for people cost so far."""
    messages = Message.objects.filter(campaign__play__playbook=playbook, status=Message.Status.SENT)
    redeemed = Redemption.objects.filter(
        coupon__campaign__play__playbook=playbook, reversed_at=None
    )
    told = [facts.of(one) for one in Campaign.objects.filter(play__playbook=playbook)]
    return sum(
        found.aggregate(total=Sum("cost_minor"))["total"] or 0 for found in (messages, redeemed)
    ) + sum(one.work for one in told if one)


def promised(playbook: Playbook, *, at: dt.datetime) -> int:
    """What could still come: coupons in customers' hands, and those of customers on the way."""
    open_ = Coupon.objects.filter(
        campaign__play__playbook=playbook, status=Coupon.Status.ISSUED, expires_at__gt=at
    )
    held = dict(open_.order_by().values_list("batch").annotate(n=Count("pk")))
    batches = CouponBatch.objects.in_bulk(held)
    in_hands = sum(count * coupons.face(batches[batch]) for batch, count in held.items())
    on_the_way = sum(
        worst(campaign) * _under_way(campaign)
        for campaign in Campaign.objects.filter(play__playbook=playbook)
    )
    return in_hands + on_the_way


def worst(campaign: Campaign) -> int:
    """What one customer's coupons of a campaign cost if all are used.

    Raises:
        coupons.Unbounded: a share of an order has no upper bound.
    """
    wanted = [one.coupon for one in planning.of(campaign).messages() if one.coupon]
    batches = CouponBatch.objects.in_bulk(wanted)
    return sum(coupons.face(batches[number]) for number in wanted)


def _under_way(campaign: Campaign) -> int:
    """Customers who may still get a message."""
    steps = Wave.objects.filter(campaign=campaign).exclude(status=Wave.Status.DONE)
    waiting = Message.objects.filter(
        campaign=campaign, status__in=(Message.Status.DEFERRED, Message.Status.RETRY)
    )
    return (steps.aggregate(all=Sum("size"))["all"] or 0) + waiting.count()
