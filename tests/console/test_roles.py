"""Roles decide which screens open, in the menu and by address."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from console import menu, roles
from console.models import Project, Staff, Team
from console.states import NotAllowed


def test_every_action_of_the_menu_stands_in_the_table() -> None:
    asked = {action for _, screens in menu.SECTIONS for *_, action in screens}
    assert asked <= set(roles.TABLE)


@pytest.mark.django_db
@pytest.mark.parametrize("role", Staff.Role.values)
def test_the_menu_shows_exactly_what_opens(role: str, signed_in: Callable[..., Client]) -> None:
    client = signed_in(role)
    home = client.get(reverse("admin:index")).content.decode()
    for _, screens in menu.SECTIONS:
        for _, _, name, action in screens:
            address = reverse(name)
            allowed = role in roles.TABLE[action]
            answer = client.get(address)
            assert (answer.status_code in {200, 302}) == allowed, (role, address)
            assert (f'href="{address}"' in home) == allowed, (role, address)


@pytest.mark.django_db
def test_a_stranger_is_sent_to_the_login(client: Client) -> None:
    answer = client.get(reverse("admin:console_auditentry_changelist"))
    assert answer.status_code == 302
    assert reverse("admin:login") in answer["Location"]


@pytest.mark.django_db
def test_a_refusal_changes_nothing(signed_in: Callable[..., Client]) -> None:
    before = Project.objects.get()
    answer = signed_in("manager").post(
        reverse("admin:console_project_change", args=[1]), {"name": "Mine now"}
    )
    assert answer.status_code == 403
    assert Project.objects.get().name == before.name


@pytest.mark.django_db
def test_a_record_of_another_team_is_out_of_reach(staff_of: Callable[..., Staff]) -> None:
    class Record:
        team_id = Team.objects.create(name="Others").pk

    operator, admin = staff_of("operator"), staff_of("admin")
    assert not roles.may_change(operator, Record(), "campaigns.change")
    assert roles.may_change(admin, Record(), "campaigns.change")
    with pytest.raises(NotAllowed, match="another team"):
        roles.require(operator, "campaigns.change", record=Record())


@pytest.mark.django_db
def test_who_left_may_do_nothing(staff_of: Callable[..., Staff]) -> None:
    assert not roles.allows(staff_of("admin", is_active=False), "staff.view")
