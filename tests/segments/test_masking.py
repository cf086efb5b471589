"""What tells who somebody is, found in documents by its name, its place and its look."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from segments import estates, masking, vocabulary
from segments.admin import merge
from segments.models import DeadLetter, EventSource
from tests.segments.factories import CustomerFactory, IdentifierFactory, happened, incoming

EMAIL, PHONE, NAME = "ann.secretive@customers.example", "13911112222", "Ann Secretive"
SECRETS = (EMAIL, PHONE, NAME)
SECRET: dict[str, Any] = {
    "billing": {"person": {"email": EMAIL, "phone": PHONE, "name": NAME}, "email": EMAIL},
    "contacts": [{"email": EMAIL}, {"list": [[EMAIL]]}],
    "mail": NAME,
    "tel": int(PHONE),
    "username": NAME,
    "nickname": NAME,
    "收件人": NAME,
    "remark": f"call {PHONE} or write to {EMAIL}, {EMAIL}",
    "json": f'{{"customer": {{"name": "{NAME}"}}}}',
    PHONE: True,
}
HAPPENED: dict[str, Any] = {
    "customer": {"email": EMAIL, "phone": PHONE, "name": NAME},
    "to": EMAIL,
    "list": [{"email": EMAIL}],
}
HARMLESS: dict[str, Any] = {
    "total": 12.5,
    "detail": "red",
    "hotel": "Grand",
    "mailing": "weekly",
    "order": "20240101139111122",
    "number": "ORD-13911112222",
    "at": "2020-01-01T00:00:00+08:00",
    "ms": 1_700_000_000_000,
    "products": [{"name": "Blue shoe", "price": 3}],
    "package": "react@18.2.0",
    "channels": ["push", "sms"],
    "json": '{"a":1}',
    "is_mobile": True,
    "nothing": None,
}
WITHOUT = ("product", "manager", "analyst")
SignedIn = Callable[..., Client]


@pytest.mark.parametrize(
    "name",
    [
        "mail",
        "e-mail",
        "homeTel",
        "contact_email",
        "first_name",
        "QQ号",
        "wechat",
        "联系方式",
        "nick",
    ],
)
def test_a_name_of_a_contact_is_known(name: str) -> None:
    assert masking.is_contact(name)


@pytest.mark.parametrize("name", ["total", "detail", "hotel", "retail", "mailing", "cancel", "to"])
def test_a_name_that_only_sounds_like_one_is_not(name: str) -> None:
    assert not masking.is_contact(name)


@pytest.mark.parametrize("document", [SECRET, HAPPENED, [SECRET]], ids=["who", "event", "list"])
def test_nothing_of_somebody_is_left(document: Any) -> None:
    told = str(masking.masked(document))
    assert not any(secret in told for secret in SECRETS)


def test_what_tells_of_nobody_stays_as_it_is() -> None:
    assert masking.masked(HARMLESS) == HARMLESS


def test_a_long_text_is_read_in_no_time() -> None:
    text = "a." * 30_000 + "@" + "1 " * 30_000
    assert masking.in_text(text) == text


# --- where it is shown --------------------------------------------------------


@pytest.mark.django_db
def test_only_what_many_share_is_offered_to_a_rule() -> None:
    cache.delete("profile_fields")
    for number in range(vocabulary.SHARED_BY):
        CustomerFactory(attributes={**SECRET, "plan": "gold", "seat": number, "site": EMAIL})
    offered = vocabulary.current().profile
    assert offered["plan"] == ("gold",)
    assert offered["seat"] == offered["site"] == offered["billing"] == offered["contacts"] == ()
    assert not any(secret in str(dict(offered)) for secret in SECRETS)
    cache.delete("profile_fields")


@pytest.mark.django_db
@pytest.mark.parametrize("role", WITHOUT)
def test_a_customer_is_shown_masked_however_deep(role: str, signed_in: SignedIn) -> None:
    ann = CustomerFactory(name=NAME, attributes=SECRET)
    IdentifierFactory(customer=ann, kind="user_id", value=EMAIL)
    IdentifierFactory(customer=ann, kind="user_id", value="u-77")
    happened(incoming(ann, "2018-03-01", properties=HAPPENED))
    client = signed_in(role)
    pages = [
        client.get(reverse("admin:segments_customer_change", args=[ann.pk])),
        client.get(f"/admin/segments/customer/{ann.pk}/events/"),
        client.get(f"/api/v1/customers/{ann.pk}/"),
        client.get(f"/api/v1/customers/{ann.pk}/events/"),
    ]
    assert [one.status_code for one in pages] == [200] * 4
    told = "".join(one.content.decode() for one in pages)
    assert not any(secret in told for secret in SECRETS)
    assert "u-77" in told
    assert "a•••@customers.example" in told


@pytest.mark.django_db
def test_both_sides_of_a_merge_are_masked_however_deep() -> None:
    ann = CustomerFactory(name=NAME, attributes=SECRET)
    IdentifierFactory(customer=ann, kind="user_id", value=EMAIL)
    told = str({**merge.side(ann, estates.look(ann.pk)), "customer": None})
    assert not any(secret in told for secret in SECRETS)


# --- dead letters -------------------------------------------------------------


def letter(raw: bytes) -> DeadLetter:
    source, _made = EventSource.objects.get_or_create(name="App")
    return DeadLetter.objects.create(
        source=source, dialect="own", reason="no_id", raw=raw, received_at="2018-01-01T00:00Z"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "raw",
    [f'{{"traits": {{"name": "{NAME}"}}, "to": "{EMAIL}"}}'.encode(), f'{{"x": "{NAME}'.encode()],
    ids=["whole", "broken"],
)
def test_a_letter_that_tells_of_somebody_is_settled_by_who_sees_them(
    raw: bytes, signed_in: SignedIn
) -> None:
    product, one, other = signed_in("product"), letter(raw), letter(b'{"event": ""}')
    address = reverse("admin:segments_deadletter_change", args=[one.pk])
    page = product.get(address).content.decode()
    assert not any(secret in page for secret in SECRETS)
    assert 'name="raw"' not in page
    assert "masked" in page
    for deed in ("replay", "drop"):
        deeds = reverse("admin:segments_letter_do", args=[one.pk, deed])
        answer = product.post(deeds, {"raw": '{"event": "Seen", "user_id": "u1"}'})
        assert answer.status_code in {403, 409}
        assert not any(secret in answer.content.decode() for secret in SECRETS)
    one.refresh_from_db()
    assert one.status == "waiting"
    # What tells of nobody they settle as ever.
    product.post(reverse("admin:segments_letter_do", args=[other.pk, "drop"]))
    other.refresh_from_db()
    assert other.status == "dropped"
    admin = signed_in("admin")
    assert NAME in admin.get(address).content.decode()
    admin.post(reverse("admin:segments_letter_do", args=[one.pk, "drop"]))
    one.refresh_from_db()
    assert one.status == "dropped"
