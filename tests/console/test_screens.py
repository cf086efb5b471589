"""What screens have in common: the way to each, empty lists that help, which times are real."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import translation

from console import formats, menu
from console.models import Job, Project
from segments.models import EventSource

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
SOURCES = "admin:segments_eventsource_changelist"


def way_to(client: Client, address: str) -> list[str]:
    """What the head of a page says, step by step."""
    page = client.get(address, follow=True).content.decode()
    head = page.split('<h1 class="way">')[1].split("</h1>")[0]
    texts = (text.strip() for text in re.sub(r"<[^>]+>", "\n", head).splitlines())
    return [text for text in texts if text not in {"", "chevron_right"}]


def test_the_way_to_a_list_is_the_menus(signed_in: SignedIn) -> None:
    client = signed_in("admin")
    for section, screens in menu.SECTIONS:
        for label, _icon, name, _action in screens:
            if section and name.startswith("admin:segments_"):
                # A list that is only tabs leads on to the first of them.
                assert way_to(client, reverse(name))[:2] == [section, label], name


def test_a_screen_that_the_menu_leaves_out_stands_in_the_one_that_leads_to_it(
    signed_in: SignedIn,
) -> None:
    way = way_to(signed_in("admin"), reverse("admin:segments_importpreset_changelist"))
    assert way == ["In and out", "Imports", "Import presets"]


def test_a_name_that_somebody_gave_is_not_written_differently(signed_in: SignedIn) -> None:
    source = EventSource.objects.create(name="iPad till")
    way = way_to(signed_in("admin"), reverse("admin:segments_eventsource_change", args=[source.pk]))
    assert way[-1] == "iPad till"


def test_an_empty_list_says_what_belongs_there_and_a_filtered_one_how_to_see_all(
    signed_in: SignedIn,
) -> None:
    client = signed_in("admin")
    empty = client.get(reverse(SOURCES)).content.decode()
    assert 'data-empty="new"' in empty
    assert "until there is a source with a key" in empty
    filtered = client.get(reverse("admin:segments_deadletter_changelist") + "?status=all")
    assert 'data-empty="filtered"' in filtered.content.decode()


def test_no_record_is_looked_up_by_the_number_of_its_type(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    for number in ContentType.objects.values_list("pk", flat=True):
        assert client.get(f"/admin/r/{number}/1/").status_code == 404


@pytest.mark.parametrize("today_on", [None, dt.date(2018, 1, 1)], ids=["real", "pinned"])
def test_real_times_are_called_so_while_the_day_is_pinned(
    today_on: dt.date | None, signed_in: SignedIn
) -> None:
    Project.objects.update(today_on=today_on)
    Job.objects.create(kind="test", label="work")
    page = signed_in("admin").get(reverse("admin:console_job_changelist")).content.decode()
    assert ('class="quiet real-time"' in page) == (today_on is not None)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "a, b, 3"), ("zh-hans", "a、b、3")], ids=["en", "zh"]
)
def test_words_are_joined_by_the_comma_of_the_language(language: str, words: str) -> None:
    with translation.override(language):
        assert formats.listed(["a", "b", 3]) == words
