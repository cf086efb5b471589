"""Everything that campaigns knows of one person, for a copy that is given to them."""

from typing import Any

from django.db.models import F, Q

from campaigns.models import ContactHold, Message, Suppression
from segments.sought import Sought

Rows = list[dict[str, Any]]


def sections(sought: Sought) -> dict[str, Rows]:
    """Messages that they got or should have got, and their entries on the do-not-contact list."""
    messages = Message.objects.filter(customer__in=sought.numbers).annotate(
        of_campaign=F("campaign__name")
    )
    listed = Suppression.objects.filter(
        Q(address__in=sought.addresses) | Q(customer__in=sought.numbers)
    )
    holds = ContactHold.objects.filter(customer__in=sought.numbers)
    told = ("of_campaign", "address", "status", "sent_at", "opened_at", "clicked_at")
    return {
        "messages": list(messages.order_by("pk").values(*told, "unsubscribed_at")),
        "left_alone": list(holds.order_by("pk").values("reason", "note", "since", "until")),
        "do_not_contact": list(listed.order_by("pk").values("channel", "address", "reason", "at")),
    }
