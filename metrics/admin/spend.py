"""What acquisition costs: entries, the form, and files, shown before they are booked."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed
from metrics import spend_files, spending, tasks
from metrics.admin.spend_forms import FileForm, SpendForm
from metrics.models import Spend, SpendImport

PAGE = "admin:metrics_spend_changelist"
SECONDS_KEPT, SHOWN, FILES = 3600, 20, 20


@admin.register(Spend)
class SpendAdmin(ReadOnlyAdmin):
    view_action = "metrics.view"
    empty_words: ClassVar = gettext_lazy("Enter what a channel cost, or read a CSV file.")
    list_display: ClassVar = ["day", "channel_shown", "amount", "source", "note", "by"]
    list_select_related: ClassVar = ["channel", "by", "campaign"]
    list_filter: ClassVar = ["source", "channel"]
    list_before_template = "metrics/spend_head.html"
    search_fields: ClassVar = ["note", "channel__name", "campaign__name"]

    @display(description=gettext_lazy("for what"), ordering="channel__name")
    def channel_shown(self, row: Spend) -> str:
        """The channel, or the campaign that paid it."""
        return str(row.channel or row.campaign or _("without a channel"))

    @display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, row: Any) -> str:
        return figures.money(row.amount_minor, row.currency)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        currency = clock.project().currency
        found.result_list = list(found.result_list)
        for row in found.result_list:
            row.currency = currency
        return found

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        more = {
            "may_change": roles.allows(request.user, spending.ACTION),
            "files": SpendImport.objects.select_related("by")[:FILES],
        }
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("enter/", view(self.enter), name="metrics_spend_enter"),
            path("file/", view(self.file), name="metrics_spend_file"),
            path("book/", view(require_POST(self.book)), name="metrics_spend_book"),
            path(
                "file/<int:number>/back/",
                view(require_POST(self.take_back)),
                name="metrics_spend_back",
            ),
            path(
                "<int:number>/remove/",
                view(require_POST(self.remove)),
                name="metrics_spend_remove",
            ),
            *super().get_urls(),
        ]

    def change_view(self, request: Any, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        number = int(object_id) if object_id.isdecimal() else 0
        row = get_object_or_404(Spend.objects.select_related("channel", "by", "file"), pk=number)
        context = {
            "row": row,
            "amount": figures.money(row.amount_minor, clock.project().currency),
            "may_change": roles.allows(request.user, spending.ACTION),
        }
        return self._page(request, "spend", str(row), context)

    def enter(self, request: Any) -> HttpResponse:
        roles.require(request.user, spending.ACTION)
        form = SpendForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                spending.enter(by=request.user, **form.cleaned_data)
            except NotAllowed as problem:
                form.add_error(None, str(problem))
            else:
                return self._booked(request, _("The amount is booked."))
        context = {"form": form, "button": _("Book")}
        return self._page(request, "money_form", _("Enter what was spent"), context)

    def file(self, request: Any) -> HttpResponse:
        """Read a file and show what it says; nothing is booked yet."""
        roles.require(request.user, spending.ACTION)
        form = FileForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {"form": form, "button": _("Look at the file")}
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                if upload.size > spend_files.MOST_BYTES:
                    raise NotAllowed(_("The file is larger than 2 MB."))
                raw = upload.read()
                found = _read(raw, upload.name)
            except NotAllowed as problem:
                form.add_error("file", str(problem))
            else:
                token = get_random_string(24)
                caches["shared"].set(_key(request, token), (raw, upload.name), SECONDS_KEPT)
                context |= _shown(found, token)
        return self._page(request, "money_form", _("Read spend from a file"), context)

    def book(self, request: Any) -> HttpResponse:
        """Book the file that was shown."""
        roles.require(request.user, spending.ACTION)
        key = _key(request, request.POST.get("token", ""))
        kept = caches["shared"].get(key)
        if kept is None or not caches["shared"].delete(key):  # two clicks: one of them takes it
            messages.error(request, _("The file is no longer kept; choose it again."))
            return HttpResponseRedirect(reverse("admin:metrics_spend_file"))
        raw, name = kept
        spending.book(_read(raw, name).rows, name=name, by=request.user)
        return self._booked(request, _("The file is booked."))

    def take_back(self, request: Any, number: int) -> HttpResponse:
        spending.take_back(get_object_or_404(SpendImport, pk=number), by=request.user)
        return self._booked(request, _("The file is taken back."))

    def remove(self, request: Any, number: int) -> HttpResponse:
        spending.remove(get_object_or_404(Spend, pk=number), by=request.user)
        return self._booked(request, _("The entry is taken back."))

    def _booked(self, request: Any, words: str) -> HttpResponse:
        tasks.measure_changes_soon(by=request.user)
        messages.success(request, words)
        return HttpResponseRedirect(reverse(PAGE))

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"metrics/{name}.html", site | context)


def _read(raw: bytes, name: str) -> spend_files.Read:
    project = clock.project()
    return spend_files.read(
        raw,
        name=name,
        currency=project.currency,
        today=clock.today(project),
        channels=spend_files.by_word(),
    )


def _key(request: Any, token: str) -> str:
    return f"spend-file:{request.user.pk}:{token[:40]}"


def _shown(found: spend_files.Read, token: str) -> dict[str, Any]:
    currency = clock.project().currency
    return {
        "found": found,
        "token": token,
        "sum": figures.money(found.amount_minor, currency),
        "lines": [
            (row.day, row.channel or "–", figures.money(row.amount_minor, currency), row.note)
            for row in found.rows[:SHOWN]
        ],
        "more": max(0, len(found.rows) - SHOWN),
    }
