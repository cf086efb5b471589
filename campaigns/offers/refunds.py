"""Refunds that shops report as events: what was redeemed in such an order is undone."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from campaigns.models import Redemption
from campaigns.offers import redemptions
from segments import heard, merging
from segments.heard import Heard
from segments.models import Listener

EAR = "refunds"
# What shops call it, and how they name the order: ours, Segment's, GA4's.
EVENTS = ("order_refunded", "Order Refunded", "refund")
ORDER = ("order", "order_id", "order_number", "transaction_id")


def listen() -> None:
    """Hear of refunds from now on; again changes nothing."""
    if Listener.objects.filter(who=EAR).count() != len(EVENTS):
        heard.listen(EAR, EVENTS)


@transaction.atomic
def hear(*, at: dt.datetime) -> int:
    """Undo what was redeemed in the orders that were refunded; how many redemptions."""
    return sum(len(_undo(event, at)) for event in heard.take(EAR))


def _undo(event: Heard, at: dt.datetime) -> list[Redemption]:
    order = _order(event.properties)
    if not order:
        return []
    whose = merging.numbers_of(event.customer)
    used = redemptions.of_order(order).filter(coupon__customer__in=whose)
    whole = [one for one in used if not _is_partial(event.amount, one.order_minor)]
    return [one for one in whole if redemptions.reverse(one, because=event.name, at=at)]


def _order(properties: Mapping[str, Any]) -> str:
    """The order's number, however the shop calls it."""
    found = (properties.get(name) for name in ORDER)
    return next((str(one) for one in found if isinstance(one, str | int) and one != ""), "")


def _is_partial(refunded: int | None, order: int | None) -> bool:
    """Whether something of the order was kept; where amounts are missing, nothing was."""
    return refunded is not None and order is not None and abs(refunded) < order
