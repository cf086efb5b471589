"""Tags: who may give them, what is kept of it, and what two people do at once."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pyroaring import BitMap
from pytest_django import DjangoAssertNumQueries

from console import clock, roles
from console.models import AuditEntry, Project, Staff
from console.states import NotAllowed
from segments import collection, copying, library, merging, tags
from segments.models import Customer, Segment, Stage, Tag, TagChange
from segments.sought import Sought
from tests.factories import StaffFactory, TeamFactory
from tests.segments.factories import CustomerFactory, IdentifierFactory, SegmentFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
AT = dt.datetime(2018, 1, 1, 12, tzinfo=dt.UTC)
LIST = "/admin/segments/tag/"
ROLES = [*sorted(Staff.Role.values)]


@pytest.fixture(autouse=True)
def pinned() -> None:
    Project.objects.update(today_on=dt.date(2018, 1, 1), currency="USD")


def made(name: str = "VIP", by: Staff | None = None, **fields: Any) -> Tag:
    return tags.add(name=name, by=by or StaffFactory(), **fields)


# --- giving and taking --------------------------------------------------------


def test_only_those_who_did_not_have_it_get_it_and_the_ledger_says_so() -> None:
    anna, ben, cleo = CustomerFactory.create_batch(3)
    tag, by = made(), StaffFactory()
    assert tags.give(tag, BitMap([anna.pk, ben.pk]), by=by, at=AT, source="fair") == 2
    assert tags.give(tag, BitMap([ben.pk, cleo.pk]), by=by, at=AT) == 1
    assert tags.take(tag, BitMap([anna.pk]), by=by, at=AT) == 1
    assert Tag.objects.get().members == BitMap([ben.pk, cleo.pk])
    assert Tag.objects.get().version == 4
    lines = TagChange.objects.order_by("pk").values_list("given", "size", "source", "by")
    assert list(lines) == [
        (True, 2, "fair", by.pk),
        (True, 1, "", by.pk),
        (False, 1, "", by.pk),
    ]
    assert AuditEntry.objects.filter(action="tag.taken").get().details == {"customer": anna.pk}


def test_giving_it_again_changes_and_writes_nothing() -> None:
    anna, tag, by = CustomerFactory(), made(), StaffFactory()
    tags.give(tag, BitMap([anna.pk]), by=by, at=AT)
    assert tags.give(tag, BitMap([anna.pk]), by=by, at=AT) == 0
    assert TagChange.objects.count() == 1


def test_who_was_merged_gets_it_as_who_they_are_and_nobody_gets_none() -> None:
    kept = CustomerFactory()
    gone = CustomerFactory(merged_into=kept)
    erased = CustomerFactory(erased_at=AT)
    tag = made()
    assert tags.give(tag, BitMap([gone.pk, erased.pk, 999_999]), by=StaffFactory(), at=AT) == 1
    assert tag.members == BitMap([kept.pk])


def test_a_merge_takes_the_tag_along() -> None:
    kept, absorbed = CustomerFactory.create_batch(2)
    tag = made()
    tags.give(tag, BitMap([absorbed.pk]), by=StaffFactory(), at=AT)
    by = StaffFactory(role="support")
    merging.merge(kept, absorbed, by=by, at=clock.now(), why="twins")
    merging.tell(at=clock.now())
    assert Tag.objects.get().members == BitMap([kept.pk])
    assert Tag.objects.get().version == 3


@pytest.mark.django_db(transaction=True)
def test_two_who_give_one_tag_at_once_both_give_it() -> None:
    customers, tag = CustomerFactory.create_batch(40), made()
    staff, start = StaffFactory.create_batch(4), threading.Barrier(4)

    def give(number: int) -> None:
        try:
            start.wait()
            for customer in customers[number::4]:
                tags.give(tag, BitMap([customer.pk]), by=staff[number], at=AT)
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = Tag.objects.get()
    assert kept.members == BitMap([one.pk for one in customers])
    assert (kept.size, kept.version, TagChange.objects.count()) == (40, 41, 40)


def test_the_history_is_the_size_at_the_end_of_each_day() -> None:
    one, two, three = (customer.pk for customer in CustomerFactory.create_batch(3))
    tag, by, day = made(), StaffFactory(), dt.timedelta(days=1)
    tags.give(tag, BitMap([one]), by=by, at=AT - 2 * day)
    tags.give(tag, BitMap([two, three]), by=by, at=AT)
    tags.take(tag, BitMap([one]), by=by, at=AT)
    assert tags.history(tag) == [(dt.date(2017, 12, 30), 1), (dt.date(2018, 1, 1), 2)]


# --- names, and putting away --------------------------------------------------


@pytest.mark.parametrize("name", ["vip", " V I P ".replace(" ", ""), "", "   ", "x" * 61, "a\x07b"])
def test_a_name_that_is_taken_or_none_is_refused(name: str) -> None:
    made("VIP")
    with pytest.raises(NotAllowed):
        made(name)
    assert Tag.objects.count() == 1


def test_a_tag_that_rules_need_is_not_put_away_and_says_where() -> None:
    tag, by = made(), StaffFactory()
    SegmentFactory(name="Guests", rule={"not": {"tag": tag.pk}})
    library.install_stages()
    Stage.objects.filter(key="growth").update(rule={"all": [{"tag": tag.pk}]})
    with pytest.raises(NotAllowed, match=r"segment “Guests”, stage “Growth” of “Lifecycle stage”"):
        tags.archive(tag, by=by)
    Segment.objects.update(archived_at=AT)
    Stage.objects.update(rule={"all": []})
    tags.archive(tag, by=by)
    with pytest.raises(NotAllowed, match="archived"):
        tags.give(tag, BitMap([CustomerFactory().pk]), by=by, at=AT)
    tags.restore(tag, by=by)
    assert Tag.objects.get().archived_at is None


def test_a_tag_of_a_team_is_given_by_that_team_alone() -> None:
    own, other = TeamFactory(name="Own"), TeamFactory(name="Other")
    tag, anna = made(by=StaffFactory(team=own), team=own), CustomerFactory()
    with pytest.raises(NotAllowed, match="another team"):
        tags.give(tag, BitMap([anna.pk]), by=StaffFactory(team=other), at=AT)
    assert tags.give(tag, BitMap([anna.pk]), by=StaffFactory(team=own), at=AT) == 1


# --- screens ------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_the_screens_let_those_give_whose_role_may(role: str, signed_in: SignIn) -> None:
    client, tag, anna = signed_in(role), made(), CustomerFactory()
    may = role in roles.TABLE[tags.ACTION]
    html = client.get(f"{LIST}{tag.pk}/change/").content.decode()
    assert ("Give the tag" in html) is may
    given = {"tag": tag.pk}
    answer = client.post(reverse("admin:segments_customer_tag", args=[anna.pk, "give"]), given)
    assert answer.status_code == (302 if may else 403)
    assert (anna.pk in Tag.objects.get().members) is may
    some = {"verb": "take", "kind": "#", "customers": f"#{anna.pk}"}
    client.post(reverse("admin:segments_tag_give", args=[tag.pk, "some"]), some)
    assert anna.pk not in Tag.objects.get().members


def test_pasted_customers_who_are_unknown_are_refused_unless_left_out(signed_in: SignIn) -> None:
    anna, tag, client = IdentifierFactory(value="anna").customer, made(), signed_in("support")
    address = reverse("admin:segments_tag_give", args=[tag.pk, "some"])
    asked = {"verb": "give", "kind": "user_id", "customers": "anna\nnobody， noone"}
    html = client.post(address, asked, follow=True).content.decode()
    assert "2 of them are not known: nobody, noone" in html
    assert not Tag.objects.get().members
    client.post(address, {**asked, "leave_unknown_out": "1"})
    assert Tag.objects.get().members == BitMap([anna.pk])


def test_a_segment_s_members_get_it_as_they_are_now(signed_in: SignIn) -> None:
    anna, tag = CustomerFactory(), made()
    segment = SegmentFactory(name="Few", members=BitMap([anna.pk]), size=1)
    client = signed_in("operator")
    html = client.get(f"{LIST}{tag.pk}/change/").content.decode()
    assert "Few · 1 · stale" in html
    address = reverse("admin:segments_tag_give", args=[tag.pk, "segment"])
    client.post(address, {"verb": "give", "segment": segment.pk})
    assert TagChange.objects.get().source == "segment “Few”"
    html = client.get(reverse("admin:segments_tag_members", args=[tag.pk])).content.decode()
    assert f"#{anna.pk}" in html
    assert anna.name not in html


def test_the_form_makes_and_renames_tags_in_words(signed_in: SignIn) -> None:
    client = signed_in("operator")
    given = {"name": "Fair", "description": "", "color": "#ff0000", "team": ""}
    client.post(f"{LIST}add/", given)
    assert Tag.objects.get().name == "Fair"
    again = client.post(f"{LIST}add/", {**given, "name": "fair"}).content.decode()
    assert "There is a tag “fair” already" in again
    client.post(f"{LIST}{Tag.objects.get().pk}/change/", {**given, "name": "Trade fair"})
    assert Tag.objects.get().name == "Trade fair"


def test_a_colour_from_elsewhere_is_no_style(signed_in: SignIn) -> None:
    with pytest.raises(NotAllowed, match="#rrggbb"):
        made(color="#0;x:url(y)")
    made()
    Tag.objects.update(color="#0;x:url(y)")
    assert "url(y)" not in signed_in("analyst").get(LIST).content.decode()


def test_the_list_asks_no_query_for_a_row(
    signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in("operator")
    for number in range(12):
        made(f"Tag {number}", team=TeamFactory(name=f"Team {number}"))
    client.get(LIST)
    with django_assert_max_num_queries(12):
        client.get(LIST)


def test_the_list_says_who_has_a_tag_and_which_tags_nobody_tends(signed_in: SignIn) -> None:
    anna, ben, _cleo, gone = CustomerFactory.create_batch(4)
    old, new, archived = made("Old"), made("New"), made("Archived")
    by = StaffFactory()
    long_ago = AT - dt.timedelta(days=tags.STALE_DAYS + 1)
    tags.give(old, BitMap([anna.pk, gone.pk]), by=by, at=long_ago)
    tags.give(new, BitMap([anna.pk, ben.pk]), by=by, at=AT)
    Tag.objects.filter(pk=archived.pk).update(archived_at=AT)
    Customer.objects.filter(pk=gone.pk).update(merged_into=anna)
    SegmentFactory(name="Asks", rule={"tag": new.pk})
    found = tags.readiness(dt.date(2018, 1, 1))
    assert (found.in_use, found.tagged, found.everyone) == (2, 2, 3)
    assert (found.stale, found.unasked) == ([old], [old])
    html = signed_in("support").get(LIST).content.decode()
    assert "How far the tags carry" in html
    assert "66.7% of all" in html


# --- the API ------------------------------------------------------------------


def test_the_api_makes_gives_and_refuses(signed_in: SignIn) -> None:
    client, anna = signed_in("operator"), IdentifierFactory(value="anna").customer
    answer = client.post("/api/v1/tags/", {"name": "VIP"}, "application/json")
    assert answer.status_code == 201
    address = f"/api/v1/tags/{answer.json()['id']}"
    asked: dict[str, Any] = {"kind": "user_id", "customers": ["anna", "nobody"]}
    refused = client.post(f"{address}/give/", asked, "application/json")
    assert refused.status_code == 403
    assert "nobody" in refused.json()["detail"]
    asked["leave_unknown_out"] = True
    found = client.post(f"{address}/give/", asked, "application/json").json()
    assert found == {"changed": 1, "unknown": ["nobody"]}
    assert client.get(f"{address}/").json()["size"] == 1
    assert [one["size"] for one in client.get(f"{address}/changes/").json()["results"]] == [1]
    assert Tag.objects.get().members == BitMap([anna.pk])
    twice = client.post("/api/v1/tags/", {"name": "vip"}, "application/json")
    assert "already" in twice.json()["detail"]


def test_the_api_refuses_whose_role_may_not(signed_in: SignIn) -> None:
    tag, anna = made(), CustomerFactory()
    asked = {"customers": [str(anna.pk)]}
    answer = signed_in("manager").post(f"/api/v1/tags/{tag.pk}/give/", asked, "application/json")
    assert answer.status_code == 403
    assert not Tag.objects.get().members


def test_a_rule_over_a_tag_can_be_saved() -> None:
    tag = made()
    kept = collection.add(name="Guests", rule={"tag": tag.pk}, by=StaffFactory())
    assert Segment.objects.get(pk=kept.pk).rule == {"tag": tag.pk}


def test_a_copy_for_the_person_tells_of_their_tags() -> None:
    anna, ben, tag = CustomerFactory(), CustomerFactory(), made()
    tags.give(tag, BitMap([anna.pk]), by=StaffFactory(), at=AT)
    sections = copying.sections(Sought.of(anna))
    assert sections["tags"] == [{"name": "VIP", "description": ""}]
    assert copying.sections(Sought.of(ben))["tags"] == []
