"""Everything that campaigns knows of one person, for a copy that is given to them."""

from typing import Any

from django.db.models import F, Q

from campaigns.models import ContactHold, Coupon, InAppMessage, Message, Redemption, Suppression
from segments.sought import Sought

Rows = list[dict[str, Any]]


def sections(sought: Sought) -> dict[str, Rows]:
    """Messages and coupons that they got, and their entries on the do-not-contact list."""
    messages = Message.objects.filter(customer__in=sought.numbers).annotate(
        of_campaign=F("campaign__name")
    )
    listed = Suppression.objects.filter(
        Q(address__in=sought.addresses) | Q(customer__in=sought.numbers)
    )
    coupons = Coupon.objects.filter(customer__in=sought.numbers).annotate(gives=F("batch__name"))
    uses = Redemption.objects.filter(coupon__customer__in=sought.numbers)
    holds = ContactHold.objects.filter(customer__in=sought.numbers)
    shown = InAppMessage.objects.filter(customer__in=sought.numbers)
    told = ("of_campaign", "address", "status", "sent_at", "opened_at", "clicked_at")
    return {
        "messages": list(messages.order_by("pk").values(*told, "unsubscribed_at")),
        "in_app": list(shown.order_by("pk").values("title", "text", "url", "data", "created_at")),
        "left_alone": list(holds.order_by("pk").values("reason", "note", "since", "until")),
        "coupons": list(
            coupons.order_by("pk").values("gives", "status", "issued_at", "expires_at")
        ),
        "redemptions": list(
            uses.order_by("pk").values("order", "order_minor", "cost_minor", "at", "reversed_at")
        ),
        "do_not_contact": list(listed.order_by("pk").values("channel", "address", "reason", "at")),
    }
