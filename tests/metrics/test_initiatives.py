"""Requests that promise to move the scorecard: how hard for their team, and what they would win."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from console.models import Staff, Team, TeamRequest
from metrics import health, initiatives, measurements
from metrics.health import Scorecard
from metrics.measurements import ratio
from tests.factories import StaffFactory, TeamFactory
from tests.metrics.factories import today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
TODAY = dt.date(2025, 9, 20)
PAGE = "admin:metrics_indicator_changelist"


@pytest.fixture
def card() -> Scorecard:
    """Stickiness is half way from bad to good, and the only one that is known."""
    health.install()
    today_is(TODAY)
    measurements.keep([ratio("stickiness", dt.date(2025, 9, 18), 15_000, 100_000)])
    return health.scorecard(dt.date(2025, 9, 19))


@pytest.fixture
def tech() -> Team:
    team: Team = TeamFactory.create(name="Tech")
    return team


def asked(team: Team, days: str | None = None, **values: Any) -> TeamRequest:
    """One that both sides agreed on, if days are said."""
    agreed = {"impact": 3, "priority": 10, "effort_days": Decimal(days)} if days else {}
    given = {"metric": "stickiness", "expected_change": Decimal("0.1"), "status": "accepted"}
    return TeamRequest.objects.create(
        kind=TeamRequest.Kind.FEATURE,
        why="They leave.",
        from_team=team,
        to_team=team,
        asked_by=StaffFactory.create(team=team),
        asked_on=TODAY,
        **{"title": f"For {days}"} | given | agreed | values,
    )


def test_what_pays_most_for_a_day_of_effort_stands_first(card: Scorecard, tech: Team) -> None:
    for days in ("1", "2", "4", "8"):
        asked(tech, days, metric="")
    hard = asked(tech, "16", expected_by=TODAY + dt.timedelta(days=30))
    easy = asked(tech, "2", expected_by=TODAY - dt.timedelta(days=3))
    unknown = asked(tech, expected_change=None)
    found = initiatives.of(card, StaffFactory.create(team=tech), today=TODAY)
    assert [one.request for one in found] == [easy, hard, unknown]
    # 15 % becomes 16.5 %, of the way from 10 % to 20 % another 0.15, of all points.
    assert [one.points for one in found[:2]] == [Decimal(15), Decimal(15)]
    assert [one.index for one in found] == [2, 5, None]
    assert [one.days_left for one in found] == [-3, 30, None]
    assert found[0].a_day == Decimal("7.5")


def test_of_few_agreed_requests_nobody_says_what_is_hard(card: Scorecard, tech: Team) -> None:
    for days in ("1", "2", "3", "4"):
        asked(tech, days)
    found = initiatives.of(card, StaffFactory.create(team=tech), today=TODAY)
    assert {one.index for one in found} == {None}


@pytest.mark.parametrize(
    ("days", "others", "index"),
    [
        ("1", "1 2 3 4 5", 1),
        ("5", "1 2 3 4 5", 5),
        ("3", "1 2 3 4 5", 3),
        ("9", "1 1 1 1 1", 5),
        ("0.5", "1 1 1 1 1", 1),
        ("1", "1 1 1 1 1", 3),  # as hard as all
    ],
)
def test_an_index_is_a_fifth_of_the_teams_own(days: str, others: str, index: int) -> None:
    assert initiatives.fifth(Decimal(days), [Decimal(one) for one in others.split()]) == index


def test_a_baseline_is_where_it_begins(card: Scorecard, tech: Team) -> None:
    asked(tech, "1", baseline={"metric": "stickiness", "value": 0.14})
    (one,) = initiatives.of(card, StaffFactory.create(team=tech), today=TODAY)
    assert one.points == pytest.approx(Decimal(4))  # to 15.4 %, of which 15 % are there


@pytest.mark.parametrize("role", [role.value for role in Staff.Role])
def test_the_page_shows_to_each_what_concerns_them(
    card: Scorecard,
    tech: Team,
    role: str,
    signed_in: SignIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    asked(tech, "2", title="<b>Shorter</b> way", expected_by=TODAY + dt.timedelta(days=30))
    client = signed_in(role)
    shown = client.get(reverse(PAGE)).content.decode()
    if role == Staff.Role.ADMIN:
        assert "&lt;b&gt;Shorter&lt;/b&gt; way" in shown
        assert "in 30 days" in shown
    else:
        assert "Shorter" not in shown
        assert "No request promises to move one of the indicators." in shown
    Staff.objects.filter(role=role).update(team=tech)
    for number in range(6):
        asked(tech, "3", title=f"More {number}")
    with django_assert_max_num_queries(30):
        shown = client.get(reverse(PAGE)).content.decode()
    assert "More 5" in shown
