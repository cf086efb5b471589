"""Bringing in a file from the browser: send it, name its columns, see it loaded or why not."""

import datetime as dt
import gzip
from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from console.models import Job
from segments import uploads
from segments.models import Customer, EventImport, EventType
from tests.segments.sending import LIST, SignedIn, named, send, the_import
from tests.segments.test_imports import ROWS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("importing_worker")]


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
