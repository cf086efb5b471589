"""Bringing in a file from the browser: send it, name its columns, see it loaded or why not."""

import datetime as dt
import gzip
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pyarrow import parquet
from pytest_django import DjangoCaptureOnCommitCallbacks

from console import jobs
from console.models import AuditEntry, Job, Project, Staff, Team
from segments import imports, tasks, uploads
from segments.models import Customer, EventImport, EventType, ImportPreset
from tests.segments.test_imports import ROWS

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
LIST = "admin:segments_eventimport_changelist"
PRESETS = "admin:segments_importpreset_changelist"


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch, project_row: None) -> None:
    """A worker that works at once; a failure is the job's, not the browser's."""

    def work(import_id: int) -> None:
        try:
            tasks.load_import(import_id)
        except imports.NotLoaded:
            assert Job.objects.latest("pk").status == Job.Status.FAILED

    Project.objects.update(time_zone="UTC", currency="USD")
    monkeypatch.setattr(tasks.load_import, "delay", work)


def send(client: Client, content: str | bytes = ROWS, name: str = "events.csv") -> Any:
    body = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, body)
    address = reverse("admin:segments_eventimport_upload")
    return client.post(address, {"file": file}, follow=True)


def the_import() -> EventImport:
    return EventImport.objects.latest("pk")


def named(client: Client, **values: Any) -> HttpResponse:
    meanings = ["customer", "time", "name", "amount", "property"]
    given: dict[str, Any] = {f"means-{n}": meaning for n, meaning in enumerate(meanings)}
    given |= {"same": ["who", "at"], "identifier_kind": "member", "encoding": "utf-8", **values}
    address = reverse("admin:segments_eventimport_load", args=[the_import().pk])
    return client.post(address, given, follow=True)  # type: ignore[return-value]


