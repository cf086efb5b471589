"""The watchdog: work that was due and that nobody does."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from campaigns import planning
from campaigns.journeys import waves
from campaigns.models import Campaign, Wave
from campaigns.outcomes import trials
from segments import heard

PATIENCE = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Overdue:
    """How much waits longer than it should, and since when the oldest."""

    waves: int
    campaigns: int
    since: dt.datetime

    @property
    def minutes(self) -> int:
        return int((timezone.now() - self.since) / dt.timedelta(minutes=1))


def look() -> Overdue | None:
    """Due work that nobody took up for minutes; None when all is well.

    A wave that a worker has is being sent, however long; one that was put off after an error has
    a later time. Events that nobody takes count as well: nobody goes round the campaigns then.
    """
    before = timezone.now() - PATIENCE
    late = (
        Wave.objects.filter(
            waves.due(), status=Wave.Status.WAITING, campaign__status=Campaign.Status.SENDING
        )
        .annotate(since=Coalesce("not_before", F("due_at")))
        .filter(Q(since__lt=before), Q(claimed_at=None) | Q(claimed_at__lt=before))
    )
    found = late.aggregate(
        n=Count("pk"), campaigns=Count("campaign", distinct=True), oldest=Min("since")
    )
    unheard, unchosen = heard.oldest(), _unchosen()
    oldest = (found["oldest"], unheard, unchosen)
    moments = [one for one in oldest if one is not None and one < before]
    if not moments:
        return None
    return Overdue(found["n"], found["campaigns"], min(moments))


def _unchosen() -> dt.datetime | None:
    """Since when others wait for a winner whom the rule should have found by now."""
    ends = []
    for trial in trials.running().filter(campaign__status=Campaign.Status.SENDING):
        step = planning.of(trial.campaign).by_key.get(trial.step)
        rule = trials.contest(step) if step else None
        if rule is not None and rule.unclear == "best" and trials.is_late(trial, rule):
            ends.append(trials.ends_at(trial, rule))
    return min(ends, default=None)
