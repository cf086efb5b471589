"""People's own traits: made in a form, tried before they are kept, changed, and put away."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from console import clock
from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from segments import arrays, computing, distribution, own_traits, tasks, trait_previews, traits
from segments.models import Trait
from segments.rules.nodes import RuleError
from tests.segments.factories import CustomerFactory, SegmentFactory, happened, incoming

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
BIG = {
    "take": "count",
    "events": ["order_paid"],
    "where": [{"property": "size", "op": ">", "value": 5}],
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three customers: two large orders and a small one, a small one, and none."""
    day = clock.today()
    one, two, three = CustomerFactory.create_batch(3)
    happened(
        *(incoming(one, day, properties={"size": size}) for size in (9, 7, 2)),
        incoming(two, day, properties={"size": 1}),
    )
    monkeypatch.setattr(tasks, "compute_traits_soon", lambda: None)
    return [one.pk, two.pk, three.pk]


@pytest.fixture
def operator(staff_of: Callable[..., Staff]) -> Staff:
    return staff_of("operator")


def add(by: Staff, **given: Any) -> Trait:
    fields: dict[str, Any] = {"title": "Big orders", "recipe": BIG, "by": by}
    return own_traits.add(**fields | given)


def test_a_trait_of_ones_own_is_computed_and_used_in_rules(
    world: list[int], operator: Staff
) -> None:
    row = add(operator)
    assert (row.key, row.kind, row.owner, row.version) == ("big_orders", "whole", operator, 1)
    computing.recompute(clock.today())
    found = traits.of(world, ["big_orders"])
    assert [found[number]["big_orders"] for number in world] == [2, 0, 0]
    segment = SegmentFactory(rule={"trait": "big_orders", "op": ">=", "value": 2})
    from segments import membership  # beside the traits only here

    assert set(membership.evaluate(segment.rule, day=clock.today())) == {world[0]}


def test_what_is_used_is_not_put_away_and_who_uses_it_is_named(
    world: list[int], operator: Staff
) -> None:
    row = add(operator)
    SegmentFactory(name="Whales", rule={"all": [{"trait": row.key, "op": ">", "value": 1}]})
    share = {"take": "ratio", "part": row.key, "whole": "orders"}
    other = add(operator, title="Share of big ones", recipe=share)
    with pytest.raises(NotAllowed, match="Whales, Share of big ones"):
        own_traits.archive(row, by=operator)
    own_traits.archive(other, by=operator)
    with pytest.raises(NotAllowed, match="used by: Whales"):
        own_traits.archive(row, by=operator)
    assert Trait.objects.get(pk=row.pk).archived_at is None


def test_an_archived_trait_has_no_values_and_comes_back(world: list[int], operator: Staff) -> None:
    row = add(operator)
    computing.recompute(clock.today())
    own_traits.archive(row, by=operator)
    assert row.key not in traits.registry()
    assert not len(traits.values(row.key, clock.today()))
    own_traits.restore(row, by=operator)
    computing.recompute(clock.today())
    assert traits.of(world, [row.key])[world[0]] == {row.key: 2}


def test_a_changed_recipe_is_a_new_version_and_two_who_change_at_once_are_told(
    world: list[int], operator: Staff
) -> None:
    row = add(operator)
    assert own_traits.edit(row, by=operator, seen_version=1, recipe={**BIG, "days": 3})
    row.refresh_from_db()
    assert row.version == 2
    with pytest.raises(Stale):
        own_traits.edit(row, by=operator, seen_version=1, title="Other")
    assert not own_traits.edit(row, by=operator, seen_version=2, title="Other")
    assert AuditEntry.objects.filter(action="trait.recipe").count() == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"recipe": {"take": "count", "events": ["never"]}}, "no event “never”"),
        ({"recipe": {"take": "profile", "field": "email"}}, "how to reach somebody"),
        ({"recipe": {"take": "profile", "field": "shoe"}}, "has a field “shoe”"),
        ({"recipe": {"take": "since", "date": "orders"}}, "is not a date"),
        ({"recipe": {"take": "ratio", "part": "last_order_on", "whole": "orders"}}, "not a number"),
        ({"recipe": {"take": "since", "date": "gone"}}, "no trait “gone”"),
        ({"recipe": {"take": "elsewhere", "by": "me"}}, "Only the console"),
        ({"title": "Orders"}, "has this name already"),
        ({"title": " "}, "Give the trait a name"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    world: list[int], operator: Staff, given: dict[str, Any], words: str
) -> None:
    with pytest.raises((RuleError, NotAllowed), match=words):
        add(operator, **given)
    assert not Trait.objects.filter(is_shipped=False).exists()


