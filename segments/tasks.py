"""Work in the background: the recompute, segments, imports and the inbox."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import clock, jobs, states
from console.models import Job, Staff
from console.states import NotAllowed
from segments import (
    activity,
    dead_letters,
    drift,
    event_types,
    imports,
    ingest,
    intake,
    lists,
    live_sets,
    membership,
    merging,
    pipeline,
    stage_sets,
    tidying,
    trait_previews,
    undoing,
    uploads,
    valuing,
)
from segments.customer_exports import writing
from segments.customer_imports import applying, checking, keeping
from segments.models import (
    CustomerExport,
    CustomerImport,
    CustomerList,
    EventImport,
    Scoring,
    Segment,
    StageSet,
)

# Kinds of jobs; of a scoring with the kind of it after a colon.
PIPELINE, TRAITS, SCORING, IMPORT = "pipeline", "traits", "scoring", "import"
CUSTOMERS, RENAMING, LETTERS = "customers", "renaming", "letters"
# Of a file of 10 GB. The broker delivers such a task again meanwhile, which finds it busy.
LONGEST_IMPORT = 12 * 3600
CHANGES_GATHERED = 1_000  # of customers and consents: readers take fewer as they are


@shared_task
def run_pipeline(job_id: int) -> None:
    """Recompute everything for the console's today, reporting to a job."""
    with jobs.running(Job.objects.get(pk=job_id)) as progress:
        pipeline.run(clock.today(), progress=progress)


def recompute_everything_soon(*, by: Staff) -> Job:
    """Start the recompute of everything; one that waits already is enough."""
    name = _("Recompute of customers and segments")
    return jobs.share(PIPELINE, name, by=by, start=run_pipeline.delay)


@shared_task(autoretry_for=(pipeline.Busy,), max_retries=None, default_retry_delay=10)
def compute_traits(job_id: int) -> None:
    """Compute the traits anew; a run that is under way may have begun before, and goes first."""
    with pipeline.alone(), jobs.running(Job.objects.get(pk=job_id)) as progress:
        pipeline.traits(clock.today(), progress=progress)


def compute_traits_soon() -> Job:
    """Start the computation of the traits; one that waits already is enough."""
    return jobs.share(TRAITS, _("Computation of traits"), by=None, start=compute_traits.delay)


@shared_task
def preview_trait(job_id: int) -> None:
    """Find out what a trait would come to; the page of its form shows it."""
    with jobs.running(Job.objects.get(pk=job_id)):
        trait_previews.compute(job_id, clock.today())


@transaction.atomic
def preview_trait_soon(
    recipe: dict[str, Any], kind: str, *, form: dict[str, list[str]], by: Staff
) -> int:
    """Start a preview of a trait; its number finds it again."""
    job = jobs.create(trait_previews.KIND, _("Preview of a trait"), by=by)
    trait_previews.begin(job, recipe, kind, form=form, by=by)
    transaction.on_commit(lambda: preview_trait.delay(job.pk))
    return job.pk


@shared_task
def run_scoring(job_id: int, kind: str) -> None:
    """Score everybody in one way, reporting to a job."""
    with jobs.running(Job.objects.get(pk=job_id)) as progress:
        progress(0, 1)
        valuing.run(kind, clock.today())
        progress(1, 1)


def score_soon(kind: str, *, by: Staff) -> Job:
    """Start a scoring; one that waits already is enough."""
    label = _("Scores: %(kind)s") % {"kind": Scoring.Kind(kind).label}
    name = f"{SCORING}:{kind}"
    return jobs.share(name, label, by=by, start=lambda pk: run_scoring.delay(pk, kind))


def scoring_now(kind: str) -> Job | None:
    """The scoring of a kind that is under way or waits for a worker."""
    return Job.objects.filter(kind=f"{SCORING}:{kind}", status__in=jobs.UNFINISHED).first()


@shared_task
def recompute_segment(segment_id: int) -> None:
    """Recompute one segment, for example after its rule was edited, and those made of it."""
    segment = Segment.objects.defer("members").get(pk=segment_id)
    membership.recompute_with_users(segment, day=clock.today())


def recompute_soon(segment: Segment) -> None:
    """Start the computation of one segment once what was saved is really saved."""
    transaction.on_commit(lambda: recompute_segment.delay(segment.pk))


@shared_task
def recompute_stages(stage_set_id: int) -> None:
    """Recompute one stage set after it was edited, and the segments that speak of its stages."""
    stage_sets.recompute(StageSet.objects.get(pk=stage_set_id), day=clock.today())


def recompute_stages_soon(stage_set: StageSet) -> None:
    """Start the computation of a stage set once what was saved is really saved."""
    transaction.on_commit(lambda: recompute_stages.delay(stage_set.pk))


@shared_task
def sort_deliveries() -> None:
    """Sort what was delivered: who listens for an event hears of it within seconds."""
    intake.run(at=timezone.now())


