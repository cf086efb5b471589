"""Imports that are killed, stopped, or left behind; and bad rows that are left out."""

import csv
import datetime as dt
import gzip
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone, translation

from console import jobs
from console.models import AuditEntry, Job, Project, Staff
from segments import entries, erasure, identity, imports, staging, tasks, uploads
from segments.models import (
    Customer,
    EventImport,
    ForgottenId,
    Identifier,
    PrivacyRequest,
    ReceivedKey,
)
from segments.reading import rows
from segments.reading.mapping import Mapping
from segments.staging import Progress
from tests.segments import factories, programs
from tests.segments.test_imports import an_import, in_lake

MANY = "who,at,what,price\n" + "".join(
    f"user {n % 7},2017-03-{n % 28 + 1:02}T10:00:00Z,paid,{n}.50\n" for n in range(100)
)
MAPPING = Mapping(customer="who", time="at", name="what", amount="price")
LEAVING = Mapping(customer="who", time="at", name="what", amount="price", leave_out_bad="3")


@pytest.fixture(autouse=True)
def in_english_and_utc(project_row: None) -> Iterator[None]:
    Project.objects.update(time_zone="UTC", currency="USD")
    with translation.override("en"):
        yield


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "AT_A_TIME", 10)
    monkeypatch.setattr(staging, "ROWS_IN_A_PART", 20)


def parts(event_import: EventImport) -> list[str]:
    return sorted(path.name for path in uploads.parts_of(event_import).glob("*.parquet"))


def killed_after(event_import: EventImport, parts: int) -> None:
    """Load it in a process of its own that dies once so many parts are on the disk."""
    program = f"""
        from segments import imports, staging
        from segments.models import EventImport
        from segments.reading import rows
        rows.AT_A_TIME, staging.ROWS_IN_A_PART = 10, 20
        keep = staging.Progress.keep
        def keep_and_die(progress, folder):
            keep(progress, folder)
            if progress.parts == {parts}:
                die()
        staging.Progress.keep = keep_and_die
        imports.load(EventImport.objects.get(pk={event_import.pk}))
    """
    assert programs.run(program) == -9


# --- killed -----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_after_its_last_part(
    tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_import = an_import(tmp_path, MANY, MAPPING)
    killed_after(event_import, 3)
    assert parts(event_import) == [f"part-0000{n}.parquet" for n in (1, 2, 3)]
    event_import.refresh_from_db()
    assert event_import.status == EventImport.Status.LOADING
    told: list[str] = []
    monkeypatch.setattr(staging, "content", None)  # an untouched file is not hashed again
    imports.load(event_import, progress=lambda done, total, note="": told.append(note))
    assert "resumed at" in told[0]
    assert "70 rows" in told[0]  # the first batch of this run
    assert (event_import.rows, event_import.events) == (100, 100)
    assert sorted(row["amount"] for row in in_lake()) == [n * 100 + 50 for n in range(100)]
    assert AuditEntry.objects.filter(action="eventimport.resumed").exists()
    assert not uploads.parts_of(event_import).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["touched", "other content", "other mapping", "a part is gone"])
def test_what_was_read_counts_only_for_the_same_content_and_mapping(
    tmp_path: Path, small_parts: None, change: str
) -> None:
    event_import = an_import(tmp_path, MANY, MAPPING)
    killed_after(event_import, 3)
    event_import.refresh_from_db()
    path = Path(event_import.path)
    match change:
        case "touched":
            path.touch()
        case "other content":
            path.write_text(MANY.replace("user 0", "user 9"))
        case "other mapping":
            event_import.mapping = {**event_import.mapping, "amount": ""}
            event_import.save()
        case _:
            (uploads.parts_of(event_import) / "part-00002.parquet").unlink()
    told: list[str] = []
    imports.load(event_import, progress=lambda done, total, note="": told.append(note))
    assert ("resumed" in told[0]) is (change == "touched")
    assert (event_import.rows, event_import.events) == (100, 100)
    assert len(in_lake()) == 100


