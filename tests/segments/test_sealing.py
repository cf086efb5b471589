"""Contacts at rest: sealed, compared, searched, sent to, converted."""

import secrets
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from campaigns import audience
from campaigns.contact import suppression
from campaigns.models import Message, Suppression
from console import clock
from segments import bitmaps, contacts, erasure, identity, sealing
from segments.models import Customer, Identifier
from tests.campaigns.factories import campaign_at, mail_server, people, segment_of, send_all

KEY, OTHER = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
ADDRESS = "ann@customers.example"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CONTACT_KEY", KEY)


def raw(table: str, column: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} ORDER BY id")
        return [value for (value,) in cursor.fetchall()]


# --- a text -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["Ann Example", ADDRESS, "安娜", "x" * 500, "  ", "sealed.nothing"]
)
def test_what_is_sealed_is_opened_again(sealed: None, text: str) -> None:
    kept = sealing.seal(text)
    assert text not in kept
    assert kept == sealing.seal(text)
    assert sealing.open_(kept) == text


def test_nothing_is_not_sealed(sealed: None) -> None:
    assert sealing.seal("") == ""


def test_without_a_key_everything_stays_plain() -> None:
    assert sealing.seal(ADDRESS) == ADDRESS == sealing.open_(ADDRESS)


def test_another_key_opens_nothing(sealed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = sealing.seal(ADDRESS)
    monkeypatch.setattr(settings, "CONTACT_KEY", OTHER)
    with pytest.raises(sealing.CannotOpen):
        sealing.open_(kept)
    monkeypatch.setattr(settings, "CONTACT_KEYS_OLD", [KEY])
    assert sealing.open_(kept) == ADDRESS


def test_a_changed_text_is_noticed(sealed: None) -> None:
    kept = sealing.seal(ADDRESS)
    swapped = kept[:-2] + ("A" if kept[-2] != "A" else "B") + kept[-1]
    with pytest.raises(sealing.CannotOpen):
        sealing.open_(swapped)


# --- columns ----------------------------------------------------------------


def test_columns_are_sealed_and_read_as_ever(sealed: None) -> None:
    Customer.objects.create(name="Ann", email=" Ann@Customers.example", phone="139")
    for column in ("name", "email", "phone"):
        assert raw("segments_customer", column)[0].startswith(sealing.PREFIX)
    ann = Customer.objects.get(email=ADDRESS)
    assert (ann.name, ann.email, ann.phone) == ("Ann", ADDRESS, "139")
    assert Customer.objects.filter(email__in=[ADDRESS]).exists()
    assert list(Customer.objects.values_list("email", flat=True)) == [ADDRESS]


def test_a_whole_address_is_found_and_a_beginning_is_not(sealed: None) -> None:
    ann = Customer.objects.create(name="Ann", email=ADDRESS)
    assert identity.search(ADDRESS, contact=True) == {ann.pk}
    assert identity.search("ann@", contact=True) == set()
    assert identity.search(ADDRESS, contact=False) == set()


def test_an_identifier_stays_somebodys_alone(sealed: None) -> None:
    ann = identity.resolve("email", [ADDRESS])[ADDRESS]
    assert identity.resolve("email", [ADDRESS]) == {ADDRESS: ann}
    assert raw("segments_identifier", "value")[0].startswith(sealing.PREFIX)
    assert Identifier.objects.get().value == ADDRESS
    with pytest.raises(IntegrityError), transaction.atomic():
        Identifier.objects.create(customer_id=ann, kind="email", value=ADDRESS)


def test_other_identifiers_stay_plain(sealed: None) -> None:
    identity.resolve("user_id", ["ann-1"])
    assert raw("segments_identifier", "value") == ["ann-1"]
    assert identity.search("ann", contact=False)


def test_an_identifier_that_only_looks_sealed_is_shown_as_it_is(sealed: None) -> None:
    identity.resolve("user_id", ["sealed.123456.abc"])
    assert Identifier.objects.get().value == "sealed.123456.abc"


def test_sending_works_sealed(sealed: None) -> None:
    campaign = campaign_at("sending", people(3))
    with mail_server() as server:
        send_all(campaign, server)
        assert sorted(server.count) == [f"c{n}@customers.example" for n in range(3)]
    assert all(one.startswith(sealing.PREFIX) for one in raw("campaigns_message", "address"))
    assert Message.objects.filter(address="c0@customers.example", status="sent").count() == 1


def test_the_list_holds_sealed(sealed: None) -> None:
    ann, *_others = who = people(3)
    suppression.add(ann.email.upper(), reason="by_hand", at=clock.now())
    assert raw("campaigns_suppression", "address")[0].startswith(sealing.PREFIX)
    assert audience.divide(segment_of(who).members).left_out["suppressed"] == bitmaps.from_ids(
        [ann.pk]
    )
    assert suppression.is_listed(ann.email)
    with pytest.raises(IntegrityError), transaction.atomic():
        Suppression.objects.create(address=ann.email, reason="by_hand", at=clock.now())


def test_somebody_is_found_for_a_request_by_a_sealed_address(sealed: None) -> None:
    ann = Customer.objects.create(email=ADDRESS)
    assert erasure.customer_of(" Ann@customers.example ") == ann


# --- converting -------------------------------------------------------------


@pytest.fixture
def plain() -> Customer:
    """Somebody from the time before there was a key."""
    (ann,) = people(1, prefix="ann")
    Identifier.objects.create(customer=ann, kind="email", value=ann.email)
    Identifier.objects.create(customer=ann, kind="user_id", value="ann-1")
    suppression.add(ann.email, reason="by_hand", at=clock.now(), customer=ann)
    return ann


def use(monkeypatch: pytest.MonkeyPatch, key: str, *old: str) -> None:
    monkeypatch.setattr(settings, "CONTACT_KEY", key)
    monkeypatch.setattr(settings, "CONTACT_KEYS_OLD", list(old))


def kept() -> list[str]:
    return [*raw("segments_customer", "email"), *raw("campaigns_suppression", "address")]


def test_contacts_are_sealed_changed_and_opened_again(
    plain: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept()
    assert contacts.is_as_set()
    use(monkeypatch, KEY)
    assert not contacts.is_as_set()
    assert contacts.convert() == 4  # name, address, identifier, suppression
    assert contacts.is_as_set()
    sealed_once = kept()
    assert all(one.startswith(sealing.PREFIX) for one in sealed_once)
    use(monkeypatch, OTHER, KEY)
    assert contacts.convert() == 4
    assert set(kept()).isdisjoint(sealed_once)
    assert Customer.objects.get().email == plain.email
    use(monkeypatch, "", OTHER)
    assert contacts.convert() == 4
    assert kept() == before


def test_a_second_run_changes_nothing(plain: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, KEY)
    contacts.convert()
    assert contacts.convert() == 0


def test_stopped_half_way_it_goes_on(plain: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, KEY)
    some, *_rest = contacts.columns()
    sum(contacts._convert(some))
    assert not contacts.is_as_set()
    contacts.convert()
    assert contacts.is_as_set()
    assert all(one.startswith(sealing.PREFIX) for one in kept())


@pytest.mark.parametrize(
    ("key", "words"),
    [("", "CONTACT_KEY is not set"), (OTHER, "another key")],
    ids=["missing", "wrong"],
)
def test_a_missing_or_wrong_key_is_refused_in_words(
    plain: Customer, monkeypatch: pytest.MonkeyPatch, key: str, words: str
) -> None:
    use(monkeypatch, KEY)
    contacts.convert()
    use(monkeypatch, key)
    before = kept()
    with pytest.raises(contacts.WrongKey, match=words):
        contacts.is_as_set()
    with pytest.raises(CommandError, match=words):
        call_command("sealcontacts")
    assert kept() == before


def test_a_new_console_takes_the_key_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, KEY)
    contacts.adopt()
    assert contacts.is_as_set()


def test_a_console_with_customers_does_not(
    plain: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, KEY)
    contacts.adopt()
    assert not contacts.is_as_set()
