"""Uploaded lists of customers: sent, read, and either ready for rules or refused with the lines."""

import json
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed
from segments import lists, tags, tasks, usage
from segments.admin import members, segment_facts
from segments.admin.filters import ArchivedFilter
from segments.admin.tag import kinds
from segments.models import CustomerList

Status = CustomerList.Status
COLORS = {Status.UPLOADED: "info", Status.REFUSED: "danger", Status.READY: "success"}


@admin.register(CustomerList)
class CustomerListAdmin(ReadOnlyAdmin):
    view_action = "lists.view"
    empty_words: ClassVar = _(
        "A list names customers by one kind of identifier; rules can ask who is on it."
    )
    list_display: ClassVar = ["name", "state", "customers", "left_out", "kind", "at", "who"]
    list_filter: ClassVar = [ArchivedFilter]
    search_fields: ClassVar = ["name"]
    list_before_template = "segments/customer_list/upload.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerList]:
        found = super().get_queryset(request)
        return found.defer("members", "unknown_sample").select_related("by", "job", "team")

    @display(description=_("status"), label=COLORS)
    def state(self, one: CustomerList) -> tuple[str, str]:
        return one.status, one.get_status_display()

    @display(description=_("customers"), ordering="size")
    def customers(self, one: CustomerList) -> str:
        return figures.whole(one.size) if one.status == Status.READY else figures.NOTHING

    @display(description=_("unknown"))
    def left_out(self, one: CustomerList) -> str:
        return figures.whole(one.unknown) if one.rows else figures.NOTHING

    @display(description=_("by"))
    def who(self, one: CustomerList) -> str:
        return str(one.by or "")

    # --- pages ----------------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        given = {
            "may_upload": roles.allows(request.user, lists.ACTION),
            "most": filesizeformat(lists.LARGEST),
            "kinds": kinds(),
        }
        return super().changelist_view(request, {**(extra_context or {}), **given})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "segments_customerlist"
        return [
            path("upload/", view(require_POST(self.upload)), name=f"{name}_upload"),
            path("<int:pk>/members/", view(self.members), name=f"{name}_members"),
            path("<int:pk>/do/<str:deed>/", view(require_POST(self.do)), name=f"{name}_do"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        if not object_id.isdecimal():
            raise Http404
        one = get_object_or_404(self.get_queryset(request).defer("members"), pk=object_id)
        may = roles.may_change(request.user, one, lists.ACTION)
        # The list is ready a moment before its job is over; the page does not wait for that.
        is_reading = one.status == CustomerList.Status.UPLOADED
        is_busy = is_reading and one.job is not None and not one.job.is_over
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": one,
            "title": one.name,
            "list": one,
            "is_busy": is_busy,
            "problem": lists.why(one),
            "may_change": may,
            "may_tag": roles.allows(request.user, tags.ACTION),
            "may_segment": roles.allows(request.user, "segments.change"),
            "is_here": lists.is_here(one),
            "rule": json.dumps({"list": one.pk}),
            "uses": segment_facts.linked(usage.of("list", one.pk)),
            "kinds": kinds(),
            "size_shown": figures.whole(one.size),
            "unknown_shown": figures.whole(one.unknown),
            "rows_shown": figures.whole(one.rows),
            "kind_shown": dict(kinds()).get(one.kind, one.kind),
        }
        return TemplateResponse(request, "segments/customer_list/page.html", context)

    def members(self, request: HttpRequest, pk: int) -> HttpResponse:
        roles.require(request.user, self.view_action)
        one = get_object_or_404(CustomerList, pk=pk)
        return members.view(request, one.members, original=one, back=_page(pk))

    # --- buttons --------------------------------------------------------------

    def upload(self, request: Any) -> HttpResponse:
        roles.require(request.user, lists.ACTION)
        file = request.FILES.get("file")
        try:
            if not isinstance(file, UploadedFile):
                raise lists.Refused(gettext("Choose a file first."))
            with transaction.atomic():
                kept = lists.keep(file, by=request.user, at=clock.now(), **_named(request.POST))
                tasks.read_list_soon(kept, by=request.user)
        except (lists.Refused, NotAllowed) as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(reverse("admin:segments_customerlist_changelist"))
        return HttpResponseRedirect(_page(kept.pk))

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        one = get_object_or_404(CustomerList.objects.defer("members"), pk=pk)
        verb = {
            "again": self._again,
            "tag": self._tag,
            "archive": self._archive,
            "restore": self._restore,
        }.get(deed)
        if verb is None:
            raise Http404
        needed = tags.ACTION if deed == "tag" else lists.ACTION
        roles.require(request.user, needed, record=None if deed == "tag" else one)
        try:
            words = verb(request, one)
        except (lists.Refused, NotAllowed) as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, words)
        return HttpResponseRedirect(_page(pk))

    @transaction.atomic
    def _again(self, request: Any, one: CustomerList) -> Any:
        given = _named(request.POST)
        given.pop("name")
        lists.again(one, by=request.user, **given)
        tasks.read_list_soon(one, by=request.user)
        return _("The list is being read again.")

    @transaction.atomic
    def _tag(self, request: Any, one: CustomerList) -> Any:
        named = request.POST.get("name", "")
        source = gettext("list “%(name)s”") % {"name": one}
        whom = {named: one.members}
        tags.give_by_name(whom, by=request.user, at=clock.now(), source=source)
        return _("The customers of the list have the tag now.")

    def _archive(self, request: Any, one: CustomerList) -> Any:
        lists.archive(one, by=request.user)
        return _("The list is archived.")

    def _restore(self, request: Any, one: CustomerList) -> Any:
        lists.restore(one, by=request.user)
        return _("The list is in use again.")


def _named(given: Any) -> dict[str, Any]:
    """What a form says about a list."""
    return {
        "name": given.get("name", ""),
        "kind": given.get("kind", ""),
        "column": given.get("column", "").replace("\0", ""),
        "leaves_unknown_out": bool(given.get("leave_unknown_out")),
    }


def _page(pk: int) -> str:
    return reverse("admin:segments_customerlist_change", args=[pk])
