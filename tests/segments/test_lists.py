"""Uploaded lists: whom they name, what refuses them, and who may upload them."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pyroaring import BitMap
from pytest_django import DjangoAssertNumQueries

from console import jobs, roles
from console.models import AuditEntry, Job, Project, Staff
from console.states import NotAllowed
from segments import forgetting, lists, tasks
from segments.models import Customer, CustomerList, Segment, Tag
from segments.sought import Sought
from tests.factories import StaffFactory
from tests.segments.factories import CustomerFactory, IdentifierFactory, SegmentFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
AT = dt.datetime(2018, 1, 1, 12, tzinfo=dt.UTC)
LIST = "/admin/segments/customerlist/"
Status = CustomerList.Status


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The lists whose reading was started, instead of starting it."""
    Project.objects.update(today_on=dt.date(2018, 1, 1))
    found: list[tuple[int, int]] = []
    monkeypatch.setattr(tasks.read_list, "delay", lambda *given: found.append(given))
    return found


def known(*names: str, kind: str = "user_id") -> list[int]:
    return [IdentifierFactory(kind=kind, value=name).customer_id for name in names]


def sent(content: str | bytes, file: str = "guests.csv", **named: Any) -> CustomerList:
    raw = content.encode() if isinstance(content, str) else content
    given = {"name": "Guests", "kind": "user_id", "by": StaffFactory(), "at": AT, **named}
    return lists.keep(SimpleUploadedFile(file, raw), **given)


def read(content: str | bytes, **named: Any) -> CustomerList:
    found = sent(content, **named)
    lists.read(found)
    return found


# --- reading ------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("user_id,name\nanna,Anna\nben,Ben\n", id="csv"),
        pytest.param("name;用户id\nAnna;anna\nBen; ben \n", id="by-its-name"),
        pytest.param("anna\n\nben\nanna\n", id="no-header"),
        pytest.param("\ufeffuid\r\nanna\r\nben\r\n", id="with-header"),
        pytest.param("姓名,用户编号\n安娜,anna\n本,ben\n".encode("gbk"), id="gbk"),
        pytest.param(["uid", "anna", "ben"], id="xlsx"),
    ],
)
def test_the_customers_of_a_file_are_found(content: Any) -> None:
    anna, ben = known("anna", "ben")
    if isinstance(content, list):
        book, target = openpyxl.Workbook(), io.BytesIO()
        for one in content:
            book.active.append([one])
        book.save(target)
        content = target.getvalue()
    found = read(content)
    assert (found.status, found.problem, found.unknown) == (Status.READY, "", 0)
    assert CustomerList.objects.get().members == BitMap([anna, ben])
    assert CustomerList.objects.get().size == 2
    assert not Path(found.path).exists()


def test_our_own_numbers_name_customers_as_who_they_are_now() -> None:
    kept = CustomerFactory()
    gone = CustomerFactory(merged_into=kept)
    found = read(f"number\n#{gone.pk}\n", kind="#")
    assert found.members == BitMap([kept.pk])


def test_addresses_are_found_whatever_their_capitals_and_sealed(settings: Any) -> None:
    settings.CONTACT_KEY = "k" * 32
    (anna,) = known("anna@shop.example", kind="email")
    found = read("email\nAnna@Shop.example\n", kind="email")
    assert found.members == BitMap([anna])


def test_one_unknown_customer_refuses_the_list_with_its_lines() -> None:
    known("anna")
    lines = "".join(f"stranger{number}\n" for number in range(30))
    found = sent(f"user_id\nanna\n{lines}")
    with pytest.raises(lists.NotRead, match="30 of 31 rows name nobody whom we know"):
        lists.read(found)
    assert (found.status, found.size) == (Status.REFUSED, 0)
    assert found.unknown_sample[:2] == [[3, "stranger0"], [4, "stranger1"]]
    assert len(found.unknown_sample) == lists.SHOWN
    assert lists.is_here(found)


def test_the_unknown_are_left_out_on_purpose_when_it_is_read_again() -> None:
    (anna,) = known("anna")
    found = sent("user_id\nanna\nstranger\n")
    with pytest.raises(lists.NotRead):
        lists.read(found)
    lists.again(found, by=StaffFactory(), leaves_unknown_out=True, column="", kind="user_id")
    lists.read(found)
    assert (found.status, found.members, found.unknown) == (Status.READY, BitMap([anna]), 1)
    with pytest.raises(NotAllowed):
        lists.again(found, by=StaffFactory(), leaves_unknown_out=True, column="", kind="user_id")


