"""Spend by predicted value: whose share of the money fits their share of what is to come."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from campaigns.models import Message
from campaigns.offers import coupons, redemptions
from campaigns.offers.redemptions import Order
from console.models import Project
from console.states import NotAllowed
from metrics import answers
from metrics.reports import asking, every
from metrics.reports.parts import Part
from segments import sheet, traits
from segments.models import Customer, Segment
from tests.campaigns.factories import CouponBatchFactory, bob
from tests.metrics.factories import SegmentFactory, customers, mailed, today_is

pytestmark = pytest.mark.django_db
TODAY = dt.date(2017, 7, 1)
NOON = dt.datetime(2017, 6, 20, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
REPORT = every.BY_KIND["worth"]


def of(*segments: Segment) -> Part:
    by = f"segment:{','.join(str(one.pk) for one in segments)}"
    settings = REPORT.read({"by": by, "days": "30"})
    row = asking.answer(answers.about(REPORT.question(settings)))
    (part,) = REPORT.parts(settings, row)
    return part


def segment(name: str, *members: Customer) -> Segment:
    made: Segment = SegmentFactory.create(
        name=name, members=BitMap([one.pk for one in members]), size=len(members)
    )
    return made


@pytest.fixture
def five() -> list[Customer]:
    """Worth 900, 100 and nothing known; the last was merged into the first."""
    today_is(TODAY)
    Project.objects.update(currency="CNY")
    some = customers(5)
    worth = np.full(some[-1].pk + 1, np.iinfo(np.int64).min)
    worth[[some[0].pk, some[1].pk]] = 90_000, 10_000
    traits.keep({"predicted_value": sheet.Fresh(worth)}, day=TODAY)
    Customer.objects.filter(pk=some[4].pk).update(merged_into=some[0])
    mailed(*((one, NOON) for one in some))
    mailed((some[0], NOON - 60 * DAY), (some[3], NOON + 60 * DAY))  # on other days
    for one, cost in zip(some, (1_000, 4_000, 0, 2_000, 1_000), strict=True):
        Message.objects.filter(customer=one).update(cost_minor=cost)
    coupon = coupons.give(CouponBatchFactory.create(), some[1].pk, because="x", by=bob(), at=NOON)
    redemptions.redeem(coupon.code, Order("k", "A-1"), at=NOON)
    return some


def test_shares_of_value_and_spend_stand_beside_each_other(five: list[Customer]) -> None:
    part = of(segment("Rich", five[0]), segment("Poor", five[1], five[2]))
    poor, rich, others = part.rows
    # 2,000 of the rich one (with who was merged), 4,000 + 2,000 of the poor, 2,000 of others.
    assert poor[:6] == ["Poor", 2, Decimal(100), 0.1, Decimal(60), 0.6]
    assert rich[:6] == ["Rich", 1, Decimal(900), 0.9, Decimal(20), 0.2]
    assert others[:6] == ["all others", None, 0, 0.0, Decimal(20), 0.2]
    assert [row[6] for row in part.rows] == [pytest.approx(x) for x in (0.5, -0.7, 0.2)]
    assert [row[7] for row in part.rows] == [10, 90, 0]
    assert [row[8] for row in part.rows] == [2, 2, 1]
    assert "“Rich” brings 90.0% of the predicted value and gets 20.0% of the money" in part.note
    assert "CN¥70.00 more would be its share" in part.note
    assert "“Allocation” tells" in part.note


def test_without_spend_or_a_prediction_it_says_so(five: list[Customer]) -> None:
    rich = segment("Rich", five[0])
    Message.objects.all().delete()
    redemptions.reverse_order("A-1", because="refund", at=NOON)
    part = of(rich)
    assert part.rows[0][4:6] == [0, None]
    assert "Nothing was spent" in part.note


def test_before_a_model_ran_it_cannot_be_answered() -> None:
    today_is(TODAY)
    rich = segment("Rich", *customers(1))
    with pytest.raises(NotAllowed, match="No value is predicted yet"):
        of(rich)


def test_its_page_tells_customers_apart_by_tier_at_first(
    five: list[Customer], signed_in: Callable[..., Client]
) -> None:
    assert REPORT.read({})["by"] == "trait:value_tier"
    page = reverse("admin:metrics_savedreport_show", args=["worth"])
    by = f"?by=segment:{segment('Rich', five[0]).pk}&days=30"
    client = signed_in("analyst")
    asking.answer(answers.about(REPORT.question(REPORT.read({"by": by[4:-8], "days": "30"}))))
    shown = client.get(page + by).content.decode()
    assert "Predicted value and spend" in shown
    assert client.get(page).status_code == 200
