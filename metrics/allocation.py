"""Proposals to move some money to where it brings more, and the decisions of people.

People accept or dismiss; an accepted move between budgets asks for its approval.
"""

import datetime as dt
from collections.abc import Iterable

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.outcomes import evidence
from console import audit, clock, figures, kept_words, roles, states, transfers, work
from console.models import Approval, Budget, Staff, Transfer
from console.states import NotAllowed
from metrics import outlooks
from metrics.models import Proposal
from metrics.outlooks import Outlook
from metrics.stats.reallocation import Move

VIEW, DECIDE = "allocation.view", "allocation.decide"
KIND = "allocation"  # of the work items
DAYS_TO_DECIDE = 14
Dimension = Proposal.Dimension
Status = Proposal.Status


@transaction.atomic
def look(*, at: dt.datetime) -> int:
    """Propose what gains for almost certain; how many proposals are new.

    One that is open is told with the newest numbers; what no longer gains is taken back. What
    somebody decided, either way, is proposed again only when another campaign or month has
    something to say: a move that was made has not shown yet what it brought.
    """
    list(Proposal.objects.select_for_update().filter(status=Status.OPEN))  # two at once: in turn
    made, seen = 0, set[int]()
    for dimension in Dimension.values:
        found = outlooks.outlook(dimension, at=at)
        for move in found.moves:
            proposal, is_new = _propose(found, move, at)
            made += is_new
            if proposal is not None:
                seen.add(proposal.pk)
    for gone in Proposal.objects.filter(status=Status.OPEN).exclude(pk__in=seen):
        states.move(gone, to=Status.OUTDATED)
        _settle(gone, by=None)
    return made


@transaction.atomic
def accept(
    proposal: Proposal,
    *,
    by: Staff,
    because: str,
    on: dt.date,
    at: dt.datetime,
    source: Budget | None = None,
    target: Budget | None = None,
    amount: int | None = None,
) -> Approval | None:
    """Decide for it: with two budgets, ask for the transfer, which somebody else approves.

    Without them it is a decision that was written down, for money that no budget here holds.

    Raises:
        NotAllowed: the role, no reason, one budget only, or more than was proposed.
        BudgetExceeded: the budget that gives does not have it.
    """
    kept = _decided(proposal, by=by, because=because)
    asked = None
    if (source is None) != (target is None):
        raise NotAllowed(_("Choose both budgets, or neither."))
    if source is not None and target is not None:
        moved = kept.amount_minor if amount is None else amount
        if not 0 < moved <= kept.amount_minor:
            raise NotAllowed(_("Move no more than was proposed."))
        key = f"proposal:{kept.pk}"
        asked = transfers.ask(
            target,
            moved,
            source=source,
            because=because,
            evidence=evidence.of_team(target.team, at=at),
            key=key,
            on=on,
            by=by,
        )
        kept.transfer = Transfer.objects.get(asked_by=by, key=key)
    _close(kept, Status.ACCEPTED, by=by, because=because, at=at)
    proposal.refresh_from_db()
    return asked


@transaction.atomic
def dismiss(proposal: Proposal, *, by: Staff, because: str, at: dt.datetime) -> None:
    """Decide against it, with the reason.

    Raises:
        NotAllowed: the role, or no reason.
    """
    kept = _decided(proposal, by=by, because=because)
    _close(kept, Status.DISMISSED, by=by, because=because, at=at)
    proposal.refresh_from_db()


def asked_for(proposals: Iterable[Proposal]) -> dict[int, Approval]:
    """Where the transfers of accepted proposals stand, by the proposal's number."""
    transfers_of = {one.transfer_id: one.pk for one in proposals if one.transfer_id}
    kind = ContentType.objects.get_for_model(Transfer)
    asked = Approval.objects.filter(subject_type=kind, subject_id__in=list(transfers_of))
    return {transfers_of[one.subject_id]: one for one in asked.order_by("pk")}


def _decided(proposal: Proposal, *, by: Staff, because: str) -> Proposal:
    roles.require(by, DECIDE)
    if not because.strip():
        raise NotAllowed(_("Say why; others will ask."))
    return Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)


