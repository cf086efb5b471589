"""Asking for money for a budget, from another one or new; somebody else decides."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from console import approvals, audit, budgets, figures, ledger, roles
from console.approvals import Facts
from console.models import Approval, Budget, BudgetRule, Staff, Transfer
from console.states import NotAllowed


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
    _require_sense(target, source, because)
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
    audit.log("transfer.asked", transfer, by=by, amount=amount)
    return approvals.request(
        transfer,
        by=by,
        summary={
            "amount": figures.money(amount, target.currency),
            "because": transfer.because,
            "evidence": dict(evidence),
        },
        facts=Facts(amount_minor=amount, has_precedent=bool(evidence["rows"])),
    )


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
