"""Sources: who sends events, with which keys, how much, and what to copy to begin."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.views import ChangeList

from console import clock, figures, roles, seen
from console.modeladmin import ConsoleModelAdmin
from console.seen_marks import SeenForm, unseen
from segments import event_sources, write_keys
from segments.admin import snippets
from segments.admin.filters import ArchivedFilter
from segments.event_sources import Sent
from segments.models import EventSource, WriteKey

# For how many hours an old key goes on working beside the new one.
LAPS = {
    "24": _("the old one works for another day"),
    "168": _("the old one works for another week"),
    "0": _("the old one ends now"),
}


class SourceForm(SeenForm):
    """What a source is called."""

    fields_seen = event_sources.EDITABLE

    class Meta:
        model = EventSource
        fields = event_sources.EDITABLE


class SourceList(ChangeList):
    """The list, with the counts of all its sources from one question."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        sent = _sent()
        for source in self.result_list:
            source.sent = sent.get(source.pk, Sent())


@admin.register(EventSource)
class EventSourceAdmin(ConsoleModelAdmin):
    view_action = "sources.view"
    empty_words: ClassVar = _("Nothing can send events until there is a source with a key.")
    add_action = change_action = event_sources.ACTION
    form = SourceForm
    list_display: ClassVar = ["name", "last_event", "today", "letters", "description"]
    list_filter: ClassVar = [ArchivedFilter]
    list_before_template = "segments/source/head.html"

    def get_changelist(self, request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return SourceList

    @display(description=_("last event received"))
    def last_event(self, source: Any) -> Any:
        return source.sent.last_at or _("nothing yet")

    @display(description=_("received today"))
    def today(self, source: Any) -> str:
        return figures.whole(source.sent.today)

    @display(description=_("dead letters"))
    def letters(self, source: Any) -> str:
        return figures.whole(source.sent.dead)

    # --- saving ---------------------------------------------------------------

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        kept = event_sources.add(by=request.user, **unseen(form.cleaned_data))
        obj.pk = kept.pk

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **_kw: Any) -> HttpResponse:
        return _to(obj.pk)

    # --- the page -------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/do/<str:deed>/", view(require_POST(self.do)), name="segments_source_do"),
            path(
                "<int:pk>/key/<int:key>/<str:deed>/",
                view(require_POST(self.key)),
                name="segments_source_key",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        number = int(object_id) if object_id.isdecimal() else 0
        return self._page(request, get_object_or_404(EventSource, pk=number))

    def _page(self, request: Any, source: EventSource, made: str = "") -> HttpResponse:
        """The page; `made` is the text of a new key, which is shown this once."""
        now = timezone.now()
        context = {
            **self.admin_site.each_context(request),
            "title": source.name,
            "opts": self.opts,
            "original": source,
            "source": source,
            "seen": seen.of(source, event_sources.EDITABLE),
            "sent": _sent().get(source.pk, Sent()),
            "keys": [_described(key, now) for key in source.keys.select_related("created_by")],
            "made": made,
            "snippets": snippets.with_key(made),
            "scopes": WriteKey.Scope.choices,
            "laps": LAPS.items(),
            "may_change": roles.allows(request.user, event_sources.ACTION),
            "may_see_letters": roles.allows(request.user, "dead_letters.view"),
        }
        return render(request, "segments/source/page.html", context)

    # --- buttons --------------------------------------------------------------

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Rename, archive or restore a source, or make a key for it."""
        source = get_object_or_404(EventSource, pk=pk)
        match deed:
            case "change":
                self._change(request, source)
            case "archive":
                event_sources.archive(source, by=request.user, at=timezone.now())
                messages.success(request, _("The source is archived; its keys work no more."))
            case "restore":
                event_sources.restore(source, by=request.user)
                messages.success(request, _("The source is in use again."))
            case "make":
                _key, text = write_keys.make(source, by=request.user, **_asked(request))
                return self._page(request, source, made=text)
            case _:
                return HttpResponse(status=404)
        return _to(pk)

    def _change(self, request: Any, source: EventSource) -> None:
        roles.require(request.user, event_sources.ACTION)
        form = self.get_form(request, source, change=True)(request.POST, instance=source)
        if form.is_valid():
            event_sources.change(source, by=request.user, **form.cleaned_data)
            messages.success(request, _("The source is changed."))
        else:
            for problems in form.errors.values():
                messages.error(request, " ".join(problems))

    def key(self, request: Any, pk: int, key: int, deed: str) -> HttpResponse:
        """Put a new key in the place of one, or end it."""
        kept = get_object_or_404(WriteKey.objects.select_related("source"), pk=key, source=pk)
        if deed == "rotate":
            hours = request.POST.get("hours", "")
            until = timezone.now() + dt.timedelta(hours=int(hours) if hours in LAPS else 24)
            _new, text = write_keys.rotate(kept, by=request.user, until=until)
            return self._page(request, kept.source, made=text)
        if deed == "revoke":
            write_keys.revoke(kept, by=request.user, at=timezone.now())
            messages.success(request, _("The key works no more; all know it within 10 seconds."))
            return _to(pk)
        return HttpResponse(status=404)


def _sent() -> dict[int, Sent]:
    """By the real day: a project may pin another one."""
    return event_sources.sent(day=clock.day_of(timezone.now()))


def _asked(request: Any) -> dict[str, Any]:
    """What a new key may do, from the form; what is no number is too little, and so refused."""
    numbers = {name: request.POST.get(name, "") for name in ("per_second", "burst")}
    return {
        "scopes": request.POST.getlist("scopes"),
        **{name: int(text) if _is_short_number(text) else 0 for name, text in numbers.items()},
    }


def _is_short_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _described(key: WriteKey, now: dt.datetime) -> dict[str, Any]:
    """A key and how it stands."""
    return {
        "key": key,
        "scopes": [WriteKey.Scope(scope).label for scope in key.scopes],
        "has_ended": key.expires_at is not None and key.expires_at <= now,
    }


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:segments_eventsource_change", args=[pk]))
