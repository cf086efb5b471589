"""What customers do with a message: opened, clicked, unsubscribed. Each counts once."""

import datetime as dt
from typing import Any

from django.db import transaction

from campaigns import suppression
from campaigns.models import Message, Suppression
from segments import consent, ingest
from segments.models import Consent


@transaction.atomic
def opened(message: Message, *, at: dt.datetime) -> bool:
    """Remember the first opening; whether this was it."""
    return _first(message, "opened_at", at) and _tell(message, "opened", at)


@transaction.atomic
def clicked(message: Message, *, at: dt.datetime, url: str) -> bool:
    """Remember the first click; one who clicks has opened, whether or not images were loaded."""
    opened(message, at=at)
    return _first(message, "clicked_at", at) and _tell(message, "clicked", at, url=url[:1000])


@transaction.atomic
def unsubscribed(message: Message, *, at: dt.datetime) -> bool:
    """Write to this address and this customer no more; whether this was news.

    Who was erased has nothing left that could be written to.
    """
    if message.customer.erased_at:
        return False
    suppression.add(
        message.address,
        reason=Suppression.Reason.UNSUBSCRIBED,
        at=at,
        customer=message.customer,
    )
    Consent.objects.update_or_create(
        customer_id=message.customer.merged_into_id or message.customer_id,
        channel=suppression.EMAIL,
        purpose=consent.MARKETING,
        defaults={"granted": False, "at": at, "source": f"campaign {message.campaign_id}"},
    )
    return _first(message, "unsubscribed_at", at) and _tell(message, "unsubscribed", at)


def _first(message: Message, field: str, at: dt.datetime) -> bool:
    """Compare and set: of several at the same moment, one is the first."""
    changed = Message.objects.filter(pk=message.pk, **{field: None}).update(**{field: at})
    return bool(changed)


def _tell(message: Message, deed: str, at: dt.datetime, **properties: Any) -> bool:
    if message.customer.erased_at:
        return True
    ingest.receive(
        [
            ingest.IncomingEvent(
                key=f"msg-{message.pk}-{deed}",
                customer=message.customer_id,
                name=f"message_{deed}",
                time=at,
                properties={"campaign": message.campaign_id, **properties},
            )
        ]
    )
    return True
