"""How teams keep what they promise, over what one may see and nothing else."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console import clock
from console.models import RequestSlip, RequestTurn, RequestVerdict, Staff, TeamRequest
from console.team_requests import record, seeing
from tests.console.team_requests.world import MONDAY, READY, World, later, moment

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
DAY = dt.timedelta(days=1)


def delivered(world: World, *, late: int = 0) -> TeamRequest:
    """A request of operations that tech delivered yesterday, so many days late."""
    request = world.asked()
    on = clock.today() - DAY
    TeamRequest.objects.filter(pk=request.pk).update(
        status="judged",
        delivered_on=on,
        first_promised_on=on - DAY * late,
        promised_on=on,
    )
    if late:
        RequestSlip.objects.create(
            request=request, was=on - DAY * late, to=on, days=late, cause="spec",
            because="It was written again.", by=world.tim, at=moment(),
        )  # fmt: skip
    return request


def test_in_time_causes_and_verdicts_of_what_one_may_see(signed_in: SignIn) -> None:
    world = World()
    delivered(world)
    slipped = delivered(world, late=15)
    for outcome, by in (("unclear", None), ("met", world.olga), ("not", None)):
        RequestVerdict.objects.create(
            request=slipped, outcome=outcome, measured={}, by=by, at=moment()
        )
    for team, since, until in (("tech", 0, 2), ("operations", 2, 3)):
        RequestTurn.objects.create(
            request=slipped,
            team=getattr(world, team),
            holding="question",
            since=later(since),
            until=later(until),
            by=world.tim,
        )
    span = {"since": clock.today() - DAY * 9, "until": clock.today()}
    (found,) = record.of(seeing.visible_to(world.olga), **span)
    assert (found.team, found.delivered, found.in_time, found.as_moved) == (world.tech, 2, 1, 2)
    assert found.slipped == {"spec": 15}
    assert found.verdicts == {"met": 1}
    assert (found.own_days, found.others_days) == (1.0, 0.5)
    assert record.of(seeing.visible_to(world.sam), **span) == []

    page = reverse("admin:console_teamrequest_record")
    shown = signed_in(world.olga).get(page).content.decode()
    assert "Tech" in shown
    assert "50%" in shown
    assert "specification changed" in shown
    stranger = signed_in(world.sam).get(page).content.decode()
    assert "Nothing was delivered in these days" in stranger


@pytest.mark.parametrize("role", [role.value for role in Staff.Role])
def test_every_role_has_the_page(role: str, signed_in: SignIn) -> None:
    assert signed_in(role).get(reverse("admin:console_teamrequest_record")).status_code == 200


def test_the_features_tell_what_came_of_what_was_asked_for_them(
    signed_in: SignIn, world: World
) -> None:
    feature = {"content": READY | {"details.event": "planner_used"}}
    kept, lost, _waits = (world.asked(title=name, **feature) for name in ("A", "B", "C"))
    TeamRequest.objects.filter(pk__in=[kept.pk, lost.pk]).update(
        status="judged", delivered_on=MONDAY
    )
    moved = {"relative": 0.12, "low": 0.02, "high": 0.22}
    for one, outcome, measured in ((kept, "partly", moved), (lost, "not", {})):
        RequestVerdict.objects.create(request=one, outcome=outcome, measured=measured, at=moment())
    RequestVerdict.objects.create(
        request=kept, outcome="met", measured={}, by=world.olga, at=moment()
    )
    (built,) = record.built(TeamRequest.objects.all())
    assert (built.event, built.asked, built.delivered) == ("planner_used", 3, 2)
    assert built.verdicts == {"met": 1, "not": 1}

    address = reverse("admin:metrics_savedreport_show", args=["features"])
    client = signed_in(world.tim)
    overall = " ".join(client.get(address).content.decode().split())
    assert '<a href="?event=planner_used">' in overall
    counts = overall.partition("?event=planner_used")[2].partition("</tr>")[0]
    assert re.findall(r'number">(\d+)<', counts) == ["3", "2", "1", "0", "1", "0"]
    page = client.get(address, {"event": "planner_used"}).content.decode()
    assert "+12.0% (+2.0% … +22.0%)" in page, "the numbers stand, although a person judged"
    assert "planner_used" not in signed_in(world.sam).get(address).content.decode()