def _close(kept: Proposal, to: str, *, by: Staff, because: str, at: dt.datetime) -> None:
    said = because.strip()[:300]
    also = {"decided_by": by, "decided_at": at, "because": said, "transfer": kept.transfer}
    states.move(kept, to=to, line={"because": said, "amount": kept.amount_minor}, **also)
    _settle(kept, by=by)


def _propose(found: Outlook, move: Move, at: dt.datetime) -> tuple[Proposal | None, bool]:
    basis = sorted({*found.basis[move.source], *found.basis[move.target]})
    decided = Proposal.objects.filter(
        dimension=found.dimension,
        source=move.source,
        target=move.target,
        status__in=(Status.ACCEPTED, Status.DISMISSED),
    ).first()
    if decided is not None and decided.basis == basis:
        return None, False
    proposal, is_new = Proposal.objects.update_or_create(
        dimension=found.dimension,
        source=move.source,
        target=move.target,
        status=Status.OPEN,
        defaults={
            "source_name": found.names[move.source][:200],
            "target_name": found.names[move.target][:200],
            "amount_minor": move.amount,
            "gain_minor": round(move.gain.middle),
            "gain_low_minor": round(move.gain.low),
            "gain_high_minor": round(move.gain.high),
            "sure": move.gain.sure,
            "basis": basis,
            "made_at": at,
        },
    )
    if is_new:
        audit.log("proposal.made", proposal, amount=move.amount, sure=round(move.gain.sure, 3))
        _tell(proposal, on=clock.day_of(at))
    return proposal, is_new


# --- whose work it is -------------------------------------------------------------


def _tell(proposal: Proposal, *, on: dt.date) -> None:
    """Work for a manager: what gains for almost certain waits for a decision."""
    work.give(
        KIND,
        kept_words.each(
            lambda: _("Decide: move money from “%(source)s” to “%(target)s”?") % _said(proposal)
        ),
        on=on,
        why=kept_words.each(lambda: _why(proposal) % _said(proposal)),
        plan=kept_words.each(lambda: _("Accept it or dismiss it on “Allocation”, with a reason.")),
        subject=proposal,
        owner=_manager(proposal),
        due_on=on + dt.timedelta(days=DAYS_TO_DECIDE),
        once=f"{KIND}:{proposal.pk}",
    )


def _why(proposal: Proposal) -> str:
    if proposal.dimension == Dimension.SOURCE:
        return _(
            "%(amount)s a month would bring %(gain)s more there (%(low)s to %(high)s), as far as "
            "attribution tells: it has no control."
        )
    return _("%(amount)s would bring %(gain)s more there (%(low)s to %(high)s).")


def _said(proposal: Proposal) -> dict[str, str]:
    currency = clock.project().currency
    amounts = {
        "amount": proposal.amount_minor,
        "gain": proposal.gain_minor,
        "low": proposal.gain_low_minor,
        "high": proposal.gain_high_minor,
    }
    names = {
        "source": kept_words.said(proposal.source_name),
        "target": kept_words.said(proposal.target_name),
    }
    return names | {name: figures.money(value, currency) for name, value in amounts.items()}


def _manager(proposal: Proposal) -> Staff | None:
    """Of the team whose budget would give, or else of any; who decides may hand it over."""
    may = Staff.objects.filter(is_active=True, role__in=roles.TABLE[DECIDE]).order_by("pk")
    managers = may.filter(role=Staff.Role.MANAGER)
    teams = Budget.objects.none()
    if proposal.dimension == Dimension.BUDGET:
        teams = Budget.objects.filter(pk=int(proposal.source))
    choices = (managers.filter(team__in=teams.values("team")), managers, may)
    return next((found for one in choices if (found := one.first())), None)


def _settle(proposal: Proposal, *, by: Staff | None) -> None:
    for item in work.about(proposal).filter(kind=KIND):
        work.settle(
            item, outcome=kept_words.each(lambda: str(proposal.get_status_display())), by=by
        )
