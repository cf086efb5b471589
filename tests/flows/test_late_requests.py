"""Scenario d on screen: four changes and 15 days, a one-sided priority and 2 days (R93 to R95)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Project, TeamRequest
from tests.console.team_requests.world import MONDAY, World

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
WISH = {
    "kind": "fix",
    "title": "Pay in one step",
    "why": "One in three leaves at the payment.",
    "spec": "One page.",
    "details.steps": "Put something into the cart and pay",
    "details.happens": "Three pages follow",
    "details.should": "One page follows",
    "details.affected": "Everybody who pays",
    "key": "form:d",
    "ask": "1",
}


def on(day: int) -> None:
    """So many days after the Monday on which it begins."""
    Project.objects.update(today_on=MONDAY + dt.timedelta(day), time_zone="Asia/Shanghai")


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:console_teamrequest_{name}", args=args)


def page(client: Client) -> str:
    return client.get(at("change", TeamRequest.objects.get().pk)).content.decode()


def do(client: Client, deed: str, **given: Any) -> None:
    request = TeamRequest.objects.get()
    answer = client.post(at("do", request.pk, deed), {"edition": request.edition} | given)
    assert answer.status_code == 302, answer.content.decode()


def begun(operations: Client, tech: Client, world: World, promised: dt.date) -> TeamRequest:
    """Asked, agreed on by both, accepted for that day and in work."""
    on(0)
    sides = {"from_team": world.operations.pk, "to_team": world.tech.pk}
    assert operations.post(at("new"), WISH | sides).status_code == 302
    do(tech, "propose", priority=1, impact=4, effort_days="8")
    request = TeamRequest.objects.get()
    do(operations, "confirm", number=request.proposals.get().pk)
    do(tech, "accept", owner=world.tim.pk, promised_on=promised.isoformat())
    do(tech, "start")
    return request


def change(client: Client, day: int, spec: str, because: str) -> None:
    on(day)
    request = TeamRequest.objects.get()
    form = client.get(at("edit", request.pk)).context["form"]
    said = {name: form[name].value() for name in form.fields}
    kept = {name: value for name, value in said.items() if value not in (None, "", [])}
    answer = client.post(at("edit", request.pk), kept | {"spec": spec, "because": because})
    assert answer.status_code == 302, answer.content.decode()


def test_whoever_looks_sees_that_four_changes_cost_fifteen_days(signed_in: SignIn) -> None:
    world = World()
    operations, tech = signed_in(world.olga), signed_in(world.tim)
    request = begun(operations, tech, world, dt.date(2018, 3, 30))
    for number, days in enumerate((5, 4, 3, 3), start=2):
        change(operations, 3 * number, f"Page {number}", f"The rule changed, {number}")
        do(tech, "cost", revision=number, days=days)
    on(49)
    do(tech, "deliver", note="In 4.2")
    for reader in (operations, tech):
        text = page(reader)
        assert "15 working days later" in text
        assert "specification changed" in text
        for number in range(2, 6):
            assert f"The rule changed, {number}" in text
    by_cause = {one.cause for one in request.slips.all()}
    assert (by_cause, sum(one.days for one in request.slips.all())) == ({"spec"}, 15)
    assert signed_in(world.sam).get(at("change", request.pk)).status_code == 404


def test_whoever_looks_sees_that_one_side_changed_the_priority(signed_in: SignIn) -> None:
    world = World()
    operations, tech = signed_in(world.olga), signed_in(world.tim)
    request = begun(operations, tech, world, dt.date(2018, 3, 16))
    on(7)
    urgent = {"because": "The payment interface goes first", "promised_on": "2018-03-20"}
    do(tech, "propose", priority=2, impact=4, effort_days="8", **urgent)
    assert "The payment interface goes first" in operations.get(at("mine")).content.decode()
    text = page(operations)
    for words in ("2 working days later", "priority changed", "The payment interface goes first"):
        assert words in text
    assert "Say yes to it" in text  # until then, what both had agreed on stands
    request.refresh_from_db()
    assert (request.priority, request.is_agreed) == (1, False)