def test_names_without_latin_letters_get_keys_of_their_own(
    world: list[int], operator: Staff
) -> None:
    keys = [add(operator, title=title).key for title in ("大单数", "大单", "3 for 2")]
    assert keys == ["own_2", "own_3", "own_3_for_2"]


# --- the screens ----------------------------------------------------------------

FORM = {
    "title": "Big orders",
    "take": "count",
    "events": ["order_paid"],
    "where_property": "size",
    "where_op": ">",
    "where_value": "5",
    "field": "shoe",  # of another recipe: not read
}


def test_a_trait_is_tried_before_it_is_kept(world: list[int], signed_in: SignedIn) -> None:
    client, address = signed_in("operator"), reverse("admin:segments_trait_make")
    assert "Keep this trait" not in client.get(address).content.decode()
    answer = client.post(address, {**FORM, "try": ""})
    assert answer.status_code == 302
    number = int(answer.headers["Location"].rpartition("=")[2])
    assert f'data-job="{number}"' in client.get(answer.headers["Location"]).content.decode()
    trait_previews.compute(number, clock.today())
    page = client.get(answer.headers["Location"]).content.decode()
    assert "over 3 customers" in page
    assert f"#{world[0]}" in page
    assert not Trait.objects.filter(is_shipped=False).exists()
    answer = client.post(address, {**FORM, "save": ""})
    row = Trait.objects.get(is_shipped=False)
    assert row.recipe == BIG
    assert answer.headers["Location"] == reverse("admin:segments_trait_change", args=[row.pk])
    other = signed_in("operator").get(f"{address}?preview={number}").content.decode()
    assert "over 3 customers" not in other  # somebody else's


def test_mistakes_stand_beside_their_fields(world: list[int], signed_in: SignedIn) -> None:
    address = reverse("admin:segments_trait_make")
    page = signed_in("operator").post(address, {**FORM, "where_property": 'a"b', "try": ""})
    errors = page.context["form"].errors
    assert list(errors) == ["where_property"]
    assert "no quotes" in str(errors)


def test_the_form_says_again_what_was_kept(world: list[int], signed_in: SignedIn) -> None:
    client = signed_in("operator")
    row = add(client.staff)  # type: ignore[attr-defined]
    address = reverse("admin:segments_trait_edit", args=[row.pk])
    form = client.get(address).context["form"]
    kept = {name: form[name].initial for name in FORM if name != "field"}
    assert kept == {**{n: FORM[n] for n in kept}, "where_value": 5}
    client.post(address, {**FORM, "days": 3, "seen_version": 1, "save": ""})
    row.refresh_from_db()
    assert (row.recipe, row.version) == ({**BIG, "days": 3}, 2)


def test_minutes_between_two_events_are_asked_for_in_the_form(
    world: list[int], signed_in: SignedIn
) -> None:
    happened(incoming(CustomerFactory(), clock.today(), name="paid_out"))
    address = reverse("admin:segments_trait_make")
    form = {"title": "Waiting", "take": "minutes", "events": ["order_paid"], "save": ""}
    client = signed_in("operator")
    errors = client.post(address, {**form, "to": ["order_paid"]}).context["form"].errors
    assert list(errors) == ["to"]
    assert "choose another event" in str(errors)
    client.post(address, {**form, "to": ["paid_out"]})
    row = Trait.objects.get(title="Waiting")
    assert row.recipe == {"take": "minutes", "events": ["order_paid"], "to": ["paid_out"]}
    assert row.kind == "number"
    page = client.get(reverse("admin:segments_trait_change", args=[row.pk])).content.decode()
    assert "Minutes from the first of: " in page
    edit = client.get(reverse("admin:segments_trait_edit", args=[row.pk])).context["form"]
    assert edit["to"].initial == ["paid_out"]


