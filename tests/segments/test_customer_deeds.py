"""What staff do on a customer's page: correct, note, and write down consents; by role."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.contact import suppression
from console import audit
from console.models import AuditEntry
from console.states import NotAllowed, Stale
from segments import consent, corrections, notes
from segments.models import Consent, ConsentChange, Customer, CustomerNote
from tests.factories import StaffFactory
from tests.segments.factories import ConsentFactory, CustomerFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
NOW = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)

DEEDS: dict[str, dict[str, Any]] = {
    "correct": {"name": "Annabel"},
    "consent": {"channel": "sms", "purpose": "marketing", "source": "on the phone"},
    "withdraw": {"channel": "email", "purpose": "marketing"},
    "note": {"text": "Wants smaller packs.", "kind": "need"},
}


def state() -> list[Any]:
    return [
        list(Customer.objects.values()),
        list(Consent.objects.values("channel", "granted")),
        list(CustomerNote.objects.values("text")),
    ]


@pytest.mark.parametrize("role", ["operator", "product", "manager", "analyst", "support", "admin"])
@pytest.mark.parametrize("deed", DEEDS)
def test_deeds_are_for_those_who_speak_with_customers(
    role: str, deed: str, signed_in: SignedIn
) -> None:
    anna = CustomerFactory()
    ConsentFactory(customer=anna)
    client, before = signed_in(role), state()
    given = {"seen": corrections.version(anna), **DEEDS[deed]}
    answer = client.post(reverse(f"admin:segments_customer_{deed}", args=[anna.pk]), given)
    may = role in {"support", "admin"}
    assert answer.status_code == (302 if may else 403)
    assert (state() != before) is may
    assert client.get(reverse(f"admin:segments_customer_{deed}", args=[anna.pk])).status_code == 405


def test_a_correction_says_which_fields_and_not_what_is_in_them() -> None:
    anna, staff = CustomerFactory(phone="13812345678"), StaffFactory(role="support")
    changed = corrections.correct(
        anna,
        by=staff,
        seen=corrections.version(anna),
        name=" Anna   Bell ",
        email="Anna@Shop.example",
        phone="13812345678",
        attributes={"tags": ["gold"]},
    )
    anna.refresh_from_db()
    assert (anna.name, anna.email) == ("Anna Bell", "anna@shop.example")
    assert changed == ["name", "email", "attributes"]
    entry = AuditEntry.objects.get(action="customer.corrected")
    assert entry.details == {"customer": anna.pk, "fields": ["attributes", "email", "name"]}


def test_who_saw_an_older_state_changes_nothing() -> None:
    anna, staff = CustomerFactory(), StaffFactory(role="support")
    seen = corrections.version(anna)
    corrections.correct(anna, by=staff, seen=seen, name="First")
    with pytest.raises(Stale):
        corrections.correct(anna, by=staff, seen=seen, name="Second")
    anna.refresh_from_db()
    assert anna.name == "First"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"email": "no address"}, id="email"),
        pytest.param({"phone": "call me"}, id="phone"),
        pytest.param({"name": "x" * 121}, id="long name"),
        pytest.param({"language": "klingon, probably"}, id="language"),
        pytest.param({"attributes": {"": 1}}, id="nameless attribute"),
        pytest.param({"attributes": {"a": "\0"}}, id="zero byte"),
        pytest.param({"attributes": {"a": "x" * 40_000}}, id="long attribute"),
    ],
)
def test_what_cannot_be_right_is_refused(values: dict[str, Any]) -> None:
    anna, staff = CustomerFactory(), StaffFactory(role="support")
    with pytest.raises(corrections.Wrong):
        corrections.correct(anna, by=staff, seen=corrections.version(anna), **values)
    assert state()[0][0]["name"] == anna.name


def test_attributes_keep_what_they_are(signed_in: SignedIn) -> None:
    anna = CustomerFactory(attributes={"age": 31, "tags": ["a"], "city": "Wuhan", "old": True})
    given = {
        "seen": corrections.version(anna),
        "attribute": ["age", "tags", "city", "old", "new"],
        "value": ["32", '["a", "b"]', "7", "", "fresh"],
    }
    signed_in("support").post(reverse("admin:segments_customer_correct", args=[anna.pk]), given)
    anna.refresh_from_db()
    assert anna.attributes == {"age": 32, "tags": ["a", "b"], "city": "7", "new": "fresh"}


def test_the_dead_are_not_written_on() -> None:
    staff, gone = StaffFactory(role="support"), CustomerFactory(erased_at=NOW)
    with pytest.raises(NotAllowed):
        corrections.correct(gone, by=staff, seen=corrections.version(gone), name="x")
    with pytest.raises(NotAllowed):
        notes.add(gone, text="x", kind="need", by=staff, at=NOW)
    with pytest.raises(NotAllowed):
        consent.record(gone, channel="sms", purpose="marketing", source="there", by=staff, at=NOW)


def test_a_note_is_taken_back_by_its_author_or_an_administrator(signed_in: SignedIn) -> None:
    anna, author = CustomerFactory(), StaffFactory(role="support")
    note = notes.add(anna, text="Allergic to nuts", kind="pain", by=author, at=NOW)
    address = reverse("admin:segments_customer_remove_note", args=[note.pk])
    assert signed_in("support").post(address).status_code == 403
    assert CustomerNote.objects.exists()
    assert signed_in(author).post(address).status_code == 302
    assert not CustomerNote.objects.exists()
    assert not any("nuts" in str(entry.details) for entry in AuditEntry.objects.all())


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_a_note_says_something_and_not_too_much(text: str) -> None:
    with pytest.raises(NotAllowed):
        notes.add(CustomerFactory(), text=text, kind="need", by=StaffFactory(role="admin"), at=NOW)


def test_every_consent_is_remembered_whoever_writes_it() -> None:
    anna, staff = CustomerFactory(), StaffFactory(role="support")
    ConsentFactory(customer=anna, at=NOW)
    consent.withdraw(anna, channel="email", by=staff, at=NOW + dt.timedelta(days=1))
    consent.record(
        anna,
        channel="email",
        purpose="marketing",
        source="a form in the shop",
        by=staff,
        at=NOW + dt.timedelta(days=2),
    )
    Consent.objects.update(granted=False, at=NOW + dt.timedelta(days=3), source="in bulk")
    Consent.objects.update(source="in bulk")  # nothing new
    told = ConsentChange.objects.order_by("at").values_list("granted", flat=True)
    assert list(told) == [True, False, True, False]
    assert ConsentChange.objects.latest("at").source == "in bulk"


def test_a_consent_needs_its_source() -> None:
    anna, staff = CustomerFactory(), StaffFactory(role="support")
    for given in (
        {"channel": "sms", "purpose": "marketing", "source": " "},
        {"channel": "pigeon", "purpose": "marketing", "source": "there"},
        {"channel": "sms", "purpose": "spying", "source": "there"},
    ):
        with pytest.raises(NotAllowed):
            consent.record(anna, **given, by=staff, at=NOW)
    assert not Consent.objects.exists()


def test_the_page_shows_the_matrix_and_its_history(signed_in: SignedIn) -> None:
    anna = CustomerFactory()
    ConsentFactory(customer=anna, channel=suppression.EMAIL)
    ConsentFactory(customer=anna, channel="sms", purpose="service", granted=False, source="a call")
    address = reverse("admin:segments_customer_change", args=[anna.pk])
    page = signed_in("support").get(address).content.decode()
    for words in ("text message", "service", "withdrawn", "a call", "Withdraw"):
        assert words in page
    assert "Record a consent" not in signed_in("operator").get(address).content.decode()


def test_looks_are_audited_with_the_person(signed_in: SignedIn) -> None:
    client, anna = signed_in("support"), CustomerFactory()
    client.post(reverse("admin:segments_customer_contact", args=[anna.pk]))
    entry = AuditEntry.objects.get(action="customer.looked")
    assert entry.staff == client.staff  # type: ignore[attr-defined]
    assert audit.actor().staff is None