@pytest.mark.django_db(transaction=True)
def test_gzipped_csv_goes_on_in_the_middle_too(tmp_path: Path, small_parts: None) -> None:
    event_import = an_import(tmp_path, "", MAPPING)
    quoted = MANY.replace("paid", '"paid\nlate"')
    Path(event_import.path).write_bytes(gzip.compress(quoted.encode()))
    killed_after(event_import, 2)
    event_import.refresh_from_db()
    imports.load(event_import)
    assert (event_import.rows, event_import.events) == (100, 100)
    assert {row["event"] for row in in_lake()} == {"paid\nlate"}


@pytest.mark.django_db
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, small_parts: None) -> None:
    event_import = an_import(tmp_path, MANY, MAPPING)

    def grow(done: int, total: int, note: str = "") -> None:
        with Path(event_import.path).open("a") as file:
            file.write("late,2017-03-01T10:00:00Z,paid,1\n")

    with pytest.raises(imports.NotLoaded, match="changed while it was read"):
        imports.load(event_import, progress=grow)
    assert in_lake() == []
    assert not uploads.parts_of(event_import).exists()


@pytest.mark.django_db(transaction=True)
def test_the_watch_goes_on_with_what_a_dead_worker_left(
    tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_job, at_terminal = an_import(tmp_path, MANY, MAPPING), an_import(tmp_path, MANY, MAPPING)
    job = jobs.create("import", "a file")
    EventImport.objects.filter(pk=with_job.pk).update(job=job)
    killed_after(with_job, 2)
    killed_after(at_terminal, 2)
    monkeypatch.setattr(tasks.load_import, "delay", tasks.load_import)
    tasks.resume_imports()
    with_job.refresh_from_db()
    at_terminal.refresh_from_db()
    job.refresh_from_db()
    assert (with_job.status, with_job.events) == (EventImport.Status.LOADED, 100)
    assert job.status == Job.Status.DONE
    assert at_terminal.status == EventImport.Status.FAILED
    assert "give the same command again" in at_terminal.error
    assert imports.unfinished(Path(at_terminal.path), MAPPING) == at_terminal


@pytest.mark.django_db(transaction=True)
def test_an_import_under_way_is_left_alone_by_the_watch_and_by_a_second_delivery(
    tmp_path: Path,
) -> None:
    event_import = an_import(tmp_path, MANY, MAPPING)
    job = jobs.create("import", "a file")
    EventImport.objects.filter(pk=event_import.pk).update(job=job, status="loading")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [imports.LOCK, event_import.pk])
        assert imports.left_behind() == []
        tasks.load_import(event_import.pk)
    other.close()
    job.refresh_from_db()
    assert job.status == Job.Status.WAITING
    assert [one.pk for one in imports.left_behind()] == [event_import.pk]


# --- stopped ----------------------------------------------------------------


