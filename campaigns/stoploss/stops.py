"""Stopping what does not keep what was agreed, once, and deciding in writing what becomes of it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import transitions
from campaigns.models import Campaign, CampaignPeriod, Stop
from campaigns.stoploss import guardrails, judging, words
from console import approvals, audit, clock, kept_words, roles, work
from console.models import Staff
from console.states import NotAllowed, Stale

ACTION = "campaigns.decide_stop"
KIND = "stop_loss"  # of the work items
DAYS_TO_DECIDE = 3
Status, Cause = Campaign.Status, Stop.Cause


# --- looking -----------------------------------------------------------------------


@transaction.atomic
def look(campaign: Campaign, *, at: dt.datetime) -> Stop | None:
    """Stop it if a guardrail is broken; whoever looks at the same time finds it done."""
    held = _held(campaign)
    found = judging.broken(guardrails.of(held, at=at), least=held.guarded_from)
    if found is None:
        return None
    facts = {"count": found.count, "of": found.of, "most": found.most}
    return _stop(held, found.cause, facts, on=clock.day_of(at))


@transaction.atomic
def judge(campaign: Campaign, *, on: dt.date) -> Stop | None:
    """Stop it if its newest closed periods stayed below what was agreed for long enough.

    For half a year after it was stopped once, one such period is enough.
    """
    held = _held(campaign)
    newest = standing(held)
    _doubt(held, newest, on=on)
    last = held.stops.filter(cause=Cause.ROI, decided_at__isnull=False).first()
    fresh = [one for one in newest if last is None or _is_after(one, last)]
    run = judging.run(judging.Period(one.begins_on, one.is_below) for one in fresh)
    needed = 1 if is_watched(held, on=on) else held.periods_below
    if len(run) < needed:
        return None
    mine = [one for one in fresh if one.begins_on >= run[0].begins_on]
    facts = {"expected": held.expected_roi, "periods": [_told(one) for one in mine]}
    also = {"first_on": mine[0].begins_on, "last_on": mine[-1].begins_on}
    return _stop(held, Cause.ROI, facts, on=on, **also)


def standing(campaign: Campaign) -> list[CampaignPeriod]:
    """What is known now of each closed period in which somebody came in, the oldest first."""
    rows = CampaignPeriod.objects.filter(campaign=campaign, grain=campaign.roi_period)
    newest = rows.order_by("begins_on", "-revision").distinct("begins_on")
    return [one for one in newest if one.treated]


def is_watched(campaign: Campaign, *, on: dt.date) -> bool:
    """Whether it was stopped within the last half year, and goes on since."""
    return campaign.stops.filter(watched_until__gte=on, goes_on=True).exists()


def under_watch(*, on: dt.date) -> QuerySet[Stop]:
    """What waits for a decision, and what goes on and is watched; the former first."""
    goes_on = Q(goes_on=True, watched_until__gte=on)
    rows = Stop.objects.filter(Q(decided_at=None) | goes_on).select_related("campaign")
    return rows.order_by(F("decided_at").asc(nulls_first=True), "-pk")


def _is_after(period: CampaignPeriod, stop: Stop) -> bool:
    """What somebody decided about is not held against it again."""
    return stop.last_on is None or period.begins_on > stop.last_on


def _told(period: CampaignPeriod) -> dict[str, Any]:
    low, high = period.bounds
    return {
        "begins_on": period.begins_on.isoformat(),
        "name": name(period),
        "roi": period.roi,
        "low": low,
        "high": high,
        "may_be_chance": period.may_be_chance,
    }


def name(period: CampaignPeriod) -> str:
    """2018-03, or 2018-W09."""
    if period.grain == Campaign.RoiPeriod.MONTH:
        return f"{period.begins_on:%Y-%m}"
    year, week, _day = period.begins_on.isocalendar()
    return f"{year}-W{week:02}"


def _doubt(campaign: Campaign, newest: list[CampaignPeriod], *, on: dt.date) -> None:
    """Mark an open stop that late data no longer bears out; a person decides all the same."""
    stop = campaign.stops.filter(cause=Cause.ROI, decided_at=None).first()
    if stop is None or stop.first_on is None or stop.last_on is None:
        return
    run = [one for one in newest if stop.first_on <= one.begins_on <= stop.last_on]
    is_borne_out = bool(run) and all(one.is_below for one in run)
    if is_borne_out == (stop.doubted_on is None):
        return
    stop.doubted_on = None if is_borne_out else on
    stop.save(update_fields=["doubted_on"])
    audit.log("stop.borne_out" if is_borne_out else "stop.doubted", stop, on=on)


# --- stopping ----------------------------------------------------------------------


def _stop(
    campaign: Campaign, cause: str, facts: Mapping[str, Any], *, on: dt.date, **also: Any
) -> Stop | None:
    """Stop it and ask for a decision; None where nothing is sent, or one is asked for already."""
    if campaign.status != Status.SENDING or transitions.waits_for_decision(campaign):
        return None
    stop = Stop(campaign=campaign, cause=cause, facts=dict(facts), stopped_on=on, **also)
    stop.watched_until = judging.watched_until(on)
    transitions.halt(campaign, reason=kept_words.each(lambda: words.why(stop)))
    stop.save(force_insert=True)
    stop.work_item = work.give(
        KIND,
        kept_words.each(lambda: _("Decide: does “%(name)s” go on?") % {"name": campaign}),
        on=on,
        why=kept_words.each(lambda: words.why(stop)),
        plan=kept_words.each(
            lambda: _("Read what came of it, and decide in writing: it goes on, or it ends.")
        ),
        subject=stop,
        owner=_manager(campaign),
        team=campaign.team,
        due_on=on + dt.timedelta(days=DAYS_TO_DECIDE),
        once=f"{KIND}:{stop.pk}",
    )
    stop.save(update_fields=["work_item"])
    audit.log("stop.made", stop, cause=cause, campaign=campaign.pk)
    return stop


def _manager(campaign: Campaign) -> Staff | None:
    """Who has to decide: the team's lead, or a manager; never who runs it."""
    may = Staff.objects.filter(is_active=True, role__in=roles.TABLE[ACTION])
    may = may.exclude(pk__in=_runs_it(campaign)).order_by("pk")
    lead = campaign.team.lead_id if campaign.team else None
    managers = may.filter(role=Staff.Role.MANAGER)
    choices: list[QuerySet[Staff]] = [
        may.filter(pk=lead or 0),
        managers.filter(team=campaign.team_id),
        managers,
        may,
    ]
    return next((found for one in choices if (found := one.first())), None)


