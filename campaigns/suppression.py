"""The do-not-contact list: who is put on it, and how addresses are compared."""

import datetime as dt

from django.db import transaction

from campaigns.models import Suppression
from console import audit
from segments.models import Customer

EMAIL = "email"


def normal(address: str) -> str:
    """The form in which addresses are kept and compared."""
    return address.strip().lower()


def hidden(address: str) -> str:
    """Enough of an address for its owner to know it."""
    name, _at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}"


@transaction.atomic
def add(
    address: str,
    *,
    reason: str,
    at: dt.datetime,
    customer: Customer | None = None,
    channel: str = EMAIL,
) -> Suppression:
    """Write to this address never again; an address that is on the list stays as it was."""
    line, is_new = Suppression.objects.get_or_create(
        channel=channel,
        address=normal(address),
        defaults={"reason": reason, "at": at, "customer": customer},
    )
    if is_new:
        audit.log("suppression.added", line, reason=reason)
    return line


@transaction.atomic
def remove(line: Suppression) -> None:
    """Let the address be written to again. Consent is another matter, and stays as it is."""
    audit.log("suppression.removed", line, reason=line.reason)
    line.delete()
