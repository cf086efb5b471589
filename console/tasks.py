"""What the whole house does at night."""

from celery import shared_task
from django.utils.translation import gettext as _

from console import clock, jobs
from metrics import measure, results, retention
from segments import pipeline


@shared_task
def run_night() -> None:
    """Everything anew: customers first, then what the closed days came to."""
    with jobs.running(jobs.create("night", _("Nightly recompute"))) as progress:
        pipeline.run(clock.today(), progress=progress)
        measure.run()
        retention.monthly()
        results.compute_open(at=clock.now())
