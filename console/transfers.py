"""Asking for money for a budget, from another one or new; somebody else decides.

What a team asked for lately counts together, so that a policy's amount cannot be walked around in
small steps. What would come from another team's budget is told to that team, which may refuse, and
is reserved there for a week at most.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from console import approvals, audit, budgets, figures, kept_words, ledger, roles, work
from console.approvals import Facts
from console.models import Approval, Budget, BudgetRule, Staff, Transfer
from console.states import NotAllowed

COUNTED_TOGETHER = dt.timedelta(days=30)
RESERVED_FOR = dt.timedelta(days=7)
KIND = "transfer"  # of the work items
COUNT = (Approval.Status.PENDING, Approval.Status.APPROVED)


@transaction.atomic
def ask(
    target: Budget,
    amount: int,
    *,
    source: Budget | None,
    because: str,
    evidence: Mapping[str, Any] | None,
    key: str,
    on: dt.date,
    by: Staff,
) -> Approval:
    """Ask for money; from another budget, it is reserved there until somebody has decided.

    The policy is found by this amount and all that the team asked for in the last 30 days.

    The evidence is what past campaigns brought, as `campaigns.outcomes.evidence.of_team` finds
    it; without any rows it says that there is no precedent.

    Raises:
        NotAllowed: the role or the team, no reason, no evidence, other currencies, or a rule that
            says stop.
        BudgetExceeded: the other budget does not have it.
    """
    roles.require(by, budgets.ASK, record=target)
    if known := Transfer.objects.filter(asked_by=by, key=key).first():
        return _again(known, target, amount, source)
    if evidence is None or "rows" not in evidence:
        raise NotAllowed(_("Attach what past campaigns brought; without it nobody can decide."))
    target, source = _held(target, source)
    _require_sense(target, source, because)
    together = amount + _lately(target, on)
    transfer = Transfer(
        source=source,
        target=target,
        amount_minor=amount,
        because=because.strip(),
        asked_by=by,
        asked_on=on,
        key=key,
    )
    ledger.require_amount(amount)
    transfer.save(force_insert=True)
    if source is not None:
        budgets.reserve(
            source, amount, subject=transfer, key=f"transfer:{transfer.pk}:ask", on=on, by=by
        )
    audit.log("transfer.asked", transfer, by=by, amount=amount, together=together)
    approval = approvals.request(
        transfer,
        by=by,
        summary=_summary(transfer, together) | {"evidence": dict(evidence)},
        facts=Facts(amount_minor=together, has_precedent=bool(evidence["rows"])),
        within=RESERVED_FOR if source is not None else None,
    )
    if source is not None and source.team_id != target.team_id:
        _tell(transfer, source, by=by)
    return approval


@transaction.atomic
def refuse(transfer: Transfer, *, because: str, by: Staff) -> None:
    """Keep the money: by whoever looks after the budget that it would come from.

    Raises:
        NotAllowed: the role or the team, no reason, or it is new money.
        Stale: decided already.
    """
    pending = approvals.pending_for(transfer)
    if transfer.source is None or pending is None:
        raise NotAllowed(_("This was decided already."))
    roles.require(by, budgets.CHANGE, record=transfer.source)
    approvals.refuse(pending, by=by, comment=because)
    audit.log("transfer.refused", transfer, by=by, because=because.strip())


def may_refuse(transfer: Transfer, staff: Any) -> bool:
    """Whether it is this person's budget that would give the money."""
    source = transfer.source
    return source is not None and roles.may_change(staff, source, budgets.CHANGE)


def close_work() -> int:
    """Close the work of askings that were decided; how many."""
    open_ = work.unfinished().filter(kind=KIND)
    found = {int(item.once.partition(":")[2]): item for item in open_}
    asked = Approval.objects.filter(subject_type=_kind(), subject_id__in=found)
    over = asked.exclude(status=Approval.Status.PENDING)
    for approval in over:
        work.settle(found[approval.subject_id], outcome=_state(approval), by=None)
    return len(over)


