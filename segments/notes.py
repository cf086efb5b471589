"""Notes about a customer: what staff heard from them, in words."""

import datetime as dt

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from console.states import NotAllowed
from segments.models import Customer, CustomerNote

ACTION = "customers.change"
LONGEST = 2000


def of(customer: Customer) -> QuerySet[CustomerNote]:
    """The notes, newest first, also those about whoever was merged into this customer."""
    whose = Q(customer=customer) | Q(customer__merged_into=customer)
    return CustomerNote.objects.filter(whose).select_related("by")


@transaction.atomic
def add(customer: Customer, *, text: str, kind: str, by: Staff, at: dt.datetime) -> CustomerNote:
    """Write down what a customer needs, what hurts them, or anything else worth knowing.

    Raises:
        NotAllowed: the role, or the note says nothing or too much.
    """
    roles.require(by, ACTION)
    text = text.replace("\0", "").strip()
    if not text or len(text) > LONGEST:
        raise NotAllowed(_("Write a note of 1 to %(most)d characters.") % {"most": LONGEST})
    if kind not in CustomerNote.Kind.values:
        raise NotAllowed(_("Say whether this is a need, a pain point or a remark."))
    if customer.merged_into_id or customer.erased_at:
        raise NotAllowed(_("This customer is not kept any more."))
    note = CustomerNote.objects.create(customer=customer, text=text, kind=kind, by=by, at=at)
    audit.log("note.added", note, by=by)
    return note


@transaction.atomic
def remove(note: CustomerNote, *, by: Staff) -> None:
    """Take a note back; its author may, and administrators.

    Raises:
        NotAllowed: anybody else.
    """
    roles.require(by, ACTION)
    if note.by_id != by.pk and by.role != Staff.Role.ADMIN:
        raise NotAllowed(_("Only the author or an administrator removes a note."))
    audit.log("note.removed", note, by=by)
    note.delete()
