"""Closed periods of campaigns, and scenario g: two months under the expected return stop it."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from pyroaring import BitMap

from campaigns import transitions
from campaigns.models import Campaign, CampaignPeriod, Intake, Message, Stop
from campaigns.stoploss import stops
from console.models import Approval, Staff, WorkItem
from console.states import NotAllowed
from metrics import campaign_periods
from segments import bitmaps
from segments.models import Customer
from tests.campaigns.factories import bob, campaign_at, people, segment_of
from tests.factories import StaffFactory
from tests.metrics.factories import today_is
from tests.segments.factories import happened, incoming

JAN, FEB, MAR = (dt.date(2018, month, 10) for month in (1, 2, 3))
Status = Campaign.Status


@pytest.fixture
def running(db: None) -> Campaign:
    """A campaign that lasts, with half its customers as control."""
    today_is("2018-01-02")
    customers = people(8)
    return campaign_at(
        "sending",
        entry="segment",
        segment=segment_of(customers),
        control_share=0.5,
        expected_roi=0.5,
        by=bob(),
    )


def came(campaign: Campaign, day: dt.date, paid: int, *, cost: int = 100) -> None:
    """Two came in on a day and two were the control, of whom one paid 100; the treated paid so
    much each, and their messages cost so much each."""
    number = campaign.intakes.count() + 1
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    who = people(4, prefix=f"m{number}-")
    treated, control = who[:2], who[2:]
    Intake.objects.create(
        campaign=campaign,
        number=number,
        key=f"came {number}",
        members=_set(who),
        control=_set(control),
        at=at,
    )
    for one in treated:
        Message.objects.create(
            campaign=campaign,
            customer=one,
            occurrence=number,
            status=Message.Status.SENT,
            cost_minor=cost,
            sent_at=at,
        )
    later = at + dt.timedelta(days=1)
    events = [incoming(one, later.date(), time=later, amount=paid) for one in treated]
    happened(*events, incoming(control[0], later.date(), time=later, amount=100))


def _set(customers: list[Customer]) -> BitMap:
    return bitmaps.from_ids(one.pk for one in customers)


def test_a_period_tells_what_it_cost_and_brought_against_the_control(running: Campaign) -> None:
    came(running, JAN, 350)
    assert campaign_periods.close(running, today=dt.date(2018, 2, 10)) == [], "data may come late"
    (period,) = campaign_periods.close(running, today=dt.date(2018, 2, 11))
    assert (period.treated, period.treated_converted, period.treated_revenue_minor) == (2, 2, 700)
    assert (period.control, period.control_converted, period.control_revenue_minor) == (2, 1, 100)
    assert (period.cost_minor, period.caused_minor, period.roi) == (200, 600, 2.0)
    assert period.is_below is False
    assert period.definition["paid"] == 1
    assert campaign_periods.close(running, today=dt.date(2018, 2, 12)) == []


def test_late_data_is_told_beside_what_was_told_first(running: Campaign) -> None:
    came(running, JAN, 150)
    (first,) = campaign_periods.close(running, today=MAR)
    late = Customer.objects.filter(email__startswith="m1-").earliest("pk")
    happened(incoming(late, JAN, time=dt.datetime(2018, 1, 12, tzinfo=dt.UTC), amount=1000))
    (second,) = campaign_periods.close(running, today=MAR)
    assert (first.is_below, second.is_below) == (True, False)
    assert [one.revision for one in running.periods.order_by("pk")] == [1, 2]
    assert [one.pk for one in stops.standing(running)] == [second.pk]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE campaigns_campaignperiod SET is_below = false")


def test_two_months_under_the_expected_return_stop_it_and_only_a_written_decision_resumes_it(
    running: Campaign,
) -> None:
    owner, manager = running.owner, Staff.objects.filter(role="manager").earliest("pk")
    assert owner
    came(running, JAN, 150)
    assert campaign_periods.close_all(today=dt.date(2018, 2, 12)) == []
    came(running, FEB, 150)
    (stop,) = campaign_periods.close_all(today=dt.date(2018, 3, 12))
    assert campaign_periods.close_all(today=dt.date(2018, 3, 13)) == [], "once"
    running.refresh_from_db()
    assert running.status == Status.PAUSED
    assert "2018-01: ±0%; 2018-02: ±0%" in running.stopped_because
    item = WorkItem.objects.get(kind=stops.KIND)
    assert (item.subject, item.owner, stop.watched_until) == (stop, manager, dt.date(2018, 9, 12))
    with pytest.raises(NotAllowed, match="in writing"):
        transitions.resume(running, by=owner)
    with pytest.raises(NotAllowed, match="in writing"):
        transitions.go_on(running)
    with pytest.raises(NotAllowed, match="say why"):
        stops.decide(stop, goes_on=True, reason="  ", by=manager)
    with pytest.raises(NotAllowed, match="role"):
        stops.decide(stop, goes_on=True, reason="Because", by=owner)
    stops.decide(stop, goes_on=True, reason="The offer was changed at the till.", by=manager)
    running.refresh_from_db()
    item.refresh_from_db()
    assert (running.status, running.stopped_because, item.status) == (Status.SENDING, "", "done")
    assert Approval.objects.filter(status="approved").count() == 1
    assert campaign_periods.close_all(today=dt.date(2018, 3, 20)) == [], "it was decided about"
    came(running, MAR, 150)
    (again,) = campaign_periods.close_all(today=dt.date(2018, 4, 12))
    assert [one["name"] for one in again.periods] == ["2018-03"], "watched: one is enough"
    stops.decide(again, goes_on=False, reason="It does not pay.", by=manager)
    running.refresh_from_db()
    assert running.status == Status.CANCELLED
    assert Stop.objects.filter(decided_by=manager).count() == 2


def test_late_data_that_clears_it_is_told_beside_the_stop(running: Campaign) -> None:
    came(running, JAN, 150)
    came(running, FEB, 150)
    (stop,) = campaign_periods.close_all(today=dt.date(2018, 3, 12))
    late = Customer.objects.filter(email__startswith="m2-").earliest("pk")
    happened(incoming(late, FEB, time=dt.datetime(2018, 2, 12, tzinfo=dt.UTC), amount=1000))
    campaign_periods.close_all(today=dt.date(2018, 3, 13))
    stop.refresh_from_db()
    assert (stop.doubted_on, stop.is_open) == (dt.date(2018, 3, 13), True)


def test_who_runs_it_does_not_decide_about_it_whatever_the_role(running: Campaign) -> None:
    owner = StaffFactory.create(role="admin")
    Campaign.objects.filter(pk=running.pk).update(owner=owner)
    running.refresh_from_db()
    came(running, JAN, 150)
    came(running, FEB, 150)
    (stop,) = campaign_periods.close_all(today=dt.date(2018, 3, 12))
    with pytest.raises(NotAllowed, match="yourself"):
        stops.decide(stop, goes_on=True, reason="I think so", by=owner)
    running.refresh_from_db()
    assert running.status == Status.PAUSED


def test_without_a_control_nobody_can_tell_and_nothing_is_stopped(running: Campaign) -> None:
    for month in (JAN, FEB):
        came(running, month, 0)
    Intake.objects.filter(campaign=running).update(control=BitMap())
    assert campaign_periods.close_all(today=dt.date(2018, 3, 12)) == []
    assert {one.is_below for one in CampaignPeriod.objects.all()} == {None}
