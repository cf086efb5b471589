"""Redeeming: each coupon once, the same key the same answer, and back with a refund."""

import datetime as dt
import threading
import time
from typing import Any

import pytest
from django.db import transaction

from campaigns.models import Coupon, CouponBatch, Redemption
from campaigns.offers import coupons, redemptions
from campaigns.offers.redemptions import Order
from console.models import AuditEntry
from segments.models import Customer, InboxEvent
from tests.campaigns.factories import CouponBatchFactory, bob, people
from tests.campaigns.offers.test_coupons import at_once

pytestmark = pytest.mark.django_db
AT = dt.datetime(2018, 3, 1, 10, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(minutes=5)


def coupon_of(batch: CouponBatch | None = None, **terms: Any) -> Coupon:
    batch = batch or CouponBatchFactory.create(**terms)
    (customer,) = people(1, prefix=f"b{batch.pk}")
    return coupons.give(batch, customer.pk, because="test", by=bob(), at=AT)


def reason_of(code: str, order: Order, at: dt.datetime = LATER) -> str:
    """Why it is refused; nothing has changed then."""
    before = list(Coupon.objects.order_by("pk").values_list("pk", "status"))
    with pytest.raises(redemptions.Refused) as refused:
        redemptions.redeem(code, order, at=at)
    assert list(Coupon.objects.order_by("pk").values_list("pk", "status")) == before
    return refused.value.reason


def test_a_coupon_is_used_once_and_costs_what_it_took_off() -> None:
    coupon = coupon_of()
    done = redemptions.redeem(coupon.code.lower(), Order("k1", "A-1", 5_000), at=LATER)
    assert (done.redemption.cost_minor, done.is_replay) == (2_000, False)
    assert reason_of(coupon.code, Order("k2", "A-2", 5_000)) == "redeemed"
    told = InboxEvent.objects.get(name="coupon_redeemed")
    assert (told.amount, told.customer_id) == (2_000, coupon.customer_id)
    assert told.properties == {"coupon": coupon.batch.name, "order": "A-1"}


def test_the_same_key_is_the_same_redemption_and_never_another() -> None:
    coupon, other = coupon_of(), coupon_of()
    first = redemptions.redeem(coupon.code, Order("k1", "A-1", 5_000), at=LATER)
    long_after = AT + dt.timedelta(days=2)
    again = redemptions.redeem(coupon.code, Order("k1", "A-1", 5_000), at=long_after)
    assert (again.redemption, again.is_replay) == (first.redemption, True)
    assert reason_of(coupon.code, Order("k1", "A-1", 6_000)) == "key_reused"
    assert reason_of(other.code, Order("k1", "A-1", 5_000)) == "key_reused"
    assert Redemption.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keys", [("k1", "k2"), ("k1", "k1")], ids=["two tills", "one till twice"])
def test_of_two_redemptions_at_once_one_counts(keys: tuple[str, str]) -> None:
    code = coupon_of().code
    ends = at_once(
        *(lambda key=key: redemptions.redeem(code, Order(key, "A-1"), at=LATER) for key in keys)
    )
    assert Redemption.objects.count() == 1
    if keys[0] == keys[1]:
        assert sorted(end.is_replay for end in ends) == [False, True]
    else:
        assert sorted(getattr(end, "reason", "done") for end in ends) == ["done", "redeemed"]


@pytest.mark.django_db(transaction=True)
def test_one_key_for_two_coupons_at_once_redeems_one() -> None:
    codes = [coupon_of().code, coupon_of().code]
    ends = at_once(
        *(lambda code=code: redemptions.redeem(code, Order("k"), at=LATER) for code in codes)
    )
    assert sorted(getattr(end, "reason", "done") for end in ends) == ["done", "key_reused"]
    assert Coupon.objects.filter(status="redeemed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_coupon_whose_time_runs_out_while_others_hold_it_is_over() -> None:
    """Who gives its money back holds it then, and would not hear of the redemption."""
    coupon = coupon_of()
    just_before = coupon.expires_at - dt.timedelta(milliseconds=50)
    asked = threading.Thread(
        target=lambda: ends.extend(
            at_once(lambda: redemptions.redeem(coupon.code, Order("k"), at=just_before))
        )
    )
    ends: list[Any] = []
    with transaction.atomic():
        Coupon.objects.select_for_update().get(pk=coupon.pk)
        asked.start()
        time.sleep(0.2)
    asked.join()
    assert [getattr(end, "reason", "done") for end in ends] == ["over"]
    assert not Redemption.objects.exists()


@pytest.mark.parametrize(
    ("terms", "order", "reason"),
    [
        ({}, {"customer": "other"}, "not_theirs"),
        ({}, {"customer": 999_999}, "unknown_customer"),
        ({"floor_minor": 9_900}, {}, "needs_amount"),
        ({"floor_minor": 9_900}, {"amount_minor": 9_899}, "below_floor"),
        ({"kind": "percent", "percent": 10, "value_minor": None}, {}, "needs_amount"),
        ({}, {"key": ""}, "no_key"),
    ],
    ids=str,
)
def test_what_it_is_not_for_is_refused(
    terms: dict[str, Any], order: dict[str, Any], reason: str
) -> None:
    coupon = coupon_of(**terms)
    if order.get("customer") == "other":
        order = {"customer": people(1, prefix="other")[0].pk}
    assert reason_of(coupon.code, Order(**({"key": "k"} | order))) == reason


def test_after_its_time_or_taken_back_or_unknown_it_is_refused() -> None:
    coupon = coupon_of()
    assert reason_of("NOSUCHCODE22", Order("k")) == "unknown"
    assert reason_of("", Order("k")) == "unknown"
    assert reason_of(coupon.code, Order("k"), coupon.expires_at) == "over"
    coupons.revoke(coupon, because="mistake", by=bob())
    assert reason_of(coupon.code, Order("k")) == "revoked"


@pytest.mark.parametrize(
    ("terms", "amount", "cost"),
    [
        ({"value_minor": 2_000}, 1_500, 1_500),
        ({"value_minor": 2_000}, None, 2_000),
        ({"kind": "percent", "percent": 15, "value_minor": None}, 3_330, 500),
        ({"kind": "percent", "percent": 15, "value_minor": None, "most_minor": 300}, 3_330, 300),
        ({"kind": "gift", "gift": "Trial lesson", "value_minor": 4_000}, 100, 4_000),
    ],
    ids=str,
)
def test_what_it_costs(terms: dict[str, Any], amount: int | None, cost: int) -> None:
    batch = CouponBatchFactory.build(**terms)
    assert redemptions.cost(batch, amount) == cost


# --- shared codes -------------------------------------------------------------


def test_a_shared_code_works_once_for_each_who_was_given_it() -> None:
    batch = CouponBatchFactory.create(shared_code="SPRING")
    coupon = coupon_of(batch)
    stranger = people(1, prefix="stranger")[0]
    assert reason_of("spring", Order("k0")) == "needs_customer"
    assert reason_of("spring", Order("k1", customer=stranger.pk)) == "not_theirs"
    redemptions.redeem("Spring", Order("k2", customer=coupon.customer_id), at=LATER)
    assert reason_of("spring", Order("k3", customer=coupon.customer_id)) == "redeemed"


def test_a_code_for_anybody_is_handed_out_at_the_till_while_there_is_one() -> None:
    CouponBatchFactory.create(shared_code="POSTER", is_open=True, most_issued=1)
    anna, bert = people(2)
    redemptions.look("poster", Order("k", customer=anna.pk), at=LATER)
    assert not Coupon.objects.exists(), "looking hands nothing out"
    redemptions.redeem("poster", Order("k1", customer=anna.pk), at=LATER)
    assert reason_of("poster", Order("k2", customer=bert.pk)) == "none_left"
    assert reason_of("poster", Order("k3", customer=anna.pk)) == "redeemed"


def test_who_was_merged_does_not_use_a_shared_code_twice() -> None:
    batch = CouponBatchFactory.create(shared_code="SPRING")
    anna, ann = people(2)
    for one in (anna, ann):
        coupons.give(batch, one.pk, because="test", by=bob(), at=AT)
    redemptions.redeem("spring", Order("k1", customer=ann.pk), at=LATER)
    ann.merged_into = anna
    ann.save()
    assert reason_of("spring", Order("k2", customer=anna.pk)) == "redeemed"
    assert reason_of("spring", Order("k3", customer=ann.pk)) == "redeemed"


# --- refunds ------------------------------------------------------------------


@pytest.mark.parametrize(("comes_back", "status"), [(True, "issued"), (False, "revoked")])
def test_a_refund_reverses_it_once(comes_back: bool, status: str) -> None:
    coupon = coupon_of(comes_back=comes_back)
    redemption = redemptions.redeem(coupon.code, Order("k1", "A-1"), at=LATER).redemption
    for _ in range(2):
        (same,) = redemptions.reverse_order("A-1", because="refund", at=LATER)
        assert same == redemption
    coupon.refresh_from_db()
    redemption.refresh_from_db()
    assert (coupon.status, redemption.reversed_at) == (status, LATER)
    assert InboxEvent.objects.filter(name="coupon_reversed").count() == 1
    if comes_back:
        redemptions.redeem(coupon.code, Order("k2", "A-2"), at=LATER)
        again = redemptions.redeem(coupon.code, Order("k1", "A-1"), at=LATER)
        assert again.redemption.reversed_at, "the first key still tells of the first redemption"


def test_an_order_without_a_number_reverses_nothing() -> None:
    redemptions.redeem(coupon_of().code, Order("k1"), at=LATER)
    assert redemptions.reverse_order("", because="refund", at=LATER) == []


def test_a_refund_after_an_erasure_gives_nobody_a_coupon_and_keeps_no_words() -> None:
    coupon = coupon_of(comes_back=True)
    redemption = redemptions.redeem(coupon.code, Order("k1", "A-1"), at=LATER).redemption
    Customer.objects.filter(pk=coupon.customer_id).update(erased_at=LATER)
    assert redemptions.reverse(redemption, because="Mrs Li brought it back", at=LATER)
    coupon.refresh_from_db()
    redemption.refresh_from_db()
    assert (coupon.status, redemption.reversed_because) == ("revoked", "")
    assert not AuditEntry.objects.filter(details__icontains="Li").exists()
