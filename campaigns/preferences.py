"""What a customer chooses to hear from us: by channel and purpose, and pauses."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

from django.db import transaction
from django.db.models import Q

from campaigns.contact import holds, suppression
from campaigns.models import ContactHold, Message, Suppression
from campaigns.outcomes import tracking
from console import audit
from segments import consent
from segments.models import Consent, Customer

PAUSES = (7, 30, 90)  # days that are offered
OFFERED = (consent.MARKETING, "research")  # to everybody, on the channel of their message
KEEP = -1  # a pause stays as it is


@dataclass(frozen=True)
class Choice:
    """One channel and purpose, and whether the customer agrees to it now."""

    channel: str
    purpose: str
    granted: bool

    @property
    def key(self) -> str:
        return f"{self.channel}:{self.purpose}"

    @property
    def purpose_label(self) -> str:
        return str(consent.PURPOSES.get(self.purpose, self.purpose))


def choices(message: Message) -> list[Choice]:
    """What the receiver of a message can choose: what they were ever asked, and its channel."""
    customer = person(message)
    known = {
        (one.channel, one.purpose): one.granted
        for one in Consent.objects.filter(customer=customer)
        if one.purpose in consent.PURPOSES
    }
    if message.channel in consent.CHANNELS:
        known = dict.fromkeys(product([message.channel], OFFERED), False) | known
    order = list(consent.PURPOSES)
    found = [Choice(channel, purpose, granted) for (channel, purpose), granted in known.items()]
    return sorted(
        found,
        key=lambda one: (one.channel != message.channel, one.channel, order.index(one.purpose)),
    )


def pause_of(message: Message, *, at: dt.datetime) -> ContactHold | None:
    """The pause that the customer asked for, if it is not over."""
    found = holds.in_force(at).filter(customer=person(message))
    return found.filter(reason=ContactHold.Reason.PAUSE).first()


@transaction.atomic
def choose(message: Message, wanted: Collection[str], *, pause: int, at: dt.datetime) -> None:
    """Keep what was chosen: `wanted` are keys of choices; all others are a no.

    `pause` is one of `PAUSES` in days, 0 ends a pause, `KEEP` leaves it.
    """
    customer = person(message)
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    changed = [one for one in choices(message) if one.granted != (one.key in wanted)]
    for one in changed:
        _decide(message, customer, one, one.key in wanted, at)
    if pause in PAUSES:
        holds.pause(customer.pk, days=pause, at=at)
    elif pause == 0:
        holds.end_pause(customer.pk, at=at)
    audit.log("preferences.chosen", customer, changed=[one.key for one in changed], pause=pause)


def person(message: Message) -> Customer:
    """Who the customer is now."""
    return message.customer.merged_into or message.customer


def _decide(
    message: Message, customer: Customer, one: Choice, granted: bool, at: dt.datetime
) -> None:
    is_marketing = one.purpose == consent.MARKETING
    if is_marketing and not granted and one.channel == message.channel:
        tracking.unsubscribed(message, at=at)
        return
    Consent.objects.update_or_create(
        customer=customer,
        channel=one.channel,
        purpose=one.purpose,
        defaults={"granted": granted, "at": at, "source": f"preferences · message {message.pk}"},
    )
    if is_marketing and granted:
        _forgive(message, customer, one.channel)


def _forgive(message: Message, customer: Customer, channel: str) -> None:
    """An earlier unsubscribe holds no longer; an address that does not exist stays on the list."""
    own = {"email": customer.email, "sms": customer.phone, "phone": customer.phone}
    addresses = {own.get(channel, ""), message.address if channel == message.channel else ""}
    theirs = Q(address__in=[one for one in addresses if one])
    for line in Suppression.objects.filter(
        theirs, channel=channel, reason=Suppression.Reason.UNSUBSCRIBED
    ):
        suppression.remove(line)
