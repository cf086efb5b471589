"""Files of customers: what a check finds, and that exactly this is applied."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from console.models import AuditEntry
from segments import erasure
from segments.customer_imports import applying, checking, keeping
from segments.models import (
    Consent,
    Customer,
    CustomerImport,
    ForgottenId,
    Identifier,
    PrivacyRequest,
    Tag,
)
from tests.factories import StaffFactory
from tests.segments.factories import ConsentFactory, CustomerFactory, IdentifierFactory
from tests.segments.lists import NOW, Status, apply, checked, counts, known, outcome, sent, world

pytestmark = pytest.mark.django_db

# --- checking ---------------------------------------------------------------


def test_a_check_tells_each_rows_outcome_and_changes_nothing() -> None:
    known("anna", name="Anna")
    known("ben", name="Ben", email="ben@shop.example")
    before = world()
    found = checked(
        "id,name,email,age\n"
        "anna,,anna@shop.example,31\n"  # what is empty changes nothing
        "ben,Ben,ben@shop.example,\n"
        "cleo,Cleo,,44\n"
        "cleo,Cleopatra,,\n"
        "dora,Dora,no address,\n"
        ",Nobody,,\n"
        "eve,Eve,ben@shop.example,\n"
    )
    assert world() == before
    assert counts(found) == {"new": 1, "changed": 1, "same": 1, "conflict": 2, "bad": 2}
    assert found.status == Status.CHECKED
    anna = outcome(found, 2)
    assert anna.after == {"email": "anna@shop.example", "attributes": {"age": 31}}
    assert "about the same customer" in outcome(found, 5).reason
    assert "not an e-mail" in outcome(found, 6).reason
    assert "empty" in outcome(found, 7).reason
    assert "customer #" in outcome(found, 8).reason


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("fill", {"name": "Anna", "email": "new@shop.example", "city": "Wuhan", "age": 31}),
        ("overwrite", {"name": "Annabel", "email": "new@shop.example", "city": "Xi'an", "age": 31}),
        ("leave", {"name": "Anna", "email": "", "city": "Wuhan", "age": None}),
    ],
)
def test_what_wins_is_chosen(policy: str, expected: dict[str, Any]) -> None:
    anna = known("anna", name="Anna", attributes={"city": "Wuhan"})
    row = "anna,Annabel,new@shop.example,Xi'an,31\nben,Ben,,Chengdu,\n"
    found = checked("id,name,email,city,age\n" + row, policy=policy)
    apply(found)
    anna.refresh_from_db()
    assert anna.name == expected["name"]
    assert anna.email == expected["email"]
    assert anna.attributes.get("city") == expected["city"]
    assert anna.attributes.get("age") == expected["age"]
    ben = Customer.objects.get(identifiers__value="ben")
    assert (ben.name, ben.attributes) == ("Ben", {"city": "Chengdu"})


def test_tags_are_added_to_those_there_are() -> None:
    anna = known("anna", attributes={"tags": ["gold", "north"]})
    apply(checked("id,tags\nanna,north；vip、 new\n", policy="overwrite"))
    anna.refresh_from_db()
    assert anna.attributes["tags"] == ["gold", "north", "vip", "new"]


def test_a_file_never_takes_a_no_back() -> None:
    anna, ben, cleo = known("anna"), known("ben"), known("cleo")
    ConsentFactory(customer=anna, granted=False)
    ConsentFactory(customer=ben, granted=True)
    found = checked("id,consent\nanna,yes\nben,否\ncleo,同意\ndora,maybe\n")
    assert counts(found) == {"changed": 2, "conflict": 1, "bad": 1}
    assert "withdrew" in outcome(found, 2).reason
    apply(found)
    kept = dict(Consent.objects.values_list("customer", "granted"))
    assert kept == {anna.pk: False, ben.pk: False, cleo.pk: True}
    assert Consent.objects.get(customer=cleo).source == "a form in the shop"


@pytest.mark.parametrize(
    "nobody", ["null", " Undefined", "0", "00000000-0000-0000-0000-000000000000", "N/A"]
)
def test_what_programs_write_for_nobody_makes_no_customer(nobody: str) -> None:
    found = checked(f"id,name\n{nobody},Anna\n{nobody},Ben\n")
    assert counts(found) == {"bad": 2}
    assert "know nobody" in outcome(found, 2).reason
    apply(found)
    assert not Customer.objects.exists()


@pytest.mark.parametrize("policy", ["fill", "overwrite"])
def test_attributes_and_tags_are_compared_as_what_they_are(policy: str) -> None:
    known("anna", attributes={"age": None, "city": "Wuhan", "tags": "gold"})
    known("ben", attributes={"age": 30.0, "city": "", "tags": ["gold"]})
    found = checked("id,age,city,tags\nanna,31,Wuhan,\nben,30,,gold\n", policy=policy)
    assert outcome(found, 2).after == {"attributes": {"age": 31, "city": "Wuhan", "tags": "gold"}}
    assert outcome(found, 3).outcome == "same"
    one_tag = checked("id,tags\nanna,gold\n", policy=policy)
    kept = outcome(one_tag, 2).after
    assert kept == {"attributes": {"age": None, "city": "Wuhan", "tags": ["gold"]}}


def test_numbers_of_ours_name_customers_and_make_none() -> None:
    anna = CustomerFactory(name="")
    found = checked(f"id,name\n#{anna.pk},Anna\n{anna.pk + 999},Ghost\nx,Odd\n", kind="#")
    assert counts(found) == {"changed": 1, "bad": 2}
    apply(found)
    anna.refresh_from_db()
    assert anna.name == "Anna"


@pytest.mark.parametrize("many", [1, 12_345])
def test_files_longer_than_a_batch_are_checked_whole(many: int) -> None:
    known("u0", name="Known")
    found = checked("id,name\n" + "".join(f"u{n},N{n}\n" for n in range(many)))
    assert counts(found)["same"] == 1  # filled only where nothing is known
    assert counts(found).get("new", 0) == many - 1
    apply(found)
    assert Customer.objects.count() == many


def test_what_cannot_be_read_fails_in_words() -> None:
    found = sent("id,name\nanna,Anna\n", fields={"name": "nickname"})
    with pytest.raises(Exception, match="nickname"):
        checking.check(found)
    found.refresh_from_db()
    assert found.status == Status.FAILED


# --- applying ---------------------------------------------------------------


def test_exactly_what_was_shown_is_applied() -> None:
    known("anna", name="Anna", attributes={"old": 1})
    found = checked(
        "id,name,email,city\nanna,Annabel,a@shop.example,Wuhan\nben,Ben,b@shop.example,\n",
        policy="overwrite",
    )
    shown = {row.identifier: row.after for row in found.rows.all()}
    apply(found)
    for key, after in shown.items():
        customer = Customer.objects.get(identifiers__value=key)
        for name, value in (after or {}).items():
            assert getattr(customer, name) == value
    assert Customer.objects.get(identifiers__value="anna").attributes == {"old": 1, "city": "Wuhan"}
    assert found.status == Status.APPLIED
    assert not keeping.is_here(found)
    assert not found.rows.exists()
    entry = AuditEntry.objects.get(action="customerimport.written")
    assert entry.details["counts"]["changed"] == 1
    assert "shop.example" not in str(list(AuditEntry.objects.values("details")))


def _correct() -> None:
    Customer.objects.filter(identifiers__value="anna").update(name="Somebody else's")


def _join() -> None:
    IdentifierFactory(value="ben")


def _withdraw() -> None:
    ConsentFactory(
        customer=Customer.objects.get(identifiers__value="anna"), granted=False, channel="email"
    )


def _erase() -> None:
    Customer.objects.filter(identifiers__value="anna").update(erased_at=NOW)


def _join_and_erase() -> None:
    """Somebody who was new in the file becomes known, and asks to be forgotten."""
    ben = IdentifierFactory(value="ben", customer__erased_at=NOW).customer
    request = PrivacyRequest.objects.create(
        kind=PrivacyRequest.Kind.ERASE,
        customer=ben,
        asked_on=NOW.date(),
        due_on=NOW.date(),
        requested_by=StaffFactory(role="support"),
    )
    Identifier.objects.filter(customer=ben).delete()
    digest = erasure.digest(("user_id", "ben"))
    ForgottenId.objects.create(digest=digest, at=NOW, request=request)


@pytest.mark.parametrize("meanwhile", [_correct, _join, _withdraw, _erase, _join_and_erase])
def test_if_anything_changed_meanwhile_nothing_is_applied(meanwhile: Callable[[], None]) -> None:
    known("anna")
    found = checked("id,name,consent\nanna,Anna,yes\nben,Ben,yes\n")
    meanwhile()
    before = world()
    with pytest.raises(applying.Changed, match="1 customer changed"):
        apply(found)
    assert world() == before
    assert found.status == Status.FAILED
    checking.check(found)  # and the file can be looked at again
    assert found.status == Status.CHECKED


def test_what_others_change_elsewhere_does_not_matter() -> None:
    known("anna")
    ben = known("ben", name="Ben")
    found = checked("id,name\nanna,Anna\nben,Ben\n")
    Customer.objects.filter(pk=ben.pk).update(phone="123456")
    apply(found)
    assert found.status == Status.APPLIED


@pytest.mark.django_db(transaction=True)
def test_two_that_apply_files_about_the_same_people_take_turns() -> None:
    known("anna")
    one, other = (checked(f"id,name\nanna,{name}\nben,{name}\n") for name in ("One", "Other"))
    together = threading.Barrier(2)
    staff = StaffFactory(role="operator")

    def run(customer_import: CustomerImport) -> str:
        try:
            together.wait()
            applying.apply(customer_import, by=staff, at=NOW)
        except applying.Changed:
            return "told"
        finally:
            connection.close()
        return "applied"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(run, [one, other]))
    assert ends == ["applied", "told"]
    names = set(Customer.objects.values_list("name", flat=True))
    assert len(names) == 1
    assert Customer.objects.count() == 2


def test_tags_of_a_file_become_tags_that_rules_can_ask_for() -> None:
    anna = known("anna")
    apply(checked("id,tags\nanna,north；vip\nben,VIP\n"))
    ben = Customer.objects.get(identifiers__value="ben")
    given = {tag.name: set(tag.members) for tag in Tag.objects.all()}
    assert given == {"north": {anna.pk}, "VIP": {anna.pk, ben.pk}}
