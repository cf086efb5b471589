"""Files of customers: sent, named, looked at, and applied as they were looked at."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import figures, roles
from console.modeladmin import ConsoleModelAdmin
from segments import tasks
from segments.admin import customer_naming, customer_preview
from segments.customer_imports import keeping
from segments.models import CustomerImport
from segments.reading.problems import BadFile

Status = CustomerImport.Status
COLORS = {
    Status.UPLOADED: "warning",
    Status.CHECKING: "info",
    Status.CHECKED: "warning",
    Status.APPLYING: "info",
    Status.APPLIED: "success",
    Status.FAILED: "danger",
}


@admin.register(CustomerImport)
class CustomerImportAdmin(ConsoleModelAdmin):
    view_action = keeping.ACTION
    empty_words: ClassVar = _("No list of customers was brought in yet.")
    list_display: ClassVar = ["name", "state", "new", "changed", "left_out", "created_at", "who"]
    list_select_related: ClassVar = ["uploaded_by", "job"]
    list_before_template = "segments/customer_import/upload.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerImport]:
        return super().get_queryset(request).select_related("job")

    @display(description=_("status"), label=COLORS)
    def state(self, customer_import: CustomerImport) -> tuple[str, str]:
        return customer_import.status, customer_import.get_status_display()

    @display(description=_("new customers"))
    def new(self, customer_import: CustomerImport) -> str:
        return figures.whole(customer_import.counts.get("new"))

    @display(description=_("changed"))
    def changed(self, customer_import: CustomerImport) -> str:
        return figures.whole(customer_import.counts.get("changed"))

    @display(description=_("left out"))
    def left_out(self, customer_import: CustomerImport) -> str:
        if not customer_import.counts:
            return figures.NOTHING
        return figures.whole(sum(customer_import.counts[key] for key in ("conflict", "bad")))

    @display(description=_("uploaded by"))
    def who(self, customer_import: CustomerImport) -> str:
        return str(customer_import.uploaded_by)

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        most = {"most": filesizeformat(keeping.LARGEST)}
        return super().changelist_view(request, {**(extra_context or {}), **most})

    # --- pages --------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "segments_customerimport"
        return [
            path("upload/", view(require_POST(self.upload)), name=f"{name}_upload"),
            path("<int:pk>/check/", view(require_POST(self.start_check)), name=f"{name}_check"),
            path("<int:pk>/apply/", view(require_POST(self.apply)), name=f"{name}_apply"),
            path("<int:pk>/left-out/", view(self.download), name=f"{name}_left_out"),
            *super().get_urls(),
        ]

    def upload(self, request: Any) -> HttpResponse:
        file = request.FILES.get("file")
        roles.require(request.user, keeping.ACTION)
        try:
            if not isinstance(file, UploadedFile):
                raise keeping.Refused(gettext("Choose a file first."))
            return _to(keeping.keep(file, by=request.user))
        except keeping.Refused as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(reverse("admin:segments_customerimport_changelist"))

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._found(request, object_id))

    def start_check(self, request: Any, pk: int) -> HttpResponse:
        """Take the names of the columns, and start the check."""
        customer_import = self._found(request, str(pk))
        if not _may_be_named(customer_import):
            messages.error(request, _("This file is applied, or is being worked on."))
            return _to(customer_import)
        try:
            named = customer_naming.named(request.POST, customer_import)
        except BadFile as bad:
            return self._page(request, customer_import, problem=bad.said(gettext))
        customer_import.mapping = named.to_json()
        tasks.check_customers_soon(customer_import, by=request.user)
        return _to(customer_import)

    def apply(self, request: Any, pk: int) -> HttpResponse:
        customer_import = self._found(request, str(pk))
        if customer_import.status != Status.CHECKED or not _is_at_rest(customer_import):
            messages.error(request, _("Check the file first."))
            return _to(customer_import)
        tasks.apply_customers_soon(customer_import, by=request.user)
        return _to(customer_import)

    def download(self, request: Any, pk: int) -> StreamingHttpResponse:
        """The rows that are left out, with the reasons."""
        customer_import = self._found(request, str(pk))
        answer = StreamingHttpResponse(
            keeping.left_out(customer_import), content_type="text/csv; charset=utf-8"
        )
        answer["Content-Disposition"] = f'attachment; filename="left-out-{pk}.csv"'
        return answer

    def _found(self, request: Any, pk: str) -> CustomerImport:
        roles.require(request.user, keeping.ACTION)
        number = int(pk) if pk.isdecimal() and len(pk) < 18 else 0
        return get_object_or_404(self.get_queryset(request), pk=number)

    def _page(
        self, request: Any, customer_import: CustomerImport, problem: str = ""
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": customer_import.name,
            "opts": self.opts,
            "original": customer_import,
            "import": customer_import,
            "job": customer_import.job,
            "problem": problem or customer_import.error,
            "is_busy": not _is_at_rest(customer_import),
        }
        if not context["is_busy"] and customer_import.counts:
            context |= customer_preview.context(customer_import, request.GET.get("show", ""))
        if _may_be_named(customer_import):
            given = request.POST if problem else request.GET
            context |= customer_naming.form(customer_import, given)
        status = 422 if problem else 200
        return render(request, "segments/customer_import/page.html", context, status=status)


def _to(customer_import: CustomerImport) -> HttpResponseRedirect:
    return HttpResponseRedirect(
        reverse("admin:segments_customerimport_change", args=[customer_import.pk])
    )


def _is_at_rest(customer_import: CustomerImport) -> bool:
    return customer_import.job is None or customer_import.job.is_over


def _may_be_named(customer_import: CustomerImport) -> bool:
    """Whether the file is there, and no work on it is under way or done."""
    is_open = customer_import.status != Status.APPLIED
    return is_open and _is_at_rest(customer_import) and keeping.is_here(customer_import)
