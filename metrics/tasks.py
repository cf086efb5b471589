"""When metrics are measured."""

from celery import shared_task
from django.utils.translation import gettext as _

from console import clock, jobs
from console.models import Job, Staff
from metrics import measure, results, retention

MEASURE = "measure"  # the kind of job


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


def measure_soon(*, by: Staff) -> Job:
    """Start measuring everything anew; a run that waits already is enough."""
    label = _("Measure everything")
    return jobs.share(MEASURE, label, by=by, start=lambda pk: run_measures.delay(pk))
