"""The cost of win-back by what customers were chosen by, as it was frozen."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Audience, Campaign, CampaignResult
from console.models import Staff
from metrics import winback
from metrics.admin import winback as page
from segments.grounds import Ground
from segments.models import EventType
from tests.metrics.factories import CampaignFactory, SegmentFactory, today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
NOON = dt.datetime(2018, 1, 10, 12, tzinfo=dt.UTC)
RFM = {"trait": "r_score", "op": "<=", "value": 2}
FORETOLD = {"trait": "p_alive", "op": ">=", "value": 50}
DID = {"event": "order_paid", "did": True, "times": 1, "days": 90, "where": []}


@pytest.fixture(autouse=True)
def pinned() -> None:
    today_is(NOON.date())
    EventType.objects.get_or_create(name="order_paid")


def over(
    rule: Any, cost: int | None, woken: int, *, rules: Any = None, **values: Any
) -> CampaignResult:
    """A campaign that is over, which reached a hundred who had been quiet."""
    campaign = CampaignFactory.create(
        status=Campaign.Status.SENT, started_at=NOON, finished_at=NOON
    )
    Audience.objects.create(
        campaign=campaign,
        members=BitMap([1]),
        size=1,
        segment_rule=rule,
        rules=rules or {},
        frozen_at=NOON,
    )
    counts = {"asleep": 100, "activated": woken, "cost_minor": cost, "window_days": 7}
    return CampaignResult.objects.create(
        campaign=campaign, is_final=True, computed_at=NOON, **counts | values
    )


def test_ways_of_choosing_stand_beside_each_other_the_cheapest_first() -> None:
    """The field's own: 28 yuan by RFM, 12 yuan by predicted value and behaviour."""
    over(RFM, 28_000, 10)
    over(RFM, 56_000, 20)
    over({"all": [FORETOLD, DID]}, 12_000, 10)
    over({"list": 7, "in": True}, 1, 0)
    found = winback.ways(at=NOON)
    assert [(one.grounds, one.campaigns, one.each) for one in found] == [
        ({Ground.PREDICTION, Ground.BEHAVIOUR}, 1, 1_200),
        ({Ground.RFM}, 2, 2_800),
        (frozenset(), 1, None),
    ]
    assert page.times(found[1], found) == pytest.approx(28 / 12)
    assert page.name(found[0].grounds) == "prediction of value and loss + behaviour"
    assert page.name(found[2].grounds) == "lists, tags or chance"


def test_a_segment_within_the_rule_counts_as_it_was_frozen() -> None:
    inner = SegmentFactory.create(rule=DID)
    over({"segment": inner.pk, "in": True}, 100, 1, rules={str(inner.pk): RFM})
    (one,) = winback.ways(at=NOON)
    assert one.grounds == {Ground.RFM}


def test_who_would_have_come_anyway_is_taken_off_with_bounds() -> None:
    chance = {"treated_asleep": 100, "control_asleep": 100, "control_activated": 20}
    over(RFM, 40_000, 40, treated_activated=40, **chance)
    over(RFM, 99_999, 5)  # without a control: not among these
    (one,) = winback.ways(at=NOON)
    assert one.controlled == 1
    assert one.more == pytest.approx(20)
    assert one.each_more == pytest.approx(2_000)
    # By hand: 1.96 * 100 * sqrt(0.4 * 0.6 / 100 + 0.2 * 0.8 / 100) = 12.4.
    assert one.bounds == pytest.approx((40_000 / 32.396, 40_000 / 7.604), rel=1e-3)


def test_what_may_have_woken_nobody_more_has_no_upper_bound() -> None:
    chance = {"treated_asleep": 100, "control_asleep": 100, "control_activated": 20}
    over(RFM, 40_000, 21, treated_activated=21, **chance)
    over(DID, 40_000, 1, treated_activated=1, **chance)
    told = {tuple(one.grounds): one for one in winback.ways(at=NOON)}
    unsure, harmful = told[Ground.RFM,], told[Ground.BEHAVIOUR,]
    assert unsure.bounds is not None
    assert unsure.bounds[1] is None
    assert (harmful.each_more, harmful.bounds) == (None, None)


@pytest.mark.parametrize(
    "values",
    [{"is_final": False}, {"asleep": 0}, {"cost_minor": None}],
    ids=["not over", "nobody quiet", "cost not known"],
)
def test_what_does_not_tell_is_left_out(values: dict[str, Any]) -> None:
    result = over(RFM, 100, 1)
    CampaignResult.objects.filter(pk=result.pk).update(**values)
    assert winback.ways(at=NOON) == []


@pytest.mark.parametrize("role", [role.value for role in Staff.Role])
def test_the_page_the_file_and_an_empty_one(
    role: str, signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(role)
    address = reverse("admin:metrics_proposal_winback")
    allocation = client.get(reverse("admin:metrics_proposal_changelist"))
    answer = client.get(address)
    assert answer.status_code == allocation.status_code
    if answer.status_code != 200:
        return
    assert "No campaign that is over" in answer.content.decode()
    for number in range(8):
        over(RFM if number % 2 else DID, 1_000 * number, 2)
    with django_assert_max_num_queries(20):
        shown = client.get(address).content.decode()
    assert "no control" in shown
    assert "RFM" in shown
    file = client.get(reverse("admin:metrics_proposal_winback_export"))
    text = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert "RFM,4,400,8,160" in text
