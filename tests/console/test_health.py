"""What a load balancer and a browser are told about every page."""

from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from campaigns import overdue
from console import audit
from console.models import Project


def test_alive_needs_nothing(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_names_what_answers(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "broker": True})


@pytest.mark.django_db
def test_not_ready_names_what_does_not_answer(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.REDIS_URL = "redis://127.0.0.1:1"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "broker": False})


@pytest.mark.django_db
def test_who_asks_for_work_hears_that_it_is_late(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz?work").json() == {"database": True, "broker": True, "work": True}
    late = overdue.Overdue(1, 1, timezone.now())
    monkeypatch.setattr(overdue, "look", lambda: late)
    answer = client.get("/readyz?work")
    assert (answer.status_code, answer.json()["work"]) == (503, False)
    assert client.get("/readyz").status_code == 200, "a load balancer sends on"


@pytest.mark.django_db
def test_pages_load_nothing_from_elsewhere(client: Client) -> None:
    policy = client.get("/admin/login/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "http" not in policy


@pytest.mark.django_db
def test_moments_are_shown_in_the_projects_zone(signed_in) -> None:  # type: ignore[no-untyped-def]
    Project.objects.update(time_zone="America/New_York")
    entry = audit.log("test.deed")
    local = entry.at.astimezone(ZoneInfo("America/New_York"))
    page = signed_in("admin").get("/admin/console/auditentry/").content.decode()
    assert date_format(local, "DATETIME_FORMAT") in page


@pytest.mark.django_db(transaction=True)  # an error would end the test's own
def test_what_the_database_cannot_hold_is_refused_in_words(signed_in) -> None:  # type: ignore[no-untyped-def]
    client = signed_in("admin")
    for query in ("?q=%00", "?action__regex=("):
        assert client.get(f"/admin/console/auditentry/{query}").status_code < 500
    deep = "[" * 100_000
    answer = client.post("/api/v1/segments/preview/", deep, content_type="application/json")
    assert answer.status_code == 400
