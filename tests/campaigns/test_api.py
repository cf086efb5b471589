"""Campaigns over the API: the same steps, and the same refusals."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from campaigns import tasks
from campaigns.models import Campaign
from console import approvals
from tests.campaigns.factories import TemplateFactory, alice, bob, campaign_at, people, segment_of

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Any]
URL = "/api/v1/campaigns/"


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.send_wave, "delay_on_commit", lambda _pk: None)


def send(client: Any, method: str, url: str, **data: Any) -> Any:
    """Each call is one of its own."""
    key = {"Idempotency-Key": secrets.token_hex(8)}
    return getattr(client, method)(url, data, content_type="application/json", headers=key)


def test_the_whole_way_over_the_api(signed_in: SignIn) -> None:
    operator = signed_in(bob())
    made = send(
        operator,
        "post",
        URL,
        name="Spring",
        segment=segment_of(people(3)).pk,
        template=TemplateFactory.create().pk,
    )
    assert made.status_code == 201, made.json()
    one = f"{URL}{made.json()['id']}/"
    assert send(operator, "patch", one, goal="more").json()["goal"] == "more"
    assert send(operator, "post", f"{one}submit/").json()["status"] == "submitted"
    assert send(operator, "patch", one, goal="late").status_code == 403
    assert send(operator, "post", f"{one}start/").status_code == 403
    campaign = Campaign.objects.get()
    asked = approvals.pending_for(campaign)
    assert asked
    approvals.approve(asked, by=alice())
    assert send(operator, "post", f"{one}start/").json()["status"] == "sending"
    assert operator.get(f"{one}progress/").json()["size"] == 3
    assert send(operator, "post", f"{one}pause/").json()["status"] == "paused"
    assert send(operator, "post", f"{one}resume/").json()["status"] == "sending"
    listed = operator.get(URL).json()["results"]
    assert [row["audience_size"] for row in listed] == [3]


@pytest.mark.parametrize("field", ["status", "owner", "team", "external_ref", "started_at"])
def test_what_steps_decide_cannot_be_written(signed_in: SignIn, field: str) -> None:
    owner = bob()
    campaign = campaign_at("draft", by=owner)
    before = Campaign.objects.filter(pk=campaign.pk).values().get()
    send(signed_in(owner), "patch", f"{URL}{campaign.pk}/", **{field: "sent"})
    assert Campaign.objects.filter(pk=campaign.pk).values().get() == before


STEPS = ["submit", "withdraw", "start", "pause", "resume", "cancel"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", ["product", "manager", "analyst", "support"])
def test_roles_without_the_step_are_refused_and_nothing_changes(
    signed_in: SignIn, role: str, step: str
) -> None:
    campaign = campaign_at("approved")
    before = Campaign.objects.filter(pk=campaign.pk).values().get()
    assert send(signed_in(role), "post", f"{URL}{campaign.pk}/{step}/").status_code == 403
    assert Campaign.objects.filter(pk=campaign.pk).values().get() == before


def test_without_signing_in_there_is_nothing(client: Any) -> None:
    assert client.get(URL).status_code in {401, 403}
    assert client.post(URL).status_code in {401, 403}


WRONG: list[dict[str, Any]] = [
    {"control_share": "nan"},
    {"control_share": -1},
    {"priority": 101},
    {"conversion_days": 0},
    {"exit_events": [{}]},
    {"exit_events": "abc"},
    {"trigger": "x"},
    {"timetable": []},
    {"plan": {}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_no_campaign_can_have_is_refused_at_its_field(
    signed_in: SignIn, wrong: dict[str, Any]
) -> None:
    said = {"name": "Spring", "segment": segment_of(people(1)).pk}
    said |= {"template": TemplateFactory.create().pk} | wrong
    answer = send(signed_in(bob()), "post", URL, **said)
    assert (answer.status_code, [*answer.json()]) == (400, [*wrong])
    assert not Campaign.objects.exists()
