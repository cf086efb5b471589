"""When metrics are measured."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import clock, jobs
from console.models import Job, Staff
from console.states import NotAllowed
from metrics import (
    acquisition,
    activity_tables,
    allocation,
    answers,
    campaign_costs,
    comparisons,
    coupon_costs,
    history,
    lifetime_value,
    measure,
    previews,
    promises,
    results,
    retention,
    saves,
    segment_weeks,
    trials,
    watch,
)
from metrics.answers import Question
from metrics.models import Comparison, KeptAnswer
from metrics.reports import asking

MEASURE, REPORT, LIFETIME = "measure", "report", "lifetime"  # kinds of jobs
CHANGES, PAYBACK = "measure_changes", "payback"
COMPARE = "compare"
MOST_ASKED = 8  # reports that one person has under way


@shared_task
def measure_campaigns() -> None:
    """Keep the results of running campaigns fresh."""
    results.refresh(at=clock.now())


@shared_task
def look_at_trials() -> None:
    """Measure the trials of campaigns, and choose the winners."""
    trials.look(at=clock.now())


@shared_task
def measure_ways() -> None:
    """Measure the ways and variants between which no rule chooses."""
    trials.measure(at=clock.now())


@shared_task
def measure_playbooks() -> None:
    """Who came back because of a playbook, up to yesterday."""
    saves.compute_all()


@shared_task
def propose_moves() -> None:
    """Every night: propose where money would bring more."""
    allocation.look(at=clock.now())


@shared_task
def judge_promises() -> None:
    """Every night, once the days are measured: whether what was delivered moved its number."""
    promises.find_all(at=clock.now(), on=clock.today())


@shared_task
def write_segment_week() -> None:
    """Every night: the report on segments of the week that is over, and its mails."""
    segment_weeks.make_due(today=clock.today())
    segment_weeks.send_due(today=clock.today())


@shared_task
def book_coupons() -> None:
    """Book what redeemed coupons cost, and what campaigns paid for messages and work."""
    coupon_costs.book_all()
    campaign_costs.book()


@shared_task
def run_measures(job_id: int) -> None:
    """Measure everything anew, as a job that somebody watches."""
    job = Job.objects.get(pk=job_id)
    if job.status == Job.Status.DONE:  # delivered twice
        return
    with jobs.running(job) as progress:
        measure.run(progress=progress)
        retention.monthly()
        activity_tables.update()
        results.compute_open(at=clock.now())
        watch.run(today=clock.today())


def measure_soon(*, by: Staff) -> Job:
    """Start measuring everything anew; a run that waits already is enough."""
    label = _("Measure everything")
    return jobs.share(MEASURE, label, by=by, start=lambda pk: run_measures.delay(pk))


@shared_task
def answer_question(answer_id: int, job_id: int) -> None:
    """Work out a report that somebody asked for, reporting to its job."""
    row = KeptAnswer.objects.select_related("job").filter(pk=answer_id).first()
    if row is None or row.job is None or row.job.pk != job_id:
        return
    with suppress(jobs.Taken), jobs.running_alone(row.job) as progress:
        asking.answer(row, progress=progress)


@transaction.atomic
def answer_soon(question: Question, title: str, *, by: Staff | None) -> KeptAnswer:
    """Start working out a report, unless somebody else did a moment ago.

    Raises:
        NotAllowed: enough that they asked for still waits for an answer.
    """
    row = KeptAnswer.objects.select_for_update().get(pk=answers.about(question).pk)
    if row.job is not None and not row.job.is_over:
        return row
    lately = timezone.now() - jobs.QUIET  # what waits for longer may have been lost
    mine = Job.objects.filter(kind=REPORT, started_by=by, created_at__gt=lately)
    if by is not None and mine.filter(status__in=jobs.UNFINISHED).count() >= MOST_ASKED:
        raise NotAllowed(_("%(most)d of your reports wait for a worker.") % {"most": MOST_ASKED})
    row.job = jobs.create(REPORT, title, by=by)
    row.save(update_fields=["job"])
    number, job = row.pk, row.job.pk
    transaction.on_commit(lambda: answer_question.delay(number, job))
    return row


@shared_task
def fit_lifetime() -> None:
    """Every night, before the recompute: what is foretold of customers, on which segments may
    lean. On its own, so that whatever is wrong with it keeps nothing else from its work."""
    with jobs.running(jobs.create(LIFETIME, _("Lifetime value"))) as progress:
        lifetime_value.run(history.last_closed_day(), progress)


@shared_task
def run_lifetime(job_id: int) -> None:
    """Fit the model of lifetime value, as a job that somebody watches."""
    job = Job.objects.get(pk=job_id)
    if job.status == Job.Status.DONE:  # delivered twice
        return
    with jobs.running(job) as progress:
        day = history.last_closed_day()
        lifetime_value.run(day, progress)
        measure.run(since=day, only=[lifetime_value.AHEAD])


def run_lifetime_soon(*, by: Staff) -> Job:
    """Start to fit the model; a run that waits already is enough."""
    label = _("Lifetime value")
    return jobs.share(LIFETIME, label, by=by, start=lambda pk: run_lifetime.delay(pk))


def lifetime_now() -> Job | None:
    """The run that is under way or waits for a worker."""
    return Job.objects.filter(kind=LIFETIME, status__in=jobs.UNFINISHED).first()


@shared_task
def run_due_measures(job_id: int) -> None:
    """Measure what changed: new recipes, late events, spend that was entered."""
    job = Job.objects.get(pk=job_id)
    if job.status == Job.Status.DONE:
        return
    with jobs.running(job) as progress:
        measure.run_due(progress=progress)


def measure_changes_soon(*, by: Staff) -> Job:
    """Start measuring what changed; a run that waits already is enough."""
    label = _("Measure what changed")
    return jobs.share(CHANGES, label, by=by, start=lambda pk: run_due_measures.delay(pk))


@shared_task
def preview_metric(job_id: int) -> None:
    """Find out what a metric would come to; the page of its form shows it."""
    with jobs.running(Job.objects.get(pk=job_id)):
        previews.compute(job_id)


@transaction.atomic
def preview_metric_soon(
    recipe: dict[str, Any], unit: str, *, form: dict[str, list[str]], by: Staff
) -> int:
    """Start a preview of a metric; its number finds it again."""
    job = jobs.create(previews.KIND, _("Preview of a metric"), by=by)
    previews.begin(job, recipe, unit, form=form, by=by)
    transaction.on_commit(lambda: preview_metric.delay(job.pk))
    return job.pk


@shared_task
def run_payback(job_id: int) -> None:
    """Work out what customers brought by months since they came."""
    with jobs.running(Job.objects.get(pk=job_id)):
        acquisition.compute_payback()


def payback_soon(*, by: Staff) -> Job:
    """Start working out the payback; a run that waits already is enough."""
    return jobs.share(PAYBACK, _("Payback"), by=by, start=lambda pk: run_payback.delay(pk))


@shared_task
def count_comparison(pk: int, job_id: int) -> None:
    """Count what the groups of a comparison came to, reporting to its job."""
    comparison = Comparison.objects.select_related("job").filter(pk=pk).first()
    if comparison is None or comparison.job is None or comparison.job.pk != job_id:
        return
    with suppress(jobs.Taken), jobs.running_alone(comparison.job) as progress:
        comparisons.count(comparison, yesterday=history.last_closed_day(), progress=progress)


@transaction.atomic
def count_soon(comparison: Comparison, *, by: Staff) -> Job:
    """Start counting a comparison.

    Raises:
        NotAllowed: that is under way.
    """
    kept: Comparison = jobs.take(comparison)
    kept.job = jobs.create(COMPARE, kept.name, by=by)
    kept.save(update_fields=["job"])
    number, job = kept.pk, kept.job.pk
    transaction.on_commit(lambda: count_comparison.delay(number, job))
    return kept.job
