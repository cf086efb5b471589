"""Trials: tried on some, measured, won by rule or by hand, and the others get the winner."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from campaigns import transitions
from campaigns.journeys import rounds, waves
from campaigns.models import Campaign, Intake, Message, Trial, Wave
from campaigns.outcomes import trials
from console import clock, states
from console.models import AuditEntry, WorkItem
from metrics import trials as measured
from segments import ingest
from tests.campaigns.factories import (
    TemplateFactory,
    bob,
    campaign_at,
    charlie,
    mail_server,
    people,
    send_all,
)
from tests.campaigns.journeys.steps import message, standing, wait

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def variants(**rule: Any) -> dict[str, Any]:
    made = [
        {"key": key, "template": TemplateFactory.create(name=f"Words {key}").pk, "weight": 1}
        for key in "ab"
    ]
    step = {"key": "hello", "kind": "message", "channel": "email", "variants": made}
    given = {"by": "clicked", "share": 50, "least": 10, "hours": 24} | rule
    return step | {"winner": given}


def tried(count: int = 120, **rule: Any) -> Campaign:
    """A campaign whose trial has left."""
    plan = [variants(**rule), message("last")]
    campaign = campaign_at("sending", people(count), by=bob(), plan=plan)
    with mail_server() as server:
        send_all(campaign, server)
    return campaign


def clicked(campaign: Campaign, **counts: int) -> None:
    for variant, count in counts.items():
        some = Message.objects.filter(campaign=campaign, variant=variant)[:count]
        Message.objects.filter(pk__in=some.values("pk")).update(clicked_at=clock.now())


def hours_go_by(hours: int) -> None:
    Message.objects.update(left_at=F("left_at") - dt.timedelta(hours=hours))


def test_it_is_tried_on_some_and_the_others_get_the_winner() -> None:
    campaign = tried()
    on = Message.objects.filter(campaign=campaign, step="hello")
    assert 30 < (first := on.count()) < 90
    those = on.filter(variant="b").count()
    assert waves.to_do(campaign).get(kind=trials.REST).size == 120 - first
    clicked(campaign, a=1, b=those)
    assert measured.look(at=clock.now()) == 1
    trial = Trial.objects.get()
    assert (trial.winner, trial.why) == ("b", "sure")
    assert trial.tallies["b"]["did"] == those
    assert AuditEntry.of(campaign, "campaign.winner").count() == 1
    with mail_server() as server:
        send_all(campaign, server)
    assert on.count() == 120
    assert on.filter(variant="b").count() > on.filter(variant="a").count() + 15
    assert standing(campaign) == {}, "and everybody went on to the last message"


def test_while_nothing_is_clear_the_others_wait_until_the_time_is_up() -> None:
    campaign = tried()
    clicked(campaign, a=3, b=4)
    assert measured.look(at=clock.now()) == 0
    assert measured.look(at=clock.now()) == 0
    assert not transitions.finish(campaign, at=clock.now())
    hours_go_by(25)
    assert measured.look(at=clock.now()) == 1
    assert Trial.objects.get().why == Trial.Why.AHEAD
    assert not waves.to_do(campaign).filter(kind=trials.REST).exists()


def test_a_person_decides_where_the_rule_says_so() -> None:
    campaign = tried(unclear="person")
    hours_go_by(25)
    for _ in range(2):
        assert measured.look(at=clock.now()) == 0
    assert WorkItem.objects.filter(kind="trial").count() == 1
    owner = campaign.owner
    assert owner
    with pytest.raises(states.NotAllowed, match="why"):
        trials.choose(campaign, "hello", "a", reason=" ", by=owner)
    with pytest.raises(states.NotAllowed):
        trials.choose(campaign, "hello", "z", reason="best", by=owner)
    with pytest.raises(states.NotAllowed):
        trials.choose(campaign, "hello", "a", reason="best", by=charlie())
    assert not Trial.objects.exclude(winner="").exists()
    trials.choose(campaign, "hello", "a", reason="It fits the brand.", by=owner)
    with pytest.raises(states.NotAllowed, match="already"):
        trials.choose(campaign, "hello", "b", reason="No.", by=owner)
    assert waves.to_do(campaign).filter(step="hello").get().kind == "message"


def test_nothing_is_chosen_while_it_is_paused() -> None:
    campaign = tried()
    clicked(campaign, a=2, b=12)
    transitions.pause(campaign, by=campaign.owner or bob())
    assert measured.look(at=clock.now()) == 0
    assert Trial.objects.get().tallies["b"]["did"] == 12, "but it is counted"


def test_who_came_at_the_moment_of_the_choice_is_let_go_as_well() -> None:
    campaign = tried()
    trials.choose(campaign, "hello", "a", reason="Now.", by=campaign.owner or bob())
    late = Wave.objects.filter(step="hello").latest("pk")
    Wave.objects.filter(pk=late.pk).update(kind=trials.REST, not_before=trials.NEVER)
    measured.look(at=clock.now())
    late.refresh_from_db()
    assert (late.kind, late.not_before) == ("message", None)


def test_it_is_won_by_what_the_campaign_aims_at() -> None:
    campaign = tried(by="converted")
    bought = Message.objects.filter(campaign=campaign, variant="b").values_list(
        "customer", flat=True
    )
    ingest.receive(
        ingest.IncomingEvent(
            key=f"order-{one}", customer=one, name="order_paid", time=clock.now(), amount=100
        )
        for one in bought
    )
    ingest.flush()
    measured.look(at=clock.now())
    trial = Trial.objects.get()
    assert trial.tallies["b"]["did"] == len(bought)
    assert (trial.tallies["a"]["did"], trial.winner) == (0, "b")


def test_a_campaign_of_one_run_is_counted_after_it_is_over(signed_in: SignIn) -> None:
    step = {name: one for name, one in variants().items() if name != "winner"}
    campaign = campaign_at("sending", people(30), by=bob(), plan=[step])
    with mail_server() as server:
        send_all(campaign, server)
    transitions.finish(campaign, at=clock.now())
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.SENT
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    shown = signed_in(campaign.owner).get(page).content.decode()
    assert "Not counted yet" in shown
    assert "until somebody chooses" not in shown, "nobody can, any more"
    assert measured.measure(at=clock.now()) == 1
    clicked(campaign, a=3)
    assert measured.measure(at=clock.now()) == 1, "and what came later"
    tallies = Trial.objects.get().tallies
    assert tallies["a"]["got"] + tallies["b"]["got"] == 30
    assert (tallies["a"]["did"], tallies["b"]["did"]) == (3, 0)
    long_after = clock.now() + dt.timedelta(days=campaign.conversion_days + 3)
    assert measured.measure(at=long_after) == 0


# --- splits -----------------------------------------------------------------


def week(*keys: str) -> list[dict[str, Any]]:
    arms = [
        {"key": key, "weight": 1, "steps": [message(f"m-{key}"[:16]), wait(f"w-{key}", 10)]}
        for key in keys
    ]
    return [{"key": "mix", "kind": "split", "arms": arms}]


def test_ways_are_compared_cell_by_cell_and_by_factor() -> None:
    campaign = campaign_at("sending", 60, plan=week("email_1", "email_3", "sms_1", "sms_3"))
    rounds.go(campaign, at=clock.now())
    assert measured.measure(at=clock.now()) == 1
    trial = Trial.objects.get()
    assert sum(one["got"] for one in trial.tallies.values()) == 60
    assert {*trial.factors} == {"channel", "times"}
    both = trial.factors["channel"]["email"]["got"]
    assert both == trial.tallies["email_1"]["got"] + trial.tallies["email_3"]["got"]
    assert trial.factors["times"]["3"]["low"] == 0.0


def test_once_a_way_is_chosen_whoever_comes_later_goes_there() -> None:
    campaign = campaign_at("sending", 20, plan=[wait("early", 5), *week("x", "y")])
    trials.choose(campaign, "mix", "y", reason="Cheaper.", by=campaign.owner or bob())
    Wave.objects.update(not_before=None)
    rounds.go(campaign, at=clock.now())
    assert standing(campaign) == {"m-y": 20}
    assert Intake.objects.get().number == 0


# --- screens ----------------------------------------------------------------


def test_the_page_shows_the_trial_and_lets_one_choose_with_a_reason(
    signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    campaign = tried()
    client = signed_in(campaign.owner)
    clicked(campaign, a=3, b=4)
    measured.look(at=clock.now())
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    client.get(page)
    with django_assert_max_num_queries(85):
        shown = client.get(page).content.decode()
    assert "Words a" in shown
    assert 'name="way"' in shown
    choose = reverse("admin:campaigns_campaign_winner", args=[campaign.pk])
    client.post(choose, {"trial": "hello", "way": "b", "reason": ""})
    assert not Trial.objects.exclude(winner="").exists()
    client.post(choose, {"trial": "hello", "way": "b", "reason": "Our voice"})
    assert Trial.objects.get().winner == "b"
    assert "Our voice" in client.get(page).content.decode()
    assert signed_in("analyst").post(choose, {}).status_code == 403


def test_the_api_shows_trials_and_chooses(signed_in: SignIn) -> None:
    campaign = tried()
    client = signed_in(campaign.owner)
    assert client.get(f"/api/v1/campaigns/{campaign.pk}/trials/").json()[0]["winner"] == ""
    body = {"step": "hello", "way": "a", "reason": "Warmer"}
    answer = client.post(
        f"/api/v1/campaigns/{campaign.pk}/winner/", body, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    assert client.get(f"/api/v1/campaigns/{campaign.pk}/trials/").json()[0]["winner"] == "a"
