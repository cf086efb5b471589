"""What an approval policy is told of a campaign: how much, to how many, how deep, how sure."""

from campaigns import layers, planning
from campaigns.models import Campaign, CouponBatch, Evidence, Quote
from campaigns.money import purse
from console.approvals import Facts


def facts(campaign: Campaign, quote: Quote, found: Evidence) -> Facts:
    """What it may spend counts, and the deepest of its discounts."""
    plan = planning.of(campaign)
    coupons = [one.coupon for one in plan.messages() if one.coupon is not None]
    batches = CouponBatch.objects.filter(pk__in=coupons)
    return Facts(
        amount_minor=max(quote.worst_minor, purse.limit(campaign, quote)),
        audience=quote.size,
        discount_share=max((one.depth for one in batches), default=0.0),
        channels=sorted(plan.channels()),
        layers=layers.of(campaign, campaign.audience.members),
        has_precedent=found.has_precedent,
    )
