"""Imports: sending a file of events, naming its columns, and watching it load."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from unfold.decorators import display

from console import audit, figures, roles, states
from console.modeladmin import ConsoleModelAdmin
from console.states import NotAllowed
from segments import imports, presets, tasks, undoing, uploads
from segments.admin import naming
from segments.models import EventImport
from segments.reading import files
from segments.reading.problems import BadFile

RUN = "imports.run"
COLORS = {
    EventImport.Status.UPLOADED: "warning",
    EventImport.Status.LOADING: "info",
    EventImport.Status.LOADED: "success",
    EventImport.Status.FAILED: "danger",
    EventImport.Status.STOPPED: "info",
    EventImport.Status.UNDOING: "info",
    EventImport.Status.UNDONE: "warning",
}


@admin.register(EventImport)
class EventImportAdmin(ConsoleModelAdmin):
    view_action = "imports.view"
    empty_words: ClassVar = _("No file of events was brought in yet.")
    list_display: ClassVar = ["name", "state", "loaded", "customers", "days", "created_at", "who"]
    list_select_related: ClassVar = ["uploaded_by"]
    list_before_template = "segments/import/upload.html"

    @display(description=_("status"), label=COLORS)
    def state(self, event_import: EventImport) -> tuple[str, str]:
        return event_import.status, event_import.get_status_display()

    @display(description=pgettext_lazy("how many", "events"))
    def loaded(self, event_import: EventImport) -> str:
        return _count(event_import, event_import.events)

    @display(description=_("new customers"))
    def customers(self, event_import: EventImport) -> str:
        return _count(event_import, event_import.customers_new)

    @display(description=_("days"))
    def days(self, event_import: EventImport) -> str:
        if event_import.first_on is None:
            return figures.NOTHING
        return f"{event_import.first_on} – {event_import.last_on}"

    @display(description=_("uploaded by"))
    def who(self, event_import: EventImport) -> str:
        return str(event_import.uploaded_by or gettext("command line"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventImport]:
        return super().get_queryset(request).select_related("job", "uploaded_by")

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), **_upload(request)})

    # --- pages --------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("upload/", view(require_POST(self.upload)), name="segments_eventimport_upload"),
            *(
                path(f"<int:pk>/{name}/", view(decorated), name=f"segments_eventimport_{name}")
                for name, decorated in (
                    ("load", require_POST(self.load)),
                    ("preview", require_POST(self.preview)),
                    ("stop", require_POST(self.stop)),
                    ("undo", require_POST(self.undo)),
                    ("bad", require_GET(self.bad_rows)),
                )
            ),
            *super().get_urls(),
        ]

    def upload(self, request: Any) -> HttpResponse:
        roles.require(request.user, RUN)
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile):
            messages.error(request, _("Choose a file first."))
            return HttpResponseRedirect(reverse("admin:segments_eventimport_changelist"))
        try:
            kept = uploads.keep(file, by=request.user)
        except uploads.Refused as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(reverse("admin:segments_eventimport_changelist"))
        return _to(kept)

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        event_import = get_object_or_404(
            self.get_queryset(request), pk=int(object_id) if object_id.isdecimal() else 0
        )
        return self._page(request, event_import, request.GET)

    def load(self, request: Any, pk: int) -> HttpResponse:
        """Take the names of the columns, and start the loading."""
        roles.require(request.user, RUN)
        event_import = get_object_or_404(self.get_queryset(request), pk=pk)
        if not _may_be_loaded(event_import):
            messages.error(request, _("This file is loaded, or is being loaded."))
            return _to(event_import)
        try:
            named, columns = naming.named(request.POST, event_import)
            event_import.mapping = named.to_json()
            with transaction.atomic():
                tasks.load_soon(event_import, by=request.user, again="again" in request.POST)
                if name := request.POST.get("preset_name", "").strip():
                    presets.save(name, named, columns, by=request.user)
        except (BadFile, NotAllowed) as bad:
            words = bad.said(gettext) if isinstance(bad, BadFile) else str(bad)
            return self._page(request, event_import, request.POST, problem=words)
        presets.used(request.POST.get("preset", ""), at=timezone.now())
        return _to(event_import)

    def preview(self, request: Any, pk: int) -> HttpResponse:
        """Show the first rows by the meanings in the form; nothing is kept."""
        roles.require(request.user, RUN)
        event_import = get_object_or_404(self.get_queryset(request), pk=pk)
        if not _may_be_loaded(event_import):
            return _to(event_import)
        return self._page(request, event_import, request.POST)

    def stop(self, request: Any, pk: int) -> HttpResponse:
        roles.require(request.user, RUN)
        event_import = get_object_or_404(self.get_queryset(request), pk=pk)
        if event_import.status == EventImport.Status.LOADED:
            messages.error(request, _("It is too late: the file is loaded."))
        else:
            imports.stop(event_import, by=request.user)
            messages.success(request, _("The import stops; nothing of it is loaded."))
        return _to(event_import)

    def undo(self, request: Any, pk: int) -> HttpResponse:
        """Start to take back what the file brought."""
        roles.require(request.user, RUN)
        event_import = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            tasks.undo_soon(event_import, by=request.user)
        except NotAllowed as problem:
            messages.error(request, str(problem))
        return _to(event_import)

    def bad_rows(self, request: Any, pk: int) -> HttpResponse | FileResponse:
        """The list of the rows that were left out as bad, as CSV."""
        roles.require(request.user, RUN)
        event_import = get_object_or_404(self.get_queryset(request), pk=pk)
        there = uploads.bad_rows_of(event_import)
        if not there.is_file():
            raise Http404
        audit.log("eventimport.bad_rows_read", event_import, by=request.user)
        name = f"bad-rows-{event_import.pk}.csv"
        return FileResponse(there.open("rb"), as_attachment=True, filename=name)

    def _page(
        self, request: Any, event_import: EventImport, given: QueryDict, problem: str = ""
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": event_import.name,
            "opts": self.opts,
            "original": event_import,
            "import": event_import,
            "job": event_import.job,
            "problem": problem or event_import.error,
            "may_load": roles.allows(request.user, RUN) and _may_be_loaded(event_import),
            "may_stop": roles.allows(request.user, RUN),
            "has_bad_rows": event_import.bad and uploads.bad_rows_of(event_import).is_file(),
            "undo": undoing.preview(event_import) if roles.allows(request.user, RUN) else None,
            "may_recompute": roles.allows(request.user, "pipeline.run"),
        }
        if context["may_load"]:
            context |= naming.form(event_import, given)
        status = 422 if problem else 200
        return render(request, "segments/import/page.html", context, status=status)


def _count(event_import: EventImport, count: int) -> str:
    is_loaded = event_import.status == EventImport.Status.LOADED
    return figures.whole(count) if is_loaded else figures.NOTHING


def _upload(request: Any) -> dict[str, Any]:
    """What the place for a new file says."""
    return {
        "may_upload": roles.allows(request.user, RUN),
        "most": filesizeformat(uploads.LARGEST),
        "endings": ",".join(files.ENDINGS),
    }


def _to(event_import: EventImport) -> HttpResponseRedirect:
    return HttpResponseRedirect(
        reverse("admin:segments_eventimport_change", args=[event_import.pk])
    )


def _may_be_loaded(event_import: EventImport) -> bool:
    """Whether the file is there, and no work on it is under way or done."""
    is_at_rest = event_import.job is None or event_import.job.is_over
    is_open = states.can_move(event_import, to=EventImport.Status.LOADING)
    return is_at_rest and is_open and uploads.is_here(event_import)
