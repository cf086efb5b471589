"""Budgets: putting money in, setting it aside, committing it, spending no more than that.

A movement has a key: sent twice, it moves once. What the money is for can be any record.
"""

import datetime as dt
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console import audit, ledger, roles
from console import seen as marks
from console.ledger import BudgetExceeded
from console.models import (
    Approval,
    Budget,
    BudgetEntry,
    BudgetRule,
    Project,
    Staff,
    Team,
    Transfer,
)
from console.states import NotAllowed, Stale

VIEW, CHANGE = "budgets.view", "budgets.change"
FUND, SPEND, ASK = "budgets.fund", "budgets.spend", "budgets.ask"
EDITABLE = ("name", "purpose", "since", "until")
Kind = BudgetEntry.Kind
__all__ = ["BudgetExceeded"]  # for those who catch it


class Deed(TypedDict):
    """What every movement for a thing has to be told."""

    subject: models.Model
    key: str
    on: dt.date
    by: NotRequired[Staff | None]


@dataclass(frozen=True)
class Room:
    """Whether an amount would find its money, before anything is moved."""

    available_minor: int
    short_minor: int  # nothing: it reaches
    is_open: bool  # the day is in the budget's period, and the budget not archived
    left_share: float  # of the whole, if the amount were reserved
    warns: bool
    may_ask: bool


# --- budgets and their rules --------------------------------------------------


@transaction.atomic
def make(
    *,
    name: str,
    team: Team,
    since: dt.date,
    until: dt.date,
    by: Staff,
    purpose: str = "",
    over: str = BudgetRule.Over.STOP,
    warn_share: float = 0.2,
) -> Budget:
    """A new budget without money, in the project's currency.

    Raises:
        NotAllowed: the role or the team, no name, a period that ends before it begins.
    """
    budget = Budget(
        name=name.strip(),
        purpose=purpose.strip(),
        team=team,
        since=since,
        until=until,
        currency=Project.objects.get(pk=1).currency,
        created_by=by,
    )
    roles.require(by, CHANGE, record=budget)
    _require_sense(budget)
    budget.save(force_insert=True)
    _require_share(warn_share)
    BudgetRule.objects.create(budget=budget, number=1, over=over, warn_share=warn_share, by=by)
    audit.log("budget.made", budget, by=by, since=since, until=until, over=over)
    return budget


@transaction.atomic
def edit(
    budget: Budget,
    *,
    by: Staff,
    name: str,
    purpose: str,
    since: dt.date,
    until: dt.date,
    seen: str = "",
) -> None:
    """Other words or another period; what is in it moves by the ledger alone.

    Raises:
        NotAllowed: the role or the team, no name, a period that ends before it begins.
        Stale: somebody else changed it since it was `seen`.
    """
    kept = ledger.lock(budget)
    roles.require(by, CHANGE, record=kept)
    marks.require(kept, EDITABLE, seen)
    was = {"name": kept.name, "since": kept.since, "until": kept.until}
    kept.since, kept.until = since, until
    for field, words in (("name", name.strip()), ("purpose", purpose.strip())):
        if words != str(getattr(kept, field)):  # a name that ships has a half in each language
            setattr(kept, field, words)
    _require_sense(kept)
    kept.save(update_fields=["name", "purpose", "since", "until"])
    audit.log("budget.changed", kept, by=by, was=was, since=since, until=until)


@transaction.atomic
def set_rule(
    budget: Budget, *, by: Staff, over: str, warn_share: float, because: str, seen: int
) -> BudgetRule:
    """Another rule from now on; each entry names the version under which it was made.

    Raises:
        NotAllowed: the role or the team, no reason, a share that is none.
        Stale: somebody else set another one since `seen`.
    """
    kept = ledger.lock(budget)
    roles.require(by, CHANGE, record=kept)
    if not because.strip():
        raise NotAllowed(_("Say why the rule changes."))
    if kept.rule.number != seen:
        raise Stale(_("Somebody else changed the rule; load the page again."))
    _require_share(warn_share)
    rule = BudgetRule.objects.create(
        budget=kept,
        number=seen + 1,
        over=over,
        warn_share=warn_share,
        because=because.strip(),
        by=by,
    )
    audit.log("budget.rule", kept, by=by, version=rule.number, over=over, because=because)
    return rule


