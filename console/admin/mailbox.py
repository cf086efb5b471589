"""The local mailbox: mails and other messages that left and stayed here, to be read."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console import audit, mail, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import MailboxMessage
from segments import looks

# The mail may show pictures and styles, and count its opening; it may run nothing.
FRAME_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@admin.register(MailboxMessage)
class MailboxMessageAdmin(ReadOnlyAdmin):
    view_action = "mailbox.view"
    empty_words: ClassVar = _(
        "Without EMAIL_URL every mail of the console arrives here instead of leaving the machine, "
        "and so does what the local phone gets. Start a campaign, and its mails show up."
    )
    list_display: ClassVar = ["title", "wire", "to", "sender", "received_at"]
    list_filter: ClassVar = ["wire"]
    search_fields: ClassVar = ["recipient__startswith"]
    search_help_text = _("The beginning of a recipient's address.")
    list_before_template = "console/real_time.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailboxMessage]:
        return super().get_queryset(request).defer("raw")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not roles.allows(request.user, looks.ACTION):  # finding tells as much as seeing
            return queryset, False
        return super().get_search_results(request, queryset, search_term)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """A subject may speak to somebody by name."""
        may_read = roles.allows(request.user, looks.ACTION)
        return ["title" if may_read else "number", "wire", "to", "sender", "received_at"]

    @display(description=_("subject"))
    def title(self, message: MailboxMessage) -> str:
        return message.subject or str(_("(no subject)"))

    @display(description=_("mail"))
    def number(self, message: MailboxMessage) -> str:
        return f"#{message.pk}"

    @display(description=_("to"))
    def to(self, message: MailboxMessage) -> str:
        return looks.mask(message.recipient) or "–"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/html/", view(self.html), name="console_mailboxmessage_html"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().change_view(request, object_id)
        if not object_id.isdecimal():
            raise Http404
        message = get_object_or_404(MailboxMessage, pk=object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": message.get_wire_display(),
            "opts": self.opts,
            "message": message,
            "recipient": looks.mask(message.recipient) or "–",
        }
        if roles.allows(request.user, looks.ACTION):
            context |= self._opened(request, message)
        return render(request, "console/mailbox/mail.html", context)

    def _opened(self, request: HttpRequest, message: MailboxMessage) -> dict[str, Any]:
        """The mail itself: it speaks to somebody by name, so reading it is a look at them."""
        staff: Any = request.user
        audit.log("mail.looked", by=staff, mail=message.pk)
        if message.wire != MailboxMessage.Wire.EMAIL:
            said = json.loads(bytes(message.raw))
            return {
                "original": message,
                "recipient": message.recipient or "–",
                "said": said,
                "source": json.dumps(said["said"], ensure_ascii=False, indent=2),
            }
        return {
            "title": message.subject or _("(no subject)"),
            "original": message,
            "recipient": message.recipient,
            "mail": mail.read(bytes(message.raw)),
            "source": bytes(message.raw).decode("utf-8", "replace"),
        }

    def html(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The mail's HTML for the frame, which is closed to everything else."""
        roles.require(request.user, self.view_action)
        roles.require(request.user, looks.ACTION)
        message = get_object_or_404(MailboxMessage, pk=pk)
        return _framed(mail.read(bytes(message.raw)).html)


def _framed(html: str) -> HttpResponse:
    # Links open a window of their own: what they lead to may not stand in our frame.
    response = HttpResponse(f'<base target="_blank">{html}')
    response["Content-Security-Policy"] = FRAME_POLICY
    response["Referrer-Policy"] = "no-referrer"
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
