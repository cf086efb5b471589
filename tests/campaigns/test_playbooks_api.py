"""Playbooks over the API: the same steps as in the browser, and the same refusals."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Play, Playbook
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
URL = "/api/v1/playbooks/"


def send(client: Any, method: str, url: str, **data: Any) -> Any:
    """Each call is one of its own."""
    key = {"Idempotency-Key": secrets.token_hex(8)}
    return getattr(client, method)(url, data, content_type="application/json", headers=key)


def made(client: Any, plays: int = 1) -> str:
    """The address of a new playbook with so many plays."""
    name = f"Save them {Playbook.objects.count()}"
    budget = budget_with(10**6, team=client.staff.team)
    said = {"control_share": 0.1, "rest_days": 30, "budget": budget.pk, "budget_minor": 10**6}
    answer = send(client, "post", URL, name=name, **said)
    assert answer.status_code == 201, answer.json()
    one = f"{URL}{answer.json()['id']}/"
    for number in range(plays):
        level = segment_of(people(2, prefix=f"{name}{number}"))
        offer = {"template": TemplateFactory.create().pk, "coupon": CouponBatchFactory.create().pk}
        answer = send(client, "post", f"{one}plays/", level=level.pk, **offer)
        assert answer.status_code == 201, answer.json()
    return one


def test_the_whole_way_over_the_api(signed_in: SignIn) -> None:
    client = signed_in(bob())
    one = made(client, plays=2)
    first, second = (play["id"] for play in client.get(one).json()["plays"])
    moved = send(client, "post", f"{one}plays/{second}/up/").json()
    assert [play["id"] for play in moved["plays"]] == [second, first]
    left = send(client, "post", f"{one}plays/{first}/remove/").json()
    assert [play["id"] for play in left["plays"]] == [second]
    assert send(client, "patch", one, goal="fewer lost").json()["goal"] == "fewer lost"
    assert send(client, "post", f"{one}start/").status_code == 403, "nobody approved it"
    asked = send(client, "post", f"{one}submit/").json()
    assert [play["status"] for play in asked["plays"]] == ["submitted"]
    pending = approvals.pending_for(Campaign.objects.get(play=second))
    assert pending
    approvals.approve(pending, by=alice())
    for deed, status in [("start", "active"), ("pause", "paused"), ("end", "ended")]:
        assert send(client, "post", f"{one}{deed}/").json()["status"] == status


@pytest.mark.parametrize("deed", ["plays", "submit", "start", "pause", "end"])
@pytest.mark.parametrize("who", ["analyst", "manager", "another team"])
def test_other_roles_and_teams_look_and_change_nothing(
    signed_in: SignIn, who: str, deed: str
) -> None:
    one = made(signed_in(bob()))
    level = segment_of(people(1, prefix="level"))
    before = (Playbook.objects.values().get(), Play.objects.count())
    client = signed_in(charlie() if who == "another team" else who)
    assert client.get(one).status_code == 200
    assert send(client, "post", f"{one}{deed}/", level=level.pk, task="Call").status_code == 403
    assert send(client, "patch", one, goal="mine").status_code == 403
    assert (Playbook.objects.values().get(), Play.objects.count()) == before


def test_the_list_asks_the_same_few_questions_for_many(signed_in: SignIn) -> None:
    client = signed_in(bob())

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL).status_code == 200
        return len(queries)

    made(client)
    asked()
    few = asked()
    made(client, plays=3)
    assert asked() == few


def test_who_comes_back_by_an_event_that_there_is_not_would_never_come(signed_in: SignIn) -> None:
    client = signed_in(bob())
    answer = send(client, "post", URL, name="Save", control_share=0.1, wake_event="NaN")
    assert (answer.status_code, Playbook.objects.count()) == (403, 0)
    assert "NaN" in str(answer.json())
