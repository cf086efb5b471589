"""Taking back a file of events: exactly what it brought, also after a kill."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from console.models import AuditEntry, Project
from console.states import NotAllowed
from segments import activity, imports, ingest, tasks, undoing, uploads
from segments.models import Customer, EventImport, EventType, Identifier
from segments.reading.mapping import Mapping
from tests.segments import factories, programs
from tests.segments.test_imports import an_import, in_lake

Status = EventImport.Status
MAPPING = Mapping(customer="who", time="at", name="what", key="id")
HEADER = "who,at,what,id\n"
FIRST = HEADER + "anna,2017-03-01T10:00:00Z,seen,k1\nben,2017-03-02T10:00:00Z,seen,k2\n"
WRONG = FIRST + "cleo,2017-03-02T11:00:00Z,seen,k3\nanna,2017-03-03T10:00:00Z,seen,k4\n"


@pytest.fixture(autouse=True)
def in_english_and_utc(project_row: None) -> Iterator[None]:
    Project.objects.update(time_zone="UTC", currency="USD")
    with translation.override("en"):
        yield


def loaded(folder: Path, content: str, mapping: Mapping = MAPPING) -> EventImport:
    event_import = an_import(folder, content, mapping)
    imports.load(event_import)
    return event_import


def undo(event_import: EventImport) -> None:
    undoing.undo(event_import, by=None, at=timezone.now())


def keys() -> list[str]:
    return sorted(row["key"] for row in in_lake())


def people() -> set[str]:
    return set(Identifier.objects.values_list("value", flat=True))


@pytest.mark.django_db
def test_only_what_the_file_brought_goes(tmp_path: Path) -> None:
    loaded(tmp_path, FIRST)
    wrong = loaded(tmp_path, WRONG)
    assert (wrong.events, wrong.known, wrong.customers_new) == (2, 2, 1)
    cleo = Customer.objects.get(identifiers__value="cleo")
    undo(wrong)
    assert keys() == ["k1", "k2"]
    assert people() == {"anna", "ben"}
    cleo.refresh_from_db()
    assert cleo.erased_at
    assert EventType.objects.get(name="seen").volume == 2
    march = dt.date(2017, 3, 3)
    assert not activity.members("seen", march, march)
    assert wrong.status == Status.UNDONE
    details = AuditEntry.objects.get(action="eventimport.taken_back").details
    assert (details["events"], details["customers"]) == (2, 1)
    loaded(tmp_path, WRONG)  # and it can be loaded again
    assert keys() == ["k1", "k2", "k3", "k4"]


@pytest.mark.django_db
def test_who_is_known_from_elsewhere_by_now_stays(tmp_path: Path) -> None:
    wrong = loaded(tmp_path, WRONG)
    cleo, ben = (Customer.objects.get(identifiers__value=name) for name in ("cleo", "ben"))
    Customer.objects.filter(pk=ben.pk).update(name="Ben")
    ingest.receive([factories.incoming(cleo, "2017-04-01", key="live")])
    undo(wrong)
    ingest.flush()
    assert keys() == ["live"]
    assert people() == {"ben", "cleo"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "step", ["undoing._forget_keys", "undoing._part_with", "undoing.uploads.forget_brought"]
)
def test_killed_anywhere_it_goes_on(tmp_path: Path, step: str) -> None:
    loaded(tmp_path, FIRST)
    wrong = loaded(tmp_path, WRONG)
    program = f"""
        from django.utils import timezone
        from segments import undoing
        from segments.models import EventImport
        {step} = lambda *_: die()
        undoing.undo(EventImport.objects.get(pk={wrong.pk}), by=None, at=timezone.now())
    """
    assert programs.run(program) == -9
    wrong.refresh_from_db()
    if wrong.status == Status.UNDOING:
        assert imports.left_behind() == [wrong]
        undo(wrong)
    assert keys() == ["k1", "k2"]
    assert people() == {"anna", "ben"}


@pytest.mark.django_db
def test_what_is_not_remembered_cannot_be_taken_back(tmp_path: Path) -> None:
    wrong = loaded(tmp_path, WRONG)
    uploads.tidy(at=timezone.now() + dt.timedelta(days=uploads.DAYS_UNDOABLE + 1))
    assert undoing.preview(wrong) is None
    with pytest.raises(NotAllowed, match="30 days"):
        undo(wrong)
    assert len(keys()) == 4


@pytest.mark.django_db
def test_the_page_says_what_would_go_and_takes_it_back(
    tmp_path: Path,
    signed_in: Callable[[str], Client],
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks.undo_import, "delay", tasks.undo_import)
    wrong, later = loaded(tmp_path, WRONG), loaded(tmp_path, FIRST + "\n")
    page = reverse("admin:segments_eventimport_change", args=[wrong.pk])
    address = reverse("admin:segments_eventimport_undo", args=[wrong.pk])
    assert signed_in("manager").post(address).status_code == 403
    assert len(keys()) == 4
    client = signed_in("operator")
    said = client.get(page).content.decode()
    assert "Take the file back" in said
    assert later.name in said
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address)
    assert keys() == []
    assert "was taken back" in client.get(page).content.decode()
