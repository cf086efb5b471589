"""Dead letters: what could not be taken, read, mended, replayed or dropped."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import roles
from console.modeladmin import ReadOnlyAdmin
from segments import dead_letters, tasks
from segments.models import DeadLetter, EventSource

SETTLE = dead_letters.ACTION
COLORS = {
    DeadLetter.Status.WAITING: "warning",
    DeadLetter.Status.REPLAYED: "success",
    DeadLetter.Status.DROPPED: "info",
}


class StatusFilter(admin.SimpleListFilter):
    """Those that wait unless one asks for others."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        settled = (DeadLetter.Status.REPLAYED, DeadLetter.Status.DROPPED)
        return [*((one.value, one.label) for one in settled), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": DeadLetter.Status.WAITING.label}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(status=self.value() or DeadLetter.Status.WAITING)


class ReasonFilter(admin.SimpleListFilter):
    """Fixed choices, so no scan over the letters."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, dead_letters.said(code)) for code in dead_letters.REASONS]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class SourceFilter(admin.SimpleListFilter):
    title = _("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(source.pk), source.name) for source in EventSource.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        number = self.value() or ""
        return queryset.filter(source=int(number)) if _is_number(number) else queryset


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    view_action = dead_letters.VIEW
    empty_words: ClassVar = _("No item waits: everything that came in could be taken.")
    list_display: ClassVar = ["number", "why", "event", "source", "sent_as", "received_at", "state"]
    list_filter: ClassVar = [StatusFilter, SourceFilter, ReasonFilter]
    list_select_related: ClassVar = ["source"]
    list_before_template = "segments/letter/head.html"
    search_fields: ClassVar = ["event__startswith"]
    search_help_text = _("The beginning of an event's name.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeadLetter]:
        """Lists do not need what came."""
        return super().get_queryset(request).defer("raw")

    @display(description=_("letter"), ordering="pk")
    def number(self, letter: DeadLetter) -> str:
        return f"#{letter.pk}"

    @display(description=_("reason"))
    def why(self, letter: DeadLetter) -> str:
        return dead_letters.explained(letter.reason, letter.detail)

    @display(description=_("sent as"))
    def sent_as(self, letter: DeadLetter) -> str:
        return str(dead_letters.DIALECTS.get(letter.dialect, letter.dialect))

    @display(description=_("status"), label=COLORS)
    def state(self, letter: DeadLetter) -> tuple[str, str]:
        return letter.status, letter.get_status_display()

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        of, is_open = _filter(request.GET), not request.GET.get("status")
        matching = dead_letters.waiting(**of) if is_open else DeadLetter.objects.none()
        context = {
            "matching": matching.order_by()[: self.paginator.most].count(),
            "of": {name: value for name, value in of.items() if value},
            "may_settle": roles.allows(request.user, SETTLE),
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    # --- one letter -----------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("all/<str:deed>/", view(require_POST(self.all)), name="segments_letters_all"),
            path("<int:pk>/do/<str:deed>/", view(require_POST(self.do)), name="segments_letter_do"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        number = int(object_id) if _is_number(object_id) else 0
        found = DeadLetter.objects.select_related("source", "settled_by")
        return self._page(request, get_object_or_404(found, pk=number))

    def _page(
        self, request: Any, letter: DeadLetter, mended: str = "", problem: str = ""
    ) -> HttpResponse:
        raw = dead_letters.look(letter, by=request.user)
        is_whole = dead_letters.seen_whole(letter, by=request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": letter.event or f"#{letter.pk}",
            "opts": self.opts,
            "original": letter,
            "letter": letter,
            "why": self.why(letter),
            "sent_as": self.sent_as(letter),
            "raw": mended or raw,
            "problem": problem,
            "is_whole": is_whole,
            "may_settle": roles.allows(request.user, SETTLE) and letter.is_waiting and is_whole,
        }
        status = 422 if problem else 200
        return render(request, "segments/letter/page.html", context, status=status)

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Replay one letter as it stands in the form, or drop it."""
        roles.require(request.user, SETTLE)
        letter = get_object_or_404(DeadLetter.objects.select_related("source"), pk=pk)
        if deed == "drop":
            dead_letters.drop(letter, by=request.user)
            messages.success(request, _("The letter is dropped."))
            return _to_list()
        if deed != "replay":
            return HttpResponse(status=404)
        mended = request.POST.get("raw", "").replace("\r\n", "\n")
        try:
            dead_letters.replay(letter, by=request.user, raw=dead_letters.changed(letter, mended))
        except dead_letters.StillBad as problem:
            return self._page(request, letter, mended, str(problem))
        messages.success(request, _("The letter is on its way to the events."))
        return _to_list()

    def all(self, request: Any, deed: str) -> HttpResponse:
        """Replay or drop all that wait and match a filter, as a job."""
        roles.require(request.user, SETTLE)
        if deed not in {"replay", "drop"}:
            return HttpResponse(status=404)
        of = _filter(request.POST)
        count = dead_letters.waiting(**of).count()
        tasks.settle_letters_soon(deed, of, by=request.user)
        said = ngettext(
            "%(count)d letter is being settled.", "%(count)d letters are being settled.", count
        )
        messages.success(request, said % {"count": count} + " " + gettext("See “Jobs”."))
        return _to_list()


def _filter(given: Any) -> dict[str, Any]:
    """The filter of a list, from its address or from the form that repeats it."""
    number, event = given.get("source", ""), given.get("event", "") or given.get("q", "")
    return {
        "source": int(number) if _is_number(number) else None,
        "reason": given.get("reason", ""),
        "event": event.strip()[:80],
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _to_list() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:segments_deadletter_changelist"))