# --- deciding ----------------------------------------------------------------------


@transaction.atomic
def decide(stop: Stop, *, goes_on: bool, reason: str, by: Staff) -> None:
    """Decide in writing that it goes on, or that it ends for good.

    Raises:
        NotAllowed: the role, who runs it themselves, no reason, or it cannot go on any more.
        Stale: somebody else decided.
    """
    roles.require(by, ACTION)
    campaign = _held(stop.campaign)
    kept = Stop.objects.select_for_update().get(pk=stop.pk)
    if words_ := why_not(kept, by):
        raise (NotAllowed if kept.is_open else Stale)(words_)
    if not reason.strip():
        raise NotAllowed(_("Decide in writing: say why."))
    kept.goes_on, kept.reason, kept.decided_by = goes_on, reason.strip(), by
    kept.decided_at, kept.decided_on = timezone.now(), clock.today()
    kept.save(update_fields=["goes_on", "reason", "decided_by", "decided_at", "decided_on"])
    if goes_on:
        transitions.go_on(campaign)
    elif campaign.status == Status.PAUSED:
        transitions.call_off(campaign)
    if kept.work_item is not None:
        work.settle(kept.work_item, outcome=kept.reason, by=by)
    audit.log("stop.goes_on" if goes_on else "stop.ended", kept, by=by, campaign=campaign.pk)
    stop.refresh_from_db()


def why_not(stop: Stop, staff: Any) -> str:
    """In words, why this person cannot decide now; empty when they can."""
    if not stop.is_open:
        return _("This was decided already.")
    if not roles.allows(staff, ACTION):
        return _("Your role may read this, but not decide it.")
    if staff.pk in _runs_it(stop.campaign):
        return _("You run this campaign yourself, so somebody else has to decide it.")
    return ""


def _runs_it(campaign: Campaign) -> set[int]:
    """Whose it is, and who asked for its approval."""
    asked = approvals.latest_for(campaign)
    found = {campaign.owner_id, asked.requested_by_id if asked else None}
    return {one for one in found if one is not None}


def _held(campaign: Campaign) -> Campaign:
    return (
        Campaign.objects.select_for_update(of=("self",)).select_related("team").get(pk=campaign.pk)
    )
