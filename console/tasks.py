"""What the whole house does at night, and for people who ask about their data."""

from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import group_notices, lapsing, transitions
from console import (
    approvals,
    budget_watch,
    clock,
    copies,
    idempotency,
    jobs,
    notices,
    privacy,
    transfers,
)
from console import retention as retention_periods
from console.duties import escalating
from console.models import Job, Staff
from console.team_requests import intake, news
from metrics import (
    acquisition,
    activity_tables,
    answers,
    measure,
    results,
    retention,
    watch,
)
from metrics.tasks import COMPARE, REPORT
from segments import pipeline
from segments.models import PrivacyRequest
from segments.tasks import CUSTOMERS, IMPORT

PRIVACY = "privacy"  # the kind of job
PATIENCE = 3600  # seconds: a night that finds somebody's recompute comes after it
OF_RECORDS = (IMPORT, CUSTOMERS, PRIVACY, REPORT, COMPARE)  # kinds of jobs that a record names


@shared_task
def run_night() -> None:
    """Everything anew: customers first, then what the closed days came to."""
    with jobs.running(jobs.create("night", _("Nightly recompute"))) as progress:
        pipeline.run(clock.today(), progress=progress, patience=PATIENCE)
        measure.run_due()
        acquisition.compute_payback()
        retention.monthly()
        activity_tables.update()
        answers.tidy(today=clock.today())
        results.compute_open(at=clock.now())
        watch.run(today=clock.today())


@shared_task
def answer_request(request_id: int) -> None:
    """Carry out an erasure, or make a copy, reporting to its job; again when it was killed."""
    request = PrivacyRequest.objects.select_related("job", "customer").get(pk=request_id)
    with _of_job(request.job) as progress:
        if request.kind == PrivacyRequest.Kind.ERASE:
            privacy.carry_out(request, progress=progress)
        else:
            copies.make(request, progress=progress)


@transaction.atomic
def answer_soon(request: PrivacyRequest, *, by: Staff) -> None:
    """Start on a request once its order is really saved; the job shows how far it is.

    Raises:
        NotAllowed: somebody else started on it.
    """
    jobs.take(request)
    label = f"{request.get_kind_display()} #{request.customer_id}"
    request.job = jobs.create(PRIVACY, label, by=by)
    request.save(update_fields=["job"])
    transaction.on_commit(lambda: answer_request.delay(request.pk))


@contextmanager
def _of_job(job: Job | None) -> Iterator[jobs.Progress]:
    """The job's progress; a job that is over has shown what it had to show."""
    if job is None or job.status == Job.Status.DONE:
        yield jobs.silent
        return
    with jobs.running(job) as progress:
        yield progress


@shared_task
def look_after_requests() -> None:
    """Go on with erasures that wait or were killed, and delete copies whose time is over."""
    for pk in privacy.unfinished() + copies.unfinished():
        answer_request.delay(pk)
    copies.tidy(at=timezone.now())


@shared_task
def tell_of_requests() -> None:
    """Mail what is new of requests between teams to who has not read it."""
    news.send_due(at=clock.now())


@shared_task
def fetch_requests() -> None:
    """Write down the requests that colleagues sent as a mail."""
    if settings.REQUESTS_URL:
        intake.fetch(at=clock.now())


@shared_task
def look_after_approvals() -> None:
    """Give back what changed and what nobody decided in time, and tell whom something waits for."""
    now = timezone.now()
    for approval in approvals.overdue(at=now):
        approvals.expire(approval, at=now)
    for campaign in transitions.asked_about():
        transitions.void_if_changed(campaign)
    lapsing.look(today=clock.today())
    transfers.close_work()
    notices.send_due(at=now)
    group_notices.send_due(at=now)


@shared_task
def watch_budgets() -> None:
    """Tell of budgets that run low, and count the ledgers anew."""
    budget_watch.watch(today=clock.today())


@shared_task
def tell_of_late_work() -> None:
    """Every morning before work begins: tell chiefs of what is late."""
    escalating.run(today=clock.today())


@shared_task
def sweep_jobs() -> None:
    """End the jobs that nobody works at any more."""
    jobs.sweep(at=timezone.now(), of_records=OF_RECORDS)


@shared_task
def keep_periods() -> None:
    """Every night: let go what is older than it is to be kept."""
    retention_periods.enforce(today=clock.today())
    idempotency.tidy(at=timezone.now())
