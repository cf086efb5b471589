"""The ledger's pen: one row a movement, which nobody changes, under the budget's lock.

The database adds each row to the balances, which it lets nobody else write and never lets below
nothing. What is refused in words here is refused there again.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext as _

from console import audit, figures, kept_words
from console.models import Budget, BudgetEntry, BudgetRule, Reservation, Staff
from console.states import NotAllowed

MOST_MINOR = 10**15
LONGEST_KEY = 200
Kind = BudgetEntry.Kind
# Which balance of the budget, or of the thing's own, a kind takes from.
FROM = {
    Kind.REDUCE: "available_minor",
    Kind.RESERVE: "available_minor",
    Kind.COMMIT: "reserved_minor",
    Kind.RELEASE: "reserved_minor",
    Kind.UNSPENT: "committed_minor",
    Kind.SPEND: "committed_minor",
    Kind.REFUND: "spent_minor",
}
QUIET = {Kind.SPEND, Kind.REFUND}  # by the thousand: the ledger itself is their log


class BudgetExceeded(NotAllowed):
    """The money does not reach. `may_ask` says whether the rule in force lets one ask for more."""

    def __init__(self, budget: Budget, *, wanted: int, left: int) -> None:
        self.short_minor = wanted - left
        self.may_ask = budget.rule.over == BudgetRule.Over.ASK
        super().__init__(
            _("“%(budget)s” has %(left)s left for this, %(short)s too little.")
            % {
                "budget": budget,
                "left": figures.money(left, budget.currency),
                "short": figures.money(self.short_minor, budget.currency),
            }
        )


def move(
    budget: Budget,
    kind: str,
    amount: int | None,
    *,
    key: str,
    on: dt.date,
    by: Staff | None,
    subject: models.Model | None = None,
    because: str = "",
    asked: int | None = None,
    beside: Collection[str] = (),
) -> BudgetEntry:
    """Write one movement over a locked budget, unless it stands there under this key.

    `beside` are kinds of which the same deed may have written an entry under the key.
    """
    done = known(budget, key, {kind, *beside}, subject, asked=None if beside else asked or amount)
    if found := [one for one in done if one.kind == kind]:
        return found[0]
    held = reservation(budget, subject) if subject is not None else None
    place = FROM.get(Kind(kind))
    purse: Any = budget if held is None or place == "available_minor" else held
    left = getattr(purse, place) if place else MOST_MINOR
    if amount is None and not left:
        raise NotAllowed(_("Nothing was set aside for this."))
    amount = left if amount is None else amount
    require_amount(amount)
    if amount > left:
        raise BudgetExceeded(budget, wanted=amount, left=left)
    entry = BudgetEntry.of(budget, kind, amount, key=key, on=on, by=by, because=because.strip())
    entry.asked_minor = asked or amount
    if held is not None:
        entry.reservation = held
        entry.subject_type, entry.subject_id = held.subject_type, held.subject_id
    entry.save(force_insert=True)
    if kind not in QUIET:
        audit.log(f"budget.{kind}", budget, by=by, amount=amount, key=key, rule=budget.rule.number)
    return entry


def known(
    budget: Budget,
    key: str,
    kinds: Collection[str],
    subject: models.Model | None,
    *,
    asked: int | None = None,
) -> list[BudgetEntry]:
    """What was moved under this key already.

    Raises:
        NotAllowed: no key, or the key stands for another movement.
    """
    if not key or len(key) > LONGEST_KEY:
        raise NotAllowed(_("A movement of money needs a key of at most 200 letters."))
    found = list(BudgetEntry.objects.filter(budget=budget, key=key))
    about = subject.pk if subject is not None else None
    for one in found:
        is_same = one.kind in kinds and one.subject_id == about
        if subject is not None:
            is_same &= one.subject_type_id == ContentType.objects.get_for_model(subject).pk
        if not is_same or (asked is not None and asked != one.asked_minor):
            raise NotAllowed(_("This key was used for another movement of money."))
    return found


def reservation(budget: Budget, subject: models.Model) -> Reservation:
    """The thing's own balances, fresh; the budget's lock is theirs too."""
    # Asked for with each payment: its name is told only where it is new.
    new: dict[str, Any] = {"title": lambda: kept_words.name(lambda: str(subject), most=200)}
    kept, _made = Reservation.objects.get_or_create(
        budget=budget,
        subject_type=ContentType.objects.get_for_model(subject),
        subject_id=subject.pk,
        defaults=new,
    )
    return kept


def lock(budget: Budget) -> Budget:
    """The row as it is now, until the end of the transaction.

    Rows that only point to it are not kept waiting: two who ask for money both ways would wait
    for each other.
    """
    rows = Budget.objects.select_for_update(of=("self",), no_key=True).select_related("team")
    return rows.get(pk=budget.pk)


def require_open(budget: Budget) -> None:
    if budget.archived_at is not None:
        raise NotAllowed(_("The budget “%(budget)s” is archived.") % {"budget": budget})


def require_amount(amount: int) -> None:
    if not 0 < amount <= MOST_MINOR:
        raise NotAllowed(_("Write an amount above nothing."))
