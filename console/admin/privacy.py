"""Requests about privacy: what people asked for, by when, how far it is, and the certificate."""

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from console import clock, copies, privacy, roles, tasks
from console.modeladmin import ConsoleModelAdmin
from console.widgets import DayWidget
from segments import erasure
from segments.models import PrivacyRequest

SOON = 5  # days before the deadline
COLORS = {
    "requested": "warning",
    "running": "info",
    "done": "success",
    "failed": "danger",
    "withdrawn": "info",
}

URGENT = {"late": "danger", "soon": "warning"}


class RequestForm(forms.ModelForm):
    """What somebody asked for, and how."""

    who = forms.CharField(
        label=_("Whose data"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The customer's number, such as #12, or a whole identifier or address."),
    )

    class Meta:
        model = PrivacyRequest
        fields = ("kind", "asked_on", "how", "law", "reference")
        widgets: ClassVar = {
            "kind": UnfoldAdminSelectWidget,
            "how": UnfoldAdminSelectWidget,
            "law": UnfoldAdminSelectWidget,
            "asked_on": DayWidget,
            "reference": UnfoldAdminTextInputWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asked_on"].initial = clock.today()

    def clean_who(self) -> Any:
        customer = erasure.customer_of(self.cleaned_data["who"])
        if customer is None:
            raise forms.ValidationError(
                _("Nobody, or more than one, is known by this; write the customer's number.")
            )
        return customer

    def clean_asked_on(self) -> Any:
        day = self.cleaned_data["asked_on"]
        if day > clock.today():
            raise forms.ValidationError(_("This day is still to come."))
        return day


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ConsoleModelAdmin):
    view_action = erasure.VIEW
    empty_words: ClassVar = _(
        "Nobody has asked for a copy of their data, or for its erasure. A request is entered here, "
        "or from the customer's page."
    )
    add_action = erasure.REQUEST
    form = RequestForm
    fields: ClassVar = ["who", "kind", "asked_on", "how", "law", "reference"]
    list_display: ClassVar = ["number", "kind", "status_label", "due", "asked_on", "requested_by"]
    list_display_links: ClassVar = ["number"]
    list_filter: ClassVar = ["status", "kind"]
    list_select_related: ClassVar = ["requested_by"]
    search_fields: ClassVar = ["=customer__id"]
    search_help_text = _("Search by a customer's number.")
    list_before_template = "console/privacy/list_before.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrivacyRequest]:
        return super().get_queryset(request).defer("wanted", "parts", "certificate")

    def get_urls(self) -> list[URLPattern]:
        def at(tail: str, view: Any) -> URLPattern:
            name = f"segments_privacyrequest_{tail}"
            return path(f"<int:pk>/{tail}/", self.admin_site.admin_view(view), name=name)

        return [
            at("start", require_POST(self.start)),
            at("withdraw", require_POST(self.withdraw)),
            at("fetch", require_POST(self.fetch)),
            at("certificate", self.certificate),
            *super().get_urls(),
        ]

    # --- asking -------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        few = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().add_view(request, form_url, few)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        staff: Any = request.user
        said = {name: form.cleaned_data[name] for name in ("asked_on", "how", "law", "reference")}
        who, kind = form.cleaned_data["who"], form.cleaned_data["kind"]
        obj.pk = erasure.ask(who, kind, by=staff, **said).pk

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(_page(obj.pk))

    # --- one request --------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        if not object_id.isdecimal():
            raise Http404
        found = get_object_or_404(_with_people(), pk=object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{found.get_kind_display()} · #{found.customer_id}",
            "opts": self.opts,
            "original": found,
            "asked": found,
            "parts": _parts(found),
            "is_late": found.is_open and found.due_on < clock.today(),
            "may_ask": roles.allows(request.user, erasure.REQUEST),
            "may_carry_out": roles.allows(request.user, erasure.CARRY_OUT),
            "may_fetch": _may_fetch(found, request.user),
        }
        return render(request, "console/privacy/request.html", context)

    def start(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Carry out the request: a copy is made at once, an erasure wants the number typed."""
        found = get_object_or_404(PrivacyRequest, pk=pk)
        staff: Any = request.user
        with transaction.atomic():
            if found.kind == erasure.Kind.ERASE:
                erasure.begin(found, by=staff, typed=request.POST.get("typed", ""), at=clock.now())
                said = _("The erasure has begun.")
            else:
                copies.start(found, by=staff, at=clock.now())
                said = _("The copy is being made.")
            tasks.answer_soon(found, by=staff)
        self.message_user(request, said)
        return HttpResponseRedirect(_page(pk))

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        staff: Any = request.user
        erasure.withdraw(get_object_or_404(PrivacyRequest, pk=pk), by=staff)
        self.message_user(request, _("The request is withdrawn."))
        return HttpResponseRedirect(_page(pk))

    def fetch(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The copy, for whoever asked for it."""
        staff: Any = request.user
        found = get_object_or_404(PrivacyRequest, pk=pk)
        file = copies.fetch(found, by=staff, at=timezone.now())
        return FileResponse(file.open("rb"), as_attachment=True, filename=f"copy-{pk}.zip")

    def certificate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page to be printed: what was removed from where, what is kept and why."""
        roles.require(request.user, self.view_action)
        found = get_object_or_404(_with_people(), pk=pk)
        if not found.certificate:
            raise Http404
        told = found.certificate
        context = {
            "asked": found,
            "told": told,
            "business": clock.project().name,
            "places": [
                {"label": privacy.LABELS.get(one["key"], one["key"]), **one}
                for one in told["places"]
            ],
            "kept": privacy.KEPT,
            "is_whole": privacy.digest(told) == found.digest,
        }
        return render(request, "console/privacy/certificate.html", context)

    # --- the list -----------------------------------------------------------

    @display(description=_("customer"), ordering="customer_id")
    def number(self, found: PrivacyRequest) -> str:
        return f"#{found.customer_id}"

    @display(description=_("status"), ordering="status", label=COLORS)
    def status_label(self, found: PrivacyRequest) -> tuple[str, str]:
        return found.status, found.get_status_display()

    @display(
        description=_("due on"), ordering="due_on", label={"late": "danger", "soon": "warning"}
    )
    def due(self, found: PrivacyRequest) -> tuple[str, str]:
        days = (found.due_on - clock.today()).days
        if not found.is_open or days > SOON:
            return "", found.due_on.isoformat()
        return ("late" if days < 0 else "soon"), found.due_on.isoformat()


def _with_people() -> QuerySet[PrivacyRequest]:
    return PrivacyRequest.objects.select_related("requested_by", "carried_out_by", "job")


def _page(pk: int) -> str:
    return reverse("admin:segments_privacyrequest_change", args=[pk])


def _may_fetch(found: PrivacyRequest, staff: Any) -> bool:
    is_theirs = staff.pk in {found.requested_by_id, found.carried_out_by_id}
    is_there = bool(found.path) and found.until is not None and found.until > timezone.now()
    return is_theirs and is_there and roles.allows(staff, erasure.REQUEST)


def _parts(found: PrivacyRequest) -> list[dict[str, Any]]:
    """Each part of an erasure, with what it found and whether it is done."""
    if found.kind != erasure.Kind.ERASE or not found.numbers:
        return []
    return [
        {"label": label, "done": "done" in part, "found": part.get("found"), **_waits(part)}
        for key, label in privacy.LABELS.items()
        for part in [found.parts.get(key, {})]
    ]


def _waits(part: dict[str, Any]) -> dict[str, Any]:
    until = part.get("until") if "done" not in part else None
    return {"until": dt.datetime.fromisoformat(until) if until else None}