@shared_task
def flush_inbox() -> None:
    """Sort what was delivered, move it into the lake, and rebuild the days that changed."""
    intake.run(at=timezone.now())
    ingest.flush()
    activity.catch_up()
    live_sets.gather(least=CHANGES_GATHERED)


@shared_task
def tell_merges() -> None:
    """Let days and segments know of the customers who were merged lately."""
    if merging.tell(at=timezone.now()):
        activity.catch_up()


def tell_merges_soon() -> None:
    """The same, once a merge by hand is really saved."""
    transaction.on_commit(tell_merges.delay)


@shared_task(time_limit=LONGEST_IMPORT, soft_time_limit=LONGEST_IMPORT - 60)
def load_import(import_id: int) -> None:
    """Load one file of events, reporting to its job; a second delivery changes nothing."""
    event_import = EventImport.objects.select_related("job").get(pk=import_id)
    job = event_import.job
    if not states.can_move(event_import, to=EventImport.Status.LOADING) or job is None:
        return
    with suppress(imports.Busy), imports.alone(event_import), jobs.running(job) as progress:
        imports.load(event_import, progress=progress)


@transaction.atomic
def load_soon(event_import: EventImport, *, by: Staff, again: bool = False) -> Job:
    """Keep how the columns were named and start the loading; the job shows how far it is.

    Raises:
        NotAllowed: it is loaded or being loaded, perhaps since the record was read.
    """
    if not states.can_move(jobs.take(event_import), to=EventImport.Status.LOADING):
        raise NotAllowed(_("This file is loaded, or is being loaded."))
    job = event_import.job = jobs.create(IMPORT, event_import.name, by=by)
    event_import.again, event_import.stop_asked_at = again, None
    event_import.save(update_fields=["mapping", "job", "again", "stop_asked_at"])
    transaction.on_commit(lambda: load_import.delay(event_import.pk))
    return job


@shared_task(time_limit=LONGEST_IMPORT, soft_time_limit=LONGEST_IMPORT - 60)
def undo_import(import_id: int) -> None:
    """Take back what a file of events brought, reporting to its job."""
    event_import = EventImport.objects.select_related("job").get(pk=import_id)
    if (job := event_import.job) is None or event_import.status == EventImport.Status.UNDONE:
        return
    with suppress(imports.Busy), imports.alone(event_import), jobs.running(job) as progress:
        undoing.undo(event_import, by=job.started_by, at=timezone.now(), progress=progress)


@transaction.atomic
def undo_soon(event_import: EventImport, *, by: Staff) -> Job:
    """Start to take a file of events back; the job shows how far it is.

    Raises:
        NotAllowed: it cannot be taken back, or somebody was first.
    """
    undoing.require_possible(jobs.take(event_import))
    label = _("Taking back %(name)s") % {"name": event_import.name}
    job = event_import.job = jobs.create(IMPORT, label, by=by)
    event_import.save(update_fields=["job"])
    transaction.on_commit(lambda: undo_import.delay(event_import.pk))
    return job


@shared_task
def resume_imports() -> None:
    """Every minute: go on with imports whose worker died."""
    for event_import in imports.left_behind():
        if event_import.status == EventImport.Status.UNDOING:
            undo_import.delay(event_import.pk)
        elif event_import.job is None:
            imports.give_up(event_import)
        else:
            load_import.delay(event_import.pk)
    for left in applying.left_behind():
        task = apply_customers if left.status == CustomerImport.Status.APPLYING else check_customers
        task.delay(left.pk, left.job_id)
    for left_list in lists.left_behind():
        read_list.delay(left_list.pk, left_list.job_id)


@shared_task
def tidy_up() -> None:
    """Every night: settle old merges, gather the lake's scattered days, drop old uploads."""
    event_types.rename_past()
    merging.settle(at=clock.now())
    merging.suspect(at=timezone.now())
    ingest.tidy()
    uploads.tidy(at=timezone.now())
    live_sets.gather()
    tidying.tidy()
    keeping.tidy(at=timezone.now())
    lists.tidy(at=timezone.now())
    writing.tidy(at=timezone.now())


@shared_task
def check_customers(import_id: int, job_id: int) -> None:
    """Find out what a file of customers would change, reporting to its job."""
    customer_import = CustomerImport.objects.select_related("job").get(pk=import_id)
    if (job := _still_ours(customer_import, job_id)) is not None:
        with suppress(jobs.Taken), jobs.running_alone(job) as progress:
            checking.check(customer_import, progress=progress)


def _still_ours(customer_import: CustomerImport, job_id: int) -> Job | None:
    """The import's job, unless another one took its place."""
    job = customer_import.job
    return job if job is not None and job.pk == job_id else None


@transaction.atomic
def check_customers_soon(customer_import: CustomerImport, *, by: Staff) -> Job:
    """Keep how the columns were named and start the check of the file.

    Raises:
        NotAllowed: it is applied or worked on, perhaps since the record was read.
    """
    if jobs.take(customer_import).status == CustomerImport.Status.APPLIED:
        raise NotAllowed(_("This file is applied, or is being worked on."))
    label = _("Check of %(name)s") % {"name": customer_import.name}
    job = customer_import.job = jobs.create(CUSTOMERS, label, by=by)
    customer_import.save(update_fields=["mapping", "job"])
    transaction.on_commit(lambda: check_customers.delay(customer_import.pk, job.pk))
    return job


