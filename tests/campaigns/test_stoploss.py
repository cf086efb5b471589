"""When a campaign stops by itself: what is agreed, guardrails, and who decides."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import drafts, expectations, tasks, transitions
from campaigns.admin.campaign_form import CampaignForm
from campaigns.models import Campaign, CampaignPeriod, Message, Quote, Stop
from campaigns.stoploss import judging, stops
from campaigns.stoploss.judging import Guardrail, Period
from console import clock
from console.models import Staff, WorkItem
from console.states import NotAllowed, Stale
from tests.campaigns.factories import (
    TemplateFactory,
    alice,
    bob,
    campaign_at,
    form,
    people,
    segment_of,
)
from tests.campaigns.journeys.steps import together
from tests.campaigns.test_playbooks import playbook_of
from tests.factories import StaffFactory
from tests.segments.factories import happened, incoming

Status = Campaign.Status
ENGLISH = {"accept-language": "en"}
JAN, FEB, MAR, APR = (dt.date(2018, month, 1) for month in (1, 2, 3, 4))


@pytest.fixture
def client() -> Client:
    return Client(headers=ENGLISH)


# --- judging ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("below", "length"),
    [([True, True], 2), ([True, False], 0), ([False, True, True], 2), ([True, None, True], 1)],
    ids=["two", "better since", "two at the end", "unknown between"],
)
def test_only_the_newest_periods_in_a_row_count(below: list[bool | None], length: int) -> None:
    periods = [Period(day, one) for day, one in zip((JAN, FEB, MAR), below, strict=False)]
    assert len(judging.run(periods)) == length


def test_what_is_not_known_is_neither_below_nor_as_agreed() -> None:
    assert judging.is_below(None, 0.5) is None
    assert judging.is_below(0.2, None) is None
    assert (judging.is_below(0.49, 0.5), judging.is_below(0.5, 0.5)) == (True, False)


def test_a_guardrail_waits_for_enough_and_the_worst_one_is_told() -> None:
    few, bad, worse = (
        Guardrail("a", 9, 99, 0.02),
        Guardrail("b", 3, 100, 0.02),
        Guardrail("c", 1, 100, 0.003),
    )
    assert judging.broken([few, bad, worse], least=100) == worse
    assert judging.broken([few, Guardrail("b", 2, 100, 0.02)], least=100) is None
    assert judging.broken([Guardrail("a", 100, 100, None)], least=1) is None


@pytest.mark.parametrize(
    ("day", "until"),
    [("2018-03-12", "2018-09-12"), ("2018-08-31", "2019-02-28"), ("2018-12-01", "2019-06-01")],
)
def test_it_is_watched_for_six_months(day: str, until: str) -> None:
    assert judging.watched_until(dt.date.fromisoformat(day)) == dt.date.fromisoformat(until)


# --- what is agreed -----------------------------------------------------------------


@pytest.mark.django_db
def test_a_draft_begins_with_guardrails_unless_somebody_says_otherwise() -> None:
    owner, segment = bob(), segment_of(people(1))
    words = TemplateFactory.create()
    usual = drafts.add(name="A", segment=segment, template=words, by=owner)
    free = drafts.add(name="B", segment=segment, template=words, most_left=None, by=owner)
    assert (usual.most_complained, usual.most_left, free.most_left) == (0.003, 0.02, None)
    for wrong in ({"most_left": 1.1}, {"expected_roi": float("nan")}, {"periods_below": 0}):
        with pytest.raises(NotAllowed):
            drafts.edit(usual, by=owner, **wrong)


def test_what_is_expected_is_what_the_past_tells_but_at_least_that_it_pays_back() -> None:
    def quote(caused: float | None) -> Quote:
        return Quote(expected_minor=100, returns={"caused": caused} if caused else None)

    assert [expectations.proposed(quote(one)) for one in (185.0, 40.0, None)] == [0.85, 0.0, 0.0]


@pytest.mark.django_db
def test_what_was_approved_before_anything_was_agreed_stays_approved() -> None:
    campaign = campaign_at("approved")
    was = campaign.digest()
    assert not {"expected_roi", "guarded_from"} & {
        name for name in Campaign.DECIDED_IF_SET if campaign._is_set(name)
    }
    for name, value in {"expected_roi": 0.0, "periods_below": 3, "guarded_from": 7}.items():
        setattr(campaign, name, value)
        assert campaign.digest() != was, name
        campaign.refresh_from_db()


# --- guardrails ---------------------------------------------------------------------


@pytest.fixture
def sending(db: None) -> Campaign:
    return campaign_at(
        "sending", 4, guarded_from=4, most_unsubscribed=0.25, most_complained=0.003, most_left=0.25
    )


def sent(campaign: Campaign, **deeds: int) -> list[Message]:
    """One message to each, of which so many led to a deed."""
    made = [
        Message.objects.create(campaign=campaign, customer_id=one, status="sent", step="x")
        for one in campaign.audience.members
    ]
    for deed, count in deeds.items():
        ids = [one.pk for one in made[:count]]
        Message.objects.filter(pk__in=ids).update(**{f"{deed}_at": timezone.now()})
    return made


@pytest.mark.parametrize(
    ("deeds", "cause"),
    [
        ({"unsubscribed": 1}, None),
        ({"unsubscribed": 2}, "unsubscribed"),
        ({"complained": 1}, "complained"),
    ],
    ids=["at the limit", "over it", "spam"],
)
def test_a_broken_guardrail_stops_it_once(
    sending: Campaign, deeds: dict[str, int], cause: str | None
) -> None:
    sent(sending, **deeds)
    tasks.look_at_guardrails()
    tasks.look_at_guardrails()
    sending.refresh_from_db()
    found = list(Stop.objects.values_list("cause", flat=True))
    assert found == ([cause] if cause else [])
    assert sending.status == (Status.PAUSED if cause else Status.SENDING)
    assert WorkItem.objects.filter(kind=stops.KIND).count() == len(found)


@pytest.mark.django_db
def test_customers_who_uninstall_stop_it(sending: Campaign) -> None:
    today = clock.today()
    gone = sorted(sending.audience.members)[:2]
    happened(*(incoming(one, today, name="app_uninstalled", time=clock.now()) for one in gone))
    stop = stops.look(sending, at=clock.now())
    assert stop
    assert (stop.cause, stop.facts) == ("left", {"count": 2, "of": 4, "most": 0.25})


def test_after_a_decision_only_what_came_since_counts(sending: Campaign) -> None:
    sent(sending, complained=1)
    stop = stops.look(sending, at=clock.now())
    assert stop
    stops.decide(stop, goes_on=True, reason="A mistake of the provider.", by=alice())
    assert stops.look(sending, at=clock.now()) is None
    with pytest.raises(Stale):
        stops.decide(stop, goes_on=False, reason="No", by=alice())


# --- who may -------------------------------------------------------------------------


@pytest.fixture
def stopped(sending: Campaign) -> Stop:
    sent(sending, complained=1)
    stop = stops.look(sending, at=clock.now())
    assert stop
    return stop


@pytest.mark.parametrize("role", Staff.Role.values)
def test_only_who_may_decide_decides_by_the_page_and_over_the_api(
    stopped: Stop, client: Client, role: str
) -> None:
    staff = StaffFactory.create(role=role)
    may = role in {"manager", "admin"}
    client.force_login(staff)
    page = client.get(reverse("admin:campaigns_stop_change", args=[stopped.pk]))
    assert page.status_code == 200
    assert (b'name="decision"' in page.content) is may
    address = reverse("admin:campaigns_stop_decide", args=[stopped.pk])
    answer = client.post(address, {"decision": "go_on", "reason": ""})
    assert answer.status_code == 409, "nobody decides without words"
    path, said = f"/api/v1/stops/{stopped.pk}/decide/", {"goes_on": True, "reason": "A test."}
    answer = client.post(path, said, headers={"Idempotency-Key": "decided"})
    assert answer.status_code == (200 if may else 403)
    stopped.refresh_from_db()
    stopped.campaign.refresh_from_db()
    assert stopped.is_open is not may
    assert stopped.campaign.status == (Status.SENDING if may else Status.PAUSED)


def test_what_ended_for_good_is_not_said_to_be_watched(stopped: Stop, client: Client) -> None:
    client.force_login(StaffFactory.create(role="manager"))
    at = reverse("admin:campaigns_stop_change", args=[stopped.pk])
    assert "Watched until" in client.get(at).content.decode()
    stops.decide(stopped, goes_on=False, reason="Nothing came of it.", by=alice())
    html = client.get(at).content.decode()
    assert "It ended for good." in html
    assert "Watched until" not in html


def test_no_way_leads_past_the_decision(stopped: Stop, client: Client) -> None:
    campaign = stopped.campaign
    campaign.refresh_from_db()
    assert campaign.owner
    client.force_login(campaign.owner)
    page = reverse("admin:campaigns_campaign_step", args=[campaign.pk])
    client.post(page, {"step": "resume"})
    path, key = f"/api/v1/campaigns/{campaign.pk}/resume/", {"Idempotency-Key": "resume"}
    assert client.post(path, headers=key).status_code == 403
    for way in (transitions.go_on, lambda one: transitions.resume(one, by=campaign.owner)):
        with pytest.raises(NotAllowed, match="in writing"):
            way(campaign)
    with pytest.raises(NotAllowed):
        transitions.start(campaign, by=campaign.owner, at=clock.now())
    campaign.refresh_from_db()
    assert (campaign.status, "resume" in transitions.open_steps(campaign, campaign.owner)) == (
        Status.PAUSED,
        False,
    )


def test_who_cancelled_it_meanwhile_leaves_nothing_to_go_on_with(stopped: Stop) -> None:
    campaign = Campaign.objects.get(pk=stopped.campaign_id)
    assert campaign.owner
    transitions.cancel(campaign, by=campaign.owner)
    with pytest.raises(NotAllowed):
        stops.decide(stopped, goes_on=True, reason="Let us see", by=alice())
    stops.decide(stopped, goes_on=False, reason="It ended already.", by=alice())


def test_the_page_of_a_campaign_and_its_approval_say_when_it_stops(
    stopped: Stop, client: Client
) -> None:
    client.force_login(alice())
    page = client.get(reverse("admin:campaigns_campaign_change", args=[stopped.campaign_id]))
    said = page.content.decode()
    assert "More than 0.3% of the messages were reported as spam." in said
    assert "It waits for a decision in writing." in said
    asked = page.context["approval"]["approval"]
    approval = client.get(reverse("admin:console_approval_change", args=[asked.pk]))
    assert "When it stops by itself" in approval.content.decode()
    listed = client.get(reverse("admin:campaigns_stop_changelist")).content.decode()
    assert "1 of 4 messages were reported as spam: 25%, over 0.3%." in listed


@pytest.mark.django_db(transaction=True)
def test_of_two_who_look_at_once_one_stops_it() -> None:
    campaign = campaign_at("sending", 4, guarded_from=4, most_complained=0.003)
    sent(campaign, complained=1)
    deeds = [lambda: stops.look(campaign, at=clock.now())] * 2
    assert not together(*deeds)
    assert (Stop.objects.count(), WorkItem.objects.filter(kind=stops.KIND).count()) == (1, 1)


def test_managers_find_it_at_home_and_each_list_is_a_few_questions(
    stopped: Stop, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(alice())
    home = client.get(reverse("admin:index")).content.decode()
    assert home.count(reverse("admin:campaigns_stop_change", args=[stopped.pk])) == 1
    with django_assert_max_num_queries(12):
        client.get(reverse("admin:campaigns_stop_changelist"))
    with django_assert_max_num_queries(24):
        client.get(reverse("admin:campaigns_stop_change", args=[stopped.pk]))


@pytest.mark.django_db
def test_a_playbook_tells_of_its_plays_periods_together(client: Client) -> None:
    playbook = playbook_of([segment_of([]), segment_of([])], by=bob())
    for play, caused in zip(playbook.plays.all(), (300, 500), strict=True):
        CampaignPeriod.objects.create(
            campaign=play.campaign,
            grain="month",
            begins_on=JAN,
            treated=10,
            treated_converted=2,
            treated_revenue_minor=900,
            control=2,
            control_converted=0,
            control_revenue_minor=0,
            cost_minor=200,
            caused_minor=caused,
            closed_on=FEB,
        )
    client.force_login(alice())
    page = client.get(reverse("admin:campaigns_playbook_change", args=[playbook.pk]))
    (row,) = page.context["periods"].rows
    assert (row[0], row[1], row[5]) == ("2018-01", "20", "+100%")


@pytest.mark.django_db
def test_a_form_takes_percents_and_keeps_shares(client: Client) -> None:
    segment, words = segment_of(people(1)), TemplateFactory.create()
    client.force_login(bob())
    said = form(
        segment=segment.pk, template=words.pk, entry="segment", expected_roi="85", most_left=""
    )
    answer = client.post(reverse("admin:campaigns_campaign_add"), said | {"most_complained": "0.1"})
    assert answer.status_code == 302
    made = Campaign.objects.get()
    assert (made.expected_roi, made.most_complained, made.most_left) == (0.85, 0.001, None)
    assert (made.roi_period, made.periods_below, made.guarded_from) == ("month", 2, 200)
    page = client.get(reverse("admin:campaigns_campaign_edit", args=[made.pk])).content.decode()
    assert 'value="85.0"' in page


@pytest.mark.django_db
def test_one_that_runs_once_is_held_to_no_periods(client: Client) -> None:
    owner = bob()
    once = campaign_at("draft", by=owner)
    client.force_login(owner)
    path = f"/api/v1/campaigns/{once.pk}/"
    for name, value in {"expected_roi": 0.2, "roi_period": "week", "periods_below": 3}.items():
        with pytest.raises(NotAllowed, match="lasts"):
            drafts.edit(once, by=owner, **{name: value})
        answer = client.patch(path, {name: value}, content_type="application/json")
        assert (answer.status_code, set(answer.json())) == (400, {name})
    assert (
        client.patch(path, {"most_left": 0.1}, content_type="application/json").status_code == 200
    )
    switched = CampaignForm(form(entry="once", segment=once.segment_id, expected_roi="20"))
    switched.is_valid()
    assert switched.cleaned_data["expected_roi"] is None