def test_a_file_is_sent_named_and_loaded(
    signed_in: SignedIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in("operator")
    page = send(client).content.decode()
    assert "What each column means" in page
    assert "2017-03-01T10:00:00Z" in page  # a first value
    assert 'name="means-4"' in page
    with django_capture_on_commit_callbacks(execute=True):
        waiting = named(client).content.decode()
    event_import = the_import()
    assert f'data-job="{event_import.job_id}"' in waiting
    assert event_import.status == EventImport.Status.LOADED
    assert event_import.uploaded_by == client.staff  # type: ignore[attr-defined]
    assert (event_import.events, event_import.customers_new, event_import.merged) == (2, 2, 1)
    assert event_import.job
    assert event_import.job.status == Job.Status.DONE
    assert Customer.objects.filter(identifiers__kind="member").count() == 2
    assert not Path(event_import.path).exists()  # nobody needs it any more
    address = reverse("admin:segments_eventimport_change", args=[event_import.pk])
    assert "New customers" in client.get(address).content.decode()
    assert "events.csv" in client.get(reverse(LIST)).content.decode()


def test_the_columns_are_guessed_by_their_names(signed_in: SignedIn) -> None:
    header = "user_id,event_timestamp,event_name,item\na,2017-01-01,x,1\n"
    page = send(signed_in("operator"), gzip.compress(header.encode()), "events.csv.gz")
    meanings = [column["meaning"] for column in page.context["columns"]]
    assert meanings == ["customer", "time", "name", "property"]


def test_a_bad_file_says_its_line_and_the_columns_can_be_named_again(
    signed_in: SignedIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in("operator")
    send(client, ROWS + "carl,2017-03-01,order_paid,abc,k9\n")
    with django_capture_on_commit_callbacks(execute=True):
        named(client)
    assert not Customer.objects.exists()
    address = reverse("admin:segments_eventimport_change", args=[the_import().pk])
    page = client.get(address, headers={"accept-language": "en"})
    assert the_import().status == EventImport.Status.FAILED
    assert "5" in the_import().error
    assert "“abc”" in page.content.decode()
    meanings = [column["meaning"] for column in page.context["columns"]]
    assert meanings == ["customer", "time", "name", "amount", "property"]  # as they were named
    with django_capture_on_commit_callbacks(execute=True):
        named(client, **{"means-3": ""})
    assert the_import().status == EventImport.Status.LOADED


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"means-0": "property"}, "Name the column that says which customer it was."),
        ({"means-1": "customer"}, "Only one column can be “which customer it was”, not who, at."),
        ({"means-2": "property"}, "Name either the column with the events&#x27; names"),
        ({"means-2": "property", "event": "x" * 81}, "at most 80 characters"),
        ({"identifier_kind": " "}, "Name the kind of identifier"),
        ({"time_zone": "Mars/Olympus"}, "“Mars/Olympus” is not a time zone."),
        ({"encoding": "latin-1"}, "“latin-1” is not an encoding that can be read."),
    ],
)
def test_names_that_make_no_sense_are_refused_in_words(
    signed_in: SignedIn, given: dict[str, str], words: str
) -> None:
    client = signed_in("operator")
    send(client)
    answer = named(client, **given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert the_import().status == EventImport.Status.UPLOADED
    assert not Job.objects.exists()


def test_one_name_for_all_events_is_for_files_without_such_a_column(
    signed_in: SignedIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in("operator")
    send(client)
    with django_capture_on_commit_callbacks(execute=True):
        named(client, **{"means-2": "", "event": "visited"})
    assert EventType.objects.get().name == "visited"


def test_the_same_content_again_has_to_be_wanted(
    signed_in: SignedIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in("operator")
    for _time in range(2):
        send(client)
        with django_capture_on_commit_callbacks(execute=True):
            named(client)
    assert the_import().status == EventImport.Status.FAILED
    address = reverse("admin:segments_eventimport_change", args=[the_import().pk])
    assert 'name="again"' in client.get(address).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        named(client, again="on")
    assert (the_import().status, the_import().known) == (EventImport.Status.LOADED, 2)


def test_an_encoding_can_be_chosen_for_a_file_that_is_not_utf_8(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    page = send(client, ROWS.replace("anna", "王芳").encode("gb18030")).content.decode()
    assert "are not UTF-8 text" in page
    address = reverse("admin:segments_eventimport_change", args=[the_import().pk])
    assert "王芳" in client.get(address, {"encoding": "gb18030"}).content.decode()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a workbook", b"\x00\x01\x02"])
def test_what_is_no_file_of_rows_is_refused_in_words(signed_in: SignedIn, content: bytes) -> None:
    page = send(signed_in("operator"), content).content.decode()
    assert any(
        words in page for words in ("The file is empty.", "Excel workbook", "there is a zero byte")
    )


def test_a_file_that_is_too_large_is_not_kept(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 10)
    page = send(signed_in("operator")).content.decode()
    assert "at most" in page
    assert not EventImport.objects.exists()


def test_no_file_at_all_is_said(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    page = client.post(reverse("admin:segments_eventimport_upload"), follow=True)
    assert "Choose a file first." in page.content.decode()


def test_what_a_file_says_is_shown_as_text(signed_in: SignedIn) -> None:
    evil = "<script>alert(1)</script>"
    page = send(signed_in("operator"), f"who,{evil}\n{evil},x\n", f"{evil}.csv").content.decode()
    assert evil not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("role", "may_see", "may_run"),
    [
        ("operator", True, True),
        ("analyst", True, True),
        ("admin", True, True),
        ("manager", False, False),
        ("product", False, False),
        ("support", False, False),
    ],
)
def test_who_may_see_and_run_imports(
    signed_in: SignedIn, role: str, may_see: bool, may_run: bool
) -> None:
    sent = the_import() if send(signed_in("admin")) else None
    assert sent is not None
    client = signed_in(role)
    assert (client.get(reverse(LIST)).status_code == 200) is may_see
    address = reverse("admin:segments_eventimport_change", args=[sent.pk])
    assert (client.get(address).status_code == 200) is may_see
    count = EventImport.objects.count()
    send(client)
    assert (EventImport.objects.count() == count + 1) is may_run
    client.post(reverse("admin:segments_eventimport_load", args=[sent.pk]), {"means-0": "customer"})
    sent.refresh_from_db()
    assert sent.job is None


def test_loading_is_a_post(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    send(client)
    for name in ("admin:segments_eventimport_load", "admin:segments_eventimport_upload"):
        args = [the_import().pk] if name.endswith("load") and "upload" not in name else []
        assert client.get(reverse(name, args=args)).status_code == 405


def test_an_import_that_does_not_exist_is_not_found(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    for pk in ("0", "99999", "x"):
        assert client.get(f"/admin/segments/eventimport/{pk}/change/").status_code == 404


def test_files_that_nobody_loaded_go_after_a_week(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    send(client)
    event_import = the_import()
    uploads.tidy(at=event_import.created_at + dt.timedelta(days=uploads.DAYS_KEPT))
    assert Path(event_import.path).exists()
    uploads.tidy(at=event_import.created_at + dt.timedelta(days=uploads.DAYS_KEPT, seconds=1))
    assert not Path(event_import.path).exists()
    address = reverse("admin:segments_eventimport_change", args=[event_import.pk])
    assert "send it again" in client.get(address).content.decode()


# --- presets ----------------------------------------------------------------


def context(page: Any) -> Any:
    return page.context


def meanings(page: Any) -> list[str]:
    return [column["meaning"] for column in context(page)["columns"]]


def test_meanings_that_were_saved_are_offered_for_the_next_file_of_the_kind(
    signed_in: SignedIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in("operator")
    send(client)
    with django_capture_on_commit_callbacks(execute=True):
        named(client, preset_name="shop", **{"means-3": "property", "constants": "from=shop"})
    preset = ImportPreset.objects.get()
    assert (preset.name, preset.owner, preset.used_at) == ("shop", client.staff, None)  # type: ignore[attr-defined]
    assert preset.columns == ["who", "at", "what", "price", "id"]
    page = send(client, ROWS + "dora,2017-03-05,order_paid,4,k9\n")
    assert context(page)["offer"].name == "shop"
    assert meanings(page) == ["customer", "time", "name", "property", "property"]
    assert context(page)["form"]["constants"] == "from=shop"
    with django_capture_on_commit_callbacks(execute=True):
        named(client, preset=str(preset.pk))
    preset.refresh_from_db()
    assert preset.used_at is not None
    other = send(client, "a,b\n1,2\n")
    assert context(other)["offers"] == []
    address = reverse("admin:segments_eventimport_change", args=[the_import().pk])
    assert context(client.get(address, {"preset": "none"}))["offer"] is None


def test_a_known_kind_of_file_needs_nobody_to_name_its_columns(signed_in: SignedIn) -> None:
    line = '{"event":"Seen","properties":{"time":1602611311,"distinct_id":"anna","n":1}}\n'
    page = send(signed_in("operator"), line, "export.jsonl")
    assert "Mixpanel" in context(page)["offer"].name
    assert "Mixpanel" in page.content.decode()
    assert context(page)["form"]["time_form"] == "local_s"
    assert "2020-10-13 17:48:31" in page.content.decode()  # the first event


def test_a_preset_of_another_team_is_not_overwritten(
    signed_in: SignedIn, staff_of: Callable[..., Staff]
) -> None:
    one, other = (Team.objects.create(name=name) for name in ("one", "other"))
    ImportPreset.objects.create(name="shop", mapping={"customer": "x"}, team=one)
    staff = staff_of("operator")
    Staff.objects.filter(pk=staff.pk).update(team=other)
    staff.refresh_from_db()
    client = signed_in(staff)
    send(client)
    answer = named(client, preset_name="shop")
    assert answer.status_code == 422
    assert "another team" in answer.content.decode()
    assert ImportPreset.objects.get().mapping == {"customer": "x"}
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("role", "may_see", "may_change"),
    [("operator", True, True), ("analyst", True, True), ("manager", False, False)],
)
def test_who_may_rename_and_remove_presets(
    signed_in: SignedIn, role: str, may_see: bool, may_change: bool
) -> None:
    preset = ImportPreset.objects.create(name="shop", mapping={"customer": "x"}, columns=["x"])
    client = signed_in(role)
    assert (client.get(reverse(PRESETS)).status_code == 200) is may_see
    change = reverse("admin:segments_importpreset_change", args=[preset.pk])
    client.post(change, {"name": "stall", "team": ""})
    preset.refresh_from_db()
    assert (preset.name == "stall") is may_change
    client.post(reverse("admin:segments_importpreset_delete", args=[preset.pk]), {"post": "yes"})
    assert ImportPreset.objects.exists() is not may_change


def test_lists_of_many_cost_as_many_queries_as_of_one(
    signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in("operator")
    for number in range(30):
        EventImport.objects.create(name=f"{number}.csv", uploaded_by=client.staff)  # type: ignore[attr-defined]
        ImportPreset.objects.create(name=str(number), mapping={}, owner=client.staff)  # type: ignore[attr-defined]
    for name in (LIST, PRESETS):
        client.get(reverse(name))
        with django_assert_max_num_queries(15):
            assert client.get(reverse(name)).status_code == 200
    send(client)
    address = reverse("admin:segments_eventimport_change", args=[the_import().pk])
    with django_assert_max_num_queries(25):
        client.get(address)


# --- the first rows ---------------------------------------------------------


def test_a_wrong_meaning_is_seen_before_anything_is_loaded(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    send(client)
    given = {"means-0": "customer", "means-1": "time", "means-2": "name", "means-3": "amount"}
    address = reverse("admin:segments_eventimport_preview", args=[the_import().pk])
    good = client.post(address, {**given, "identifier_kind": "user_id"})
    rows = context(good)["preview"]["rows"]
    assert [(row["number"], row["customer"], row["event"]) for row in rows] == [
        (2, "anna", "order_paid"),
        (3, "anna", "order_paid"),
        (4, "ben", "order_paid"),
    ]
    assert "12.50" in rows[0]["amount"]
    wrong = {**given, "means-0": "time", "means-1": "customer"}
    bad = client.post(address, {**wrong, "identifier_kind": "user_id"})
    assert context(bad)["preview"]["bad"] == 3
    assert "is not a time" in bad.content.decode()
    assert the_import().status == EventImport.Status.UPLOADED
    assert the_import().mapping == {}


def test_rows_with_amounts_are_shown_where_the_first_have_none(signed_in: SignedIn) -> None:
    looks = "".join(f"anna,2017-01-01 10:{n:02d},page_seen,,1\n" for n in range(30))
    orders = "".join(f"ben,2017-01-02 10:0{n},order_paid,7.50,1\n" for n in range(2))
    client = signed_in("operator")
    send(client, ROWS.splitlines()[0] + "\n" + looks + orders)
    given = {"means-0": "customer", "means-1": "time", "means-2": "name", "means-3": "amount"}
    address = reverse("admin:segments_eventimport_preview", args=[the_import().pk])
    answer = client.post(address, {**given, "identifier_kind": "user_id"})
    rows = context(answer)["preview"]["rows"]
    assert [row["number"] for row in rows] == [*range(2, 10), 32, 33]
    assert [row["amount"] for row in rows if row["amount"]] == ["$7.50", "$7.50"]


def test_a_form_that_says_too_little_is_shown_with_what_is_missing(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    send(client)
    address = reverse("admin:segments_eventimport_preview", args=[the_import().pk])
    page = client.post(address, {"means-0": "property", "time_zone": "../etc"})
    assert "Name the column that says which customer it was." in page.content.decode()


# --- stopping, bad rows -----------------------------------------------------


def test_bad_rows_are_counted_on_the_page_and_downloaded(
    signed_in: SignedIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in("operator")
    send(client, ROWS + "carl,yesterday,order_paid,1,k9\n")
    with django_capture_on_commit_callbacks(execute=True):
        named(client, bad="leave", leave_out_bad="1")
    assert (the_import().status, the_import().bad) == (EventImport.Status.LOADED, 1)
    page = client.get(reverse("admin:segments_eventimport_change", args=[the_import().pk]))
    assert "Download their list" in page.content.decode()
    address = reverse("admin:segments_eventimport_bad", args=[the_import().pk])
    listed = b"".join(client.get(address).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert listed.splitlines()[1].startswith("5,at,yesterday,")
    assert signed_in("manager").get(address).status_code == 403
    assert AuditEntry.objects.filter(action="eventimport.bad_rows_read").count() == 1


def test_an_import_that_waits_is_stopped_by_its_button(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    send(client)
    named(client)  # no worker takes it
    address = reverse("admin:segments_eventimport_change", args=[the_import().pk])
    assert "Stop the import" in client.get(address).content.decode()
    stop = reverse("admin:segments_eventimport_stop", args=[the_import().pk])
    assert client.get(stop).status_code == 405
    assert signed_in("manager").post(stop).status_code == 403
    assert the_import().status == EventImport.Status.UPLOADED
    page = client.post(stop, follow=True)
    assert "nothing of it is loaded" in page.content.decode()
    assert the_import().status == EventImport.Status.STOPPED


# --- four clicks at once, and files that no page could show -----------------


@pytest.mark.django_db(transaction=True)
def test_of_four_clicks_at_once_one_starts_the_loading(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    monkeypatch.setattr(tasks.load_import, "delay", begun.append)
    client = signed_in("operator")
    send(client)
    clients, start = [signed_in(client.staff) for _ in range(4)], threading.Barrier(4)  # type: ignore[attr-defined]
    take = jobs.take

    def together(record: EventImport) -> Any:
        start.wait()  # all four have looked, and nobody was there
        return take(record)

    monkeypatch.setattr(jobs, "take", together)

    def click(one: Client) -> int:
        try:
            return named(one).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(click, clients))
    assert sorted(answers) == [200, 422, 422, 422]
    assert begun == [the_import().pk]
    assert Job.objects.get() == the_import().job


def wide(kind: str, folder: Path, count: int) -> bytes:
    """A file with so many columns."""
    names = [f"column{number}" for number in range(count)]
    if kind == "csv":
        return ",".join(names).encode()
    if kind == "jsonl":
        return json.dumps(dict.fromkeys(names, 1)).encode()
    path = folder / "wide"
    if kind == "parquet":
        parquet.write_table(pa.table({name: [1] for name in names}), path)
    else:
        book = openpyxl.Workbook()
        assert book.active is not None
        book.active.append(names)
        book.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "xlsx"])
def test_a_file_with_more_columns_than_a_page_can_show_is_not_kept(
    kind: str, signed_in: SignedIn, tmp_path: Path, settings: Any
) -> None:
    client = signed_in("operator")
    page = send(client, wide(kind, tmp_path, 501)).content.decode()
    assert "The file has more than 500 columns." in page
    assert not EventImport.objects.exists()
    assert not list(Path(settings.UPLOADS_PATH).glob("import-*"))
    page = send(client, wide(kind, tmp_path, 500)).content.decode()
    assert page.count('name="means-') == 500


@pytest.mark.parametrize(
    "content",
    [
        "who," + "x" * (3 << 20) + "\n",
        json.dumps({"who": 1, "x" * (3 << 20): 2}),
        "," * (8 << 20),
    ],
    ids=["a-name-of-megabytes", "a-key-of-megabytes", "millions-of-commas"],
)
def test_a_header_of_megabytes_is_refused_in_a_small_page(
    signed_in: SignedIn, content: str
) -> None:
    page = send(signed_in("operator"), content).content
    assert b'name="means-' not in page
    assert len(page) < 200_000


@pytest.mark.parametrize(
    "content",
    [
        '{"who":1,"deep":' + '{"a":' * 100_000 + "1" + "}" * 100_001,
        '{"who":1,"deep":' + '{"a":' * 900 + "1" + "}" * 901,
        json.dumps({"who": 1, "in": {f"key{number}": 1 for number in range(200_000)}}),
        json.dumps({"who": 1, "in": {"x" * (3 << 20): 1}}),
        json.dumps({"who": "x" * (3 << 20), "in": {"y": "z" * (3 << 20)}}),
        '"who","' + 'at"\n"1","' + "x" * 100_000 + '"\n',
    ],
    ids=["too-deep", "deep", "wide-inside", "long-inside", "long-values", "a-long-cell"],
)
def test_what_is_absurd_inside_a_row_makes_no_large_page(signed_in: SignedIn, content: str) -> None:
    page = send(signed_in("operator"), content)
    assert page.status_code == 200
    assert len(page.content) < 2_000_000
    assert b"What each column means" in page.content or b"cannot be" in page.content
