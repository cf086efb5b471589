"""What redeemed coupons cost: booked once, given back with a refund, and no cost of winning."""

import datetime as dt

import pytest

from campaigns.models import Coupon
from campaigns.offers import coupons, redemptions
from campaigns.offers.redemptions import Order
from console.states import NotAllowed
from metrics import coupon_costs, spending
from metrics.models import Spend
from tests.campaigns.factories import CampaignFactory, CouponBatchFactory, bob, people, segment_of

pytestmark = pytest.mark.django_db
AT = dt.datetime(2018, 3, 1, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def booked() -> list[tuple[str, int | None, int]]:
    rows = Spend.objects.filter(source="coupons").order_by("day", "amount_minor")
    return [(f"{row.day:%m-%d}", row.campaign_id, row.amount_minor) for row in rows]


def test_costs_are_booked_once_by_day_and_campaign_and_come_back() -> None:
    customers = people(3)
    campaign = CampaignFactory.create(segment=segment_of(customers))
    batch = CouponBatchFactory.create(valid_minutes=10_000)
    made = [coupons.give(batch, one.pk, because="x", by=bob(), at=AT) for one in customers]
    Coupon.objects.filter(pk__in=[one.pk for one in made[:2]]).update(campaign=campaign)
    for number, one in enumerate(made):
        redemptions.redeem(one.code, Order(f"k{number}", f"A-{number}"), at=AT + number * DAY)

    assert coupon_costs.book_all() == 3
    assert coupon_costs.book_all() == 0
    cost = [("03-01", campaign.pk, 2_000), ("03-02", campaign.pk, 2_000), ("03-03", None, 2_000)]
    assert booked() == cost

    redemptions.reverse_order("A-0", because="refund", at=AT + DAY)
    redemptions.reverse_order("A-2", because="refund", at=AT + 2 * DAY)
    assert coupon_costs.book_all() == 2
    assert booked() == cost[:1], "on the second day as much came back as was redeemed"


def test_it_is_no_cost_of_winning_customers_and_nobody_removes_it_by_hand() -> None:
    (customer,) = people(1)
    coupon = coupons.give(CouponBatchFactory.create(), customer.pk, because="x", by=bob(), at=AT)
    redemptions.redeem(coupon.code, Order("k"), at=AT)
    coupon_costs.book_all()
    assert not Spend.objects.filter(Spend.ACQUIRES).exists()
    with pytest.raises(NotAllowed, match="redeemed coupons"):
        spending.remove(Spend.objects.get(), by=bob())
