"""The promised date: how it moves, by how many working days, and what made it move.

A cause has to be there: a specification that nobody changed is no reason for a slip.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from console import business_hours, clock, kept_words
from console.models import (
    PriorityProposal,
    RequestDependency,
    RequestRevision,
    RequestSlip,
    RequestTurn,
    Staff,
    TeamRequest,
)
from console.states import NotAllowed
from console.team_requests import keeping, seeing, telling, turns

Cause, Side = RequestSlip.Cause, seeing.Side
FURTHEST = dt.timedelta(days=3 * 366)


@transaction.atomic
def promise(
    request: TeamRequest,
    *,
    to: dt.date,
    cause: str,
    because: str,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
    displaced_by: TeamRequest | None = None,
) -> RequestSlip:
    """The receiving team promises another day, and says what made it.

    Raises:
        NotAllowed: not theirs to say, nothing is promised, no reason, or no such cause.
        Conflict: somebody else changed the request meanwhile.
    """
    keeping.lock(request, edition=edition)
    seeing.require_side(request, by, Side.RECEIVING)
    if request.status not in TeamRequest.TAKEN:
        raise NotAllowed(_("Only what was accepted and is not delivered has a promise to move."))
    require_day(to, at=at)
    return slip(
        request,
        to=to,
        cause=cause,
        because=because,
        by=by,
        at=at,
        displaced_by=displaced_by,
        **evidence(request, cause),
    )


def slip(
    request: TeamRequest,
    *,
    to: dt.date,
    cause: str,
    because: str,
    by: Staff,
    at: dt.datetime,
    revision: RequestRevision | None = None,
    proposal: PriorityProposal | None = None,
    displaced_by: TeamRequest | None = None,
) -> RequestSlip:
    """Move the promise of a locked request, and remember by how much and why."""
    was = request.promised_on
    if was is None or was == to:
        raise NotAllowed(_("It is promised for this day already."))
    _require_near(to, at=at)
    if not because.strip():
        raise NotAllowed(_("Say why the date moves."))
    days = business_hours.days_between(was, to)
    kept = RequestSlip.objects.create(
        request=request,
        was=was,
        to=to,
        days=days,
        cause=cause,
        because=kept_words.as_kept(because).strip()[:300],
        by=by,
        at=at,
        revision=revision,
        proposal=proposal,
        displaced_by=displaced_by,
    )
    line = {"was": was, "to": to, "days": days, "cause": cause}
    keeping.write(request, "slipped", by=by, line=line, promised_on=to)
    words = kept_words.name(lambda: f"{was} → {to}: {kept.get_cause_display()}")
    telling.tell(request, "team_request.slipped", by=by, at=at, words=words)
    waiting = RequestDependency.objects.filter(
        needs=request, waived_by=None, request__status__in=TeamRequest.OPEN
    )
    for other in TeamRequest.objects.filter(pk__in=waiting.values("request")):
        telling.tell(other, "team_request.need_slipped", by=by, at=at)
    return kept


def require_day(promised: dt.date, *, at: dt.datetime) -> None:
    """Raises NotAllowed: the day is over, or so far away that nobody means it."""
    if promised < clock.day_of(at):
        raise NotAllowed(_("A day that is over cannot be promised."))
    _require_near(promised, at=at)


def _require_near(promised: dt.date, *, at: dt.datetime) -> None:
    if promised > clock.day_of(at) + FURTHEST:
        raise NotAllowed(_("Promise a day within three years."))


def evidence(request: TeamRequest, cause: str) -> dict[str, Any]:
    """What shows that the cause is there, as fields of the slip.

    Raises:
        NotAllowed: there is no such cause, or nothing of the kind happened.
    """
    if cause not in Cause.values:
        raise NotAllowed(_("Say what made the date move."))
    if cause == Cause.SPEC:
        revision = request.revisions.filter(after_yes=True).last()
        if revision is None:
            raise NotAllowed(_("Nobody changed the specification since it was accepted."))
        return {"revision": revision}
    if cause == Cause.PRIORITY:
        proposal = _other_priority(request)
        if proposal is None:
            raise NotAllowed(_("Nobody changed the priority; propose another one first."))
        return {"proposal": proposal}
    if cause == Cause.DEPENDENCY and not RequestDependency.objects.filter(request=request).exists():
        raise NotAllowed(_("It waits for no other request; name that one first."))
    others = RequestTurn.objects.filter(request=request, since__date__gte=request.accepted_on)
    others = others.exclude(team=request.to_team_id)
    if cause == Cause.ANSWER and not others.exists():
        raise NotAllowed(_("No other team held it, so nobody was waited for."))
    return {}


def _other_priority(request: TeamRequest) -> PriorityProposal | None:
    """The newest proposal of another priority than the one that was agreed on first."""
    first = request.proposals.filter(confirmed_by__isnull=False).first()
    if first is None:
        return None
    return request.proposals.filter(pk__gt=first.pk).exclude(priority=first.priority).last()


# --- looking ------------------------------------------------------------------


def slipped_days(request: TeamRequest) -> int:
    """Working days between what was promised first and what is promised now."""
    if request.first_promised_on is None or request.promised_on is None:
        return 0
    return business_hours.days_between(request.first_promised_on, request.promised_on)


def days_by_cause(request: TeamRequest) -> dict[str, int]:
    """How many working days each cause moved the promise."""
    found: dict[str, int] = {}
    for one in request.slips.all():
        found[one.cause] = found.get(one.cause, 0) + one.days
    return found


def due_by_clock(request: TeamRequest, *, at: dt.datetime) -> dt.date | None:
    """The promise by the receiving team's own clock: later by the days that others held it.

    It counts from when the promise was made or moved last: moving it took account of the rest.
    """
    if request.promised_on is None or request.accepted_on is None:
        return None
    zone = clock.zone()
    last = request.slips.last()
    since = last.at if last else dt.datetime.combine(request.accepted_on, dt.time(), zone)
    waited = turns.waited_days(
        list(request.turns.all()), team_id=request.to_team_id, since=since, at=at, zone=zone
    )
    return business_hours.later_by(request.promised_on, waited)
