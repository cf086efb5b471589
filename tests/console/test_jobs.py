"""Long work reports its progress, its end and its failure."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from console import jobs, tasks
from console.models import Job, Staff
from console.states import NotAllowed
from segments.models import EventImport


@pytest.mark.django_db
def test_a_job_that_ends_well_is_done() -> None:
    job = jobs.create("test", "Counting")
    with jobs.running(job) as progress:
        progress(1, 4, "first")
        assert Job.objects.get().done_share == 0.25
        progress(4, 4)
    job.refresh_from_db()
    assert (job.status, job.done, job.done_share) == (Job.Status.DONE, 4, 1.0)


@pytest.mark.django_db
def test_a_job_that_fails_keeps_its_words_and_the_error_goes_on() -> None:
    job = jobs.create("test", "Counting")
    with pytest.raises(ValueError, match="no such file"), jobs.running(job):
        raise ValueError("no such file")
    job.refresh_from_db()
    assert (job.status, job.error) == (Job.Status.FAILED, "no such file")


@pytest.mark.django_db
def test_the_browser_can_ask_how_far_it_is(signed_in: Callable[..., Client]) -> None:
    job = jobs.create("test", "Counting")
    Job.objects.filter(pk=job.pk).update(done=1, total=2, note="half")
    told = signed_in("support").get(f"/api/v1/jobs/{job.pk}/").json()
    assert (told["done_share"], told["note"], told["is_over"]) == (0.5, "half", False)


@pytest.mark.django_db
def test_a_stranger_learns_nothing_about_jobs(client: Client) -> None:
    jobs.create("test", "Counting")
    assert client.get("/api/v1/jobs/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_work_that_is_delivered_twice_at_once_runs_once() -> None:
    job, runs, inside = jobs.create("test", "Counting"), [], threading.Barrier(2)

    def work(number: int) -> str:
        try:
            with jobs.running_alone(Job.objects.get(pk=job.pk)):
                runs.append(number)
                inside.wait(60)  # until the other one was sent away
                inside.wait(60)
            return "done"
        except jobs.Taken:
            return "taken"
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        first = other.submit(work, 1)
        inside.wait(60)
        assert jobs.is_at_work(job)
        assert work(2) == "taken"
        inside.wait(60)
        assert first.result() == "done"
    assert work(3) == "taken"  # it is done
    assert runs == [1]
    assert not jobs.is_at_work(job)


# --- starting at once -------------------------------------------------------


def at_once(deed: Callable[[], Any]) -> list[Any]:
    """What four people get who do the same in the same moment, each on a connection."""
    start = threading.Barrier(4)

    def do(_number: int) -> Any:
        start.wait()
        try:
            return deed()
        except NotAllowed as problem:
            return str(problem)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        return list(people.map(do, range(4)))


@pytest.mark.django_db(transaction=True)
def test_of_four_who_start_work_that_may_be_shared_one_starts_it() -> None:
    started: list[int] = []
    found = at_once(lambda: jobs.share("test", "All", by=None, start=started.append).pk)
    assert started == [Job.objects.get().pk]
    assert set(found) == set(started)


@pytest.mark.django_db(transaction=True)
def test_what_runs_is_not_shared_and_neither_is_what_waits_for_long() -> None:
    started: list[int] = []
    running, lost = jobs.create("test", "All"), jobs.create("test", "All")
    Job.objects.filter(pk=running.pk).update(status="running")
    Job.objects.filter(pk=lost.pk).update(created_at=timezone.now() - dt.timedelta(hours=1))
    new = jobs.share("test", "All", by=None, start=started.append)
    assert started == [new.pk]
    assert new.pk not in {running.pk, lost.pk}


@pytest.mark.django_db(transaction=True)
def test_of_four_who_start_work_that_must_be_alone_one_is_let(
    staff_of: Callable[..., Staff],
) -> None:
    admin = staff_of("admin")
    found = at_once(lambda: jobs.create_alone("test", "Replay", by=admin).pk)
    (let,) = [one for one in found if isinstance(one, int)]
    assert let == Job.objects.get().pk
    assert sum("Replay" in one for one in found if isinstance(one, str)) == 3


# --- left behind ------------------------------------------------------------


def left(minutes: int, **values: Any) -> Job:
    """A job of which nothing was heard for so long."""
    then = timezone.now() - dt.timedelta(minutes=minutes)
    job = Job.objects.create(**{"kind": "test", "label": "A job", "language": "en", **values})
    started = then if job.status == Job.Status.RUNNING else None
    Job.objects.filter(pk=job.pk).update(created_at=then, started_at=started)
    return job


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "status", "minutes", "words"),
    [
        ("import", "waiting", 31, "It was started twice; the other one did the work."),
        ("import", "running", 31, "It was started twice; the other one did the work."),
        ("import", "waiting", 29, ""),
        ("test", "running", 31, "Its worker stopped."),
        ("test", "running", 29, ""),
        ("test", "waiting", 31, ""),  # workers may be busy
        ("test", "waiting", 1441, "No worker came for it; start it again."),
    ],
)
def test_jobs_that_nobody_works_at_end_with_words(
    kind: str, status: str, minutes: int, words: str
) -> None:
    job = left(minutes, kind=kind, status=status)
    assert jobs.sweep(at=timezone.now(), of_records=("import",)) == bool(words)
    job.refresh_from_db()
    assert (job.status, job.error) == ("failed" if words else status, words)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "minutes", "words"),
    [
        ("loading", 31, ""),  # the watch goes on with it
        ("loading", 1441, "Its worker stopped."),
        ("loaded", 31, "Its worker stopped."),
    ],
)
def test_a_job_whose_record_names_it_ends_when_its_work_is_over(
    status: str, minutes: int, words: str
) -> None:
    job = left(minutes, kind="import", status="running")
    EventImport.objects.create(name="a.csv", status=status, job=job)
    jobs.sweep(at=timezone.now(), of_records=("import",))
    job.refresh_from_db()
    assert job.error == words


@pytest.mark.django_db(transaction=True)
def test_a_job_that_a_process_works_at_is_left_alone_however_long_it_takes() -> None:
    job = left(180, status="running")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", [jobs.LOCK, job.pk])
        assert jobs.sweep(at=timezone.now(), of_records=()) == 0
        cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", [jobs.LOCK, job.pk])
    other.close()
    assert jobs.sweep(at=timezone.now(), of_records=()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_running_job_holds_its_lock_until_it_ends() -> None:
    job = jobs.create("test", "Counting")
    other = connection.copy()
    with other.cursor() as cursor:
        asked = "SELECT pg_try_advisory_lock(%s, %s)"
        with jobs.running(job):
            cursor.execute(asked, [jobs.LOCK, job.pk])
            assert cursor.fetchone() == (False,)
        cursor.execute(asked, [jobs.LOCK, job.pk])
        assert cursor.fetchone() == (True,)
    other.close()


@pytest.mark.django_db
def test_the_timetable_sweeps() -> None:
    job = left(31, kind="customers")
    tasks.sweep_jobs()
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED
