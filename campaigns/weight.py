"""What an approval policy is told of a campaign: how much, to how many, how deep, how sure."""

from decimal import Decimal

from campaigns import layers, planning
from campaigns.models import Campaign, CouponBatch, Evidence, Quote
from campaigns.money import purse
from console.approvals import Facts


def facts(campaign: Campaign, quote: Quote, found: Evidence) -> Facts:
    """What it may spend counts, and the deepest of its discounts."""
    plan = planning.of(campaign)
    coupons = [one.coupon for one in plan.messages() if one.coupon is not None]
    return Facts(
        amount_minor=max(quote.worst_minor, purse.limit(campaign, quote)),
        audience=quote.size,
        discount_share=max(map(_depth, CouponBatch.objects.filter(pk__in=coupons)), default=0.0),
        channels=sorted(plan.channels()),
        layers=layers.of(campaign, campaign.audience.members),
        has_precedent=found.has_precedent,
    )


def _depth(batch: CouponBatch) -> float:
    """The share of an order that it can take off, of the smallest order that it is for."""
    if batch.kind == CouponBatch.Kind.PERCENT:
        return float(Decimal(batch.percent or 0) / 100)
    if batch.kind == CouponBatch.Kind.GIFT:
        return 0.0
    return min(1.0, (batch.value_minor or 0) / batch.floor_minor) if batch.floor_minor else 1.0
