"""Exports of customers: what was taken out by whom, the form for another, and the files."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Staff
from segments import looks, tasks
from segments.customer_exports import offer, selection, writing
from segments.models import CustomerExport

GROUPS = {
    "basics": _("Who"),
    "identifiers": _("Identifiers"),
    "attributes": _("Attributes"),
    "traits": _("Value and activity"),
    "consents": _("Consent to marketing"),
}
CHOSEN = {"number", "stage", "trait:orders", "trait:monetary_minor", "trait:last_order_on"}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@admin.register(CustomerExport)
class CustomerExportAdmin(ReadOnlyAdmin):
    view_action = writing.ACTION
    empty_words: ClassVar = _("Nothing was taken out yet.")
    list_display: ClassVar = ["label", "progress", "customers", "file", "who", "created_at"]
    list_display_links = None
    list_before_template = "segments/customer_export/list_head.html"
    list_select_related: ClassVar = ["by", "job"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerExport]:
        """One's own; administrators see everybody's."""
        staff: Any = request.user
        found = super().get_queryset(request)
        return found if staff.role == Staff.Role.ADMIN else found.filter(by=staff)

    @display(description=_("progress"))
    def progress(self, export: CustomerExport) -> SafeString | str:
        """A bar that `console.js` keeps up to date."""
        if export.job is None:
            return figures.NOTHING
        return format_html(
            '<div data-job="{}" data-job-status="{}" data-job-then="reload"></div>',
            str(export.job_id),
            export.job.status,
        )

    @display(description=_("customers"))
    def customers(self, export: CustomerExport) -> str:
        return figures.whole(export.count)

    @display(description=_("file"))
    def file(self, export: CustomerExport) -> SafeString | str:
        if export.count is None:
            return figures.NOTHING
        if not export.path or export.expires_at is None or timezone.now() >= export.expires_at:
            return format_html('<span class="quiet">{}</span>', _("gone"))
        address = reverse("admin:segments_customerexport_fetch", args=[export.pk])
        return format_html('<a class="button" href="{}">{}</a>', address, _("Download"))

    @display(description=_("exported by"))
    def who(self, export: CustomerExport) -> str:
        return str(export.by)

    # --- pages --------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "segments_customerexport"
        return [
            path("ask/", view(self.ask), name=f"{name}_ask"),
            path("start/", view(require_POST(self.start)), name=f"{name}_start"),
            path("<int:pk>/file/", view(self.fetch), name=f"{name}_fetch"),
            *super().get_urls(),
        ]

    def ask(self, request: Any) -> HttpResponse:
        """Whose rows, and which columns."""
        roles.require(request.user, writing.ACTION)
        may_contact = roles.allows(request.user, looks.ACTION)
        asked = selection.asked(request.GET)
        columns = offer.offered()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export customers"),
            "opts": self.opts,
            "whose": selection.label(asked),
            "count": selection.size(asked, contact=may_contact),
            "asked": request.GET,
            "groups": [
                (GROUPS[key], [one for one in some if may_contact or not one.is_contact])
                for key, some in columns.items()
            ],
            "chosen": CHOSEN,
            "formats": CustomerExport.Format.choices,
            "hours": writing.HOURS_KEPT,
            "may_contact": may_contact,
        }
        return render(request, "segments/customer_export/ask.html", context)

    def start(self, request: Any) -> HttpResponse:
        export = writing.ask(
            selection.asked(request.POST),
            columns=request.POST.getlist("column"),
            kind=request.POST.get("format", ""),
            by=request.user,
        )
        tasks.write_export_soon(export, by=request.user)
        return HttpResponseRedirect(reverse("admin:segments_customerexport_changelist"))

    def fetch(self, request: Any, pk: int) -> FileResponse:
        roles.require(request.user, writing.ACTION)
        export = get_object_or_404(CustomerExport, pk=pk)
        found = writing.fetch(export, by=request.user, at=timezone.now())
        return FileResponse(
            found.open("rb"),
            as_attachment=True,
            filename=f"customers-{export.pk}.{export.format}",
            content_type=TYPES[export.format],
        )
