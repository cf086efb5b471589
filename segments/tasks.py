"""Work in the background: the recompute, segments, imports and the inbox."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import clock, jobs
from console.models import Job, Staff
from segments import activity, imports, ingest, membership, pipeline, uploads
from segments.models import EventImport, Segment

PIPELINE, IMPORT = "pipeline", "import"  # kinds of jobs


@shared_task
def run_pipeline(job_id: int) -> None:
    """Recompute everything for the console's today, reporting to a job."""
    with jobs.running(Job.objects.get(pk=job_id)) as progress:
        pipeline.run(clock.today(), progress=progress)


def recompute_everything_soon(*, by: Staff) -> Job:
    """Start the recompute of everything; the job shows how far it is."""
    job = jobs.create(PIPELINE, _("Recompute of customers and segments"), by=by)
    transaction.on_commit(lambda: run_pipeline.delay(job.pk))
    return job


@shared_task
def recompute_segment(segment_id: int) -> None:
    """Recompute one segment, for example after its rule was edited, and those made of it."""
    segment = Segment.objects.defer("members").get(pk=segment_id)
    membership.recompute_with_users(segment, day=clock.today())


def recompute_soon(segment: Segment) -> None:
    """Start the computation of one segment once what was saved is really saved."""
    transaction.on_commit(lambda: recompute_segment.delay(segment.pk))


@shared_task
def flush_inbox() -> None:
    """Move accepted events into the lake, and rebuild the sets of the days that changed."""
    ingest.flush()
    activity.catch_up()


@shared_task
def load_import(import_id: int, again: bool = False) -> None:
    """Load one file of events, reporting to its job."""
    event_import = EventImport.objects.select_related("job").get(pk=import_id)
    if event_import.status == EventImport.Status.LOADED:  # delivered twice
        return
    assert event_import.job is not None
    with jobs.running(event_import.job) as progress:
        imports.load(event_import, again=again, progress=progress)


def load_soon(event_import: EventImport, *, by: Staff, again: bool = False) -> Job:
    """Start the loading of a file once its columns are really saved; the job shows how far."""
    job = event_import.job = jobs.create(IMPORT, event_import.name, by=by)
    event_import.save(update_fields=["job"])
    transaction.on_commit(lambda: load_import.delay(event_import.pk, again=again))
    return job


@shared_task
def tidy_up() -> None:
    """Every night: gather scattered days of the lake, and drop uploads that nobody loaded."""
    ingest.tidy()
    uploads.tidy(at=timezone.now())
