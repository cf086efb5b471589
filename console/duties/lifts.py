"""Raising a team's work above everything else for some days, because of a warning or by hand."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from console import audit, roles, work, work_kinds
from console.models import Staff, Team, WorkItem, WorkLift
from console.states import NotAllowed, Stale

MOST_DAYS, MOST_ANSWER_DAYS = 60, 30
NEVER = "learning"  # takes its time, whatever else is pressing
DAY = dt.timedelta(days=1)


@transaction.atomic
def begin(
    team: Team,
    *,
    why: str,
    on: dt.date,
    days: int,
    answer_days: int,
    by: Staff,
    kind: str = "",
) -> WorkLift:
    """A manager raises a team's work for so many days, today being the first.

    Raises:
        NotAllowed: not theirs to raise, no reason, or it makes no sense.
    """
    lift = WorkLift(team=team, kind=kind, why=why.strip(), since=on, begun_by=by)
    roles.require(by, work.GIVE, record=lift)
    if not why.strip():
        raise NotAllowed(_("Say why it comes first."))
    if not 1 <= days <= MOST_DAYS or not 0 <= answer_days <= MOST_ANSWER_DAYS:
        raise NotAllowed(_("Choose 1 to %(most)d days.") % {"most": MOST_DAYS})
    if kind and kind not in work_kinds.BY_KEY:
        raise NotAllowed(_("There is no such kind of work."))
    lift.until, lift.answer_days = on + DAY * (days - 1), answer_days
    lift.save(force_insert=True)
    _say("begun", lift, by=by)
    return lift


@transaction.atomic
def warned(
    subject: models.Model,
    *,
    team: Team,
    why: str,
    on: dt.date,
    days: int,
    answer_days: int,
) -> WorkLift:
    """A warning raises a team's work from the day on, or prolongs what it raised already.

    Nothing has to end it: it is over when its last day is. What a person ended stays ended.
    """
    kind = ContentType.objects.get_for_model(subject)
    until = on + DAY * (days - 1)
    lift, is_new = WorkLift.objects.select_for_update().get_or_create(
        subject_type=kind,
        subject_id=subject.pk,
        team=team,
        kind="",
        defaults={"why": why, "since": on, "until": until, "answer_days": answer_days},
    )
    if is_new:
        _say("begun", lift, by=None)
    elif lift.until < until and lift.ended_on is None:
        lift.until = until
        lift.save(update_fields=["until"])
        _say("prolonged", lift, by=None)
    return lift


@transaction.atomic
def end(lift: WorkLift, *, on: dt.date, because: str, by: Staff) -> None:
    """End it before its time, with the reason.

    Raises:
        NotAllowed: not theirs to end, or no reason.
        Stale: somebody else ended it, or it is over.
    """
    kept = WorkLift.objects.select_for_update().get(pk=lift.pk)
    roles.require(by, work.GIVE, record=kept)
    if not because.strip():
        raise NotAllowed(_("Say why it ends."))
    if kept.ended_on is not None or kept.until < on:
        raise Stale(_("This is over already."))
    kept.ended_on, kept.ended_by, kept.ended_because = on, by, because.strip()[:300]
    kept.save(update_fields=["ended_on", "ended_by", "ended_because"])
    _say("ended", kept, by=by, because=kept.ended_because)


def _say(deed: str, lift: WorkLift, **more: Any) -> None:
    audit.log(f"work_lift.{deed}", lift, since=lift.since, until=lift.until, **more)


def by_subject(subjects: Sequence[models.Model]) -> dict[Any, WorkLift]:
    """What these warnings of one kind raised, by their keys, in one query."""
    if not subjects:
        return {}
    kind = ContentType.objects.get_for_model(subjects[0])
    found = WorkLift.objects.filter(subject_type=kind, subject_id__in=[one.pk for one in subjects])
    return {one.subject_id: one for one in found.select_related("team")}


# --- what it does ---------------------------------------------------------------


def in_force(on: dt.date) -> list[WorkLift]:
    """What is raised on a day; of one team the strictest first."""
    found = WorkLift.objects.filter(since__lte=on, until__gte=on, ended_on=None)
    return list(found.select_related("team", "subject_type").order_by("team", "answer_days", "pk"))


def over(item: WorkItem, raised: Iterable[WorkLift]) -> WorkLift | None:
    """The lift that this work stands under, if any."""
    if not item.is_unfinished or item.kind == NEVER:
        return None
    return next(
        (
            one
            for one in raised
            if one.team_id == item.team_id and (not one.kind or one.kind == item.kind)
        ),
        None,
    )


def deadline(item: WorkItem, raised: Iterable[WorkLift]) -> dt.date | None:
    """When it has to be done: its own deadline, or sooner while it is raised."""
    lift = over(item, raised)
    if lift is None:
        return item.due_on
    sooner = max(lift.since, item.given_on) + DAY * lift.answer_days
    return min(item.due_on, sooner) if item.due_on else sooner


def covers(raised: Sequence[WorkLift]) -> Q:
    """The unfinished work that stands under these."""
    found = Q(pk__in=[])
    for lift in raised:
        found |= Q(team=lift.team_id, **({"kind": lift.kind} if lift.kind else {}))
    return found & Q(status__in=WorkItem.UNFINISHED) & ~Q(kind=NEVER)


def first(items: QuerySet[WorkItem], raised: Sequence[WorkLift]) -> QuerySet[WorkItem]:
    """The same work with `rank`: 0 is what is raised, 1 everything else."""
    if not raised:
        return items.annotate(rank=Value(1))
    return items.annotate(rank=Case(When(covers(raised), then=Value(0)), default=Value(1)))