@pytest.mark.parametrize(("role", "may"), [("operator", True), ("support", False)])
def test_only_some_roles_make_traits(
    world: list[int], role: str, may: bool, signed_in: SignedIn, operator: Staff
) -> None:
    row, client = add(operator, title="Theirs"), signed_in(role)
    answer = client.post(reverse("admin:segments_trait_make"), {**FORM, "save": ""})
    assert (answer.status_code == 302) is may
    assert Trait.objects.filter(title="Big orders").exists() is may
    page = client.get(reverse("admin:segments_trait_change", args=[row.pk]))
    assert page.status_code == 200
    if not may:
        address = reverse("admin:segments_trait_do", args=[row.pk, "archive"])
        assert client.post(address).status_code == 403
        assert Trait.objects.get(pk=row.pk).archived_at is None


def test_the_list_and_pages_say_what_is_known_and_how_fresh(
    world: list[int], signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    computing.recompute(clock.today())
    client = signed_in("analyst")
    with django_assert_max_num_queries(20):
        page = client.get(reverse("admin:segments_trait_changelist")).content.decode()
    assert "spent in all" in page
    assert "No such events yet: share" in page
    row = Trait.objects.get(key="orders")
    page = client.get(reverse("admin:segments_trait_change", args=[row.pk])).content.decode()
    assert "over 3 customers" in page
    assert "How many: what counts as paid." in page


def test_the_api_has_the_same(world: list[int], signed_in: SignedIn) -> None:
    client, address = signed_in("operator"), "/api/v1/traits/"
    given = {"title": "Big orders", "recipe": BIG}
    made = client.post(address, given, content_type="application/json")
    assert (made.status_code, made.json()["key"]) == (201, "big_orders")
    computing.recompute(clock.today())
    said = client.get(f"{address}big_orders/").json()
    assert (said["known"], said["version"], said["is_shipped"]) == (3, 1, False)
    assert said["sentence"] == "How many: Order paid, size is more than 5."
    spread = client.get(f"{address}big_orders/distribution/").json()
    assert [(one["low"], one["customers"]) for one in spread["bins"]] == [(0, 2), (1, 0), (2, 1)]
    bad = {"title": "Bad", "recipe": {"take": "count", "events": []}}
    answer = client.post(address, bad, content_type="application/json")
    assert (answer.status_code, answer.json()["path"]) == (400, ["events"])
    assert client.post(f"{address}big_orders/archive/").json()["archived_at"]
    support = signed_in("support")
    assert support.post(address, given, content_type="application/json").status_code == 403
    assert support.get(address).status_code == 200


# --- how values are spread ------------------------------------------------------


@given(
    st.lists(st.integers(-(2**31) + 1, 2**31 - 1) | st.integers(0, 30), max_size=60),
    st.sampled_from([np.int32, np.int64, np.float64]),
)
def test_every_known_value_stands_in_one_bin(values: list[int], dtype: Any) -> None:
    column = np.array([*values, 0], dtype)
    column[-1] = arrays.nothing(dtype)
    found = distribution.of(column)
    assert found.known == len(values) == sum(one.customers for one in found.bins)
    assert len(found.bins) <= distribution.BINS
    for one in found.bins:
        assert one.low <= one.high or not one.customers
    if values:
        assert (found.ranks["least"], found.ranks["most"]) == (min(values), max(values))


def test_words_are_counted_from_the_most_frequent() -> None:
    codes = np.array([0, 1, 1, 2, arrays.nothing(np.int32)], np.int32)
    found = distribution.of(codes, ("tea", "cup", "茶"))
    assert [(one.word, one.customers) for one in found.bins] == [("cup", 2), ("tea", 1), ("茶", 1)]
    assert found.known == 4
    assert dt.date(1970, 1, 1) == traits.EPOCH
