"""Long work reports its progress, its end and its failure."""

from collections.abc import Callable

import pytest
from django.test import Client

from console import jobs
from console.models import Job


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
