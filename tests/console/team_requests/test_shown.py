"""What pages say of a request besides its deeds: efforts, dates, words and figures."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Project, TeamRequest
from console.team_requests import agreeing, depending
from tests.console.team_requests.world import MONDAY, World, days, later, moment

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def in_march() -> None:
    Project.objects.update(today_on=MONDAY, time_zone="Asia/Shanghai")


@pytest.fixture
def world() -> World:
    return World()


def page_of(client: Client, request: TeamRequest) -> str:
    address = reverse("admin:console_teamrequest_change", args=[request.pk])
    return " ".join(client.get(address).content.decode().split())


def test_an_effort_that_was_only_proposed_counts_in_the_chain_and_is_marked(
    world: World, signed_in: SignIn
) -> None:
    last, proposed, unsaid = (world.accepted(title=name) for name in ("Last", "Said", "Unsaid"))
    TeamRequest.objects.filter(pk=last.pk).update(impact=1, effort_days=1, priority=1)
    for number, who in (("2", world.olga), ("4", world.tim)):
        said = {"priority": 1, "impact": 3, "effort_days": days(number)}
        agreeing.propose(proposed, **said, by=who, at=later(1))  # type: ignore[arg-type]
    depending.add(last, needs=proposed, by=world.olga, at=moment())
    depending.add(proposed, needs=unsaid, by=world.olga, at=moment())
    last.refresh_from_db()
    steps = depending.critical_path(last, seen_by=world.tim)
    assert [(step.days, step.effort) for step in steps] == [
        (0, "unknown"),
        (4, "proposed"),
        (1, "agreed"),
    ]
    client = signed_in(world.tim)
    text = page_of(client, last)
    assert "The chain that takes longest: 5 days of work" in text
    assert "4 days (proposed, not agreed)" in text
    assert "nobody said its effort" in text
    told = client.get(f"/api/v1/requests/{last.pk}/dependencies/").json()["critical_path"]
    assert [step["effort"] for step in told] == ["unknown", "proposed", "agreed"]
