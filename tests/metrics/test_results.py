"""Results of campaigns: windows of each customer's own, once each, and no work for nothing."""

import datetime as dt

import pytest
from pyroaring import BitMap

from campaigns.models import Campaign, CampaignResult, Intake, Message
from console.models import Job, Project
from metrics import results, tasks
from segments import activity, definitions, ingest, membership
from segments.models import Customer, InboxEvent
from tests.metrics.factories import CampaignFactory, customers, mailed, recorded, today_is
from tests.segments.factories import happened, incoming

NOON = dt.datetime(2017, 5, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
MUCH_LATER = NOON + 60 * DAY


@pytest.fixture
def three(db: None) -> list[Customer]:
    today_is("2017-06-01")
    return customers(3)


def bought(customer: Customer, at: dt.datetime, amount: int = 100, **values: object) -> None:
    happened(incoming(customer, at.date(), time=at, amount=amount, **values))


def test_purchases_count_from_each_customers_own_message(three: list[Customer]) -> None:
    a, b, c = three
    campaign = mailed((a, NOON), (b, NOON + DAY), (c, NOON), conversion_days=7)
    bought(a, NOON - SECOND, 1)  # before the message
    bought(a, NOON, 20)
    bought(a, NOON + 7 * DAY - SECOND, 300)
    bought(b, NOON + SECOND, 4_000)  # before theirs, though after the campaign began
    bought(c, NOON + 7 * DAY, 50_000)  # the window has just closed
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.purchased, result.revenue_minor) == (1, 320)
    assert (result.reached, result.sent, result.window_days) == (3, 3, 7)


def test_an_order_after_several_messages_counts_once(three: list[Customer]) -> None:
    a = three[0]
    campaign = mailed((a, NOON), (a, NOON + 3 * DAY), (a, NOON + 20 * DAY), conversion_days=7)
    bought(a, NOON + 4 * DAY, 20)  # in the windows of both first messages
    bought(a, NOON + 9 * DAY, 300)  # in that of the second alone
    bought(a, NOON + 15 * DAY, 4_000)  # in none
    bought(a, NOON + 21 * DAY, 50_000)
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.reached, result.purchased, result.revenue_minor) == (1, 1, 50_320)
    assert result.orders == 3


def test_only_messages_that_left_are_counted(three: list[Customer]) -> None:
    a, b, c = three
    campaign = mailed((a, NOON), (b, NOON), (c, NOON))
    Message.objects.filter(customer=b).update(status=Message.Status.FAILED)
    Message.objects.filter(customer=a).update(opened_at=NOON + DAY, clicked_at=NOON + DAY)
    Message.objects.filter(customer=c).update(opened_at=NOON, unsubscribed_at=NOON)
    bought(b, NOON + DAY)
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.sent, result.opened, result.clicked, result.unsubscribed) == (2, 2, 1, 1)
    assert result.purchased == 0


def test_who_converted_is_told_by_the_day_of_the_first_time(three: list[Customer]) -> None:
    """In Shanghai it is morning when in London it is the evening before."""
    Project.objects.update(time_zone="Asia/Shanghai")
    a, b, c = three
    campaign = mailed((a, NOON), (b, NOON), (c, NOON), conversion_days=7)
    bought(a, NOON + 5 * SECOND)
    bought(a, NOON + DAY)  # not the first
    bought(b, NOON + 3 * DAY)
    bought(c, NOON + 3 * DAY - 18 * 60 * 60 * SECOND)  # two hours in the morning over there
    result = results.compute(campaign, at=MUCH_LATER)
    assert result.days == [("2017-05-10", 1), ("2017-05-13", 2)]
    result.refresh_from_db()
    assert (result.best_day, result.purchased) == (("2017-05-13", 2), 3)


def test_other_events_are_not_what_the_campaign_aims_at(three: list[Customer]) -> None:
    campaign = mailed((three[0], NOON), conversion_event="signed_up")
    bought(three[0], NOON + DAY)
    happened(incoming(three[0], NOON.date(), time=NOON + DAY, name="signed_up"))
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.purchased, result.revenue_minor) == (1, 0)
    assert result.orders == 0, "it says no amount"


