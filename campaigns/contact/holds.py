"""Customers who are left alone for a while: they complained, asked for it, or somebody here did."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from campaigns.contact import policies
from campaigns.models import ContactHold
from console import audit, roles
from console.models import Staff
from console.states import NotAllowed
from segments.models import Customer

ACTION = "customers.change"
LONGEST = 3_650  # days
Reason = ContactHold.Reason


def in_force(at: dt.datetime) -> QuerySet[ContactHold]:
    """What holds somebody back at a moment."""
    return ContactHold.objects.filter(Q(until=None) | Q(until__gt=at), lifted_at=None)


@transaction.atomic
def complained(customer: int, *, at: dt.datetime, note: str = "") -> ContactHold:
    """Leave somebody alone who called a message spam, for as long as the policy says."""
    days = policies.current().complaint_days
    until = at + dt.timedelta(days=days) if days else None
    same = in_force(at).filter(customer=customer, reason=Reason.COMPLAINT)
    if found := same.select_for_update().first():
        found.until = until
        found.save(update_fields=["until"])
        return found
    return _place(customer, Reason.COMPLAINT, at, until, note=note)


@transaction.atomic
def pause(customer: int, *, days: int, at: dt.datetime) -> ContactHold:
    """The customer asked for a pause; a new one takes the place of an earlier one."""
    in_force(at).filter(customer=customer, reason=Reason.PAUSE).update(lifted_at=at)
    return _place(customer, Reason.PAUSE, at, at + dt.timedelta(days=days))


@transaction.atomic
def end_pause(customer: int, *, at: dt.datetime) -> bool:
    """The customer wants to hear from us again; whether there was a pause."""
    found = in_force(at).filter(customer=customer, reason=Reason.PAUSE)
    return bool(found.update(lifted_at=at))


@transaction.atomic
def leave_alone(
    customer: Customer, *, days: int, note: str, by: Staff, at: dt.datetime
) -> ContactHold:
    """Somebody here knows that the customer should not hear from us now.

    Raises:
        NotAllowed: the role, no reason, or no number of days.
    """
    roles.require(by, ACTION)
    if not note.strip():
        raise NotAllowed(_("Say why."))
    if not 1 <= days <= LONGEST:
        raise NotAllowed(_("Give the days as a number from 1 to %(most)d.") % {"most": LONGEST})
    until = at + dt.timedelta(days=days)
    return _place(customer.pk, Reason.BY_HAND, at, until, note=note.strip(), by=by)


@transaction.atomic
def lift(hold: ContactHold, *, by: Staff, at: dt.datetime) -> None:
    """Let the customer hear from us again.

    Raises:
        NotAllowed: the role, or it is over.
    """
    roles.require(by, ACTION)
    if not in_force(at).filter(pk=hold.pk).update(lifted_at=at):
        raise NotAllowed(_("This is over already."))
    audit.log("contacthold.lifted", hold, by=by, customer=hold.customer_id)


def of(numbers: Sequence[int], *, at: dt.datetime) -> QuerySet[ContactHold]:
    """What holds a customer back, by the numbers that the customer has or had."""
    return in_force(at).filter(customer__in=numbers).select_related("by")


def _place(
    customer: int,
    reason: str,
    at: dt.datetime,
    until: dt.datetime | None,
    *,
    note: str = "",
    by: Staff | None = None,
) -> ContactHold:
    made = ContactHold.objects.create(
        customer_id=customer, reason=reason, note=note[:200], by=by, since=at, until=until
    )
    audit.log("contacthold.placed", made, by=by, customer=customer, reason=reason)
    return made
