"""A campaign in four ways, and what its customers are worth, against its control."""

import datetime as dt

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from campaigns.models import Campaign, CampaignResult, Evaluation, Intake
from metrics import evaluations
from segments import foretold, sheet, traits
from segments.models import Customer
from tests.campaigns.factories import alice
from tests.metrics.factories import CampaignFactory, customers, today_is
from tests.segments.factories import happened, incoming

CAME = dt.datetime(2018, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LAST = dt.date(2018, 4, 30)


@pytest.fixture
def four(db: None) -> list[Customer]:
    """Two who were to get it, and two who were not."""
    today_is("2018-05-01")
    return customers(4)


@pytest.fixture
def campaign(four: list[Customer]) -> Campaign:
    made: Campaign = CampaignFactory.create(
        entry="segment", control_share=0.5, started_at=CAME, status="sending", conversion_days=7
    )
    everybody = BitMap([one.pk for one in four])
    control = BitMap([one.pk for one in four[2:]])
    Intake.objects.create(
        campaign=made, number=1, key="1", members=everybody, control=control, at=CAME
    )
    return made


def did(customer: Customer, name: str, after: int, **properties: object) -> None:
    at = CAME + after * DAY
    happened(incoming(customer, at.date(), name=name, time=at, properties=properties))


def test_both_sides_are_told_in_each_way(campaign: Campaign, four: list[Customer]) -> None:
    a, b, c, _d = four
    did(a, "order_paid", 2)
    did(c, "order_paid", 8)  # after the days that count, but active
    did(a, "friend_invited", 29)
    did(b, "friend_invited", 30)  # too late
    did(a, "nps_answered", 3, score=10)
    did(b, "nps_answered", 3, score=3)
    did(c, "nps_answered", 4, score=9)
    found = evaluations.compute(campaign, last=LAST).dimensions
    assert (found["conversion"]["treated"], found["conversion"]["control"]) == ([2, 0.5], [2, 0.0])
    assert found["conversion"]["effect"] == 0.5
    assert (found["retention"]["treated"], found["retention"]["control"]) == ([2, 0.0], [2, 0.5])
    assert (found["referral"]["treated"], found["referral"]["control"]) == ([2, 0.5], [2, 0.0])
    assert (found["nps"]["treated"], found["nps"]["control"]) == ([2, 0.0], [1, 1.0])


def test_what_nobody_knows_yet_is_not_told(campaign: Campaign, four: list[Customer]) -> None:
    found = evaluations.compute(campaign, last=CAME.date() + 13 * DAY)
    assert found.dimensions["retention"] is None, "the week after is not over"
    assert (found.dimensions["nps"], found.ahead) == (None, None)
    later = evaluations.compute(campaign, last=CAME.date() + 14 * DAY)
    assert later.dimensions["retention"]["treated"] == [2, 0.0]


def test_the_quick_return_stands_beside_the_predicted_value(
    campaign: Campaign, four: list[Customer], client: Client
) -> None:
    values = np.full(max(one.pk for one in four) + 1, np.iinfo(np.int64).min, np.int64)
    values[[four[0].pk, four[2].pk]] = 9_000, 4_000
    traits.keep({foretold.VALUE: sheet.Fresh(values)}, day=LAST)
    CampaignResult.objects.create(
        campaign=campaign,
        window_days=7,
        computed_at=CAME,
        cost_minor=1_000,
        treated=2,
        treated_revenue_minor=1_500,
        control=2,
        control_revenue_minor=0,
    )
    found = evaluations.compute(campaign, last=LAST)
    assert found.ahead
    assert (found.ahead["treated"], found.ahead["control"]) == ([2, 4500.0], [2, 2000.0])
    client.force_login(alice())
    page = client.get(
        reverse("admin:campaigns_campaign_change", args=[campaign.pk]),
        headers={"accept-language": "en"},
    )
    worth = page.context["evaluation"]["worth"]
    assert (worth["roi"], worth["more"], worth["long_roi"]) == ("+50%", "$25.00", "+550%")


def test_what_is_settled_is_left_alone(campaign: Campaign) -> None:
    assert evaluations.run(today=LAST) == 1
    assert evaluations.run(today=LAST) == 0, "once a day"
    Campaign.objects.update(finished_at=CAME)
    assert evaluations.run(today=LAST + 200 * DAY) == 1
    assert evaluations.run(today=LAST + 201 * DAY) == 0
    assert Evaluation.objects.get().as_of == LAST + 199 * DAY
