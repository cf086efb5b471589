"""Messages: each one that left or did not, and why."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from campaigns import planning
from campaigns.admin.contact import ShowsContact
from campaigns.contact import reasons
from campaigns.models import ChannelAccount, Message
from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from segments import merging

# What may come of a message, in the order in which it does.
DEEDS: dict[str, Any] = {
    "delivered": _("delivered"),
    "bounced": pgettext_lazy("message", "came back"),
    "opened": _("opened"),
    "clicked": _("clicked"),
    "replied": _("answered"),
    "unsubscribed": _("unsubscribed"),
    "complained": _("reported as spam"),
    "machine_opened": _("opened by a machine"),
    "machine_clicked": _("clicked by a machine"),
}
MESSAGES_OF_ONE = 20  # that a customer's page shows
COLORS = {
    "sending": "info",
    "retry": "warning",
    "deferred": "warning",
    "sent": "success",
    "failed": "danger",
    "held": "warning",
    "skipped": "info",
}


class ByChannel(admin.SimpleListFilter):
    """A fixed choice: asking the table which channels it has would read all of it."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return ChannelAccount.Channel.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(channel=self.value()) if self.value() else queryset


class ByDeed(admin.SimpleListFilter):
    """What became of messages after they left."""

    title = _("message outcome")
    parameter_name = "came"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(DEEDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in DEEDS:
            return queryset
        return queryset.filter(**{f"{self.value()}_at__isnull": False})


@admin.register(Message)
class MessageAdmin(ShowsContact, ReadOnlyAdmin):
    view_action = "messages.view"
    empty_words: ClassVar = _("Messages appear when a campaign is sent.")
    list_display: ClassVar = [
        "number",
        "campaign",
        "channel_label",
        "status_label",
        "why",
        "sent_at",
        "opened_at",
        "clicked_at",
        "unsubscribed_at",
    ]
    list_display_links: ClassVar = ["number"]
    list_select_related: ClassVar = ["campaign"]
    list_filter: ClassVar = ["status", ByChannel, ByDeed]
    search_fields: ClassVar = ["=customer__id"]
    search_help_text = _("Search by a customer's number.")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [
            "campaign",
            "step_name",
            "customer_link",
            self.address_field(request, obj),
            "channel_label",
            "account",
            "provider_id",
            "status",
            "why",
            *(["goes_out"] if obj is not None and obj.due_at else []),
            "cost",
            "claimed",
            "sent_at",
            *(f"{deed}_at" for deed in DEEDS),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("of/<int:pk>/", view(self.of), name="campaigns_message_of"),
            *super().get_urls(),
        ]

    def of(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The last messages to one customer, as a part of the customer's page."""
        roles.require(request.user, self.view_action)
        them = merging.numbers_of(pk)
        found = Message.objects.filter(customer__in=them).select_related("campaign")
        context = {
            "rows": [
                {"message": one, "color": COLORS.get(one.status, ""), "why": self.why(one)}
                for one in found.order_by("-pk")[:MESSAGES_OF_ONE]
            ],
            "more": reverse("admin:campaigns_message_changelist") + f"?q={pk}",
        }
        return render(request, "campaigns/messages_of.html", context)

    @display(description=_("customer"), ordering="customer_id")
    def number(self, message: Message) -> str:
        return f"#{message.customer_id}"

    @display(description=_("customer"))
    def customer_link(self, message: Message) -> str:
        address = reverse("admin:segments_customer_change", args=[message.customer_id])
        return format_html('<a href="{}">#{}</a>', address, str(message.customer_id))

    @display(description=pgettext_lazy("plan", "step"))
    def step_name(self, message: Message) -> str:
        said = planning.step_names(message.campaign).get(message.step, message.step)
        return f"{said} · {message.variant}" if message.variant else said

    @display(description=_("channel"))
    def channel_label(self, message: Message) -> str:
        known = dict(ChannelAccount.Channel.choices)
        return str(known.get(message.channel, message.channel))

    @display(description=_("leaves at the earliest"))
    def goes_out(self, message: Message) -> str:
        return _minute(message.due_at)

    @display(description=_("claimed at"))
    def claimed(self, message: Message) -> str:
        return _minute(message.created_at)

    @display(description=_("cost"))
    def cost(self, message: Message) -> str:
        return figures.money(message.cost_minor, clock.project().currency)

    @display(description=_("status"), ordering="status", label=COLORS)
    def status_label(self, message: Message) -> tuple[str, str]:
        return message.status, message.get_status_display()

    @display(description=_("reason"))
    def why(self, message: Message) -> str:
        return reasons.said(message.reason)


def _minute(real: dt.datetime | None) -> str:
    """A moment of the database's clock, beside those of the console's."""
    if real is None:
        return figures.NOTHING
    return f"{clock.ours(real).astimezone(clock.zone()):%Y-%m-%d %H:%M}"
