"""Customers over the API: by role, masked, page by page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.models import AuditEntry
from tests.segments.factories import (
    ConsentFactory,
    CustomerFactory,
    IdentifierFactory,
    happened,
    incoming,
    traits,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
API = "/api/v1/customers/"


def test_a_portrait_is_masked_for_everybody(signed_in: SignedIn) -> None:
    anna = CustomerFactory(
        name="Anna Bell",
        email="anna@shop.example",
        attributes={"city": "Wuhan", "tags": ["a"], "work": {"phone": "13812345678"}},
    )
    IdentifierFactory(customer=anna, value="u-1")
    traits(customer=anna, orders=3, recency_days=1, monetary_minor=5)
    ConsentFactory(customer=anna)
    said = signed_in("admin").get(f"{API}{anna.pk}/").json()
    assert said["name"] == "A•••"
    assert said["email"] == "a•••@shop.example"
    assert said["identifiers"] == {"user_id": ["u-1"]}
    assert said["attributes"] == {
        "city": "Wuhan",
        "tags": ["a"],
        "work": {"phone": "138•••78"},
    }
    assert said["traits"]["orders"] == 3
    assert said["consents"][0]["granted"] is True
    assert not AuditEntry.objects.filter(action="customer.looked").exists()


@pytest.mark.parametrize(
    ("role", "may"), [("operator", True), ("support", True), ("analyst", False), ("manager", False)]
)
def test_contact_is_for_some_and_noted(role: str, may: bool, signed_in: SignedIn) -> None:
    anna = CustomerFactory(name="Anna Bell")
    answer = signed_in(role).post(f"{API}{anna.pk}/contact/")
    assert answer.status_code == (200 if may else 403)
    assert (answer.json().get("name") == "Anna Bell") is may
    assert AuditEntry.objects.filter(action="customer.looked").count() == may


def test_nobody_who_is_not_signed_in_is_told_anything(client: Client) -> None:
    anna = CustomerFactory()
    for path in ("", f"{anna.pk}/", f"{anna.pk}/events/"):
        assert client.get(API + path).status_code == 403


@pytest.mark.parametrize(
    ("role", "asked", "finds"),
    [
        ("analyst", {"kind": "user_id", "value": "u-1"}, True),
        ("analyst", {"kind": "user_id", "value": "u-"}, False),
        ("analyst", {"kind": "phone", "value": "13812345678"}, False),
        ("support", {"kind": "phone", "value": "13812345678"}, True),
        ("support", {"q": "1381234"}, True),
        ("analyst", {"q": "1381234"}, False),
    ],
)
def test_customers_are_found(
    role: str, asked: dict[str, str], finds: bool, signed_in: SignedIn
) -> None:
    anna = CustomerFactory()
    IdentifierFactory(customer=anna, value="u-1")
    IdentifierFactory(customer=anna, kind="phone", value="13812345678")
    found = signed_in(role).get(API, asked).json()
    assert found == ([{"id": anna.pk, "url": f"{API}{anna.pk}/"}] if finds else [])


@pytest.mark.parametrize("asked", [{}, {"kind": "user_id"}, {"q": "x" * 201}])
def test_a_search_says_what_it_looks_for(asked: dict[str, str], signed_in: SignedIn) -> None:
    assert signed_in("support").get(API, asked).status_code == 400


def test_events_come_page_by_page(signed_in: SignedIn) -> None:
    anna, shown = CustomerFactory(), {"email": "a@b.example"}
    happened(
        *(incoming(anna, f"2017-06-0{n}", properties=shown) for n in range(1, 6)),
        incoming(anna, "2017-06-07", name="other"),
    )
    client, seen = signed_in("analyst"), list[Any]()
    asked: dict[str, Any] = {"limit": 2, "event": "order_paid"}
    while asked is not None:
        page = client.get(f"{API}{anna.pk}/events/", asked).json()
        seen += page["results"]
        if page["next"] is None:
            break
        asked["before"] = page["next"]
    assert [one["time"][:10] for one in seen] == [f"2017-06-0{n}" for n in range(5, 0, -1)]
    assert seen[0]["properties"] == {"email": "a•••@b.example"}
    for limit in ("0", "501", "x"):
        assert client.get(f"{API}{anna.pk}/events/", {"limit": limit}).status_code == 400


def test_who_is_not_here_any_more_is_said(signed_in: SignedIn) -> None:
    kept = CustomerFactory()
    merged, erased = CustomerFactory(merged_into=kept), CustomerFactory(erased_at=timezone.now())
    client = signed_in("support")
    answer = client.get(f"{API}{merged.pk}/")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{API}{kept.pk}/")
    assert client.get(f"{API}{erased.pk}/").status_code == 410
    for gone in (merged, erased):
        assert client.post(f"{API}{gone.pk}/contact/").status_code == 404
        assert client.get(f"{API}{gone.pk}/events/").status_code == 404
    for nobody in ("999999", "9" * 30, "x"):
        assert client.get(f"{API}{nobody}/").status_code == 404
