"""Messages: each one that left or did not, and why."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.models import Exclusion, Message
from console import roles
from console.modeladmin import ReadOnlyAdmin

COLORS = {
    "sending": "info",
    "retry": "warning",
    "sent": "success",
    "failed": "danger",
    "held": "warning",
    "skipped": "info",
}
REASONS = {reason.value: reason.label for reason in Exclusion.Reason}


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    view_action = "messages.view"
    list_display: ClassVar = [
        "number",
        "campaign",
        "status_label",
        "why",
        "sent_at",
        "opened_at",
        "clicked_at",
        "unsubscribed_at",
    ]
    list_display_links: ClassVar = ["number"]
    list_select_related: ClassVar = ["campaign"]
    list_filter: ClassVar = ["status"]
    search_fields: ClassVar = ["=customer__id"]
    search_help_text = _("Search by a customer's number.")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        contact = ["address"] if roles.allows(request.user, "customers.contact") else []
        return [
            "campaign",
            "customer_link",
            *contact,
            "status",
            "why",
            "created_at",
            "sent_at",
            "opened_at",
            "clicked_at",
            "unsubscribed_at",
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    @display(description=_("customer"), ordering="customer_id")
    def number(self, message: Message) -> str:
        return f"#{message.customer_id}"

    @display(description=_("customer"))
    def customer_link(self, message: Message) -> str:
        address = reverse("admin:segments_customer_change", args=[message.customer_id])
        return format_html('<a href="{}">#{}</a>', address, str(message.customer_id))

    @display(description=_("status"), ordering="status", label=COLORS)
    def status_label(self, message: Message) -> tuple[str, str]:
        return message.status, message.get_status_display()

    @display(description=_("reason"))
    def why(self, message: Message) -> str:
        return str(REASONS.get(message.reason, message.reason))
