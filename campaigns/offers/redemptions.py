"""Redeeming coupons, each once, and reversing it when the order is refunded."""

import datetime as dt
import time
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Coupon, CouponBatch, Redemption
from campaigns.offers import coupon_codes, coupons
from console import audit, states
from console.models import Staff
from console.states import NotAllowed
from segments import identity, ingest, merging

REDEEM = "coupons.redeem"
REDEEMED, REVERSED = "coupon_redeemed", "coupon_reversed"
Status = Coupon.Status


class Refused(NotAllowed):
    """A coupon that cannot be redeemed: `reason` for the till's program, words for people."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True)
class Order:
    """What the coupon is used in. `key` is the till's own and makes asking twice harmless."""

    key: str
    number: str = ""
    amount_minor: int | None = None
    customer: int | None = None


@dataclass(frozen=True)
class Done:
    """A redemption, and whether it had been asked for before."""

    redemption: Redemption
    is_replay: bool = False


# --- redeeming ------------------------------------------------------------------


def redeem(code: str, order: Order, *, at: dt.datetime, by: Staff | None = None) -> Done:
    """Use a coupon. The same key again answers with the same redemption, and does nothing.

    Raises:
        Refused: there is no such coupon, it was used or its time is over, it is not this
            customer's or not for such an order, or the key stands for another redemption.
    """
    if not order.key:
        raise Refused("no_key", _("Send a key of your own with each redemption."))
    try:
        return _redeem(code, order, at, by)
    except IntegrityError as race:  # this key was used for another coupon at the same moment
        raise Refused("key_reused", _other_key()) from race


@transaction.atomic
def _redeem(code: str, order: Order, at: dt.datetime, by: Staff | None) -> Done:
    began = time.monotonic()
    if known := _known(order.key):
        return _again(known, code, order)
    coupon = _found(code, order, at)
    Coupon.objects.select_for_update(no_key=True).get(pk=coupon.pk)
    coupon.refresh_from_db()
    if known := _known(order.key):
        return _again(known, code, order)
    # While others held it its time may have run out, and its money may have been given back.
    waited = dt.timedelta(seconds=time.monotonic() - began)
    _require_usable(coupon, order, at + waited)
    redemption = Redemption.objects.create(
        coupon=coupon,
        key=order.key,
        order=order.number,
        order_minor=order.amount_minor,
        cost_minor=cost(coupon.batch, order.amount_minor),
        at=at,
        by=by,
    )
    is_last = coupon.held_minor and not coupon.batch.comes_back
    also = {"settles_at": at} if is_last else {}
    states.move(coupon, to=Status.REDEEMED, line={"cost_minor": redemption.cost_minor}, **also)
    _tell(redemption, REDEEMED, at)
    return Done(redemption)


def look(code: str, order: Order, *, at: dt.datetime) -> tuple[CouponBatch, int]:
    """What a coupon is and would cost in this order, without using it.

    Raises:
        Refused: as redeeming would be, now.
    """
    with transaction.atomic():
        coupon = _found(code, order, at)
        _require_usable(coupon, order, at)
        transaction.set_rollback(True)  # a code for anybody is not handed out by looking
    return coupon.batch, cost(coupon.batch, order.amount_minor)


def cost(batch: CouponBatch, amount_minor: int | None) -> int:
    """What the coupon costs us in an order of this amount, in minor units."""
    if batch.kind == CouponBatch.Kind.GIFT:
        return batch.value_minor or 0
    if batch.kind == CouponBatch.Kind.VALUE:
        worth = batch.value_minor or 0
    else:
        share = Decimal(amount_minor or 0) * (batch.percent or 0) / 100
        worth = int(share.quantize(Decimal(1), ROUND_HALF_UP))
        worth = min(worth, batch.most_minor) if batch.most_minor is not None else worth
    return worth if amount_minor is None else min(worth, amount_minor)


def discount(redemption: Redemption) -> int:
    """What the order becomes cheaper by; a gift is given besides."""
    is_gift = redemption.coupon.batch.kind == CouponBatch.Kind.GIFT
    return 0 if is_gift else redemption.cost_minor


def _found(code: str, order: Order, at: dt.datetime) -> Coupon:
    """The coupon that the code means, in the hands of this customer."""
    kept = coupon_codes.read(code)
    batch = CouponBatch.objects.filter(shared_code=kept).first() if kept else None
    if batch is not None:
        return _of_shared(batch, order, at)
    coupon = Coupon.objects.select_related("batch").filter(code=kept).first() if kept else None
    if coupon is None:
        raise Refused("unknown", _("There is no such coupon."))
    return coupon


def _of_shared(batch: CouponBatch, order: Order, at: dt.datetime) -> Coupon:
    if order.customer is None:
        raise Refused("needs_customer", _("This code is shared: say which customer uses it."))
    who = _living(order.customer)
    numbers = merging.numbers_of(who)
    theirs = Coupon.objects.select_related("batch").filter(batch=batch, customer__in=numbers)
    # Of two customers who became one, the coupon that was used counts: it is one person.
    if found := sorted(theirs, key=lambda one: (_RANK[one.status], one.pk)):
        return found[0]
    if not batch.is_open:
        raise Refused("not_theirs", _("This customer was not given the coupon."))
    if at >= coupons.expiry(batch, at):
        raise Refused("over", _("The coupon's time is over."))
    made = coupons.hand_out(batch, who, at=at)
    if made is None:
        raise Refused("none_left", _("None of these coupons is left."))
    return made