@transaction.atomic
def archive(budget: Budget, *, by: Staff) -> None:
    """Put it away; what is still reserved or committed has to be settled first."""
    kept = ledger.lock(budget)
    roles.require(by, CHANGE, record=kept)
    if kept.archived_at:
        raise Stale(_("This is archived already."))
    if kept.reserved_minor or kept.committed_minor:
        raise NotAllowed(_("Money is still reserved or committed; release it first."))
    if _is_asked_for(kept):  # a yes would bring it where nobody can use it
        raise NotAllowed(_("More money was asked for already; it waits for a decision."))
    kept.archived_at = timezone.now()
    kept.save(update_fields=["archived_at"])
    audit.log("budget.archived", kept, by=by)


@transaction.atomic
def restore(budget: Budget, *, by: Staff) -> None:
    """Take it out again: what was left in it may be used as before, within its period."""
    kept = ledger.lock(budget)
    roles.require(by, CHANGE, record=kept)
    if kept.archived_at is None:
        raise Stale(_("This is in use already."))
    kept.archived_at = None
    kept.save(update_fields=["archived_at"])
    audit.log("budget.restored", kept, by=by)


def _is_asked_for(budget: Budget) -> bool:
    """Whether somebody has still to decide about money for it."""
    asked = Approval.objects.filter(
        subject_type=ContentType.objects.get_for_model(Transfer),
        subject_id__in=Transfer.objects.filter(target=budget).values("pk"),
        status=Approval.Status.PENDING,
    )
    return asked.exists()


# --- money in and out ---------------------------------------------------------


@transaction.atomic
def fund(
    budget: Budget, amount: int, *, key: str, on: dt.date, by: Staff, because: str = ""
) -> BudgetEntry:
    """Put money in; under the same key only once."""
    kept = ledger.lock(budget)
    roles.require(by, FUND, record=kept)
    ledger.require_open(kept)
    return ledger.move(kept, Kind.FUND, amount, key=key, on=on, by=by, because=because)


@transaction.atomic
def reduce(
    budget: Budget, amount: int, *, key: str, on: dt.date, by: Staff, because: str
) -> BudgetEntry:
    """Take out what is available, with the reason."""
    kept = ledger.lock(budget)
    roles.require(by, FUND, record=kept)
    if not because.strip():
        raise NotAllowed(_("Say why money is taken out."))
    return ledger.move(kept, Kind.REDUCE, amount, key=key, on=on, by=by, because=because)


# --- for one thing ------------------------------------------------------------


@transaction.atomic
def reserve(
    budget: Budget,
    amount: int,
    *,
    subject: models.Model,
    key: str,
    on: dt.date,
    by: Staff | None = None,
) -> BudgetEntry:
    """Set money aside for a thing that waits for its approval.

    Raises:
        BudgetExceeded: so much is not available.
        NotAllowed: the day is outside the budget's period, or the key meant something else.
    """
    kept = ledger.lock(budget)
    ledger.require_open(kept)
    if not kept.since <= on <= kept.until:
        raise NotAllowed(_("The budget “%(budget)s” is not for this day.") % {"budget": kept})
    return ledger.move(kept, Kind.RESERVE, amount, subject=subject, key=key, on=on, by=by)


@transaction.atomic
def commit(
    budget: Budget,
    amount: int | None = None,
    *,
    subject: models.Model,
    key: str,
    on: dt.date,
    by: Staff | None = None,
) -> BudgetEntry:
    """What was reserved for it is approved, and may be spent; without an amount, all of it.

    Raises:
        BudgetExceeded: so much was not reserved.
    """
    kept = ledger.lock(budget)
    return ledger.move(kept, Kind.COMMIT, amount, subject=subject, key=key, on=on, by=by)


