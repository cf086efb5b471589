"""Refunds: what a shop reports as an event undoes what was redeemed in that order, once."""

import datetime as dt
from typing import Any

import pytest

from campaigns.models import Coupon, Redemption
from campaigns.offers import coupons, redemptions, refunds
from campaigns.offers.redemptions import Order
from segments import ingest
from segments.models import Customer
from tests.campaigns.factories import CouponBatchFactory, bob, people

pytestmark = pytest.mark.django_db
AT = dt.datetime(2018, 3, 1, 10, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(minutes=5)


@pytest.fixture
def used() -> Redemption:
    """A coupon that was used in order A-1, of 50.00."""
    (customer,) = people(1)
    coupon = coupons.give(CouponBatchFactory.create(), customer.pk, because="test", by=bob(), at=AT)
    refunds.listen()
    order = Order("3:k1", "A-1", 5_000)
    return redemptions.redeem(coupon.code, order, at=LATER).redemption


def report(customer: int, amount: int | None = None, **properties: Any) -> int:
    """A shop tells of a refund; how many redemptions that undoes."""
    key, name = f"r{len(properties)}{customer}{amount}", properties.pop("name", "order_refunded")
    event = ingest.IncomingEvent(key, customer, name, LATER, amount, properties)
    ingest.receive([event, event])
    return refunds.hear(at=LATER)


@pytest.mark.parametrize(
    "said",
    [
        {"order": "A-1"},
        {"order_id": "A-1", "name": "Order Refunded"},
        {"transaction_id": "A-1", "name": "refund"},
    ],
    ids=["ours", "segment", "ga4"],
)
def test_a_refund_undoes_what_was_redeemed_in_its_order_once(
    used: Redemption, said: dict[str, Any]
) -> None:
    whose = used.coupon.customer_id
    assert report(whose, 5_000, **said) == 1
    assert report(whose, -5_000, **said) == 0, "again changes nothing"
    used.refresh_from_db()
    assert used.reversed_at == LATER
    assert Coupon.objects.get().status == "issued"


def test_a_part_of_it_another_order_and_another_customer_undo_nothing(used: Redemption) -> None:
    whose = used.coupon.customer_id
    (other,) = people(1, prefix="o")
    assert report(whose, 4_999, order="A-1") == 0
    assert report(whose, order="A-2") == 0
    assert report(whose) == 0
    assert report(other.pk, order="A-1") == 0
    used.refresh_from_db()
    assert used.reversed_at is None


def test_a_key_undoes_what_its_own_source_redeemed(used: Redemption) -> None:
    assert redemptions.reverse_order("A-1", because="refund", at=LATER, sender="33") == []
    (undone,) = redemptions.reverse_order("A-1", because="refund", at=LATER, sender="3")
    assert undone == used


def test_a_replay_has_the_same_answer_after_the_customer_was_erased(used: Redemption) -> None:
    coupon = used.coupon
    Customer.objects.filter(pk=coupon.customer_id).update(erased_at=LATER)
    Redemption.objects.update(order="")
    assert redemptions.erased_customer("3:k1") == coupon.customer_id
    again = redemptions.redeem(coupon.code, Order("3:k1", "A-1", 5_000), at=LATER)
    assert (again.redemption, again.is_replay) == (used, True)
    with pytest.raises(redemptions.Refused, match="key"):
        redemptions.redeem(coupon.code, Order("3:k1", "A-1", 6_000), at=LATER)
