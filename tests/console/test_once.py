"""What many parts of a page ask for is read once there, and anew everywhere else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from console import clock, once
from console.models import Project

pytestmark = pytest.mark.django_db


def test_a_page_asks_once_and_a_deed_each_time(django_assert_num_queries: Any) -> None:
    with once.a_page(), django_assert_num_queries(1):
        assert clock.project() is clock.project()
    with django_assert_num_queries(2):
        clock.project()
        clock.project()


def test_the_next_page_sees_what_changed() -> None:
    with once.a_page():
        before = clock.project().name
    Project.objects.update(name="Another")
    with once.a_page():
        assert clock.project().name == "Another" != before


def test_answers_are_of_a_language_and_of_what_they_are_about() -> None:
    asked = []

    @once.a_page_asks
    def question(about: int) -> str:
        asked.append((about, translation.get_language()))
        return f"{about}"

    with once.a_page():
        assert [question(1), question(1), question(2)] == ["1", "1", "2"]
        with translation.override("zh-hans"):
            question(1)
    assert len(asked) == 3


def test_a_form_that_is_sent_reads_what_it_has_just_changed(
    signed_in: Callable[..., Client],
) -> None:
    project = Project.objects.get(pk=1)
    client = signed_in("admin")
    page = reverse("admin:console_project_change", args=[1])
    fields = client.get(page).context["adminform"].form.initial
    said = {name: value for name, value in fields.items() if value is not None}
    client.post(page, said | {"name": "Changed by a form"})
    project.refresh_from_db()
    assert "Changed by a form" in client.get(reverse("admin:index")).content.decode()