@pytest.mark.django_db
def test_a_stopped_import_leaves_nothing_and_can_be_loaded_later(
    tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SECONDS_BETWEEN_LOOKS", -1)
    event_import = an_import(tmp_path, MANY, MAPPING)

    def ask(done: int, total: int, note: str = "") -> None:
        EventImport.objects.filter(pk=event_import.pk).update(stop_asked_at=timezone.now())

    with pytest.raises(imports.Stopped):
        imports.load(event_import, progress=ask)
    event_import.refresh_from_db()
    assert event_import.status == EventImport.Status.STOPPED
    assert not uploads.parts_of(event_import).exists()
    assert in_lake() == []
    assert not Customer.objects.exists()
    with pytest.raises(imports.Stopped):  # a task that waited in the queue
        imports.load(event_import)
    event_import.stop_asked_at = None
    event_import.save()
    imports.load(event_import)
    assert len(in_lake()) == 100


@pytest.mark.django_db
def test_an_import_that_nobody_works_at_stops_at_once(
    tmp_path: Path, staff_of: Callable[..., Staff]
) -> None:
    event_import, staff = an_import(tmp_path, MANY, MAPPING), staff_of("operator")
    imports.stop(event_import, by=staff)
    assert event_import.status == EventImport.Status.STOPPED
    assert AuditEntry.objects.filter(action="eventimport.stop_asked", staff=staff).exists()


# --- bad rows ---------------------------------------------------------------

BAD = """\
who,at,what,price
anna,2017-03-01T10:00:00Z,paid,5
ben,yesterday,paid,5
carl,2017-03-01T10:00:00Z,paid
=cmd(),2017-03-01T10:00:00Z,paid,=1+1
dora,2017-03-02T10:00:00Z,paid,7
"""


@pytest.mark.django_db
def test_bad_rows_are_left_out_when_asked_and_listed_with_their_reasons(tmp_path: Path) -> None:
    event_import = an_import(tmp_path, BAD, LEAVING)
    imports.load(event_import)
    assert (event_import.rows, event_import.events, event_import.bad) == (5, 2, 3)
    assert event_import.merged == 0
    with uploads.bad_rows_of(event_import).open(encoding="utf-8-sig", newline="") as file:
        header, *listed = csv.reader(file)
    assert header == ["line or row", "column", "value", "reason"]
    assert [row[:3] for row in sorted(listed)] == [
        ["3", "at", "yesterday"],
        ["4", "", ""],
        ["5", "price", "'=1+1"],  # no formula
    ]
    assert "is not a time" in sorted(listed)[0][3]
    assert "3 values where the header names 4 columns." in sorted(listed)[1][3]
    later = timezone.now() + dt.timedelta(days=uploads.DAYS_BAD_KEPT, minutes=1)
    uploads.tidy(at=later)
    assert not uploads.bad_rows_of(event_import).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("most", "words"),
    [
        ("", "Line 3, column at: “yesterday” is not a time"),
        ("2", "More than 2 rows are bad; the last one is: Line 5, column price: “=1"),
        ("50%", "3 of 5 rows are bad, more than the 50% that may be."),
        ("many", "Write how many bad rows may be left out as 100 or 0.5%, at most 100000."),
        ("101%", "Write how many bad rows"),
        ("-1", "Write how many bad rows"),
    ],
)
def test_more_bad_rows_than_may_be_end_the_import(tmp_path: Path, most: str, words: str) -> None:
    kept = {**LEAVING.to_json(), "leave_out_bad": most}
    event_import = an_import(tmp_path, BAD, Mapping.from_json(kept))
    with pytest.raises(imports.NotLoaded, match=words):
        imports.load(event_import)
    assert in_lake() == []
    assert not uploads.bad_rows_of(event_import).exists()


@pytest.mark.django_db
def test_a_share_of_bad_rows_within_the_bound_is_left_out(tmp_path: Path) -> None:
    kept = {**LEAVING.to_json(), "leave_out_bad": "60%"}
    event_import = an_import(tmp_path, BAD, Mapping.from_json(kept))
    imports.load(event_import)
    assert (event_import.events, event_import.bad) == (2, 3)


# --- who and what is known already ------------------------------------------


@pytest.mark.django_db
def test_what_an_erased_customer_did_before_does_not_come_back(
    tmp_path: Path, staff_of: Callable[..., Staff]
) -> None:
    moment = factories.moment("2017-03-02", 0)
    request = PrivacyRequest.objects.create(
        kind="erase",
        customer=factories.CustomerFactory(),
        asked_on=moment.date(),
        due_on=moment.date(),
        requested_by=staff_of("support"),
    )
    ben = erasure.digest(("user_id", "ben"))
    ForgottenId.objects.create(digest=ben, at=moment, request=request)
    content = "who,at,what\n" + "".join(
        f"{who},{day}T10:00:00Z,paid\n"
        for who in ("anna", "ben")
        for day in ("2017-03-01", "2017-03-03")
    )
    event_import = an_import(tmp_path, content, Mapping(customer="who", time="at", name="what"))
    imports.load(event_import)
    assert (event_import.events, event_import.erased, event_import.merged) == (3, 1, 0)
    assert len(in_lake()) == 3


