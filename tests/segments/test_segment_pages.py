"""The pages behind a segment: versions, who came and went, and why somebody belongs to it."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap
from pytest_django import DjangoAssertNumQueries

from console import clock, roles
from console.models import Project, Staff
from console.states import NotAllowed, Stale
from segments import (
    collection,
    crossings,
    explaining,
    membership,
    sheet,
    tags,
    versions,
    vocabulary,
)
from segments.models import Customer, Segment, SegmentSnapshot, SegmentVersion
from segments.rules.nodes import RuleError
from tests.factories import StaffFactory
from tests.segments.factories import ConsentFactory, CustomerFactory, SegmentFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
TODAY = dt.date(2018, 1, 1)
MANY = {"trait": "orders", "op": ">", "value": 3}
AGREED = {"consent": "email"}


@pytest.fixture(autouse=True)
def pinned() -> None:
    Project.objects.update(today_on=TODAY, currency="USD")


def page(name: str, segment: Segment) -> str:
    return reverse(f"admin:segments_segment_{name}", args=[segment.pk])


def known(orders: dict[Customer, int]) -> None:
    """Write down how many orders each of them has."""
    values = np.full(max(one.pk for one in orders) + 1, np.iinfo(np.int32).min, np.int32)
    for customer, count in orders.items():
        values[customer.pk] = count
    sheet.write({"orders": sheet.Fresh(values)}, day=TODAY)


# --- versions -----------------------------------------------------------------


def test_each_rule_is_a_version_with_who_gave_it_and_why() -> None:
    by = StaffFactory()
    segment = collection.add(name="A", rule=MANY, by=by)
    collection.edit(segment, by=by, seen_version=1, rule=AGREED, note="they have to agree")
    collection.edit(segment, by=by, seen_version=2, name="B")
    found = SegmentVersion.objects.order_by("number").values_list("number", "rule", "note", "by")
    assert list(found) == [(1, MANY, "", by.pk), (2, AGREED, "they have to agree", by.pk)]


def test_a_segment_from_before_there_were_versions_keeps_its_first_rule() -> None:
    segment = SegmentFactory(rule=MANY)
    assert [one.version.number for one in versions.of(segment, vocabulary.current())] == [1]
    collection.edit(segment, by=StaffFactory(), seen_version=1, rule=AGREED)
    assert SegmentVersion.objects.get(number=1).rule == MANY


def test_going_back_is_a_new_version_and_loses_no_race() -> None:
    by = StaffFactory()
    segment = collection.add(name="A", rule=MANY, by=by)
    collection.edit(segment, by=by, seen_version=1, rule=AGREED)
    with pytest.raises(Stale):
        collection.go_back(segment, 1, by=by, seen_version=1)
    with pytest.raises(NotAllowed):
        collection.go_back(segment, 9, by=by, seen_version=2)
    assert collection.go_back(segment, 1, by=by, seen_version=2)
    assert Segment.objects.get().rule == MANY
    assert SegmentVersion.objects.get(number=3).note == "as version 1"


def test_going_back_to_what_is_no_more_is_refused() -> None:
    by = StaffFactory()
    tag = tags.add(name="VIP", by=by)
    segment = collection.add(name="A", rule={"tag": tag.pk}, by=by)
    collection.edit(segment, by=by, seen_version=1, rule=MANY)
    tags.archive(tag, by=by)
    with pytest.raises(RuleError, match="VIP"):
        collection.go_back(segment, 1, by=by, seen_version=2)
    assert Segment.objects.get().rule == MANY


def test_a_difference_is_said_by_conditions() -> None:
    known = vocabulary.current()
    found = versions.between(MANY, {"all": [MANY, {"not": AGREED}]}, known)
    assert found.came == ["not (agreed to hear from us by e-mail)"]
    assert (found.went, len(found.stayed), found.is_joined_otherwise) == ([], 1, False)
    turned = versions.between({"all": [MANY, AGREED]}, {"any": [MANY, AGREED]}, known)
    assert turned.is_joined_otherwise
    assert versions.between(MANY, {"not": MANY}, known).went == ["orders is more than 3"]


@pytest.mark.parametrize("role", sorted(Staff.Role.values))
def test_those_go_back_whose_role_may(role: str, signed_in: SignIn) -> None:
    by = StaffFactory()
    segment = collection.add(name="A", rule=MANY, by=by)
    collection.edit(segment, by=by, seen_version=1, rule=AGREED)
    Segment.objects.update(team=None)
    client, may = signed_in(role), role in roles.TABLE["segments.change"]
    html = client.get(page("versions", segment)).content.decode()
    assert ("Use this rule again" in html) is may
    assert "orders is more than 3" in html
    answer = client.post(page("go_back", segment), {"number": 1, "seen_version": 2})
    assert answer.status_code == (302 if may else 403)
    assert (Segment.objects.get().rule == MANY) is may


# --- who came and who went ----------------------------------------------------


def crossed() -> tuple[Segment, list[Customer]]:
    people = CustomerFactory.create_batch(3)
    segment = SegmentFactory(name="A", rule=MANY)
    anna, ben, cleo = (one.pk for one in people)
    for day, members in ((1, [anna, ben]), (20, [ben, cleo])):
        SegmentSnapshot.objects.create(
            segment=segment, day=dt.date(2017, 12, day), members=BitMap(members), size=2
        )
    known({people[0]: 1, people[1]: 5, people[2]: 9})
    return segment, people


def test_who_came_and_who_left_by_the_last_snapshots_up_to_the_days(signed_in: SignIn) -> None:
    segment, (anna, ben, cleo) = crossed()
    found = crossings.between(segment, dt.date(2017, 12, 5), dt.date(2017, 12, 31))
    assert found is not None
    assert (found.first.day, found.last.day) == (1, 20)
    assert (set(found.entered), set(found.left), found.stayed) == ({cleo.pk}, {anna.pk}, 1)
    asked = {"from": "2017-12-05", "to": "2017-12-31"}
    html = signed_in("analyst").get(page("crossings", segment), asked).content.decode()
    assert "orders is more than 3 (9)" in html
    assert "orders is more than 3 (1)" in html
    assert f"#{ben.pk}<" not in html


@pytest.mark.parametrize(
    "asked", [{"from": "x"}, {"from": "2018-01-01", "to": "2017-01-01"}, {"to": "0001-01-01"}, {}]
)
def test_days_that_say_nothing_are_answered_in_words(
    asked: dict[str, str], signed_in: SignIn
) -> None:
    answer = signed_in("analyst").get(page("crossings", SegmentFactory()), asked)
    assert answer.status_code == 200


def test_a_rule_that_changed_between_is_said() -> None:
    segment, _people = crossed()
    kept = versions.record(segment, by=None)
    at = dt.datetime(2017, 12, 10, tzinfo=dt.UTC)
    SegmentVersion.objects.filter(pk=kept.pk).update(at=at)
    found = crossings.between(segment, dt.date(2017, 12, 1), dt.date(2017, 12, 20))
    assert found is not None
    assert found.rule_changed


# --- explaining ---------------------------------------------------------------


def test_each_condition_is_said_with_what_is_so_of_the_customer() -> None:
    anna, ben = CustomerFactory.create_batch(2)
    known({anna: 5, ben: 1})
    ConsentFactory(customer=anna)
    segment = SegmentFactory(rule={"all": [MANY, {"any": [AGREED, {"not": MANY}]}]})
    membership.recompute(segment, day=TODAY)
    segment.refresh_from_db()
    found = explaining.explain(segment, anna, day=TODAY)
    assert (found.holds, found.is_member) == (True, True)
    assert [(one.depth, one.holds, one.actual) for one in found.parts] == [
        (0, True, ""),
        (1, True, "5"),
        (1, True, ""),
        (2, True, "agreed on 2017-01-01"),
        (2, False, "5"),
    ]
    other = explaining.explain(segment, ben, day=TODAY)
    assert not other.holds
    assert (
        explaining.because(other)
        == "orders is more than 3 (1), agreed to hear from us by e-mail (never asked)"
    )


def test_the_page_finds_a_customer_and_says_when_the_members_are_stale(signed_in: SignIn) -> None:
    anna = CustomerFactory()
    known({anna: 5})
    segment = SegmentFactory(rule=MANY)
    client = signed_in("product")
    html = client.get(page("explain", segment), {"customer": f"#{anna.pk}"}).content.decode()
    assert "belongs to it today" in html
    assert "the next computation brings the customer in" in html
    assert anna.name not in html
    assert (
        "Nobody is known by this"
        in client.get(page("explain", segment), {"customer": "zz"}).content.decode()
    )


def test_a_rule_that_cannot_be_read_is_explained_as_such(signed_in: SignIn) -> None:
    segment, anna = SegmentFactory(rule={"trait": "gone", "op": "=", "value": 1}), CustomerFactory()
    html = signed_in("product").get(page("explain", segment), {"customer": f"#{anna.pk}"})
    assert "cannot be read any more" in html.content.decode()


def test_the_members_are_shown_page_by_page(
    signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people = CustomerFactory.create_batch(60)
    members = BitMap([one.pk for one in people])
    segment = SegmentFactory(members=members, size=60, computed_at=clock.now())
    client = signed_in("manager")
    client.get(page("members", segment))
    with django_assert_max_num_queries(14):
        html = client.get(page("members", segment)).content.decode()
    assert f"#{people[-1].pk}<" in html
    assert "stale" in html
    second = client.get(page("members", segment), {"p": "2"}).content.decode()
    assert f"#{people[0].pk}<" in second
    assert client.get(page("members", segment), {"p": "99x"}).status_code == 200
