"""What a customer agreed to hear, by channel and purpose."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from console.states import NotAllowed
from segments import vocabulary
from segments.models import Consent, Customer
from segments.rules.nodes import MARKETING

__all__ = ["CHANNELS", "MARKETING", "PURPOSES", "record", "withdraw"]

ACTION = "customers.change"
# What is offered where somebody records a consent is what rules can ask for.
CHANNELS, PURPOSES = vocabulary.CHANNELS, vocabulary.PURPOSES


@transaction.atomic
def withdraw(
    customer: Customer, *, channel: str, by: Staff, at: dt.datetime, purpose: str = MARKETING
) -> Consent:
    """Note that the customer told somebody here to stop.

    Raises:
        NotAllowed: the role, or there is no consent that could be withdrawn.
    """
    roles.require(by, ACTION)
    found = (
        Consent.objects.select_for_update()
        .filter(customer=customer, channel=channel, purpose=purpose, granted=True)
        .first()
    )
    if found is None:
        raise NotAllowed(_("There is no consent to withdraw."))
    found.granted, found.at, found.source = False, at, f"staff {by.pk}"
    found.save(update_fields=["granted", "at", "source"])
    audit.log("consent.withdrawn", customer, by=by, channel=channel, purpose=purpose)
    return found


@transaction.atomic
def record(
    customer: Customer, *, channel: str, purpose: str, source: str, by: Staff, at: dt.datetime
) -> Consent:
    """Note that the customer agreed, and where they said so.

    Raises:
        NotAllowed: the role; a channel or a purpose that we do not have; or nobody says where.
    """
    roles.require(by, ACTION)
    if channel not in CHANNELS or purpose not in PURPOSES:
        raise NotAllowed(_("Choose a channel and a purpose."))
    source = source.strip()[:100]
    if not source:
        raise NotAllowed(_("Say where the customer agreed, for example in a form or on the phone."))
    if customer.merged_into_id or customer.erased_at:
        raise NotAllowed(_("This customer is not kept any more."))
    kept, _is_new = Consent.objects.update_or_create(
        customer=customer,
        channel=channel,
        purpose=purpose,
        defaults={"granted": True, "at": at, "source": f"{source} · staff {by.pk}"},
    )
    audit.log("consent.recorded", customer, by=by, channel=channel, purpose=purpose)
    return kept
