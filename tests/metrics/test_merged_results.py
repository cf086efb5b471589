"""Who was merged while a campaign counts keeps what they did in its result, once."""

import datetime as dt

import pytest
from pyroaring import BitMap

from campaigns.models import Intake
from metrics import results
from metrics.models import ResultBasis
from segments import ingest, merging
from tests.factories import StaffFactory
from tests.metrics.factories import customers, mailed, today_is
from tests.metrics.test_converted import bought, told

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2017, 5, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize("settled", [False, True], ids=["on its way", "in the lake"])
def test_who_is_merged_between_two_runs_stays_in_the_result_and_is_told_once(
    settled: bool,
) -> None:
    today_is("2017-06-01")
    lead, known, other = customers(3)
    campaign = mailed((lead, NOON), (other, NOON), status="sending", conversion_days=7)
    bought(lead, NOON + DAY)
    bought(known, NOON + 3 * DAY, 50)
    first = results.compute(campaign, at=NOON + DAY)
    assert (first.purchased, first.revenue_minor, len(told())) == (1, 19_950, 1)
    if settled:
        ingest.flush()
    by = StaffFactory.create_with_role("admin")
    merging.merge(known, lead, by=by, at=NOON + 2 * DAY)
    found = results.compute(campaign, at=NOON + 3 * DAY)
    assert (found.purchased, found.revenue_minor, found.orders) == (1, 20_000, 2)
    assert len(told()) == (0 if settled else 1), "told once, whatever number they have"


def test_who_is_merged_stays_in_the_arm_that_chance_put_them_into() -> None:
    """The treated one has the known one's number now; the known one came in later, as control."""
    today_is("2017-06-01")
    lead, known, other = customers(3)
    campaign = mailed((lead, NOON), conversion_days=7, control_share=0.5)
    for number, (members, control) in enumerate([([lead], []), ([other], [known])]):
        Intake.objects.create(
            campaign=campaign,
            number=number,
            key=str(number),
            at=NOON + number * DAY,
            members=BitMap([one.pk for one in members]),
            control=BitMap([one.pk for one in control]),
        )
    bought(lead, NOON + 2 * DAY)
    bought(other, NOON + 2 * DAY, 70)
    before = results.compute(campaign, at=NOON + 3 * DAY)
    merging.merge(known, lead, by=StaffFactory.create_with_role("admin"), at=NOON + 3 * DAY)
    found = results.compute(campaign, at=NOON + 4 * DAY)
    for one in (before, found):
        assert (one.treated, one.treated_purchased, one.treated_revenue_minor) == (2, 2, 20_020)
        assert (one.control, one.control_purchased) == (1, 0)


def test_who_converts_after_a_merge_is_told_with_the_message_they_got() -> None:
    today_is("2017-06-01")
    lead, known = customers(2)
    campaign = mailed((lead, NOON), (known, NOON + DAY), status="sending", conversion_days=7)
    merging.merge(known, lead, by=StaffFactory.create_with_role("admin"), at=NOON + 2 * DAY)
    bought(known, NOON + 5 * DAY)
    found = results.compute(campaign, at=NOON + 6 * DAY)
    assert (found.purchased, found.orders) == (1, 1), "both their messages count as one window"
    ((who, _at, _amount, said),) = told()
    assert (who, said["channel"]) == (known.pk, "email")
    assert list(ResultBasis.objects.get().converted) == [known.pk]