@pytest.mark.parametrize(
    ("status", "at", "final"),
    [
        (Campaign.Status.SENT, NOON + 7 * DAY, False),
        (Campaign.Status.SENT, NOON + 7 * DAY + results.SETTLING, True),
        (Campaign.Status.CANCELLED, MUCH_LATER, True),
        (Campaign.Status.SENDING, MUCH_LATER, False),
        (Campaign.Status.PAUSED, MUCH_LATER, False),
    ],
)
def test_a_result_is_final_when_its_window_is_over(
    three: list[Customer], status: str, at: dt.datetime, final: bool
) -> None:
    campaign = mailed((three[0], NOON), status=status)
    assert results.compute(campaign, at=at).is_final is final


def test_a_recorded_campaign_counts_those_it_reached_in_its_time(three: list[Customer]) -> None:
    a, b, c = three
    campaign = recorded([a, b], since=NOON, until=NOON + 30 * DAY, ref="18")
    bought(a, NOON + 29 * DAY, 70)
    bought(b, NOON + 31 * DAY)
    bought(c, NOON + DAY)
    for customer, ref in ((a, "18"), (b, "13"), (c, "18")):
        happened(
            incoming(
                customer,
                NOON.date(),
                time=NOON + DAY,
                name="coupon_redeemed",
                properties={"campaign": ref},
            )
        )
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.reached, result.purchased, result.revenue_minor) == (2, 1, 70)
    assert (result.redeemed, result.sent, result.is_final) == (1, 0, True)
    assert result.window_days == 30


def test_a_recorded_campaign_that_ends_with_its_last_day_counts_that_day(
    three: list[Customer],
) -> None:
    midnight = NOON.replace(hour=0)
    campaign = recorded(three, since=midnight, until=midnight + 3 * DAY - SECOND)
    assert results.compute(campaign, at=MUCH_LATER).window_days == 3


def test_without_a_number_elsewhere_redemptions_are_unknown_not_none(three: list[Customer]) -> None:
    campaign = recorded(three, since=NOON, until=NOON + DAY)
    assert results.compute(campaign, at=MUCH_LATER).redeemed is None


def test_a_campaign_that_reached_nobody_has_a_result_of_nothing(db: None) -> None:
    campaign = CampaignFactory.create(
        status=Campaign.Status.SENT, started_at=NOON, finished_at=NOON
    )
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.reached, result.sent, result.purchased) == (0, 0, 0)
    assert result.is_final


def test_nothing_is_computed_again_while_nothing_changed(three: list[Customer]) -> None:
    mailed((three[0], NOON))
    bought(three[0], NOON + SECOND)
    at = NOON + DAY
    assert results.refresh(at=at) == 1
    assert results.refresh(at=at) == 0
    bought(three[0], NOON + SECOND)
    assert results.refresh(at=at) == 1
    assert CampaignResult.objects.get().revenue_minor == 200


def test_who_converted_is_an_event_of_the_lake_once(three: list[Customer]) -> None:
    """With it a segment asks whom a campaign worked on, and another campaign may answer it."""
    a, b, c = three
    campaign = mailed((a, NOON), (b, NOON), (c, NOON), conversion_days=7)
    bought(a, NOON + 2 * DAY)
    bought(a, NOON + DAY)
    bought(c, NOON + 8 * DAY)  # too late
    results.compute(campaign, at=NOON + 3 * DAY)
    results.compute(campaign, at=NOON + 3 * DAY)
    (told,) = InboxEvent.objects.filter(name="campaign_converted")
    assert (told.customer_id, told.time) == (a.pk, NOON + DAY)
    what = {"campaign": campaign.pk, "event": "order_paid", "value": 1.0}
    assert told.properties == what | {"channel": "email", "step": "message", "variant": ""}
    bought(b, NOON + 4 * DAY)
    results.compute(campaign, at=MUCH_LATER)
    ingest.flush()
    activity.catch_up()
    where = [{"property": "campaign", "op": "=", "value": str(campaign.pk)}]
    rule = {"event": "campaign_converted", "did": True, "times": 1, "days": 90, "where": where}
    day = (NOON + 9 * DAY).date()
    assert {*membership.evaluate(rule, day=day)} == {a.pk, b.pk}
    assert results.compute(campaign, at=MUCH_LATER).purchased == 2, "it is no order"
    assert not definitions.is_a_deed("campaign_converted")


