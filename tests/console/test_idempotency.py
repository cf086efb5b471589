"""Calls under a key: done once, answered the same, refused for another body or in flight."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from console import idempotency
from console.models import AnsweredCall, Staff, Team
from console.states import NotAllowed
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db


class Make(APIView):
    """Makes a team, or refuses; waits where a test says so."""

    needs = "staff.change"
    begun, go_on = threading.Event(), threading.Event()

    @idempotency.once
    def post(self, request: Request) -> Response:
        given: Any = request.data
        team = Team.objects.create(name=given["name"])
        if given.get("wait"):
            self.begun.set()
            assert self.go_on.wait(60)
        if given.get("refuse"):
            raise NotAllowed("No.")
        return Response({"name": team.name, "id": team.pk}, status=201)


def send(body: dict[str, Any], key: str, by: Staff) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    request = APIRequestFactory().post("/teams/", body, format="json", headers=headers)
    force_authenticate(request, by)
    return Make.as_view()(request).render()


def test_the_same_call_is_done_once_and_answered_the_same() -> None:
    admin = StaffFactory.create(role="admin")
    first = send({"name": "One"}, "a", admin)
    again = send({"name": "One"}, "a", admin)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (first.headers.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (
        None,
        "true",
    )
    assert Team.objects.filter(name="One").count() == 1


def test_another_body_under_the_key_is_refused() -> None:
    admin = StaffFactory.create(role="admin")
    send({"name": "One"}, "a", admin)
    assert send({"name": "Two"}, "a", admin).status_code == 422
    assert not Team.objects.filter(name="Two").exists()
    assert send({"name": "Two"}, "b", admin).status_code == 201
    # A key is its caller's own.
    assert send({"name": "Three"}, "a", StaffFactory.create(role="admin")).status_code == 201


def test_a_refusal_changes_nothing_and_is_not_kept() -> None:
    admin = StaffFactory.create(role="admin")
    assert send({"name": "One", "refuse": True}, "a", admin).status_code == 403
    assert not Team.objects.filter(name="One").exists()
    assert send({"name": "One"}, "a", admin).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 101], ids=["none", "long"])
def test_a_call_without_a_key_is_not_carried_out(key: str) -> None:
    assert send({"name": "One"}, key, StaffFactory.create(role="admin")).status_code == 400
    assert not Team.objects.filter(name="One").exists()


@pytest.mark.django_db(transaction=True)
def test_in_flight_it_is_not_begun_again() -> None:
    admin, answers = StaffFactory.create(role="admin"), []

    def first() -> None:
        try:
            answers.append(send({"name": "One", "wait": True}, "a", admin).status_code)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert Make.begun.wait(60)
    assert send({"name": "One", "wait": True}, "a", admin).status_code == 409
    Make.go_on.set()
    thread.join()
    assert answers == [201]
    assert send({"name": "One", "wait": True}, "a", admin)["Idempotent-Replayed"] == "true"
    assert Team.objects.filter(name="One").count() == 1


def test_answers_are_forgotten_after_a_week() -> None:
    send({"name": "One"}, "a", StaffFactory.create(role="admin"))
    now = timezone.now()
    assert idempotency.tidy(at=now + dt.timedelta(days=6)) == 0
    assert idempotency.tidy(at=now + dt.timedelta(days=8)) == 1
    assert not AnsweredCall.objects.exists()
