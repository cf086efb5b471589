"""When metrics are measured."""

from celery import shared_task

from console import clock, jobs
from console.models import Job
from metrics import measure, results, retention


@shared_task
def measure_campaigns() -> None:
    """Keep the results of running campaigns fresh."""
    results.refresh(at=clock.now())


@shared_task
def run_measures(job_id: int) -> None:
    """Measure everything anew, as a job that somebody watches."""
    job = Job.objects.get(pk=job_id)
    if job.status == Job.Status.DONE:  # delivered twice
        return
    with jobs.running(job) as progress:
        measure.run(progress=progress)
        retention.monthly()
        results.compute_open(at=clock.now())