def test_what_is_counted_otherwise_is_counted_again(
    three: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed((three[0], NOON))
    assert (results.refresh(at=NOON + DAY), results.refresh(at=NOON + DAY)) == (1, 0)
    monkeypatch.setattr(results, "COUNTED", "otherwise")
    assert (results.refresh(at=NOON + DAY), results.refresh(at=NOON + DAY)) == (1, 0)


def test_the_end_of_the_window_is_noticed_and_the_campaign_is_then_left_alone(
    three: list[Customer],
) -> None:
    mailed((three[0], NOON))
    results.refresh(at=NOON + DAY)
    assert results.refresh(at=MUCH_LATER) == 1
    assert CampaignResult.objects.get().is_final
    bought(three[0], NOON + SECOND)
    assert results.refresh(at=MUCH_LATER) == 0


def test_drafts_have_no_result(db: None) -> None:
    CampaignFactory.create()
    assert results.refresh(at=NOON) == 0
    assert results.compute_open(at=NOON) == 0


def test_the_timetable_refreshes_results_at_the_consoles_now(three: list[Customer]) -> None:
    mailed((three[0], NOON))
    tasks.measure_campaigns()
    assert CampaignResult.objects.get().is_final


def test_a_job_measures_everything_once_even_when_delivered_twice(three: list[Customer]) -> None:
    mailed((three[0], NOON))
    job = Job.objects.create(kind="measure", label="Measure")
    tasks.run_measures(job.pk)
    tasks.run_measures(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.DONE
    assert CampaignResult.objects.count() == 1


def test_a_control_tells_what_would_have_happened_anyway(db: None) -> None:
    today_is("2017-06-01")
    everybody = customers(40)
    campaign = mailed(*((one, NOON) for one in everybody[:20]), control_share=0.5)
    numbers = [one.pk for one in everybody]
    Intake.objects.create(
        campaign=campaign,
        number=0,
        key="start",
        members=BitMap(numbers),
        control=BitMap(numbers[20:]),
        at=NOON,
    )
    for one in everybody[:10] + everybody[20:24]:
        bought(one, NOON + DAY, 50)
    bought(everybody[30], NOON + 8 * DAY)  # too late to count
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.treated, result.treated_purchased, result.treated_revenue_minor) == (20, 10, 500)
    assert (result.control, result.control_purchased, result.control_revenue_minor) == (20, 4, 200)
    assert result.lift == pytest.approx(0.3)
    assert result.lift_low is not None
    assert 0 < result.lift_low < 0.3
    assert result.extra_purchases == pytest.approx(6)


def test_who_came_in_twice_counts_from_the_first_time(db: None) -> None:
    today_is("2017-06-01")
    ann, bob = customers(2)
    campaign = mailed((ann, NOON), control_share=0.5)
    for number, at in enumerate((NOON, NOON + 20 * DAY)):
        Intake.objects.create(
            campaign=campaign,
            number=number,
            key=str(number),
            members=BitMap([ann.pk, bob.pk]),
            control=BitMap([bob.pk]),
            at=at,
        )
    bought(ann, NOON + 21 * DAY)
    result = results.compute(campaign, at=MUCH_LATER)
    assert (result.treated, result.control, result.treated_purchased) == (1, 1, 0)


def test_without_a_control_no_lift_is_told(three: list[Customer]) -> None:
    result = results.compute(mailed((three[0], NOON)), at=MUCH_LATER)
    assert (result.lift, result.control, result.extra_purchases) == (None, None, None)
