"""Tags that a segment gives: kept or lost, before whatever asks for them, and never in a circle."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap

from console.models import AuditEntry, Project
from console.states import NotAllowed
from segments import collection, membership, tags
from segments.models import Customer, Segment, Tag, TagChange
from segments.rules.nodes import RuleError
from tests.factories import StaffFactory, TeamFactory
from tests.segments.factories import CustomerFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)


@pytest.fixture(autouse=True)
def pinned() -> None:
    Project.objects.update(today_on=DAY, currency="USD")


def living_in(city: str) -> dict[str, Any]:
    return {"profile": "city", "op": "=", "value": city}


def segment_of(rule: dict[str, Any], name: str = "Here") -> Segment:
    made = collection.add(name=name, rule=rule, by=StaffFactory())
    membership.recompute(made, day=DAY)
    return made


def move(customer: Customer, city: str) -> None:
    Customer.objects.filter(pk=customer.pk).update(attributes={"city": city})


def citizens(*cities: str) -> list[Customer]:
    return [CustomerFactory(attributes={"city": one}) for one in cities]


def test_who_comes_into_the_segment_gets_the_tag_and_keeps_it() -> None:
    anna, ben = citizens("Rome", "Oslo")
    here = segment_of(living_in("Rome"))
    tag = tags.add(name="Roman", by=StaffFactory(), segment=here)
    assert tag.members == BitMap([anna.pk])
    move(ben, "Rome")
    move(anna, "Oslo")
    membership.recompute_all(DAY)
    tag.refresh_from_db()
    assert (tag.members, tag.size) == (BitMap([anna.pk, ben.pk]), 2)
    lines = list(TagChange.objects.order_by("pk").values_list("given", "size"))
    assert lines == [(True, 1), (True, 1)]
    audited = AuditEntry.objects.filter(action="tag.given").latest("pk")
    assert audited.details == {"customers": 1, "segment": here.pk}
    membership.recompute_all(DAY)
    assert TagChange.objects.count() == 2, "nothing changed, and nothing is written"


def test_a_tag_that_is_lost_follows_both_ways() -> None:
    anna, ben = citizens("Rome", "Rome")
    here = segment_of(living_in("Rome"))
    tag = tags.add(name="Roman", by=StaffFactory(), segment=here)
    move(anna, "Oslo")
    membership.recompute(here, day=DAY)
    tags.edit(tag, by=StaffFactory(), is_lost=True)
    assert tag.members == BitMap([ben.pk])
    assert list(TagChange.objects.order_by("pk").values_list("given", "size")) == [
        (True, 2),
        (False, 1),
    ]


def test_what_asks_for_the_tag_is_computed_behind_the_segment_that_gives_it() -> None:
    """By the numbers it would be the other way round, and a day late."""
    (anna,) = citizens("Oslo")
    tag = tags.add(name="Roman", by=StaffFactory())
    asking = segment_of({"tag": tag.pk}, "Tagged")
    here = segment_of(living_in("Rome"))
    tags.edit(tag, by=StaffFactory(), segment=here)
    move(anna, "Rome")
    membership.recompute_all(DAY)
    asking.refresh_from_db()
    assert asking.members == BitMap([anna.pk])
    move(anna, "Oslo")
    tags.edit(tag, by=StaffFactory(), is_lost=True)
    membership.recompute_with_users(here, day=DAY)
    asking.refresh_from_db()
    assert asking.size == 0


def test_no_segment_gives_a_tag_that_it_asks_for() -> None:
    citizens("Rome")
    tag = tags.add(name="Roman", by=StaffFactory())
    asking = segment_of({"tag": tag.pk}, "Tagged")
    behind = segment_of({"not": {"segment": asking.pk}}, "Others")
    for one in (asking, behind):
        with pytest.raises(NotAllowed, match="cannot contain itself"):
            tags.edit(tag, by=StaffFactory(), segment=one)
    assert not Tag.objects.exclude(segment=None).exists()
    here = segment_of(living_in("Rome"))
    tags.edit(tag, by=StaffFactory(), segment=here)
    with pytest.raises(RuleError, match="cannot contain itself"):
        membership.preview({"tag": tag.pk}, day=DAY, of=here.pk)
    with pytest.raises(NotAllowed, match="tag “Roman”"):
        collection.archive(here, by=StaffFactory())
    collection.archive(behind, by=StaffFactory())
    collection.archive(asking, by=StaffFactory())
    tags.archive(tag, by=StaffFactory())
    collection.archive(here, by=StaffFactory())
    with pytest.raises(NotAllowed, match="archived"):
        tags.restore(tag, by=StaffFactory())
    assert Tag.objects.get().archived_at


def test_the_page_and_the_api_say_who_gives_it(signed_in: Callable[..., Client]) -> None:
    citizens("Rome", "Oslo")
    here = segment_of(living_in("Rome"))
    client = signed_in("operator")
    page = reverse("admin:segments_tag_add")
    form = {"name": "Roman", "color": "#0d9488", "segment": here.pk, "is_badge": "on"}
    assert client.post(page, form).status_code == 302
    tag = Tag.objects.get()
    assert (tag.size, tag.is_badge, tag.is_lost) == (1, True, False)
    listed = client.get(reverse("admin:segments_tag_changelist")).content.decode()
    assert "Here" in listed
    api = f"/api/v1/tags/{tag.pk}/"
    told = client.get(api).json()
    assert (told["segment"], told["is_badge"]) == (here.pk, True)
    sent: dict[str, Any] = {"segment": None, "is_badge": False}
    assert client.patch(api, sent, content_type="application/json").status_code == 200
    tag.refresh_from_db()
    assert (tag.segment, tag.is_badge, tag.size) == (None, False, 1)
    other = tags.add(name="Theirs", by=StaffFactory(role="admin"), team=TeamFactory(name="Far"))
    refused = client.patch(
        f"/api/v1/tags/{other.pk}/", {"segment": here.pk}, content_type="application/json"
    )
    assert refused.status_code == 403
    other.refresh_from_db()
    assert (other.segment, other.size) == (None, 0)
