"""Files of customers: what a check finds, and that exactly this is applied."""

import csv
import datetime as dt
import io
import threading
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from console import jobs
from console.models import AuditEntry, Job
from segments import erasure, identity, tasks
from segments.customer_imports import applying, checking, keeping, mapping
from segments.customer_imports.mapping import CustomerMapping
from segments.models import (
    Consent,
    Customer,
    CustomerImport,
    CustomerImportRow,
    ForgottenId,
    Identifier,
    PrivacyRequest,
)
from tests.factories import StaffFactory
from tests.segments.factories import ConsentFactory, CustomerFactory, IdentifierFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
NOW = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)
Status = CustomerImport.Status

FIELDS = {"name": "name", "email": "email", "phone": "phone"}


def sent(content: str | bytes, name: str = "list.csv", **mapped: Any) -> CustomerImport:
    """A file that somebody sent and whose columns somebody named."""
    raw = content.encode() if isinstance(content, str) else content
    kept = keeping.keep(SimpleUploadedFile(name, raw), by=StaffFactory(role="operator"))
    header = (
        content.splitlines()[0].split(",") if isinstance(content, str) else mapped.pop("header")
    )
    values: dict[str, Any] = {
        "key": "id",
        "fields": {name: name for name in FIELDS if name in header},
        "attributes": tuple(n for n in header if n in {"city", "age"}),
        "tags": "tags" if "tags" in header else "",
        "consents": {"email": "consent"} if "consent" in header else {},
        "source": "a form in the shop",
        **mapped,
    }
    kept.mapping = CustomerMapping(**values).to_json()
    kept.save()
    return kept


def checked(content: str, **mapped: Any) -> CustomerImport:
    found = sent(content, **mapped)
    checking.check(found)
    return found


def counts(customer_import: CustomerImport) -> dict[str, int]:
    return {key: count for key, count in customer_import.counts.items() if count}


def outcome(customer_import: CustomerImport, number: int) -> CustomerImportRow:
    return customer_import.rows.get(number=number)


def known(key: str, **values: Any) -> Customer:
    customer: Customer = CustomerFactory(**{"name": "", "email": "", **values})
    IdentifierFactory(customer=customer, value=key)
    return customer


def apply(customer_import: CustomerImport) -> None:
    applying.apply(customer_import, by=StaffFactory(role="operator"), at=NOW)


def world() -> list[Any]:
    return [
        list(Customer.objects.order_by("pk").values()),
        list(Identifier.objects.order_by("pk").values()),
        list(Consent.objects.order_by("pk").values()),
    ]


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


# --- workbooks --------------------------------------------------------------


