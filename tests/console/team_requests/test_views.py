"""Requests as a board, a timeline, my work and a team's promises, each for whom it concerns."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.models import Staff, TeamRequest
from console.team_requests import dates, talking
from tests.console.team_requests.world import World, later

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
AT = "admin:console_teamrequest_"
Status = TeamRequest.Status


def move(client: Client, request: TeamRequest, to: str, edition: int | None = None) -> Any:
    sent = f"{request.pk}:{to}:{edition or request.edition}"
    return client.post(reverse(AT + "move"), {"move": sent, "kept": "lane=normal"})


def shown(client: Client, view: str, **asked: Any) -> str:
    answer = client.get(reverse(AT + view), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_card_that_asks_nothing_moves_and_the_board_stays_as_it_was(
    world: World, signed_in: SignIn
) -> None:
    request, olga = world.draft(), signed_in(world.olga)
    assert f'value="{request.pk}:asked:{request.edition}"' in shown(olga, "board")
    answer = move(olga, request, Status.ASKED)
    assert answer["Location"] == f"{reverse(AT + 'board')}?lane=normal#card-{request.pk}"
    request.refresh_from_db()
    assert request.status == Status.ASKED


def test_a_move_that_needs_words_opens_its_form(world: World, signed_in: SignIn) -> None:
    request = world.asked()
    answer = move(signed_in(world.tim), request, Status.ACCEPTED)
    page = reverse(AT + "change", args=[request.pk])
    assert answer["Location"] == f"{page}?deed=accept#deed-accept"
    request.refresh_from_db()
    assert request.status == Status.ASKED


def test_nobody_moves_what_is_not_theirs_or_leads_nowhere(world: World, signed_in: SignIn) -> None:
    request = world.asked()
    assert move(signed_in(world.sam), request, Status.ACCEPTED).status_code == 404
    for client, to in (
        (signed_in(world.olga), Status.ACCEPTED),
        (signed_in(world.tim), Status.JUDGED),
    ):
        answer = client.get(move(client, request, to)["Location"])
        assert "You cannot bring" in answer.content.decode()
    for sent in ("", "1:asked", "x:asked:1", f"{request.pk}:nowhere:1", f"{'9' * 30}:asked:1"):
        answer = signed_in(world.tim).post(reverse(AT + "move"), {"move": sent})
        assert answer.status_code == 404
    request.refresh_from_db()
    assert request.status == Status.ASKED


def test_who_moves_an_older_edition_is_told(world: World, signed_in: SignIn) -> None:
    request, olga = world.draft(), signed_in(world.olga)
    world.edit(request, world.otto, changes={"title": "Pay in two steps"})
    answer = olga.get(move(olga, request, Status.ASKED, edition=1)["Location"])
    assert "meanwhile" in answer.content.decode()
    request.refresh_from_db()
    assert request.status == Status.DRAFT


def test_the_board_asks_as_much_for_many_cards_as_for_few(world: World, signed_in: SignIn) -> None:
    tim = signed_in(world.tim)

    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            shown(tim, "board")
        return len(asked)

    world.asked(), world.accepted()
    few = questions()
    for _ in range(4):
        world.asked(), world.accepted()
    assert questions() == few


def test_the_timeline_shows_the_first_promise_and_each_slip(
    world: World, signed_in: SignIn
) -> None:
    request = world.accepted(days=7)
    dates.promise(
        request,
        to=later(9).date(),
        cause="estimate",
        because="Harder",
        by=world.tim,
        at=later(1),
    )
    page = shown(signed_in(world.olga), "timeline")
    assert 'class="estimate"' in page
    assert "2018-03-12" in page
    assert "2018-03-14" in page


def test_my_work_is_what_waits_for_me_and_what_is_new(world: World, signed_in: SignIn) -> None:
    asked, taken = world.asked(title="Not taken"), world.accepted(title="Taken up")
    talking.comment(taken, text="Which page?", by=world.olga, at=later(0, hour=12))
    tim, olga = signed_in(world.tim), signed_in(world.olga)
    page = tim.get(reverse(AT + "mine"))
    assert {row["request"] for row in page.context["waiting"]["rows"]} == {asked, taken}
    assert [row["request"] for row in page.context["doing"]["rows"]] == [taken]
    assert "Which page?" in page.content.decode()
    assert "Not taken" in shown(olga, "mine")
    tim.post(reverse(AT + "read_all"))
    assert "Which page?" not in shown(tim, "mine")


def test_promises_are_parted_by_when_they_are_due(world: World, signed_in: SignIn) -> None:
    soon, late = world.accepted(days=3, title="Soon"), world.accepted(title="Over")
    TeamRequest.objects.filter(pk=late.pk).update(promised_on=later(-3).date())
    world.accepted(days=30, title="Far")
    tim = signed_in(world.tim)
    answer = tim.get(reverse(AT + "promises"))
    assert [count for _name, _tone, _rows, count in answer.context["parts"]] == [1, 1, 0, 1]
    theirs = {"team": world.operations.pk, "side": "asked"}
    assert "Soon" in shown(signed_in(world.olga), "promises", **theirs)
    TeamRequest.objects.filter(pk=soon.pk).update(
        status=Status.DELIVERED,
        delivered_on=later(1).date(),
        effort_days=Decimal(2),
        impact=3,
        priority=1,
    )
    assert tim.get(reverse(AT + "promises")).context["record"]["by_first"] == "100%"


@pytest.mark.parametrize("view", ["board", "timeline", "mine", "promises"])
def test_who_has_no_team_and_who_is_no_party_sees_nothing(
    view: str, world: World, signed_in: SignIn, staff_of: Callable[..., Staff]
) -> None:
    world.accepted(title="Secret plan")
    for staff in (world.sam, staff_of("operator", team=None)):
        assert "Secret plan" not in shown(signed_in(staff), view, team=world.tech.pk)
    assert "Secret plan" in shown(signed_in(world.tim), view)
