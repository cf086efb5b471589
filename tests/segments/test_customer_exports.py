"""Customers taken out: columns by role, cells that nobody calculates, and a day to fetch."""

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pyroaring import BitMap

from console.models import AuditEntry, Staff
from console.states import NotAllowed
from segments import formulas, tasks
from segments.customer_exports import selection, writing
from segments.models import Customer, CustomerExport
from tests.factories import StaffFactory
from tests.segments.factories import (
    ConsentFactory,
    CustomerFactory,
    IdentifierFactory,
    SegmentFactory,
    traits,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]

# What a cell says, and what stands in the file.
FORMULAS = {
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-1+1": "'-1+1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    "\r=1": "'\r=1",
    "\n=1": "'\n=1",
    " =1": "' =1",
    '"=1': "'\"=1",
    "'=1": "''=1",
    "“=1": "'“=1",
    "＝1": "'＝1",
    "plain": "plain",
    "a=b": "a=b",
    "": "",
    "1-2": "1-2",
    "王芳": "王芳",
}


@pytest.mark.parametrize("text", FORMULAS, ids=[f"{n}" for n in range(len(FORMULAS))])
def test_no_text_is_a_formula(text: str) -> None:
    assert formulas.escaped(text) == FORMULAS[text]


def exported(*columns: str, kind: str = "csv", role: str = "operator", **asked: Any) -> Path:
    staff = StaffFactory(role=role)
    export = writing.ask(asked, columns=columns, kind=kind, by=staff)
    writing.write(export, at=timezone.now())
    return Path(export.path)


def lines(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text("utf-8-sig").splitlines()))


def test_a_file_has_the_columns_that_were_chosen() -> None:
    anna = CustomerFactory(
        name="=cmd()", phone="+4930123456", attributes={"tags": ["a", {"b": True}], "age": -5}
    )
    traits(customer=anna, orders=3, monetary_minor=12_345)
    ConsentFactory(customer=anna)
    IdentifierFactory(customer=anna, kind="household", value="h-1")
    CustomerFactory(merged_into=anna)
    CustomerFactory(erased_at=timezone.now())
    path = exported(
        *("number", "name", "phone", "id:household", "attribute:age", "attribute:tags"),
        *("trait:orders", "trait:monetary_minor", "consent:email"),
    )
    assert lines(path)[1:] == [
        [
            str(anna.pk),
            "'=cmd()",
            "'+4930123456",
            "h-1",
            "-5",
            'a; {"b": true}',
            "3",
            "123.45",
            "yes",
        ]
    ]
    assert oct(path.stat().st_mode)[-3:] == "600"


def test_a_workbook_has_numbers_and_dates_and_no_formulas() -> None:
    long = 1_234_567_890_123_456  # a spreadsheet would make the last digit a zero
    anna = CustomerFactory(name="=1+1", attributes={"bad": "a\x07b", "order": long})
    traits(customer=anna, orders=3, monetary_minor=12_345, last_order_on=dt.date(2017, 5, 31))
    path = exported(
        *("number", "name", "known_since", "attribute:bad", "attribute:order"),
        *("trait:orders", "trait:monetary_minor", "trait:last_order_on"),
        kind="xlsx",
    )
    book = openpyxl.load_workbook(path)
    cells = list(book.active.iter_rows())[1]
    types = [cell.data_type for cell in cells]
    assert sorted(types) == ["d", "d", "n", "n", "n", "s", "s", "s"]
    values = {cell.value for cell in cells}
    assert {anna.pk, "=1+1", "ab", str(long), 3, 123.45, dt.datetime(2017, 5, 31)} <= values
    assert not any(cell.data_type == "f" for cell in cells)


def test_only_a_segments_members_and_what_a_list_shows() -> None:
    first, second, third = (
        CustomerFactory(name="Abc"),
        CustomerFactory(name="Abd"),
        CustomerFactory(),
    )
    segment = SegmentFactory(members=BitMap([first.pk, third.pk]))
    by = {
        "all": ({}, [first, second, third]),
        "segment": ({"segment": segment.pk}, [first, third]),
        "search": ({"term": "Ab"}, [first, second]),
        "both": ({"term": "Ab", "segment": segment.pk}, [first]),
    }
    for asked, expected in by.values():
        members = selection.members(asked, contact=True)
        assert set(members) == {one.pk for one in expected}
    assert not selection.members({"term": "Ab"}, contact=False)