def workbook(rows: Iterable[Iterable[Any]]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(target)
    return target.getvalue()


def test_a_workbook_is_read_like_a_list() -> None:
    content = workbook(
        [
            ["id", "name", "age", "phone"],
            [1001, "王芳", 31, "'+4930123456"],
            [1002.0, None, 2.5, 7654321],
        ]
    )
    found = sent(
        content,
        "list.xlsx",
        header=["id", "name", "phone"],
        attributes=("age",),
    )
    checking.check(found)
    apply(found)
    first, second = (Customer.objects.get(identifiers__value=key) for key in ("1001", "1002"))
    assert (first.name, first.attributes, first.phone) == ("王芳", {"age": 31}, "+4930123456")
    assert (second.name, second.attributes, second.phone) == ("", {"age": 2.5}, "7654321")


def bomb() -> bytes:
    """A small workbook whose sheet unpacks to more than a workbook may."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(11):
                sheet.write(bytes(1 << 20))
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PK\x03\x04 nothing", id="broken"),
        pytest.param(bomb, id="bomb"),
        pytest.param(b"\xd0\xcf\x11\xe0 old Excel", id="old"),
    ],
)
def test_a_workbook_that_is_none_is_refused(content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segments.reading.workbook.LARGEST", 10 << 20)
    raw = content() if callable(content) else content
    found = sent(raw, "list.xlsx", header=["id"])
    with pytest.raises(checking.NotChecked):
        checking.check(found)
    assert found.status == Status.FAILED


# --- keeping ----------------------------------------------------------------


def test_what_is_left_out_can_be_fetched_with_the_reasons() -> None:
    found = checked("id,name,email\nanna,=1+1,oops\nben,Ben,\n")
    lines = list(csv.reader(io.StringIO("".join(keeping.left_out(found)).lstrip("\ufeff"))))
    assert lines[0][:2] == ["id", "name"]
    assert lines[1][:3] == ["anna", "'=1+1", "oops"]
    assert "not an e-mail" in lines[1][-1]
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("file", "words"),
    [(SimpleUploadedFile("a.csv", b""), "empty")],
)
def test_what_is_no_file_is_refused(file: SimpleUploadedFile, words: str) -> None:
    with pytest.raises(keeping.Refused, match=words):
        keeping.keep(file, by=StaffFactory(role="operator"))
    assert not CustomerImport.objects.exists()


def test_old_files_and_their_rows_go() -> None:
    found = checked("id,name\nanna,Anna\n")
    keeping.tidy(at=found.created_at + dt.timedelta(days=6))
    assert keeping.is_here(found)
    keeping.tidy(at=found.created_at + dt.timedelta(days=8))
    assert not keeping.is_here(found)
    assert not found.rows.exists()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["User ID", "E-mail", "Mobile"], ["key", "email", "phone"]),
        (["会员号", "姓名", "手机号", "城市"], ["key", "name", "phone", "attribute"]),
        (["id", "customer_id"], ["attribute", "key"]),
    ],
)
def test_columns_are_guessed(columns: list[str], expected: list[str]) -> None:
    assert list(mapping.guess(columns).values()) == expected


# --- the screens ------------------------------------------------------------


def upload(client: Client, content: str = "id,name\nanna,Anna\n") -> CustomerImport | None:
    file = SimpleUploadedFile("list.csv", content.encode())
    client.post(reverse("admin:segments_customerimport_upload"), {"file": file})
    return CustomerImport.objects.first()


@pytest.mark.parametrize("role", ["product", "manager", "analyst", "support"])
def test_imports_are_for_operators(role: str, signed_in: SignedIn) -> None:
    client = signed_in(role)
    assert upload(client) is None
    kept = sent("id,name\nanna,Anna\n")
    checking.check(kept)
    for name in ("check", "apply"):
        address = reverse(f"admin:segments_customerimport_{name}", args=[kept.pk])
        assert client.post(address).status_code == 403
    for name in ("change", "left_out"):
        address = reverse(f"admin:segments_customerimport_{name}", args=[kept.pk])
        assert client.get(address).status_code == 403
    assert client.get(reverse("admin:segments_customerimport_changelist")).status_code == 403
    assert not Customer.objects.exists()
    assert not Job.objects.exists()


def test_from_the_upload_to_the_customers(
    signed_in: SignedIn, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    for task in (tasks.check_customers, tasks.apply_customers):
        monkeypatch.setattr(task, "delay", task)
    client = signed_in("operator")
    known("anna", name="Anna Bell", email="secret@shop.example")
    kept = upload(client, "id,name,email\nanna,Annabel,new@shop.example\nben,Ben,\n")
    assert kept is not None
    address = reverse("admin:segments_customerimport_change", args=[kept.pk])
    page = client.get(address).content.decode()
    assert "What each column means" in page
    named = {
        "means-0": "key",
        "means-1": "name",
        "means-2": "email",
        "kind": "user_id",
        "policy": "overwrite",
    }
    with django_capture_on_commit_callbacks(execute=True):
        check = reverse("admin:segments_customerimport_check", args=[kept.pk])
        assert client.post(check, named).status_code == 302
    page = client.get(address, {"show": "changed"}).content.decode()
    assert "<ins>Annabel</ins>" in page
    assert "secret@" not in page  # what we know is masked here, too
    assert "s•••@shop.example" in page
    assert client.get(address, {"show": "new"}).content.decode().count("<ins>Ben</ins>") == 1
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("admin:segments_customerimport_apply", args=[kept.pk]))
    assert "Applied" in client.get(address).content.decode()
    assert set(Customer.objects.values_list("name", flat=True)) == {"Annabel", "Ben"}


def test_columns_that_make_no_sense_are_said(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    kept = upload(client)
    assert kept is not None
    check = reverse("admin:segments_customerimport_check", args=[kept.pk])
    for named, words in (
        ({"means-0": "name", "means-1": "name"}, "Only one column"),
        ({"means-0": "", "means-1": "name"}, "which customer it is"),
        ({"means-0": "key", "means-1": "consent:email"}, "where the consents"),
    ):
        answer = client.post(check, {"kind": "user_id", "policy": "fill", **named})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert Path(kept.path).is_file()


def test_sealed_contacts_are_compared_kept_and_taken_out_as_what_they_are(
    settings: Any,
) -> None:
    settings.CONTACT_KEY = "a key that is long enough to be one"
    known("anna", name="Anna", email="anna@shop.example")
    found = checked(
        "id,name,email,phone\nanna,Anna,Anna@Shop.example,13812345678\nben,Ben,anna@shop.example,\n"
    )
    assert counts(found) == {"changed": 1, "conflict": 1}
    assert "13812345678" not in str(list(found.rows.filter(outcome="changed").values()))
    apply(found)
    anna = Customer.objects.get(identifiers__value="anna")
    assert anna.phone == "13812345678"
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM segments_customer WHERE id = %s", [anna.pk])
        assert cursor.fetchone()[0].startswith("sealed.")
    assert identity.search("13812345678", contact=True) == {anna.pk}
    assert not identity.search("1381234", contact=True)  # sealed: only the whole number


def test_who_was_erased_is_asked_about_before_they_are_made_anew() -> None:
    request = PrivacyRequest.objects.create(
        kind="erase",
        customer=CustomerFactory(),
        asked_on=NOW.date(),
        due_on=NOW.date(),
        requested_by=StaffFactory(role="support"),
    )
    digest = erasure.digest(("user_id", "gone"))
    ForgottenId.objects.create(digest=digest, at=NOW, request=request)
    assert counts(checked("id,name\ngone,Back\n")) == {"conflict": 1}
    found = checked("id,name\ngone,Back\n", erased_too=True)
    assert counts(found) == {"new": 1}


@pytest.mark.parametrize(
    ("column", "kind"),
    [("用户ID", "user_id"), ("User ID", "user_id"), ("会员号", "member_id"), ("编号", "")],
    ids=["chinese", "english", "member", "tells-nothing"],
)
def test_a_columns_name_tells_the_kind_of_identifier(column: str, kind: str) -> None:
    assert mapping.guess_kind(column) == kind


# --- four clicks at once ----------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deed", ["check", "apply"])
def test_of_four_clicks_at_once_one_starts_the_work(
    deed: str, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, project_row: None
) -> None:
    begun: list[Any] = []
    for task in (tasks.check_customers, tasks.apply_customers):
        monkeypatch.setattr(task, "delay", lambda *given: begun.append(given))
    kept = checked("id,name\nanna,Anna\n")
    clients, start = [signed_in(kept.uploaded_by) for _ in range(4)], threading.Barrier(4)
    take = jobs.take

    def together(record: CustomerImport) -> Any:
        start.wait()  # all four have looked, and nobody was there
        return take(record)

    monkeypatch.setattr(jobs, "take", together)
    address = reverse(f"admin:segments_customerimport_{deed}", args=[kept.pk])

    def click(client: Client) -> int:
        given = {"means-0": "key", "means-1": "name", "kind": "user_id", "policy": "fill"}
        try:
            return client.post(address, given).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(click, clients))
    assert sorted(answers) == [302, 403, 403, 403]
    kept.refresh_from_db()
    assert begun == [(kept.pk, Job.objects.get().pk)]
    assert Job.objects.get() == kept.job


def test_a_task_of_a_job_that_another_took_the_place_of_does_nothing() -> None:
    kept = checked("id,name\nanna,Anna\n")
    was, now = jobs.create("customers", "check"), jobs.create("customers", "apply")
    CustomerImport.objects.filter(pk=kept.pk).update(job=now)
    tasks.check_customers(kept.pk, was.pk)
    tasks.apply_customers(kept.pk, was.pk)
    kept.refresh_from_db()
    assert kept.status == Status.CHECKED
    assert set(Job.objects.values_list("status", flat=True)) == {"waiting"}


# --- a worker that died -----------------------------------------------------


def cut_off(status: str) -> CustomerImport:
    """A file whose worker was killed at this point, and whose task the broker forgot."""
    kept = checked("id,name\nanna,Anna\n")
    job = jobs.create("customers", kept.name, by=kept.uploaded_by)
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING)
    CustomerImport.objects.filter(pk=kept.pk).update(status=status, job=job)
    return CustomerImport.objects.get(pk=kept.pk)


@pytest.mark.parametrize(
    ("status", "then"), [(Status.CHECKING, Status.CHECKED), (Status.APPLYING, Status.APPLIED)]
)
def test_what_a_dead_worker_left_is_taken_up_again(
    status: str, then: str, project_row: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task in (tasks.check_customers, tasks.apply_customers):
        monkeypatch.setattr(task, "delay", task)
    kept = cut_off(status)
    tasks.resume_imports()
    kept.refresh_from_db()
    assert kept.status == then
    assert Job.objects.get().status == Job.Status.DONE
    assert identity.known("user_id", ["anna"]).keys() == (
        {"anna"} if then == Status.APPLIED else set()
    )


def test_a_file_whose_apply_was_given_up_can_be_checked_anew(project_row: None) -> None:
    kept = cut_off(Status.APPLYING)
    Job.objects.update(status=Job.Status.FAILED)
    job = tasks.check_customers_soon(kept, by=kept.uploaded_by)
    tasks.check_customers(kept.pk, job.pk)
    kept.refresh_from_db()
    assert kept.status == Status.CHECKED


def test_a_file_with_more_columns_than_a_page_can_show_is_not_kept() -> None:
    header = ",".join(f"column{number}" for number in range(501))
    with pytest.raises(keeping.Refused, match="more than 500 columns"):
        sent(header)
    assert not CustomerImport.objects.exists()


def test_no_cell_of_the_rows_left_out_is_a_formula() -> None:
    found = sent(
        "=id,name\n=1+1,Anna\n=1+1,Ben\n", key="=id", fields={"name": "name"}, attributes=()
    )
    checking.check(found)
    found.rows.update(reason="@sum")
    header, row = csv.reader(io.StringIO("".join(keeping.left_out(found)).lstrip("\ufeff")))
    assert header[0] == "'=id"
    assert row[0] == "'=1+1"
    assert row[-1] == "'@sum"
