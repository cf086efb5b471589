"""The screens of merges and things: found, compared, decided and taken back by who may."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from segments import merging
from segments.models import Merge, Thing
from tests.segments import sent
from tests.segments.sent import NOW, event, link, profile, user, visit

pytestmark = pytest.mark.django_db
LIST = reverse("admin:segments_merge_changelist")
BY_HAND = reverse("admin:segments_merge_by_hand")
SignIn = Callable[..., Client]


def pair() -> Merge:
    """Two who were said to be one, and are by now."""
    sent.take(
        profile(user("anna"), set={"email": "anna@shop.example", "plan": "pro"}),
        event(user("ben")),
    )
    sent.take(link(user("anna"), user("ben"), said=True))
    return Merge.objects.get()


def held() -> Merge:
    sent.take(event(user("anna")), event(user("ben")))
    merging.hold_many(
        [merging.Pair(sent.of(user("anna")).pk, sent.of(user("ben")).pk, "said_so", {})], at=NOW
    )
    return Merge.objects.get()


def page(client: Client, merge: Merge) -> str:
    return client.get(reverse("admin:segments_merge_change", args=[merge.pk])).content.decode()


def do(client: Client, merge: Merge, deed: str) -> int:
    address = reverse("admin:segments_merge_do", args=[merge.pk, deed])
    return client.post(address).status_code


def test_the_page_shows_both_sides_and_the_evidence_with_contacts_masked(
    signed_in: SignIn,
) -> None:
    shown = page(signed_in("analyst"), pair())
    assert "user_id anna = user_id ben" in shown
    assert "a•••@shop.example" in shown
    assert "anna@shop.example" not in shown
    assert "plan" in shown
    assert "Take back" not in shown


def test_support_takes_a_merge_back(signed_in: SignIn) -> None:
    merge, client = pair(), signed_in("support")
    assert "Take back" in page(client, merge)
    assert do(client, merge, "undo") == 302
    assert len(sent.people()) == 2
    assert "Take back" not in page(client, merge)


@pytest.mark.parametrize(("deed", "people"), [("confirm", 1), ("refuse", 2)])
def test_support_decides_about_a_held_merge(signed_in: SignIn, deed: str, people: int) -> None:
    merge, client = held(), signed_in("support")
    assert "Not the same person" in page(client, merge)
    assert do(client, merge, deed) == 302
    assert len(sent.people()) == people


@pytest.mark.parametrize("deed", ["confirm", "refuse", "undo"])
def test_an_operator_decides_nothing(signed_in: SignIn, deed: str) -> None:
    merge, client = held(), signed_in("operator")
    assert "Not the same person" not in page(client, merge)
    assert do(client, merge, deed) == 403
    merge.refresh_from_db()
    assert merge.status == Merge.Status.HELD
    assert client.get(BY_HAND).status_code == 403


def test_two_customers_are_compared_and_then_merged_by_hand(signed_in: SignIn) -> None:
    sent.take(event(user("anna")), event(user("ben"), visit("v")))
    client, anna, ben = signed_in("support"), sent.of(user("anna")), sent.of(user("ben"))
    numbers = {"kept": f"#{anna.pk}", "absorbed": str(ben.pk)}
    compared = client.get(BY_HAND, numbers).content.decode()
    assert "anonymous_id v" in compared
    assert len(sent.people()) == 2
    assert client.post(BY_HAND, {**numbers, "why": "the same telephone"}).status_code == 302
    assert sent.of(user("ben")) == anna
    assert "the same telephone" in page(client, Merge.objects.get())


@pytest.mark.parametrize("absorbed", ["", "x", "999999999", "9" * 40, "²"])
def test_a_number_that_nobody_has_is_said_in_words(signed_in: SignIn, absorbed: str) -> None:
    answer = signed_in("support").get(BY_HAND, {"kept": "1", "absorbed": absorbed})
    assert "There is no customer" in answer.content.decode()


def test_the_list_is_searched_by_number_and_costs_the_same_however_long(
    signed_in: SignIn,
) -> None:
    client = signed_in("manager")

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(LIST).status_code == 200
        return len(asked)

    first = pair()
    once = cost()
    names = [f"u{number}" for number in range(8)]
    sent.take(*(event(user(name)) for name in names), *(event(visit(name)) for name in names))
    sent.take(*(link(user(name), visit(name)) for name in names))
    assert cost() == once
    found = client.get(LIST, {"q": str(first.absorbed_id)}).content.decode()
    assert f">#{first.absorbed_id}<" in found
    other = Merge.objects.exclude(pk=first.pk)[0]
    assert f">#{other.absorbed_id}<" not in found


def test_who_has_many_ids_is_listed_with_their_merges(signed_in: SignIn) -> None:
    sent.take(*(link(user("all"), user(f"u{number}"), said=True) for number in range(5)))
    merging.suspect(at=NOW)
    found = signed_in("support").get(reverse("admin:segments_suspect_changelist"))
    assert f"#{sent.of(user('all')).pk}" in found.content.decode()


def test_things_are_listed_by_kind_with_a_page_each(signed_in: SignIn) -> None:
    sent.take(
        sent.group("company", "acme", set={"plan": "gold"}),
        sent.group("item:book", "42", set={"title": "红楼梦"}),
    )
    client, address = signed_in("operator"), reverse("admin:segments_thing_changelist")
    found = client.get(address, {"kind": "company"}).content.decode()
    assert "acme" in found
    assert ">42<" not in found
    thing = Thing.objects.get(key="42")
    shown = client.get(reverse("admin:segments_thing_change", args=[thing.pk])).content.decode()
    assert "红楼梦" in shown