@pytest.mark.django_db(transaction=True)
def test_who_is_erased_while_a_file_is_loaded_is_not_made_anew_by_it(
    tmp_path: Path, staff_of: Callable[..., Staff], monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = factories.IdentifierFactory(kind="user_id", value="ben").customer
    request = PrivacyRequest.objects.create(
        kind="erase",
        customer=ben,
        asked_on=dt.date(2018, 1, 1),
        due_on=dt.date(2018, 1, 31),
        requested_by=staff_of("support"),
    )

    def erase() -> None:
        try:
            erasure.close(request, at=timezone.now())
        finally:
            connection.close()

    eraser, known = threading.Thread(target=erase), identity.known

    def meanwhile(*args: Any) -> dict[str, int]:
        if eraser.ident is None:
            eraser.start()
            eraser.join(1)
        return known(*args)

    monkeypatch.setattr(identity, "known", meanwhile)
    content = "who,at,what\nben,2017-03-01T10:00:00Z,paid\n"
    imports.load(an_import(tmp_path, content, Mapping(customer="who", time="at", name="what")))
    eraser.join()
    assert not Identifier.objects.exists()
    assert not Customer.objects.filter(erased_at=None).exists()
    assert [row["customer"] for row in in_lake()] == [ben.pk], "which the erasure finds"


@pytest.mark.django_db
def test_events_that_a_source_sends_again_are_known_by_their_ids(tmp_path: Path) -> None:
    today = timezone.now()
    content = (
        "who,at,what,id\n"
        f"anna,{today.isoformat()},paid,k1\n"
        f"anna,{(today - dt.timedelta(days=31)).isoformat()},paid,{'k' * 199}\n"
    )
    mapping = Mapping(customer="who", time="at", name="what", key="id", source=7)
    imports.load(an_import(tmp_path, content, mapping))
    keys = {row["key"] for row in in_lake()}
    assert keys == {entries.key(7, "k1"), entries.key(7, "k" * 199)}
    remembered = {one.digest.hex for one in ReceivedKey.objects.all()}
    assert remembered == {entries.digest(7, "k1")}  # the other is older than the memory


@pytest.mark.django_db
def test_a_visitor_who_was_somebody_of_their_own_joins_the_customer(tmp_path: Path) -> None:
    visitor = factories.IdentifierFactory(kind="anonymous_id", value="d1").customer
    content = (
        "who,device,at,what\n,d1,2017-03-01,seen\nanna,d1,2017-03-02,paid\n,d2,2017-03-02,seen\n"
    )
    mapping = Mapping(
        customer="who", fallback="device", time="at", name="what", identifier_kind="user_id"
    )
    event_import = an_import(tmp_path, content, mapping)
    imports.load(event_import)
    assert event_import.events == 3
    living = Customer.objects.filter(merged_into=None)
    assert living.count() == 2
    anna = living.get(identifiers__kind="user_id")
    assert set(anna.identifiers.values_list("value", flat=True)) == {"anna", "d1"}
    visitor.refresh_from_db()
    assert anna.pk == visitor.pk or visitor.merged_into_id == anna.pk


@pytest.mark.django_db
def test_progress_that_was_written_half_is_none(tmp_path: Path) -> None:
    (tmp_path / staging.CHECKPOINT).write_text('{"parts": 3, "sha')
    assert Progress.kept(tmp_path) == Progress()
    some: Any = Progress(of="x", parts=2, left_out={"a: b": 3}, last={"": "k"})
    some.keep(tmp_path)
    assert Progress.kept(tmp_path) == some