@pytest.mark.parametrize("role", ["product", "manager", "support"])
def test_exports_are_for_some(role: str, signed_in: SignedIn) -> None:
    CustomerFactory()
    client = signed_in(role)
    assert client.get(reverse("admin:segments_customerexport_ask")).status_code == 403
    given = {"column": ["number"], "format": "csv"}
    assert client.post(reverse("admin:segments_customerexport_start"), given).status_code == 403
    assert not CustomerExport.objects.exists()


def test_an_analyst_gets_no_contacts(signed_in: SignedIn) -> None:
    IdentifierFactory(kind="phone", value="13812345678")
    CustomerFactory(attributes={"home_address": "Hill Road 7", "city": "Wuhan"})
    page = signed_in("analyst").get(reverse("admin:segments_customerexport_ask")).content.decode()
    assert "attribute:city" in page
    for key in ("email", "name", "phone", "id:phone", "attribute:home_address"):
        assert f'value="{key}"' not in page
        with pytest.raises(NotAllowed):
            writing.ask({}, columns=["number", key], kind="csv", by=StaffFactory(role="analyst"))
    assert not CustomerExport.objects.exists()


@pytest.mark.parametrize(("role", "may"), [("analyst", False), ("operator", True)])
def test_addresses_in_ids_and_attributes_are_masked_for_some(role: str, may: bool) -> None:
    secrets = ("ann@shop.example", "13911112222", "Ann Bell")
    address, phone, name = secrets
    person = {"name": name, "phone": phone}
    ann = CustomerFactory(
        attributes={"billing": {"person": person}, "tags": ["gold", address], "site": address}
    )
    IdentifierFactory(customer=ann, kind="user_id", value=address)
    IdentifierFactory(customer=ann, kind="user_id", value="u-77")
    columns = ("id:user_id", "attribute:billing", "attribute:tags", "attribute:site")
    text = exported(*columns, role=role).read_text("utf-8-sig")
    assert [secret in text for secret in secrets] == [may] * 3
    assert "u-77" in text
    assert "gold" in text
    assert CustomerExport.objects.get().has_contact is may


def test_from_the_list_to_the_file(
    signed_in: SignedIn, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(tasks.write_export, "delay", tasks.write_export)
    anna = CustomerFactory(name="Anna")
    CustomerFactory(name="Ben")
    client = signed_in("operator")
    ask = client.get(reverse("admin:segments_customerexport_ask"), {"q": "Anna"}).content.decode()
    assert "Export: a search" in ask
    given = {"q": "Anna", "column": ["number", "name"], "format": "csv"}
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("admin:segments_customerexport_start"), given)
    export = CustomerExport.objects.get()
    page = client.get(reverse("admin:segments_customerexport_changelist")).content.decode()
    assert "Download" in page
    answer: Any = client.get(reverse("admin:segments_customerexport_fetch", args=[export.pk]))
    assert b"".join(answer.streaming_content).decode("utf-8-sig").split() == [
        "number,name",
        f"{anna.pk},Anna",
    ]
    actions = AuditEntry.objects.filter(action__startswith="customerexport.")
    assert [entry.action for entry in actions.order_by("pk")] == [
        "customerexport.asked",
        "customerexport.written",
        "customerexport.fetched",
    ]
    assert actions.get(action="customerexport.fetched").details == {"customers": 1}
    assert "Anna" not in str(list(actions.values("details", "subject_label")))


def test_a_file_is_its_owners_and_goes_after_a_day(signed_in: SignedIn) -> None:
    CustomerFactory()
    owner = StaffFactory(role="operator")
    export = writing.ask({}, columns=["number", "email"], kind="csv", by=owner)
    writing.write(export, at=timezone.now())
    address = reverse("admin:segments_customerexport_fetch", args=[export.pk])
    assert signed_in("operator").get(address).status_code == 403
    assert signed_in("admin").get(address).status_code == 200
    assert signed_in(owner).get(address).status_code == 200
    owner.role = Staff.Role.ANALYST
    owner.save()
    assert signed_in(owner).get(address).status_code == 403  # there are addresses in it
    path = Path(export.path)
    writing.tidy(at=timezone.now() + dt.timedelta(hours=23))
    assert path.is_file()
    writing.tidy(at=timezone.now() + dt.timedelta(hours=25))
    assert not path.exists()
    assert signed_in("admin").get(address).status_code == 403


def test_many_customers_are_written_some_at_a_time(
    monkeypatch: Any, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(writing, "CUSTOMERS_AT_A_TIME", 100)
    Customer.objects.bulk_create(Customer(name=f"N{n}") for n in range(250))
    with django_assert_max_num_queries(40):
        path = exported("number", "name", "stage")
    assert len(lines(path)) == 251
