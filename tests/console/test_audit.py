"""The audit log is written at every door and changed at none."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext_noop

from console import audit, kept_words
from console.models import AuditEntry, Project


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE console_auditentry SET action = 'nothing.happened'",
        "DELETE FROM console_auditentry",
    ],
)
def test_the_database_refuses_to_change_it(statement: str) -> None:
    audit.log("test.deed")
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.get().action == "test.deed"


@pytest.mark.django_db
def test_without_an_announcement_the_shell_acted() -> None:
    entry = audit.log("test.deed", detail=1)
    assert (entry.via, entry.staff, entry.details) == ("shell", None, {"detail": 1})


@pytest.mark.django_db
def test_a_deed_in_the_browser_names_the_person(signed_in: Callable[..., Client]) -> None:
    client = signed_in("admin")
    answer = client.post(
        reverse("admin:console_project_change", args=[1]),
        {
            "name": "Shop",
            "time_zone": "Asia/Shanghai",
            "currency": "CNY",
            "work_minor": "10.00",
            "today_on": "",
        },
    )
    assert answer.status_code == 302
    entry = AuditEntry.objects.get(action="project.changed")
    assert entry.staff == client.staff  # type: ignore[attr-defined]
    assert (entry.via, entry.details) == ("browser", {"fields": ["name"]})
    assert entry.ref == answer["X-Request-Id"]


@pytest.mark.django_db
def test_what_was_kept_in_sentences_is_read_in_ones_own_language(
    signed_in: Callable[..., Client],
) -> None:
    why = kept_words.keep(gettext_noop("The approved budget is spent."))
    entry = audit.log("test.deed", reason=why, count=3, parts=["a", "<b>"])
    page = reverse("admin:console_auditentry_change", args=[entry.pk])
    shown = signed_in("admin").get(page).content.decode()
    assert "The approved budget is spent." in shown
    assert "says" not in shown
    assert "&lt;b&gt;" in shown


@pytest.mark.django_db
def test_a_time_zone_that_does_not_exist_is_refused(signed_in: Callable[..., Client]) -> None:
    answer = signed_in("admin").post(
        reverse("admin:console_project_change", args=[1]),
        {"name": "Shop", "time_zone": "Mars/Olympus", "currency": "CNY", "today_on": ""},
    )
    assert "Mars/Olympus is not a time zone" in answer.content.decode()
    assert Project.objects.get().name != "Shop"
