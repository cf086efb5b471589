"""Importing from the browser when it is stopped, clicked four times, or the file is absurd."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pyarrow import parquet
from pytest_django import DjangoCaptureOnCommitCallbacks

from console import jobs
from console.models import AuditEntry, Job
from segments import tasks
from segments.models import EventImport
from tests.segments.sending import SignedIn, named, send, the_import
from tests.segments.test_imports import ROWS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("importing_worker")]

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
        lambda: "who," + "x" * (3 << 20) + "\n",
        lambda: json.dumps({"who": 1, "x" * (3 << 20): 2}),
        lambda: "," * (8 << 20),
    ],
    ids=["a-name-of-megabytes", "a-key-of-megabytes", "millions-of-commas"],
)
def test_a_header_of_megabytes_is_refused_in_a_small_page(
    signed_in: SignedIn, content: Callable[[], str]
) -> None:
    page = send(signed_in("operator"), content()).content
    assert b'name="means-' not in page
    assert len(page) < 200_000


@pytest.mark.parametrize(
    "content",
    [
        lambda: '{"who":1,"deep":' + '{"a":' * 100_000 + "1" + "}" * 100_001,
        lambda: '{"who":1,"deep":' + '{"a":' * 900 + "1" + "}" * 901,
        lambda: json.dumps({"who": 1, "in": {f"key{number}": 1 for number in range(200_000)}}),
        lambda: json.dumps({"who": 1, "in": {"x" * (3 << 20): 1}}),
        lambda: json.dumps({"who": "x" * (3 << 20), "in": {"y": "z" * (3 << 20)}}),
        lambda: '"who","' + 'at"\n"1","' + "x" * 100_000 + '"\n',
    ],
    ids=["too-deep", "deep", "wide-inside", "long-inside", "long-values", "a-long-cell"],
)
def test_what_is_absurd_inside_a_row_makes_no_large_page(
    signed_in: SignedIn, content: Callable[[], str]
) -> None:
    page = send(signed_in("operator"), content())
    assert page.status_code == 200
    assert len(page.content) < 2_000_000
    assert b"What each column means" in page.content or b"cannot be" in page.content
