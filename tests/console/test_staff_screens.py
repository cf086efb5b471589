"""Administrators add people and set passwords; each deed leaves its line."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console.models import AuditEntry, Staff
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


def test_a_new_person_can_sign_in(signed_in: SignedIn) -> None:
    answer = signed_in("admin").post(
        reverse("admin:console_staff_add"),
        {
            "username": "dora",
            "role": "analyst",
            "team": TeamFactory().pk,
            "usable_password": "true",
            "password1": "a long enough one",
            "password2": "a long enough one",
        },
    )
    assert answer.status_code == 302
    assert Client().post(
        reverse("admin:login"), {"username": "dora", "password": "a long enough one"}
    )["Location"] == reverse("admin:index")
    assert AuditEntry.objects.filter(action="staff.added").count() == 1


def test_a_changed_password_is_in_the_audit_log_without_the_password(
    signed_in: SignedIn, staff_of: Callable[..., Staff]
) -> None:
    dora = staff_of("analyst")
    answer = signed_in("admin").post(
        reverse("admin:auth_user_password_change", args=[dora.pk]),
        {"password1": "another long one", "password2": "another long one"},
    )
    assert answer.status_code == 302
    entry = AuditEntry.objects.get(action="staff.password")
    assert "another long one" not in str(entry.details)


@pytest.mark.parametrize("role", ["operator", "manager", "analyst", "support", "product"])
def test_nobody_else_makes_people(role: str, signed_in: SignedIn) -> None:
    answer = signed_in(role).post(reverse("admin:console_staff_add"), {"username": "dora"})
    assert answer.status_code == 403
    assert not Staff.objects.filter(username="dora").exists()


def test_after_many_wrong_passwords_one_has_to_wait(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # in a hurry
    address = reverse("admin:login")
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert client.post(address, {"username": "dora", "password": "x"}).status_code == 200
    assert client.post(address, {"username": "dora", "password": "x"}).status_code == 429