@transaction.atomic
def release(
    budget: Budget,
    *,
    subject: models.Model,
    key: str,
    on: dt.date,
    by: Staff | None = None,
) -> int:
    """Give back all that was reserved or committed for it and not spent; how much that was."""
    kept = ledger.lock(budget)
    both = {Kind.RELEASE, Kind.UNSPENT}
    done = ledger.known(kept, key, both, subject)
    if done:
        return sum(one.amount_minor for one in done)
    held, back = ledger.reservation(kept, subject), 0
    for kind, amount in ((Kind.RELEASE, held.reserved_minor), (Kind.UNSPENT, held.committed_minor)):
        if amount:
            entry = ledger.move(
                kept, kind, amount, subject=subject, key=key, on=on, by=by, beside=both
            )
            back += entry.amount_minor
    return back


@transaction.atomic
def give_up(
    budget: Budget,
    amount: int,
    *,
    subject: models.Model,
    key: str,
    on: dt.date,
    by: Staff | None = None,
) -> BudgetEntry:
    """So much of what was reserved for it is not wanted after all; the rest stays as it is."""
    kept = ledger.lock(budget)
    return ledger.move(kept, Kind.RELEASE, amount, subject=subject, key=key, on=on, by=by)


@transaction.atomic
def spend_up_to(
    budget: Budget,
    amount: int,
    *,
    subject: models.Model,
    key: str,
    on: dt.date,
    by: Staff | None = None,
) -> int:
    """Spend so much, or what is left of what was committed for it; how much it was.

    However many ask at once, together they get what was committed and not a fen more.
    """
    kept = ledger.lock(budget)
    if done := ledger.known(kept, key, {Kind.SPEND}, subject, asked=amount):
        return done[0].amount_minor
    granted = min(amount, ledger.reservation(kept, subject).committed_minor)
    if granted <= 0:
        return 0
    ledger.move(kept, Kind.SPEND, granted, subject=subject, key=key, on=on, by=by, asked=amount)
    return granted


@transaction.atomic
def spend(
    budget: Budget,
    amount: int,
    *,
    subject: models.Model,
    key: str,
    on: dt.date,
    by: Staff | None = None,
) -> BudgetEntry:
    """Spend exactly so much of what was committed for it.

    Raises:
        BudgetExceeded: so much is not left.
    """
    return ledger.move(
        ledger.lock(budget), Kind.SPEND, amount, subject=subject, key=key, on=on, by=by
    )


@transaction.atomic
def refund(
    budget: Budget,
    amount: int,
    *,
    subject: models.Model,
    key: str,
    on: dt.date,
    by: Staff | None = None,
) -> BudgetEntry:
    """It was not spent after all, such as for a message that did not leave."""
    return ledger.move(
        ledger.lock(budget), Kind.REFUND, amount, subject=subject, key=key, on=on, by=by
    )


# --- looking ------------------------------------------------------------------


def room(budget: Budget, amount: int, *, on: dt.date) -> Room:
    """What reserving the amount would meet; nothing is moved, so it may be gone a moment later."""
    left = budget.available_minor - amount
    share = left / budget.total_minor if budget.total_minor else 0.0
    return Room(
        available_minor=budget.available_minor,
        short_minor=max(0, -left),
        is_open=budget.archived_at is None and budget.since <= on <= budget.until,
        left_share=share,
        warns=share < budget.rule.warn_share,
        may_ask=budget.rule.over == BudgetRule.Over.ASK,
    )


def is_low(budget: Budget) -> bool:
    """Whether less is available than the rule in force wants to be told of."""
    return room(budget, 0, on=budget.since).warns and budget.total_minor > 0


def _require_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise NotAllowed(_("Write a share from 0 to 100 percent."))


def _require_sense(budget: Budget) -> None:
    if not budget.name:
        raise NotAllowed(_("Give it a name."))
    if budget.until < budget.since:
        raise NotAllowed(_("The period ends before it begins."))