@pytest.mark.parametrize(
    ("content", "named", "words"),
    [
        pytest.param("a,b\n1\n", {}, "1 values where the header names 2", id="ragged"),
        pytest.param("user_id\n\n", {}, "names nobody", id="only-a-header"),
        pytest.param("a,b\n1,2\n", {"column": "c"}, "no column “c”; there are: a, b", id="column"),
        pytest.param(b"PK\x03\x04 nothing", {}, "workbook", id="broken-workbook"),
        pytest.param(b"uid\nan\0na\n", {}, "zero byte", id="binary"),
        pytest.param('uid\n"anna\n', {}, "quotation mark", id="quote"),
    ],
)
def test_a_bad_file_is_refused_in_words(content: Any, named: Any, words: str) -> None:
    known("anna")
    found = sent(content, **named)
    with pytest.raises(lists.NotRead, match=words):
        lists.read(found)
    assert found.status == Status.REFUSED
    assert found.problem
    assert AuditEntry.objects.filter(action="customerlist.refused").exists()


@pytest.mark.parametrize(
    ("file", "name", "called"),
    [
        ("guests.csv", "", "guests"),
        ("guests.XLSX", "VIP 11/11.csv", "VIP 11/11"),
        ("v1.2", "", "v1.2"),
        ("a.csv", "2.5 stars", "2.5 stars"),
    ],
)
def test_a_list_is_not_called_as_files_end(file: str, name: str, called: str) -> None:
    IdentifierFactory(value="anna")
    assert sent("user_id\nanna\n", file=file, name=name).name == called


@pytest.mark.parametrize("number", ["0", "-3", "99999999999", "1.5", "x"])
def test_a_number_that_nobody_can_have_is_unknown(number: str) -> None:
    CustomerFactory()
    found = sent(f"number\n{number}\n", kind="#")
    with pytest.raises(lists.NotRead, match="1 of 1 rows names nobody"):
        lists.read(found)


@pytest.mark.parametrize(
    ("content", "named", "words"),
    [
        (b"", {}, "empty"),
        (b"x\n", {"kind": "passport"}, "No customer is known by"),
    ],
)
def test_what_can_never_be_read_is_not_kept(content: bytes, named: Any, words: str) -> None:
    with pytest.raises(lists.Refused, match=words):
        sent(content, **named)
    assert not CustomerList.objects.exists()


def test_a_name_is_given_once() -> None:
    known("anna")
    sent("anna\n")
    with pytest.raises(NotAllowed, match="already"):
        sent("anna\n")


# --- work ---------------------------------------------------------------------


def test_a_list_whose_worker_died_is_taken_up_and_read_once(
    started: list[tuple[int, int]],
) -> None:
    (anna,) = known("anna")
    found = sent("anna\n")
    job = found.job = jobs.create(tasks.CUSTOMERS, "x")
    found.save(update_fields=["job"])
    tasks.resume_imports()
    assert started == [(found.pk, job.pk)]
    tasks.read_list(found.pk, job.pk)
    tasks.read_list(found.pk, job.pk)  # delivered twice
    assert CustomerList.objects.get().members == BitMap([anna])
    assert Job.objects.get().status == Job.Status.DONE


def test_a_refused_file_and_its_lines_go_after_a_week() -> None:
    known("anna")
    found = sent("stranger\n")
    found.job = jobs.create(tasks.CUSTOMERS, "x")
    found.save(update_fields=["job"])
    with pytest.raises(lists.NotRead):
        lists.read(found)
    lists.tidy(at=timezone.now() + dt.timedelta(days=6))
    assert lists.is_here(found)
    lists.tidy(at=timezone.now() + dt.timedelta(days=8))
    assert not lists.is_here(found)
    assert CustomerList.objects.get().unknown_sample == []


def test_an_erasure_takes_out_the_lines_that_named_the_person() -> None:
    known("anna")
    found = sent("wilhelmina-77\n")
    with pytest.raises(lists.NotRead):
        lists.read(found)
    (later,) = known("wilhelmina-77")
    place = next(one for one in forgetting.PLACES if one.key == "unknown_lines")
    sought = Sought.of(Customer.objects.get(pk=later))
    assert place.left(sought) == 1
    place.forget(sought)
    assert CustomerList.objects.get().unknown_sample == []


# --- the screens and the API --------------------------------------------------


