"""Statuses move by their table, once, and leave an audit line."""

import threading

import pytest
from django.db import connection

from console import audit, states
from console.models import AuditEntry, Job


@pytest.mark.django_db
def test_a_move_writes_the_status_and_the_audit_line() -> None:
    job = Job.objects.create(kind="test", label="A job")
    states.move(job, to=Job.Status.RUNNING, note="begun")

    job.refresh_from_db()
    assert (job.status, job.note) == (Job.Status.RUNNING, "begun")
    entry = AuditEntry.objects.get(action="job.running")
    assert entry.details == {"was": "waiting"}
    assert entry.subject_label == "A job"


@pytest.mark.django_db
def test_a_move_that_the_table_does_not_have_changes_nothing() -> None:
    job = Job.objects.create(kind="test", label="A job")
    with pytest.raises(states.NotAllowed, match="A job"):
        states.move(job, to=Job.Status.DONE)
    job.refresh_from_db()
    assert job.status == Job.Status.WAITING
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_a_record_that_somebody_else_moved_is_stale() -> None:
    mine = Job.objects.create(kind="test", label="A job")
    theirs = Job.objects.get(pk=mine.pk)
    states.move(theirs, to=Job.Status.FAILED)
    with pytest.raises(states.Stale):
        states.move(mine, to=Job.Status.RUNNING)
    mine.refresh_from_db()
    assert mine.status == Job.Status.FAILED


@pytest.mark.django_db(transaction=True)
def test_of_two_movers_at_once_one_wins() -> None:
    job = Job.objects.create(kind="test", label="A job")
    start, outcomes = threading.Barrier(2), []

    def mover() -> None:
        mine = Job.objects.get(pk=job.pk)
        start.wait()
        try:
            states.move(mine, to=Job.Status.FAILED)
            outcomes.append("moved")
        except states.Stale:
            outcomes.append("stale")
        finally:
            connection.close()

    movers = [threading.Thread(target=mover) for _ in range(2)]
    for thread in movers:
        thread.start()
    for thread in movers:
        thread.join()
    assert sorted(outcomes) == ["moved", "stale"]
    assert AuditEntry.objects.filter(action="job.failed").count() == 1


@pytest.mark.django_db
def test_the_audit_line_names_who_was_acting(staff_of) -> None:  # type: ignore[no-untyped-def]
    anna = staff_of("manager", username="anna")
    job = Job.objects.create(kind="test", label="A job")
    with audit.acting(staff=anna, via="api", ref="r1"):
        states.move(job, to=Job.Status.RUNNING)
    entry = AuditEntry.objects.get()
    assert (entry.staff, entry.via, entry.ref) == (anna, "api", "r1")
