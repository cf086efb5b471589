"""Money for things that have no approval of their own, such as a fair: never one pair of eyes.

Whoever needs it sets it aside, with what past campaigns brought; somebody else's yes commits it.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from console import approvals, audit, budgets, figures, ledger, roles
from console.approvals import Facts
from console.models import Approval, Budget, Outlay, Staff
from console.states import NotAllowed


@transaction.atomic
def ask(
    budget: Budget,
    amount: int,
    *,
    subject: models.Model,
    because: str,
    evidence: Mapping[str, Any] | None,
    key: str,
    on: dt.date,
    by: Staff,
) -> Outlay:
    """Set so much aside for a thing, and ask for the yes with which it may be spent.

    The policy is found by all that the thing would have then, so that nothing is had in parts.

    Raises:
        NotAllowed: the role or the team, no evidence, the day, or something waits already.
        BudgetExceeded: so much is not available.
    """
    roles.require(by, budgets.SPEND, record=budget)
    if evidence is None or "rows" not in evidence:
        raise NotAllowed(_("Attach what past campaigns brought; without it nobody can decide."))
    kept = ledger.lock(budget)
    held = ledger.reservation(kept, subject)
    if known := Outlay.objects.filter(budget=kept, key=key).first():
        if (known.amount_minor, known.reservation_id) != (amount, held.pk):
            raise NotAllowed(_("This key was used for another movement of money."))
        return known
    if _waiting(held.outlays.all()):
        raise NotAllowed(_("A decision about this is pending already."))
    budgets.reserve(kept, amount, subject=subject, key=key, on=on, by=by)
    outlay = Outlay.objects.create(
        budget=kept,
        reservation=held,
        amount_minor=amount,
        because=because.strip()[:300],
        asked_by=by,
        asked_on=on,
        key=key,
    )
    audit.log("outlay.asked", outlay, by=by, amount=amount)
    summary = {
        "amount": figures.money(amount, kept.currency),
        "because": outlay.because or held.title,
        "evidence": dict(evidence),
    }
    together = amount + held.committed_minor + held.spent_minor
    facts = Facts(amount_minor=together, has_precedent=bool(evidence["rows"]))
    approvals.request(outlay, by=by, summary=summary, facts=facts)
    return outlay


@transaction.atomic
def release(budget: Budget, *, subject: models.Model, key: str, on: dt.date, by: Staff) -> int:
    """Give back all that was set aside for the thing; what waits for a yes waits no more."""
    roles.require(by, budgets.SPEND, record=budget)
    mine = Outlay.objects.filter(reservation=ledger.reservation(budget, subject))
    for pending in _waiting(mine):
        approvals.withdraw(pending, by=by)
    return budgets.release(budget, subject=subject, key=key, on=on, by=by)


def approval_of(outlay: Outlay) -> Approval | None:
    """Where it stands."""
    return approvals.latest_for(outlay)


def _waiting(outlays: models.QuerySet[Outlay]) -> list[Approval]:
    found = (approvals.pending_for(one) for one in outlays.select_for_update(no_key=True))
    return [one for one in found if one is not None]
