"""Trials of variants and ways: who is part of one, what it came to, and who won."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Min, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns import parting, planning
from campaigns.models import Campaign, Message, Trial, Wave
from campaigns.plans.nodes import Contest, Plan, Split, Step
from campaigns.plans.nodes import Message as MessageStep
from console import audit, clock, kept_words, roles, work
from console.models import Staff
from console.states import NotAllowed

REST = "rest"  # the kind of waves that wait for a winner
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)  # not before somebody won
Status = Campaign.Status


def ways(step: Step) -> list[str]:
    """What one can choose between at a step; nothing at most."""
    match step:
        case MessageStep() if len(step.variants) > 1:
            return [one.key for one in step.variants]
        case Split():
            return [arm.key for arm in step.arms]
        case _plain:
            return []


def contest(step: Step) -> Contest | None:
    """The rule by which a step's winner is found; none where a person chooses or nobody."""
    return step.contest if isinstance(step, MessageStep) else None


def winner(campaign: Campaign, step: str) -> str:
    """Which way everybody gets from now on; empty while there is no winner."""
    found = Trial.objects.filter(campaign=campaign, step=step).values_list("winner", flat=True)
    return found.first() or ""


def tried_on(campaign: Campaign, step: Step, members: BitMap) -> BitMap:
    """Those of them who need not wait for a winner."""
    rule = contest(step)
    if rule is None:
        return members
    trial, _is_new = Trial.objects.get_or_create(campaign=campaign, step=step.key)
    if trial.winner:
        return members
    return parting.tried(campaign, step.key, rule, members)


# --- choosing ---------------------------------------------------------------


@transaction.atomic
def choose(campaign: Campaign, step: str, way: str, *, reason: str, by: Staff) -> Trial:
    """Say by hand who won: from now on everybody who was not written to yet gets it.

    Raises:
        NotAllowed: the role, the team, no reason, nothing to choose, or it is chosen already.
    """
    roles.require(by, "campaigns.run", record=campaign)
    if campaign.status not in {Status.SENDING, Status.PAUSED}:
        raise NotAllowed(_("A winner is chosen while the campaign is under way."))
    if not reason.strip():
        raise NotAllowed(_("Say why."))
    found = planning.of(campaign).by_key.get(step)
    if found is None or way not in ways(found):
        raise NotAllowed(_("There is no such way to choose."))
    Trial.objects.get_or_create(campaign=campaign, step=step)
    fields = {"reason": reason.strip()[:500], "chosen_by": by}
    return _decide(campaign, step, way, Trial.Why.BY_HAND, **fields)


@transaction.atomic
def decide(campaign: Campaign, step: str, way: str, *, why: Trial.Why) -> Trial:
    """Write down whom the rule found."""
    return _decide(campaign, step, way, why)


def _decide(campaign: Campaign, step: str, way: str, why: Trial.Why, **also: Any) -> Trial:
    trial = Trial.objects.select_for_update().get(campaign=campaign, step=step)
    if trial.winner:
        raise NotAllowed(_("The winner is “%(way)s” already.") % {"way": trial.winner})
    trial.winner, trial.why, trial.chosen_at = way, why, clock.now()
    for name, value in also.items():
        setattr(trial, name, value)
    trial.save()
    release(campaign, step)
    line = {"step": step, "way": way, "why": str(why), "reason": trial.reason}
    audit.log("campaign.winner", campaign, by=trial.chosen_by, **line)
    return trial


def release(campaign: Campaign, step: str) -> int:
    """Let those go on who waited for the winner; how many waves.

    Called again it finds those whom somebody put there at the moment of the choice.
    """
    waiting = Wave.objects.filter(campaign=campaign, step=step, kind=REST)
    return waiting.exclude(status=Wave.Status.DONE).update(
        kind=MessageStep.KIND, due_at=Now(), not_before=None
    )


def release_late() -> int:
    """The same for everybody who waits although there is a winner."""
    waiting = Wave.objects.filter(kind=REST).exclude(status=Wave.Status.DONE)
    places = waiting.values_list("campaign", "step").order_by("campaign", "step").distinct()
    won = Trial.objects.exclude(winner="").select_related("campaign")
    by_place = {(one.campaign_id, one.step): one.campaign for one in won} if places else {}
    return sum(release(by_place[place], place[1]) for place in places if place in by_place)


def ask_to_choose(campaign: Campaign, step: str) -> None:
    """A work item for whoever runs it, once: the rule found no winner in time."""
    today = clock.today()
    work.give(
        "trial",
        kept_words.each(lambda: _("Choose the winner of “%(campaign)s”.") % {"campaign": campaign}),
        on=today,
        why=kept_words.each(lambda: _("No variant is surely better, and the others wait for one.")),
        subject=campaign,
        owner=campaign.owner,
        team=campaign.team,
        due_on=today,
        once=f"trial {campaign.pk} {step}",
    )


# --- what it came to ----------------------------------------------------------


def running() -> QuerySet[Trial]:
    """Trials of campaigns under way that have no winner."""
    under_way = (Status.SENDING, Status.PAUSED)
    return Trial.objects.filter(winner="", campaign__status__in=under_way).order_by("pk")


def counting(*, at: dt.datetime) -> QuerySet[Trial]:
    """Trials without a winner to which something can still be added.

    A campaign of one run is over in seconds, and its customers click for days: it is counted
    until the days that count are over, and two more, and once in any case.
    """
    days = ExpressionWrapper(
        (F("campaign__conversion_days") + 2) * Value(dt.timedelta(days=1)),
        output_field=DurationField(),
    )
    is_open = Q(campaign__status__in=(Status.SENDING, Status.PAUSED))
    ends = Q(campaign__finished_at__gt=at - days) | Q(computed_at=None)
    return Trial.objects.filter(is_open | ends, winner="").order_by("pk")


def begin(campaign: Campaign, plan: Plan) -> None:
    """Count what each way comes to, from the start."""
    for step in plan.by_key.values():
        if ways(step):
            Trial.objects.get_or_create(campaign=campaign, step=step.key)


def note(
    trial: Trial,
    tallies: Mapping[str, Any],
    *,
    at: dt.datetime,
    factors: Mapping[str, Any] | None = None,
) -> None:
    """Keep what each way came to; of a trial that was decided meanwhile nothing changes."""
    fields = {"tallies": dict(tallies), "factors": dict(factors or {}), "computed_at": at}
    if Trial.objects.filter(pk=trial.pk, winner="").update(**fields):
        trial.tallies, trial.computed_at = dict(tallies), at


def ends_at(trial: Trial, rule: Contest) -> dt.datetime:
    """When the rule's time is over, from the first message that left."""
    sent = Message.objects.filter(campaign=trial.campaign_id, step=trial.step)
    first = sent.aggregate(first=Min("left_at"))["first"]
    return (first or trial.began_at) + dt.timedelta(hours=rule.hours)


def is_late(trial: Trial, rule: Contest) -> bool:
    """Whether the rule's time is over.

    While no message left although some still may, it goes on; where none can, it is over.
    """
    sent = Message.objects.filter(campaign=trial.campaign_id, step=trial.step)
    if timezone.now() < ends_at(trial, rule):
        return False
    if sent.filter(left_at__isnull=False).exists():
        return True
    to_do = Wave.objects.filter(campaign=trial.campaign_id, step=trial.step, kind="message")
    waits = sent.filter(status__in=(Message.Status.DEFERRED, Message.Status.RETRY))
    return not to_do.exclude(status=Wave.Status.DONE).exists() and not waits.exists()
