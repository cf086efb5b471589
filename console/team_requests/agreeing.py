"""Agreeing on impact, effort and priority: one side proposes, the other says yes or counters.

What was agreed stands until both agree on something else; a change by one side reopens it.
"""

import datetime as dt
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from console import kept_words
from console.models import PriorityProposal, RequestSlip, Staff, TeamRequest
from console.states import NotAllowed, Stale
from console.team_requests import dates, keeping, seeing, telling, turns

Side, Status, Holding = seeing.Side, TeamRequest.Status, turns.Holding
AGREED = ("impact", "effort_days", "priority")


@transaction.atomic
def propose(
    request: TeamRequest,
    *,
    impact: int,
    effort_days: Decimal,
    priority: int,
    because: str = "",
    side: str | None = None,
    promised_on: dt.date | None = None,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> PriorityProposal:
    """Say what one side holds it to be; the other side hears of it and answers.

    Against what was agreed it takes a reason, and reopens the agreement. Where the receiving team
    changes the priority and the date with it, `promised_on` moves as a slip that names this change.
    `side` tells for which a team speaks that asks something of itself.

    Raises:
        NotAllowed: of neither team, out of range, nothing new, or no reason.
        Conflict: somebody else changed the request meanwhile.
    """
    keeping.lock(request, edition=edition)
    side = _side(request, by, side)
    may_still = request.status in TeamRequest.OPEN or (
        request.status == Status.DRAFT and side == Side.ASKING
    )
    if not may_still:
        raise NotAllowed(_("Nothing is to be agreed on here any more."))
    proposal = PriorityProposal(
        request=request,
        side=side,
        by=by,
        impact=impact,
        effort_days=effort_days,
        priority=priority,
        because=kept_words.as_kept(because).strip()[:300],
        at=at,
    )
    _require_range(proposal)
    reopens = request.priority is not None
    if reopens:
        _require_news(request, proposal)
    proposal.save(force_insert=True)
    line = {"side": side, **_terms(proposal), "because": because}
    fields = {"is_reopened": True} if reopens else {}
    keeping.write(request, "reopened" if reopens else "proposed", by=by, line=line, **fields)
    if promised_on is not None:
        _slip(request, proposal, promised_on, side=side, was=request.priority, by=by, at=at)
    _pass_on(request, proposal, by=by, at=at, what="reopened" if reopens else "proposed")
    return proposal


@transaction.atomic
def confirm(
    proposal: PriorityProposal,
    *,
    by: Staff,
    at: dt.datetime,
    promised_on: dt.date | None = None,
    edition: int | None = None,
) -> None:
    """The other side says yes to what was proposed; from now on it is agreed.

    The receiving team may move its promise with a priority that the asking team changed.

    Raises:
        NotAllowed: their own side's proposal, of neither team, or agreed already.
        Stale: a newer proposal lies there.
    """
    request = proposal.request
    keeping.lock(request, edition=edition)
    proposal.refresh_from_db()
    newest = request.proposals.last()
    if newest is not None and newest.pk != proposal.pk:
        raise Stale(_("There is a newer proposal; look at that one."))
    if proposal.confirmed_by_id is not None:
        raise NotAllowed(_("Both teams agreed on this already."))
    if request.status not in {Status.DRAFT, *TeamRequest.OPEN}:
        raise NotAllowed(_("Nothing is to be agreed on here any more."))
    side = seeing.other_side(proposal.side)
    if side not in seeing.sides_of(request, by) or by.pk == proposal.by_id:
        raise NotAllowed(_("The other side says yes to this."))
    seeing.require_side(request, by, side)
    was = request.priority
    proposal.confirmed_by, proposal.confirmed_at = by, at
    proposal.save(update_fields=["confirmed_by", "confirmed_at"])
    terms = {name: getattr(proposal, name) for name in AGREED}
    keeping.write(request, "agreed", by=by, line=_terms(proposal), is_reopened=False, **terms)
    if promised_on is not None and promised_on != request.promised_on:
        _slip(request, proposal, promised_on, side=side, was=was, by=by, at=at)
    if request.status in TeamRequest.OPEN:
        turns.give_back(request, by=by, at=at)
    telling.watch(request, by)
    telling.tell(request, "team_request.agreed", by=by, at=at, words=f"P{proposal.priority}")


def open_proposal(request: TeamRequest) -> PriorityProposal | None:
    """What waits for the other side's yes, if something does."""
    newest = request.proposals.last()
    return newest if newest is not None and newest.confirmed_by_id is None else None


def may_confirm(proposal: PriorityProposal, by: Staff) -> bool:
    """Whether this person could say yes to it."""
    side = seeing.other_side(proposal.side)
    return by.pk != proposal.by_id and side in seeing.sides_of(proposal.request, by)


# --- its parts ----------------------------------------------------------------


def _side(request: TeamRequest, by: Staff, side: str | None) -> str:
    """For whom they speak; nobody speaks for a team they are not in, administrators neither."""
    sides = seeing.sides_of(request, by)
    found = side or seeing.side_of(request, by)
    if found is None or found not in sides:
        raise NotAllowed(_("This is for the two teams to agree on."))
    seeing.require_side(request, by, found)
    return found


def _require_range(proposal: PriorityProposal) -> None:
    try:
        proposal.clean_fields(exclude=["request", "by", "confirmed_by", "confirmed_at", "because"])
    except ValidationError as wrong:
        name, words = next(iter(wrong.message_dict.items()))
        label = PriorityProposal._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        raise NotAllowed(_("%(field)s: %(words)s") % {"field": label, "words": words[0]}) from wrong


def _require_news(request: TeamRequest, proposal: PriorityProposal) -> None:
    if not proposal.because:
        raise NotAllowed(_("Both teams agreed already; say why it changes."))
    same = all(getattr(request, name) == getattr(proposal, name) for name in AGREED)
    if same and not request.is_reopened:
        raise NotAllowed(_("Both teams agreed on this already."))


def _slip(
    request: TeamRequest,
    proposal: PriorityProposal,
    to: dt.date,
    *,
    side: str,
    was: int | None,
    by: Staff,
    at: dt.datetime,
) -> None:
    """The date that moves with the priority."""
    if side != Side.RECEIVING or request.status not in TeamRequest.TAKEN:
        raise NotAllowed(_("The receiving team moves what it promised."))
    if was == proposal.priority:
        raise NotAllowed(_("The priority stays, so it moves no date; name another cause."))
    dates.require_day(to, at=at)
    words = kept_words.name(lambda: _("Priority P%(to)d") % {"to": proposal.priority}, most=300)
    dates.slip(
        request,
        to=to,
        cause=RequestSlip.Cause.PRIORITY,
        because=proposal.because or words,
        by=by,
        at=at,
        proposal=proposal,
    )


def _pass_on(
    request: TeamRequest, proposal: PriorityProposal, *, by: Staff, at: dt.datetime, what: str
) -> None:
    """The other side's turn to answer; it hears of it, whoever there was told before."""
    telling.watch(request, by)
    if request.status == Status.DRAFT:
        return
    team = seeing.team_on(request, seeing.other_side(proposal.side))
    note = kept_words.as_kept(proposal.because)
    turns.give(request, team_id=team, holding=Holding.AGREEMENT, by=by, at=at, note=note)
    telling.tell(
        request,
        f"team_request.{what}",
        by=by,
        at=at,
        words=f"P{proposal.priority} {note}".strip(),
        also=telling.who_answers(team),
    )


def _terms(proposal: PriorityProposal) -> dict[str, object]:
    return {name: getattr(proposal, name) for name in AGREED}
