"""A team's weeks on screen: for its members, set by its managers, and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Team, TeamWeek
from console.team_requests import agreeing, capacity, urgent
from tests.console.team_requests.world import MONDAY, World, days, moment

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
PAGE, SET = "admin:console_teamweek_changelist", "admin:console_teamweek_set"
LANE = "admin:console_teamweek_lane"


def filled(world: World, count: int) -> None:
    """So many requests that tech took on, each of four days, the first of them urgent."""
    for number in range(count):
        request = world.accepted(days=4, title=f"Request {number}")
        said = agreeing.propose(
            request, impact=3, effort_days=days("4"), priority=1, by=world.tim, at=moment()
        )
        agreeing.confirm(said, by=world.olga, at=moment())
        if not number:
            why = "They <b>leave</b>"
            urgent.lift(request, cause="churn", because=why, by=world.olga, at=moment())


def test_the_weeks_of_a_team_show_what_would_be_late_and_at_what_cost_of_questions(
    world: World, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    filled(world, 4)
    capacity.set_usual(world.tech, days_a_week=days("10"), urgent_a_month=2, by=world.chief)
    capacity.set_week(world.tech, MONDAY, days=days("5"), because="On leave", by=world.chief)
    client = signed_in(world.tim)
    with django_assert_max_num_queries(14):
        page = client.get(reverse(PAGE)).content.decode()
    for words in ("Request 0", "On leave", "working days late", "manager of the team says"):
        assert words in page
    with django_assert_max_num_queries(14):
        lane = client.get(reverse(LANE)).content.decode()
    assert "They &lt;b&gt;leave" in lane
    assert "customers are leaving 1" in lane
    assert "Request 0" not in signed_in(world.sam).get(reverse(LANE)).content.decode()
    for month in ("2018-02", "nonsense", "0000-00"):
        assert client.get(reverse(LANE), {"month": month}).status_code == 200


def test_empty_weeks_say_what_comes_here(world: World, signed_in: SignIn) -> None:
    assert "accepted nothing" in signed_in(world.sam).get(reverse(PAGE)).content.decode()
    loner = world.person(world.support)
    loner.team = None
    loner.save()
    assert "You belong to no team" in signed_in(loner).get(reverse(PAGE)).content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("chief", 302), ("tim", 409), ("boss", 404)], ids=["own", "member", "other"]
)
def test_managers_set_the_weeks_of_their_own_team(
    world: World, signed_in: SignIn, who: str, status: int
) -> None:
    people = {
        "chief": world.chief,
        "tim": world.tim,
        "boss": world.person(world.support, "manager"),
    }
    client = signed_in(people[who])
    week = {"team": world.tech.pk, "of": "week", "monday": "2018-03-08", "days": "3"}
    usual = {"team": world.tech.pk, "of": "usual", "days_a_week": "7", "urgent_a_month": "5"}
    assert client.get(reverse(PAGE), {"team": world.tech.pk}).status_code == (
        404 if who == "boss" else 200
    )
    for values in (week, usual):
        assert client.post(reverse(SET), values).status_code == status
    kept = Team.objects.get(pk=world.tech.pk)
    found = [(one.monday, one.days) for one in TeamWeek.objects.all()]
    if status == 302:
        assert found == [(MONDAY, days("3"))]
        assert (kept.days_a_week, kept.urgent_a_month) == (days("7"), 5)
        assert client.post(reverse(SET), week | {"days": ""}).status_code == 302
        assert not TeamWeek.objects.exists()
        assert client.post(reverse(SET), week | {"days": "many"}).status_code == 400
    else:
        assert (found, kept.urgent_a_month) == ([], 2)
