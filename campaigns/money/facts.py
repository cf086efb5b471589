"""What came of a campaign's money: what was set aside, what was spent for what, what came back."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from campaigns.models import Campaign, Coupon, Message, Redemption
from campaigns.money import purse
from console.models import BudgetEntry

Kind = BudgetEntry.Kind


@dataclass(frozen=True)
class Settlement:
    """Minor units. Approved is what was spent, what is left, and what was given back of it."""

    reserved: int  # waits for a yes
    approved: int
    spent: int
    left: int
    given_back: int
    messages: int
    redeemed: int
    in_hands: int  # held by coupons until one knows what they cost
    work: int

    def as_json(self) -> dict[str, int]:
        return {f"{name}_minor": value for name, value in vars(self).items()}


NOTHING = Settlement(0, 0, 0, 0, 0, 0, 0, 0, 0)


def of(campaign: Campaign) -> Settlement | None:
    """As it is now; None where no money was ever set aside for it."""
    held = purse.of(campaign)
    if held is None:
        return None
    moved = BudgetEntry.objects.filter(reservation=held).order_by().values_list("kind")
    sums: dict[str, int] = dict(moved.annotate(all=Sum("amount_minor")))
    messages = _sum(Message.objects.filter(campaign=campaign, cost_minor__gt=0), "cost_minor")
    in_coupons = _sum(Coupon.objects.filter(campaign=campaign, held_minor__gt=0), "held_minor")
    redeemed = _sum(_paid_redemptions(campaign), "cost_minor")
    return Settlement(
        reserved=held.reserved_minor,
        approved=sums.get(Kind.COMMIT, 0),
        spent=held.spent_minor,
        left=held.committed_minor,
        given_back=sums.get(Kind.UNSPENT, 0),
        messages=messages,
        redeemed=redeemed,
        in_hands=in_coupons - redeemed,
        work=held.spent_minor - messages - in_coupons,
    )


def _paid_redemptions(campaign: Campaign) -> Any:
    return Redemption.objects.filter(
        Q(coupon__held_minor__gt=0), coupon__campaign=campaign, reversed_at=None
    )


def _sum(found: Any, name: str) -> int:
    return int(found.aggregate(all=Coalesce(Sum(name), 0))["all"])