@shared_task
def apply_customers(import_id: int, job_id: int) -> None:
    """Write what the check of a file found, reporting to its job."""
    customer_import = CustomerImport.objects.select_related("job").get(pk=import_id)
    if (job := _still_ours(customer_import, job_id)) is None:
        return
    assert job.started_by is not None
    with suppress(jobs.Taken), jobs.running_alone(job) as progress:
        if customer_import.status != CustomerImport.Status.APPLIED:  # unless killed just after it
            applying.apply(customer_import, by=job.started_by, at=clock.now(), progress=progress)


@transaction.atomic
def apply_customers_soon(customer_import: CustomerImport, *, by: Staff) -> Job:
    """Start the writing of a checked file.

    Raises:
        NotAllowed: it is not checked, or somebody was first.
    """
    if jobs.take(customer_import).status != CustomerImport.Status.CHECKED:
        raise NotAllowed(_("Check the file first."))
    job = customer_import.job = jobs.create(CUSTOMERS, customer_import.name, by=by)
    customer_import.save(update_fields=["job"])
    transaction.on_commit(lambda: apply_customers.delay(customer_import.pk, job.pk))
    return job


@shared_task
def read_list(list_id: int, job_id: int) -> None:
    """Find the customers of an uploaded list, reporting to its job."""
    found = CustomerList.objects.select_related("job").defer("members").get(pk=list_id)
    job = found.job
    if job is None or job.pk != job_id or found.status != CustomerList.Status.UPLOADED:
        return  # delivered twice
    with suppress(jobs.Taken), jobs.running_alone(job) as progress:
        lists.read(found, progress=progress)


@transaction.atomic
def read_list_soon(customer_list: CustomerList, *, by: Staff) -> Job:
    """Start to read a list; the job shows how far it is.

    Raises:
        NotAllowed: it is being read.
    """
    jobs.take(customer_list)
    label = _("List of customers: %(name)s") % {"name": customer_list.name}
    job = customer_list.job = jobs.create(CUSTOMERS, label, by=by)
    customer_list.save(update_fields=["job"])
    transaction.on_commit(lambda: read_list.delay(customer_list.pk, job.pk))
    return job


@shared_task
def write_export(export_id: int) -> None:
    """Write a file of customers, reporting to its job."""
    export = CustomerExport.objects.select_related("job", "by").get(pk=export_id)
    if export.job is not None and not export.path:  # unless delivered twice
        with jobs.running(export.job) as progress:
            writing.write(export, at=timezone.now(), progress=progress)


@transaction.atomic
def write_export_soon(export: CustomerExport, *, by: Staff) -> Job:
    """Start the writing of an export.

    Raises:
        NotAllowed: it is being written.
    """
    jobs.take(export)
    label = _("Export: %(name)s") % {"name": export.label}
    job = export.job = jobs.create(CUSTOMERS, label, by=by)
    export.save(update_fields=["job"])
    transaction.on_commit(lambda: write_export.delay(export.pk))
    return job


@shared_task
def rename_events(job_id: int) -> None:
    """Give events that came in under another name their right one, reporting to a job."""
    job = Job.objects.get(pk=job_id)
    if job.status != Job.Status.DONE:  # unless delivered twice
        with jobs.running(job) as progress:
            event_types.rename_past(progress=progress)
            activity.catch_up()


def rename_soon(*, by: Staff) -> Job:
    """Start the renaming of past events once what was decided is really saved."""
    name = _("Past events get their new name")
    return jobs.share(RENAMING, name, by=by, start=rename_events.delay)


@shared_task
def look_for_drift() -> None:
    """Every hour: find events that are no longer what they were."""
    drift.look(clock.today())


@shared_task
def settle_letters(job_id: int, staff_id: int, deed: str, of: dict[str, Any]) -> None:
    """Replay or drop the dead letters of a filter, reporting to a job."""
    settle = {"replay": dead_letters.replay_many, "drop": dead_letters.drop_many}[deed]
    with jobs.running(Job.objects.get(pk=job_id)) as progress:
        settle(dead_letters.waiting(**of), by=Staff.objects.get(pk=staff_id), progress=progress)


@transaction.atomic
def settle_letters_soon(deed: str, of: dict[str, Any], *, by: Staff) -> Job:
    """Start it; the job shows how far it is.

    Raises:
        NotAllowed: another replay or drop is under way, perhaps of the same letters.
    """
    label = _("Replay of dead letters") if deed == "replay" else _("Drop of dead letters")
    job = jobs.create_alone(LETTERS, label, by=by)
    transaction.on_commit(lambda: settle_letters.delay(job.pk, by.pk, deed, of))
    return job