def _state(approval: Approval) -> str:
    return kept_words.each(lambda: str(approval.get_status_display()))


@transaction.atomic
def withdraw(transfer: Transfer, *, by: Staff, on: dt.date) -> None:
    """Take the asking back; what was reserved for it is available again."""
    kept = Transfer.objects.select_for_update(of=("self",), no_key=True).get(pk=transfer.pk)
    if kept.asked_by_id != by.pk:
        raise NotAllowed(_("Only who asked takes it back."))
    pending = approvals.pending_for(kept)
    if pending is None:
        raise NotAllowed(_("This was decided already."))
    approvals.withdraw(pending, by=by)
    if kept.source is not None:
        budgets.release(kept.source, subject=kept, key=f"transfer:{kept.pk}:withdraw", on=on, by=by)


def _held(target: Budget, source: Budget | None) -> tuple[Budget, Budget | None]:
    """Both as they are until the end of the transaction, in the order in which everybody locks."""
    wanted = {one.pk: one for one in (target, source) if one is not None}
    held = {pk: ledger.lock(wanted[pk]) for pk in sorted(wanted)}
    return held[target.pk], held[source.pk] if source is not None else None


def _lately(target: Budget, on: dt.date) -> int:
    """What was asked for the team's budgets in the last 30 days, and nobody refused."""
    asked = Approval.objects.filter(subject_type=_kind(), status__in=COUNT)
    same = Transfer.objects.filter(
        target__team=target.team_id,
        target__currency=target.currency,
        asked_on__gt=on - COUNTED_TOGETHER,
        pk__in=asked.values("subject_id"),
    )
    return same.aggregate(all=Sum("amount_minor"))["all"] or 0


def _summary(transfer: Transfer, together: int) -> dict[str, Any]:
    """What whoever decides reads first."""
    amount, currency = transfer.amount_minor, transfer.target.currency
    said = {"amount": _money(amount, currency), "because": transfer.because}
    more = {"together": _money(together, currency)} if together > amount else {}
    return said | more


def _money(minor: int, currency: str) -> str:
    return kept_words.each(lambda: figures.money(minor, currency))


def _tell(transfer: Transfer, source: Budget, *, by: Staff) -> None:
    """Work for the team whose money it is, until somebody has decided."""
    work.give(
        KIND,
        kept_words.each(
            lambda: (
                _("“%(target)s” asks for %(amount)s of “%(source)s”")
                % {
                    "target": transfer.target,
                    "amount": figures.money(transfer.amount_minor, source.currency),
                    "source": source,
                }
            )
        ),
        on=transfer.asked_on,
        why=transfer.because,
        plan=kept_words.each(
            lambda: _("It is reserved until then. On the budget's page you can refuse it.")
        ),
        subject=source,
        team=source.team,
        due_on=transfer.asked_on + RESERVED_FOR,
        once=f"{KIND}:{transfer.pk}",
        by=by,
    )


def _kind() -> ContentType:
    return ContentType.objects.get_for_model(Transfer)


def _require_sense(target: Budget, source: Budget | None, because: str) -> None:
    if not because.strip():
        raise NotAllowed(_("Say what the money is for."))
    if source is None and target.rule.over != BudgetRule.Over.ASK:
        raise NotAllowed(_("This budget takes no new money: choose the budget that it comes from."))
    if source is not None and source.pk == target.pk:
        raise NotAllowed(_("Choose another budget."))
    if source is not None and source.currency != target.currency:
        raise NotAllowed(_("The budgets are in different currencies."))
    if target.archived_at is not None:
        raise NotAllowed(_("The budget “%(budget)s” is archived.") % {"budget": target})


def _again(known: Transfer, target: Budget, amount: int, source: Budget | None) -> Approval:
    same = (known.target_id, known.amount_minor, known.source_id)
    approval = approvals.latest_for(known)
    if same != (target.pk, amount, source.pk if source else None) or approval is None:
        raise NotAllowed(_("This key was used for another movement of money."))
    return approval
