"""What a customer agreed to hear, by channel and purpose."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, roles
from console.models import Staff
from console.states import NotAllowed
from segments.models import Consent, Customer

MARKETING = "marketing"


@transaction.atomic
def withdraw(customer: Customer, *, channel: str, by: Staff, at: dt.datetime) -> Consent:
    """Note that the customer told somebody here to stop.

    Raises:
        NotAllowed: the role, or there is no consent that could be withdrawn.
    """
    roles.require(by, "customers.change")
    found = (
        Consent.objects.select_for_update()
        .filter(customer=customer, channel=channel, purpose=MARKETING, granted=True)
        .first()
    )
    if found is None:
        raise NotAllowed(_("There is no consent to withdraw."))
    found.granted, found.at, found.source = False, at, f"staff {by.pk}"
    found.save(update_fields=["granted", "at", "source"])
    audit.log("consent.withdrawn", customer, by=by, channel=channel)
    return found
