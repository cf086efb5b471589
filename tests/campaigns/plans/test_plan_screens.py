"""The form and the page of a campaign with a plan: written, read back, followed; and its API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.journeys import rounds
from campaigns.models import Campaign
from console import approvals, clock
from segments.models import EventType
from tests.campaigns.factories import TemplateFactory, bob, campaign_at, form, people, segment_of
from tests.campaigns.journeys.steps import message, wait

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def test_a_triggered_campaign_is_made_in_the_browser(signed_in: SignIn) -> None:
    EventType.objects.create(name="cart_updated", title="Cart updated")
    EventType.objects.create(name="order_paid")
    plan = [wait(minutes=30), message("remind")]
    client = signed_in("operator")
    shown = client.get(reverse("admin:campaigns_campaign_add")).content.decode()
    assert "plan-builder-data" in shown
    assert "rule-builder-data" in shown
    answer = client.post(
        reverse("admin:campaigns_campaign_add"),
        form(
            entry="event",
            event="cart_updated",
            plan=json.dumps(plan),
            leave_at=["order_paid"],
            again_after_days=1,
        ),
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    campaign = Campaign.objects.get()
    assert (campaign.trigger, campaign.plan) == ({"event": "cart_updated"}, plan)
    assert (campaign.exit_events, campaign.segment, campaign.template) == (
        ["order_paid"],
        None,
        None,
    )
    page = client.get(answer["Location"]).content.decode()
    assert "Cart updated" in page
    assert "wait 30 minutes" in page.lower()
    edit = reverse("admin:campaigns_campaign_edit", args=[campaign.pk])
    begun = client.get(edit).context["adminform"].form
    assert begun.initial["event"] == "cart_updated"
    assert json.loads(begun["plan"].value()) == plan, "who saves again keeps the steps"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "segment"),
        ({"plan": '[{"key": "x", "kind": "fly"}]'}, "plan"),
        ({"plan": "{"}, "plan"),
        ({"entry": "recurring", "every": "week", "on_days": "9"}, "every"),
        ({"entry": "recurring", "every": "month", "on_days": "x"}, "every"),
        ({"entry": "event"}, "event"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(
    signed_in: SignIn, values: dict[str, Any], field: str
) -> None:
    answer = signed_in("operator").post(reverse("admin:campaigns_campaign_add"), form(**values))
    assert field in answer.context["adminform"].form.errors
    assert not Campaign.objects.exists()


def test_a_repeating_campaign_is_made_in_the_browser(signed_in: SignIn) -> None:
    segment, template = segment_of(people(2)), TemplateFactory.create()
    answer = signed_in("operator").post(
        reverse("admin:campaigns_campaign_add"),
        form(
            entry="recurring",
            every="week",
            on_days="1，5",
            segment=segment.pk,
            template=template.pk,
        ),
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Campaign.objects.get().timetable == {"every": "week", "at": "10:00", "days": [1, 5]}


def test_the_plan_is_read_back_as_it_is_written(signed_in: SignIn) -> None:
    template = TemplateFactory.create(name="Remind me")
    check = reverse("admin:campaigns_campaign_check")
    client = signed_in("operator")
    good = client.post(check, {"plan": json.dumps([wait(), message("hello", template)])}).json()
    assert "wait 1 hour, then send by e-mail: “Remind me”" in good["sentence"]
    bad = client.post(check, {"plan": json.dumps([wait(), message("hello") | {"template": 0}])})
    assert bad.json()["error"]["path"] == ["1"]
    assert client.post(check, {"plan": "["}).json()["error"]
    assert signed_in("analyst").post(check, {"plan": "[]"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_page_counts_who_stands_where(
    signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    campaign = campaign_at("sending", 7, plan=[wait(), message("last")])
    rounds.go(campaign, at=clock.now())
    client = signed_in("operator")
    url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    client.get(url)
    with django_assert_max_num_queries(60):
        page = client.get(url).content.decode()
    assert "7 here" in page


def test_a_plan_goes_over_the_api_as_well(signed_in: SignIn) -> None:
    segment = segment_of(people(2))
    client = signed_in("operator")
    body = {
        "name": "Two steps",
        "segment": segment.pk,
        "plan": [wait(), message("last")],
        "again_after_days": 30,
    }
    made = client.post("/api/v1/campaigns/", json.dumps(body), content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["plan"] == body["plan"]
    wrong = client.patch(
        f"/api/v1/campaigns/{made.json()['id']}/",
        json.dumps({"plan": [{"kind": "fly"}]}),
        content_type="application/json",
    )
    assert wrong.status_code == 400, wrong.content
    nothing = client.post(
        "/api/v1/campaigns/", json.dumps({"name": "Nobody"}), content_type="application/json"
    )
    assert nothing.status_code == 400


@pytest.mark.parametrize(
    ("entry", "values", "said"),
    [
        ("event", {"trigger": {"event": "cart_updated"}, "segment": None}, "Cart updated"),
        ("recurring", {"timetable": {"every": "day", "at": "10:00"}}, "every day at 10:00"),
        ("segment", {"trigger": {"present": True}}, "Also who is in the segment at the start"),
    ],
    ids=["event", "recurring", "segment"],
)
def test_one_reads_the_whole_plan_of_a_lasting_campaign_before_one_approves_it(
    signed_in: SignIn, entry: str, values: dict[str, Any], said: str
) -> None:
    EventType.objects.create(name="cart_updated", title="Cart updated")
    template = TemplateFactory.create(name="Remind me")
    plan = [wait(), message("remind", template)]
    campaign = campaign_at("submitted", entry=entry, plan=plan, **values)
    asked = approvals.pending_for(campaign)
    assert asked
    address = reverse("admin:console_approval_change", args=[asked.pk])
    page = signed_in("manager").get(address).content.decode()
    assert said in page
    assert "Wait 1 hour" in page
    assert "Remind me" in page
    assert ("Some of them" in page) == (entry == "recurring")
    for untrue in ("Approve sending", "recorded elsewhere", "does not alter it"):
        assert untrue not in page


def test_a_lasting_campaign_is_started_and_not_sent(signed_in: SignIn) -> None:
    plan = [message("remind", TemplateFactory.create())]
    timetable = {"every": "day", "at": "10:00"}
    owner = bob()
    campaign = campaign_at("approved", by=owner, entry="recurring", timetable=timetable, plan=plan)
    url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    page = signed_in(owner).get(url).content.decode()
    assert "Start it? Customers come in from now on" in page
    assert "customers now" not in page


def test_a_draft_with_a_plan_shows_each_of_its_mails(signed_in: SignIn) -> None:
    first, later = (TemplateFactory.create(subject=words) for words in ("Hello", "Still there?"))
    campaign = campaign_at("draft", 2, plan=[message("a", first), wait(), message("b", later)])
    client = signed_in("operator")
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    assert page.context["mail"]["subject"] == "Hello"
    assert f'<option value="{later.pk}">' in page.content.decode()
    mail = reverse("admin:campaigns_campaign_mail", args=[campaign.pk])
    assert client.get(mail, {"message": later.pk}).json()["subject"] == "Still there?"
    assert client.get(mail, {"message": 0}).json()["subject"] == "Hello"
