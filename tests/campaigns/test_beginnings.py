"""What ships becomes drafts that can be submitted as they are."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from campaigns import beginnings, planning, recipes
from campaigns.models import Campaign, ChannelAccount, MessageTemplate, Playbook
from campaigns.plans import mixes, moments
from campaigns.plans.nodes import Branch, PlanError, Wait
from campaigns.words import language, proofing, revisions
from console import clock
from console.states import NotAllowed
from segments import activity, membership
from segments.models import EventType
from tests.campaigns.factories import TemplateFactory, alice, bob, people, segment_of, submit
from tests.segments.factories import happened, incoming

pytestmark = pytest.mark.django_db
NAMES = {recipes.LOGIN: "order_paid", recipes.INTERACTED: "order_paid"}


@pytest.mark.parametrize("key", list(recipes.JOURNEYS))
def test_every_journey_can_be_submitted_as_it_is(key: str) -> None:
    owner = bob()
    EventType.objects.create(name="cart_added")
    deeds = dict.fromkeys(recipes.JOURNEYS[key].deeds, "cart_added")
    said: dict[str, Any] = {"event": "cart_added", "deeds": deeds}
    campaign = beginnings.journey(key, segment_of(people(1)), by=owner, **said)
    assert "first" in planning.read(campaign).by_key
    submit(campaign, by=owner)
    assert campaign.status == "submitted"


def test_a_journey_tells_what_it_does_and_is_made_for_whom_one_chooses(signed_in: Any) -> None:
    EventType.objects.create(name="cart_added")
    segment, url = segment_of(people(1)), reverse("admin:campaigns_playbook_journey")
    client = signed_in("operator")
    page = client.get(url).content.decode()
    assert "every Thursday at 10:00" in page
    assert "Wait 30 minutes" in page
    assert "with the coupon “Instant coupon” (not later than 1 hour after it was due)" in page
    assert page.count("Leave the plan when this happens") == sum(
        bool(one.leaves_at) for one in recipes.JOURNEYS.values()
    )
    assert "Send it first, under any name such as cart_added" in page
    assert reverse("admin:segments_eventsource_changelist") in page
    assert not MessageTemplate.objects.exists()
    there: dict[str, Any] = {"channel": "email", "link": "shop.test/pay?a=1&b=2"}
    nothing = client.post(url, {"journey": "cart"} | there).content.decode()
    assert "This field is required" in nothing
    cart = {"journey": "cart", "event": "cart_added"} | there
    assert client.post(url, cart).status_code == 302
    campaign = Campaign.objects.get()
    assert (campaign.entry, campaign.segment, campaign.again_after_days) == ("event", None, 7)
    assert campaign.trigger == {"event": "cart_added"}
    words = MessageTemplate.objects.get()
    assert 'href="https://shop.test/pay?a=1&amp;b=2"' in words.body
    weekly = {"journey": "weekly", "segment": segment.pk} | there
    assert client.post(url, weekly).status_code == 302
    assert Campaign.objects.filter(entry="recurring", timetable__days=[4]).exists()
    assert signed_in("analyst").post(url, cart).status_code == 403
    assert Campaign.objects.count() == 2


@pytest.mark.parametrize("channel", ["sms", "push", "in_app"])
def test_what_ships_is_said_through_any_channel(channel: str) -> None:
    """R67, R192: mail is not how most of them are reached."""
    with pytest.raises(NotAllowed, match="add an account first"):
        beginnings.warnings(names=NAMES, by=bob(), channel=channel)
    ChannelAccount.objects.create(name="Phone", kind="sms_http", channel=channel, is_default=True)
    for name in (*NAMES.values(), "user_registered", "cart_added", "friend_liked"):
        EventType.objects.get_or_create(name=name)
    who, owner = segment_of(people(1)), bob()
    beginnings.warnings(names=NAMES, by=owner, channel=channel)
    for key, shipped in recipes.JOURNEYS.items():
        deeds = dict.fromkeys(shipped.deeds, "cart_added")
        given: dict[str, Any] = {"event": "cart_added", "deeds": deeds, "channel": channel}
        campaign = beginnings.journey(key, who, by=owner, **given)
        plan = planning.read(campaign)
        assert {one.channel for one in plan.messages()} == {channel}
        asked = {one["did"]["deed"] for one in campaign.plan if "did" in one}
        assert asked <= ({"clicked"} if channel == "sms" else {"opened"})
    made = MessageTemplate.objects.all()
    assert len(made) == len(recipes.WARNINGS) + sum(
        len(one.words) for one in recipes.JOURNEYS.values()
    )
    assert {one.channel for one in made} == {channel}
    about = {"coupon": {"code": "7K3M-9PQR-2WXY", "expires_on": "2018-04-01", "minutes": 15}}
    for one in made:
        assert not proofing.mistakes(revisions.unsaved(one))
        for code, said in one.words().items():
            text = language.example(said["body"], about)
            assert ("7K3M" in text) == ("coupon" in said["body"]), one.name
            if channel == "sms":
                assert text.endswith(
                    "拒收请回复R" if code == "zh-hans" else "Reply STOP to opt out"
                )
                assert proofing.parts(text) <= (2 if code == "zh-hans" else 3), text
            else:
                assert said["url"] == recipes.LINK


def test_the_weekly_list_says_what_each_customer_likes() -> None:
    said = recipes.LIST.fields("https://shop.test/")
    words = said["variants"]["en"]
    liked = {"traits": {"favourite_category": "Tea"}}
    for facts, title, text in (
        (liked, "Chosen for you this week: Tea", "You like Tea"),
        ({"traits": {}}, "Chosen for you this week: what is new", "what others look at"),
    ):
        assert language.example(words["subject"], facts) == title
        assert text in language.example(words["body"], facts)


def test_journeys_share_nothing_but_what_has_the_same_name() -> None:
    owner, segment = bob(), segment_of(people(1))
    for _ in range(2):
        beginnings.journey("recall", segment, by=owner)
    assert (Campaign.objects.count(), MessageTemplate.objects.count()) == (2, 3)
    with pytest.raises(NotAllowed):
        beginnings.journey("none", segment, by=owner)


def test_the_warnings_are_one_playbook_the_longest_silence_first(
    signed_in: Callable[..., Any],
) -> None:
    EventType.objects.create(name="order_paid")
    client = signed_in("operator")
    address = reverse("admin:campaigns_playbook_ship")
    named = {"login": "order_paid", "interacted": "order_paid"}
    named |= {"link": "shop.test", "channel": "email"}
    client.post(address, named)
    playbook = Playbook.objects.get()
    plays = list(playbook.plays.order_by("place").select_related("campaign"))
    assert len(plays) == 7
    kinds = [[step["kind"] for step in one.campaign.plan] for one in plays]
    assert kinds == [
        ["task", "message"],
        ["message"],
        ["message"],
        ["task", "message"],
        ["task", "message"],
        ["message"],
        ["message"],
    ]
    tasks = [step for one in plays for step in one.campaign.plan if step["kind"] == "task"]
    assert [(one["duty"], one["days"]) for one in tasks] == [
        ("callback", 1),
        ("survey", 5),
        ("callback", 2),
    ]
    assert {one["owner"] for one in tasks} == {client.staff.pk}
    assert signed_in("analyst").post(address, {"login": "order_paid"}).status_code == 403


def test_friends_are_called_only_where_deeds_with_friends_are_known() -> None:
    EventType.objects.create(name="order_paid")
    without = beginnings.warnings(names=NAMES, by=bob())
    EventType.objects.create(name="friend_liked")
    playbook = beginnings.warnings(names=NAMES, by=bob())
    assert (without.plays.count(), playbook.plays.count()) == (7, 8)
    titles = [str(one.campaign) for one in playbook.plays.order_by("place")]
    assert "friends" in titles[6], "after the seven silent days, before the falling activity"


def test_the_work_of_the_warnings_is_the_leads_where_a_team_has_one() -> None:
    EventType.objects.create(name="order_paid")
    maker, lead = bob(), alice()
    assert maker.team
    maker.team.lead = lead
    maker.team.save()
    playbook = beginnings.warnings(names=NAMES, by=maker)
    plans = playbook.plays.values_list("campaign__plan", flat=True)
    tasks = [step for plan in plans for step in plan if step["kind"] == "task"]
    assert {one["owner"] for one in tasks} == {lead.pk}


@pytest.mark.parametrize("hour", range(24))
def test_three_steps_take_less_than_72_hours_whenever_one_registers(hour: int) -> None:
    """R6, from the event on: no night lies between, and no wait is over later."""
    EventType.objects.create(name="user_registered")
    campaign = beginnings.journey("three-steps", None, by=bob(), event="user_registered")
    assert (campaign.entry, campaign.trigger) == ("event", {"event": "user_registered"})
    zone = ZoneInfo("Asia/Shanghai")
    at = begun = dt.datetime(2018, 3, 8, hour, 59, tzinfo=zone)
    for step in planning.read(campaign).by_key.values():
        if isinstance(step, Wait):
            at = moments.end_of(step, at, zone)
    assert at - begun <= dt.timedelta(hours=72)


def test_the_reward_of_small_tasks_is_for_who_did_them() -> None:
    for name in ("kept", "reviewed"):
        EventType.objects.create(name=name)
    who = people(3)
    done = [(who[0], "kept"), (who[0], "reviewed"), (who[1], "kept")]
    happened(*(incoming(one.pk, clock.today(), name=name) for one, name in done))
    activity.rebuild()
    deeds = {"one": "kept", "two": "reviewed"}
    with pytest.raises(NotAllowed, match="Choose the event"):
        beginnings.journey("three-days", segment_of(who), by=bob(), deeds={"one": "kept"})
    campaign = beginnings.journey("three-days", segment_of(who), by=bob(), deeds=deeds)
    plan = planning.read(campaign)
    for step, those in (("did_one", who[:2]), ("did_both", who[:1])):
        branch = plan.by_key[step]
        assert isinstance(branch, Branch)
        found = membership.evaluate(branch.rule, day=clock.today())
        assert {*found} == {one.pk for one in those}, step
    gives = [step.key for step in plan.messages() if step.coupon]
    assert gives == ["third"]


def test_what_signing_in_is_called_is_chosen_from_what_customers_do(
    signed_in: Callable[..., Any],
) -> None:
    for name in ("campaign_received", "message_sent", "message_clicked", "order_paid"):
        EventType.objects.create(name=name)
    client = signed_in("operator")
    address = reverse("admin:campaigns_playbook_ship")
    form = client.get(address).context["form"]
    assert {name for name, _ in form["login"].field.choices} == {
        "",
        "message_clicked",
        "order_paid",
    }
    assert form["login"].field.choices[0] == ("", "Choose an event")
    client.post(address, {"login": "", "interacted": "campaign_received"})
    assert not Playbook.objects.exists()


@pytest.mark.parametrize("event", ["campaign_received", "coupon_issued", "message_delivered"])
def test_what_is_done_to_customers_is_no_signing_in(event: str) -> None:
    with pytest.raises(NotAllowed, match="is not what customers do"):
        beginnings.warnings(names=NAMES | {recipes.LOGIN: event}, by=bob())


# --- how often, and through which channel -------------------------------------------


def test_every_channel_is_tried_with_every_frequency_for_as_long() -> None:
    (split,) = mixes.plan({"email": 1, "sms": 2}, [3, 1], 2)
    arms = {arm["key"]: arm["steps"] for arm in split["arms"]}
    assert [*arms] == ["email_1", "email_3", "sms_1", "sms_3"]
    assert [len(steps) for steps in arms.values()] == [4, 12, 4, 12]
    lasts = {sum(one.get("minutes", 0) for one in steps) for steps in arms.values()}
    assert lasts == {2 * 7 * 1440}
    for words, times, weeks in (({"email": 1}, [1], 2), ({"email": 1, "sms": 2}, [5, 3], 8)):
        with pytest.raises(PlanError):
            mixes.plan(words, times, weeks)


def test_such_a_test_is_begun_in_the_browser(signed_in: Any) -> None:
    segment, template = segment_of(people(1)), TemplateFactory.create()
    client, url = signed_in("operator"), reverse("admin:campaigns_playbook_mix")
    given = {"segment": segment.pk, "templates": [template.pk], "times": ["1", "3"], "weeks": "2"}
    answer = client.post(url, given)
    campaign = Campaign.objects.get()
    assert answer["Location"] == reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    assert campaign.control_share == 0.1
    assert [arm["key"] for arm in campaign.plan[0]["arms"]] == ["email_1", "email_3"]
    other = TemplateFactory.create()
    twice = client.post(url, given | {"templates": [template.pk, other.pk]})
    assert "one template for each channel" in twice.content.decode()
    assert signed_in("analyst").post(url, given).status_code == 403
    assert Campaign.objects.count() == 1