@pytest.mark.parametrize("role", sorted(Staff.Role.values))
def test_those_upload_whose_role_may(role: str, signed_in: SignIn) -> None:
    known("anna")
    client, may = signed_in(role), role in roles.TABLE[lists.ACTION]
    assert ("Upload a list" in client.get(LIST).content.decode()) is may
    given = {"file": SimpleUploadedFile("vip.csv", b"anna\n"), "kind": "user_id"}
    answer = client.post(f"{LIST}upload/", given)
    assert answer.status_code == (302 if may else 403)
    assert CustomerList.objects.filter(name="vip").exists() is may


def test_the_page_shows_why_and_lets_one_go_on(
    signed_in: SignIn, started: list[tuple[int, int]], django_capture_on_commit_callbacks: Any
) -> None:
    (anna,) = known("anna")
    client = signed_in("operator")
    with django_capture_on_commit_callbacks(execute=True):
        file = SimpleUploadedFile("vip.csv", b"uid\nanna\n<b>x\n")
        client.post(f"{LIST}upload/", {"file": file, "kind": "user_id"})
    with pytest.raises(lists.NotRead):
        tasks.read_list(*started[-1])
    page = reverse("admin:segments_customerlist_change", args=[started[-1][0]])
    html = client.get(page).content.decode()
    assert "1 of 2 rows names nobody" in html
    assert "&lt;b&gt;x" in html
    again = reverse("admin:segments_customerlist_do", args=[started[-1][0], "again"])
    with django_capture_on_commit_callbacks(execute=True):
        client.post(again, {"kind": "user_id", "leave_unknown_out": "1"})
    tasks.read_list(*started[-1])
    html = client.get(page).content.decode()
    assert "left out on purpose" in html
    assert "Make a segment with it" in html
    tag = reverse("admin:segments_customerlist_do", args=[started[-1][0], "tag"])
    client.post(tag, {"name": "V"})
    assert Tag.objects.get().members == BitMap([anna])
    members = reverse("admin:segments_customerlist_members", args=[started[-1][0]])
    assert f"#{anna}" in client.get(members).content.decode()


def test_a_list_that_a_rule_needs_is_not_put_away(signed_in: SignIn) -> None:
    known("anna")
    found = read("anna\n", by=StaffFactory())
    SegmentFactory(name="Invited", rule={"list": found.pk})
    client = signed_in("admin")
    address = reverse("admin:segments_customerlist_do", args=[found.pk, "archive"])
    html = client.post(address, follow=True).content.decode()
    assert "segment “Invited”" in html
    assert CustomerList.objects.get().archived_at is None
    Segment.objects.update(archived_at=AT)
    client.post(address)
    assert CustomerList.objects.get().archived_at is not None


def test_a_new_segment_begins_with_the_rule_of_the_address(signed_in: SignIn) -> None:
    client = signed_in("operator")
    html = client.get('/admin/segments/segment/add/?rule={"list":7}&name=Seven').content.decode()
    assert '"rule": {"list": 7}' in html
    assert 'value="Seven"' in html
    for nonsense in ("[[[", "7", "[" * 100_000):
        answer = client.get("/admin/segments/segment/add/", {"rule": nonsense[:4000]})
        assert answer.status_code == 200


def test_the_list_asks_no_query_for_a_row(
    signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    known("anna")
    for number in range(12):
        sent("anna\n", name=f"List {number}", by=StaffFactory())
    client = signed_in("operator")
    client.get(LIST)
    with django_assert_max_num_queries(14):
        client.get(LIST)


def test_the_api_takes_a_file_and_tells_how_it_went(
    signed_in: SignIn, started: list[tuple[int, int]], django_capture_on_commit_callbacks: Any
) -> None:
    known("anna")
    client = signed_in("analyst")
    file = SimpleUploadedFile("x.csv", b"anna\nstranger\n")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/api/v1/lists/", {"file": file, "name": "X", "kind": "user_id"})
    assert answer.status_code == 201
    with pytest.raises(lists.NotRead):
        tasks.read_list(*started[-1])
    address = f"/api/v1/lists/{answer.json()['id']}/"
    told = client.get(address).json()
    assert (told["status"], told["unknown"], told["unknown_sample"]) == (
        "refused",
        1,
        [[2, "stranger"]],
    )
    again = client.post(f"{address}again/", {"leaves_unknown_out": True}, "application/json")
    assert again.json()["status"] == "uploaded"
    assert signed_in("support").post(f"{address}archive/").status_code == 403
