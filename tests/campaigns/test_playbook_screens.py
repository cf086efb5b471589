"""The screens of playbooks: made, filled and put in force by pressing; seen by all."""

import datetime as dt
import html
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import plays
from campaigns.models import Campaign, Play, Playbook, PlayResult
from console import approvals
from tests.campaigns.factories import (
    CouponBatchFactory,
    TemplateFactory,
    alice,
    bob,
    budget_with,
    charlie,
    people,
    segment_of,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]
SETTINGS = {
    "name": "Save them",
    "goal": "fewer lost",
    "control_share": "10",
    "rest_days": "30",
    "budget_minor": "500",
    "wake_event": "",
    "wake_days": "30",
    "takes_present": "on",
}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:campaigns_playbook_{name}", args=args)


def with_a_play(client: Any) -> Playbook:
    budget = budget_with(10**6, team=client.staff.team)
    client.post(page("make"), SETTINGS | {"budget": budget.pk})
    playbook = Playbook.objects.get()
    said = {
        "level": segment_of(people(3)).pk,
        "template": TemplateFactory.create().pk,
        "coupon": CouponBatchFactory.create().pk,
        "task": "Call and ask why",
        "task_days": "2",
        "team": client.staff.team_id,
    }
    answer = client.post(page("play", playbook.pk), said)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return playbook


def test_who_began_from_an_older_playbook_is_told(signed_in: SignIn) -> None:
    client = signed_in("operator")
    playbook = with_a_play(client)
    address = page("edit", playbook.pk)
    said = SETTINGS | {"budget": playbook.budget_id}
    began = client.get(address).context["form"].initial["seen"]
    client.post(address, said | {"goal": "a colleague's", "seen": began})
    answer = client.post(address, said | {"name": "Mine", "seen": began}).content.decode()
    assert "was changed by somebody else" in answer
    playbook.refresh_from_db()
    assert (playbook.name, playbook.goal) == ("Save them", "a colleague's")


def test_a_playbook_is_made_filled_approved_and_put_in_force(signed_in: SignIn) -> None:
    client = signed_in(bob())
    playbook = with_a_play(client)
    assert (playbook.control_share, playbook.budget_minor) == (0.1, 50_000)
    campaign = Campaign.objects.get()
    assert [(step["kind"], step.get("days")) for step in campaign.plan] == [
        ("task", 2),
        ("message", None),
    ]
    client.post(page("do", playbook.pk, "submit"))
    pending = approvals.pending_for(campaign)
    assert pending
    waits = client.get(page("change", playbook.pk)).content.decode()
    assert f"It waits for a yes to {html.escape(str(campaign))}; then it can be put" in waits
    assert pending.facts["amount_minor"] == 50_000, "the only play may spend all of it"
    approvals.approve(pending, by=alice())
    client.post(page("do", playbook.pk, "start"))
    playbook.refresh_from_db()
    campaign.refresh_from_db()
    assert (playbook.status, campaign.status) == ("active", "sending")
    begun = client.get(page("change", playbook.pk)).content.decode()
    assert "Who stands in a level now comes in within a minute" in begun
    plays.look(playbook, at=dt.datetime.now(dt.UTC))
    shown = client.get(page("change", playbook.pk)).content.decode()
    assert "Only who comes into a level from now on " in shown
    assert "Call and ask why" in shown
    assert "promised" in shown
    client.post(page("do", playbook.pk, "pause"))
    client.post(page("do", playbook.pk, "end"))
    playbook.refresh_from_db()
    assert playbook.status == "ended"


def test_a_play_that_does_nothing_is_refused_in_words(signed_in: SignIn) -> None:
    client = signed_in("operator")
    client.post(page("make"), SETTINGS)
    said = {"level": segment_of(people(1)).pk}
    answer = client.post(page("play", Playbook.objects.get().pk), said)
    assert "A play needs a message" in answer.content.decode()
    assert not Play.objects.exists()


def test_other_teams_and_roles_look_and_change_nothing(signed_in: SignIn) -> None:
    playbook = with_a_play(signed_in(bob()))
    play = Play.objects.get()
    for client in (signed_in(charlie()), signed_in("analyst")):
        assert client.get(page("change", playbook.pk)).status_code == 200
        assert client.get(page("edit", playbook.pk)).status_code == 403
        client.post(page("do", playbook.pk, "end"))
        client.post(page("change_play", play.pk, "remove"))
        playbook.refresh_from_db()
        assert (playbook.status, Play.objects.count()) == ("draft", 1)


def test_what_came_of_it_stands_on_the_page_and_in_the_list(signed_in: SignIn) -> None:
    client = signed_in(bob())
    playbook = with_a_play(client)
    counts = {"treated": 1000, "woken": 180, "control": 100, "control_woken": 10}
    more = {"lift": 0.08, "cost_minor": 96_000, "as_of": dt.date(2018, 3, 1)}
    PlayResult.objects.create(playbook=playbook, **counts, **more, followed=100, stayed=52)
    for address in (page("change", playbook.pk), page("changelist")):
        shown = client.get(address).content.decode()
        assert "18.0%" in shown
        assert "+8.0%" in shown
        assert "12.00" in shown, "96,000 over the 80 who would not have come back"
    assert "52.0%" in client.get(page("change", playbook.pk)).content.decode()


def test_the_pages_ask_the_same_few_questions_for_many_plays(signed_in: SignIn) -> None:
    client = signed_in(bob())
    playbook = with_a_play(client)

    def asked() -> list[int]:
        counts = []
        for address in (page("change", playbook.pk), page("changelist")):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    Playbook.objects.update(budget_minor=None)
    asked()
    few = asked()
    for number in range(3):
        said = {"level": segment_of(people(1, prefix=f"p{number}")).pk}
        said["template"] = TemplateFactory.create().pk
        client.post(page("play", playbook.pk), said)
    assert Play.objects.count() == 4
    assert asked() == few
