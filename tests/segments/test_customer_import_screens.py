"""Files of customers in the browser: sent, checked, applied, four clicks at once, and cut off."""

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from console import jobs
from console.models import Job
from segments import erasure, identity, tasks
from segments.customer_imports import checking, keeping, mapping
from segments.models import (
    Customer,
    CustomerImport,
    ForgottenId,
    PrivacyRequest,
)
from tests.factories import StaffFactory
from tests.segments.factories import CustomerFactory
from tests.segments.lists import NOW, SignedIn, Status, apply, checked, counts, known, sent

pytestmark = pytest.mark.django_db

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
