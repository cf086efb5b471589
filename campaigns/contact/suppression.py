"""The do-not-contact list: who is put on it, and how addresses are compared."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q

from campaigns.models import Message, Suppression
from console import audit
from segments import erasure, identity, sealing
from segments.models import Customer

EMAIL, PUSH = "email", "push"
DEVICE = "push_token"  # the kind of identifier by which pushes find a device


def normal(address: str) -> str:
    """The form in which addresses are kept and compared."""
    return sealing.address(address)


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
    if forgotten := Suppression.objects.filter(channel=channel, digest=digest(address)).first():
        return forgotten
    line, is_new = Suppression.objects.get_or_create(
        channel=channel,
        address=normal(address),
        defaults={"reason": reason, "at": at, "customer": customer},
    )
    if is_new:
        audit.log("suppression.added", line, reason=reason)
    return line


@transaction.atomic
def address_is_gone(message: Message, *, at: dt.datetime) -> None:
    """Nobody writes to it again: a device's token is forgotten, any other address is listed."""
    if message.channel == PUSH:
        identity.forget(DEVICE, message.address)
        return
    add(
        message.address,
        reason=Suppression.Reason.BOUNCED,
        at=at,
        customer=message.customer,
        channel=message.channel,
    )


def is_listed(address: str, *, channel: str = EMAIL) -> bool:
    """Whether the address is on the list, by itself or as an erased person's."""
    either = Q(address=normal(address)) | Q(digest=digest(address))
    return Suppression.objects.filter(either, channel=channel).exists()


def digest(address: str) -> str:
    """What the list keeps of an address whose owner was erased."""
    return erasure.digest((EMAIL, normal(address))).hex()


@transaction.atomic
def forget(line: Suppression) -> None:
    """Keep not writing to an address without knowing it any more."""
    kept = digest(line.address) if line.address else ""
    twin = Suppression.objects.filter(channel=line.channel, digest=kept).exclude(pk=line.pk)
    if kept and twin.exists():
        line.delete()
        return
    Suppression.objects.filter(pk=line.pk).update(
        address="", digest=kept or line.digest, customer=None
    )


def forgotten_among(ids: Collection[int], *, channel: str = EMAIL) -> list[int]:
    """Customers whose address stands on the list as a digest: it was an erased person's."""
    listed = Suppression.objects.filter(channel=channel).exclude(digest="")
    if not listed.exists():
        return []
    addresses = Customer.objects.filter(pk__in=ids).exclude(email="").values_list("pk", "email")
    by_digest = {digest(address): pk for pk, address in addresses}
    found = listed.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return [by_digest[one] for one in found]


@transaction.atomic
def remove(line: Suppression) -> None:
    """Let the address be written to again. Consent is another matter, and stays as it is."""
    audit.log("suppression.removed", line, reason=line.reason)
    line.delete()
