"""What a playbook may still cost: its budget, less what was spent and what it has promised."""

import datetime as dt
import math
from collections import Counter

from django.db.models import Count, Sum

from campaigns import planning, pricing
from campaigns.models import Campaign, Coupon, CouponBatch, Message, Playbook, Redemption, Wave
from campaigns.money import facts
from campaigns.offers import coupons
from campaigns.plans.nodes import Message as MessageStep
from campaigns.plans.nodes import Plan, Task
from console import clock


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
    """What could still come: coupons in customers' hands, and all that lies before those on the
    way, work for people with it."""
    open_ = Coupon.objects.filter(
        campaign__play__playbook=playbook, status=Coupon.Status.ISSUED, expires_at__gt=at
    )
    held = dict(open_.order_by().values_list("batch").annotate(n=Count("pk")))
    batches = CouponBatch.objects.in_bulk(held)
    in_hands = sum(count * coupons.face(batches[batch]) for batch, count in held.items())
    return in_hands + sum(map(_on_the_way, Campaign.objects.filter(play__playbook=playbook)))


def worst(campaign: Campaign) -> int:
    """What one customer of a campaign costs if all that is given is used.

    Raises:
        coupons.Unbounded: a share of an order has no upper bound.
    """
    return sum(_prices(campaign, planning.of(campaign)).values())


def _prices(campaign: Campaign, plan: Plan) -> dict[str, int]:
    """What each step costs for one customer at the worst, in whole minor units."""
    wanted = [one.coupon for one in plan.messages() if one.coupon]
    batches = CouponBatch.objects.in_bulk(wanted)
    found: dict[str, int] = {}
    for key, step in plan.by_key.items():
        match step:
            case MessageStep():
                most = [pricing.price(campaign, step.channel, [*step.templates])[1]]
                if step.second is not None:
                    templates = [step.second.template]
                    most.append(pricing.price(campaign, step.second.channel, templates)[1])
                coupon = coupons.face(batches[step.coupon]) if step.coupon else 0
                found[key] = coupon + math.ceil(max(most))
            case Task():
                found[key] = clock.project().work_minor
            case _other:
                found[key] = 0
    return found


def _on_the_way(campaign: Campaign) -> int:
    """What those cost who have something before them still, each from where they stand."""
    steps = Wave.objects.filter(campaign=campaign).exclude(status=Wave.Status.DONE)
    waiting = Message.objects.filter(
        campaign=campaign, status__in=(Message.Status.DEFERRED, Message.Status.RETRY)
    )
    standing = Counter(dict(steps.values_list("step").annotate(Sum("size")).order_by()))
    standing += Counter(dict(waiting.values_list("step").annotate(Count("pk")).order_by()))
    if not standing:
        return 0
    plan = planning.of(campaign)
    prices = _prices(campaign, plan)
    return sum(
        count * sum(prices[one] for one in {key, *plan.ahead(key)})
        for key, count in standing.items()
    )