_RANK: dict[str, int] = {Status.REDEEMED: 0, Status.ISSUED: 1, Status.REVOKED: 2}


def _living(customer: int) -> int:
    found = identity.living([customer])
    if customer not in found:
        raise Refused("unknown_customer", _("There is no such customer."))
    return found[customer]


def _require_usable(coupon: Coupon, order: Order, at: dt.datetime) -> None:
    batch = coupon.batch
    if coupon.status == Status.REDEEMED:
        raise Refused("redeemed", _("The coupon was used already."))
    if coupon.status == Status.REVOKED:
        raise Refused("revoked", _("The coupon was taken back."))
    if coupon.is_over(at):
        raise Refused("over", _("The coupon's time is over."))
    is_owner = order.customer is None or _living(order.customer) == _living(coupon.customer_id)
    if not is_owner:
        raise Refused("not_theirs", _("This coupon is another customer's."))
    needs_amount = batch.floor_minor or batch.kind == CouponBatch.Kind.PERCENT
    if needs_amount and order.amount_minor is None:
        raise Refused("needs_amount", _("Say the order's amount."))
    if order.amount_minor is not None and order.amount_minor < batch.floor_minor:
        raise Refused("below_floor", _("The order is too small for this coupon."))


def _known(key: str) -> Redemption | None:
    """The redemption that was asked for under this key."""
    found = Redemption.objects.select_related("coupon__batch", "coupon__customer")
    return found.filter(key=key).first()


def _again(known: Redemption, code: str, order: Order) -> Done:
    """The redemption that this key stands for, if it is the one that is asked for.

    Of a customer who was erased since, the order's number is forgotten.
    """
    coupon = known.coupon
    customer = order.customer
    is_theirs = customer is None or customer in merging.numbers_of(coupon.customer_id)
    is_order = known.order == order.number or coupon.customer.erased_at is not None
    its_code = coupon.batch.shared_code if coupon.batch.is_shared else coupon.code
    is_same = coupon_codes.read(code) == its_code and known.order_minor == order.amount_minor
    if not (is_same and is_order and is_theirs):
        raise Refused("key_reused", _other_key())
    return Done(known, is_replay=True)


def erased_customer(key: str) -> int | None:
    """Whose redemption this key stands for, if they were erased: by their ids nobody finds them."""
    known = _known(key)
    return known.coupon.customer_id if known and known.coupon.customer.erased_at else None


def _other_key() -> str:
    return _("This key was used for another redemption.")


# --- reversing -------------------------------------------------------------------


@transaction.atomic
def reverse(
    redemption: Redemption, *, because: str, at: dt.datetime, by: Staff | None = None
) -> bool:
    """Undo a redemption, since its order was refunded; whether it was not undone before.

    The coupon can be used again while it lasts, or has ended, as its batch says. Of a customer who
    was erased it has ended: nobody can use it, and why it was reversed is not written down.
    """
    locked = Coupon.objects.select_for_update(no_key=True, of=("self",))
    coupon = locked.select_related("batch", "customer").get(pk=redemption.coupon_id)
    is_erased = coupon.customer.erased_at is not None
    because = "" if is_erased else because[:200]
    rows = Redemption.objects.filter(pk=redemption.pk, reversed_at=None)
    changed = rows.update(reversed_at=at, reversed_because=because, is_booked=False)
    redemption.refresh_from_db()
    if not changed:
        return False
    to = Status.ISSUED if coupon.batch.comes_back and not is_erased else Status.REVOKED
    # What it was paid with is looked at anew: until its time is over it may be used once more.
    also = {"settles_at": at} if coupon.held_minor else {}
    states.move(coupon, to=to, line={"because": because}, **also)
    audit.log("redemption.reversed", redemption, by=by, because=because)
    _tell(redemption, REVERSED, at)
    return True


def of_order(order: str, *, sender: str = "") -> QuerySet[Redemption]:
    """What was redeemed in an order: by everybody, or by one who sends keys of their own."""
    found = Redemption.objects.filter(order=order).exclude(order="").order_by("coupon_id")
    return found.filter(key__startswith=f"{sender}:") if sender else found


@transaction.atomic
def reverse_order(
    order: str, *, because: str, at: dt.datetime, sender: str = ""
) -> list[Redemption]:
    """Undo everything that a sender redeemed in an order; what that was, now or before."""
    found = list(of_order(order, sender=sender))
    for one in found:
        reverse(one, because=because, at=at)
    return found


def _tell(redemption: Redemption, name: str, at: dt.datetime) -> None:
    coupon = redemption.coupon
    told = coupons.about(coupon.batch, coupon.campaign_id)
    ingest.receive(
        [
            ingest.IncomingEvent(
                key=f"{name}-{redemption.pk}",
                customer=coupon.customer_id,
                name=name,
                time=at,
                amount=redemption.cost_minor,
                properties=told | ({"order": redemption.order} if redemption.order else {}),
            )
        ]
    )
