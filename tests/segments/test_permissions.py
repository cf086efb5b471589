"""Every address of “Who they are”: nobody unknown gets in, and a refusal changes nothing."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver

from console import roles
from console.models import Project, Staff
from segments import library
from segments.models import CustomerList, Tag, Trait
from tests.segments.factories import CustomerFactory, SegmentFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
ROOMS = ("segment", "stageset", "trait", "scoring", "tag", "customerlist")
# What changes something, by the action that it needs; all else only looks.
CHANGES = {
    "segment": "segments.change",
    "stageset": "stages.change",
    "trait": "traits.change",
    "scoring": "scorings.change",
    "tag": "tags.change",
    "customerlist": "lists.change",
}


def addresses() -> Iterator[tuple[str, str]]:
    """Each address with something that there is in its place, and whose room it is."""
    for model, model_admin in admin.site._registry.items():
        room = model._meta.model_name
        if model._meta.app_label != "segments" or room not in ROOMS:
            continue
        for one in model_admin.get_urls():
            assert isinstance(one, URLPattern | URLResolver)
            route = str(one.pattern)
            if route == "add/" or route == "<path:object_id>/":
                continue
            for place, value in PLACES.items():
                route = route.replace(place, value)
            yield room, f"/admin/segments/{room}/{route}"


PLACES = {
    "<path:object_id>": "1",
    "<int:pk>": "1",
    "<slug:kind>": "value",
    "<str:kind>": "csv",
    "<slug:key>": "valuable-silent",
    "<str:deed>": "archive",
}


@pytest.fixture
def world() -> None:
    Project.objects.update(today_on=dt.date(2018, 1, 1))
    library.install_stages()
    SegmentFactory(pk=1)
    CustomerFactory(pk=1)
    Tag.objects.create(pk=1, name="VIP")
    CustomerList.objects.create(pk=1, name="guests", kind="#")
    recipe = {"take": "known_since"}
    Trait.objects.create(pk=1, key="own", title="own", kind="date", recipe=recipe)


def fingerprint() -> list[tuple[str, int, str]]:
    """Every row of these tables and of the audit log."""
    found = []
    with connection.cursor() as cursor:
        for table in (*ROOMS, "stage", "stagesetversion", "segmentversion", "tagchange"):
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                f" FROM segments_{table} t"
            )
            found.append((table, *cursor.fetchone()))
        cursor.execute("SELECT count(*) FROM console_job")
        found.append(("job", *cursor.fetchone(), ""))
    return found


def test_who_is_not_signed_in_is_sent_to_the_door(world: None, client: Client) -> None:
    for _room, address in addresses():
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code in {302, 405}, address
            assert answer.status_code == 405 or "/login/" in answer.headers["Location"]


@pytest.mark.parametrize("role", ["manager", "support"])
def test_a_refusal_changes_nothing(role: str, world: None, signed_in: SignedIn) -> None:
    client = signed_in(role)
    refused = 0
    for room, address in addresses():
        if role in roles.TABLE[CHANGES[room]]:
            continue
        before = fingerprint()
        looked = client.get(address)
        assert looked.status_code in {200, 302, 400, 403, 404, 405}, (address, looked.status_code)
        answer = client.post(address, {"name": "x", "rule": "{}", "save": "1", "note": "x"})
        assert fingerprint() == before, address
        refused += answer.status_code == 403
    assert refused > 15


@pytest.mark.parametrize("role", sorted(Staff.Role.values))
def test_everybody_may_look_at_every_page(role: str, world: None, signed_in: SignedIn) -> None:
    client = signed_in(role)
    for room in ROOMS:
        assert client.get(f"/admin/segments/{room}/", follow=True).status_code == 200
