"""Requests between teams: the list, the form, and the page on which one is worked with."""

import io
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from console import about, clock, roles
from console.admin.team_requests import deeds, editing, listing, page, spec_part
from console.admin.team_requests.filters import Filters
from console.admin.team_requests.request_form import RequestForm
from console.admin.team_requests.standing import Stand
from console.admin.team_requests.views import OtherViews
from console.modeladmin import ReadOnlyAdmin
from console.models import TeamRequest
from console.states import NotAllowed, Stale
from console.team_requests import kinds, news, seeing
from console.team_requests.keeping import Conflict
from metrics.admin import export

FOLDER = "console/requests"


@admin.register(TeamRequest)
class TeamRequestAdmin(OtherViews, ReadOnlyAdmin):
    view_action = seeing.VIEW

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view

        def at(tail: str, to: Any, name: str) -> URLPattern:
            return path(tail, view(to), name=f"console_teamrequest_{name}")

        return [
            *self.other_urls(at),
            at("new/", self.new, "new"),
            at("export/", self.export, "export"),
            at("ready/<slug:kind>/", require_POST(self.ready), "ready"),
            at("<int:pk>/edit/", self.edit, "edit"),
            at("<int:pk>/do/<slug:deed>/", require_POST(self.do), "do"),
            at("<int:pk>/files/<int:number>/", self.file, "file"),
            at("<int:pk>/revisions/<int:number>/", self.revision, "revision"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: Any) -> QuerySet[TeamRequest]:
        """What Django's own pages of a record look in, such as its history."""
        return seeing.visible_to(request.user)

    # --- the list ---------------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        filters = self._filters(request)
        context = listing.context(filters, asked=request.GET)
        title = capfirst(self.opts.verbose_name_plural)
        return self._render(request, "list", title, context)

    def export(self, request: Any) -> HttpResponseBase:
        return export.table("requests", listing.cells(self._filters(request).found()))

    def _filters(self, request: Any) -> Filters:
        roles.require(request.user, self.view_action)
        rows = seeing.visible_to(request.user)
        return Filters(request.GET, rows, staff=request.user, today=clock.today())

    # --- one --------------------------------------------------------------------

    def change_view(
        self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        stand = self._stand(request, object_id)
        news.read(stand.request, by=request.user, at=stand.at)
        given = request.GET
        return self._page(
            request, stand, name=given.get("deed", ""), before=_number(given.get("before", ""))
        )

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """One deed; a refusal comes back as words beside what was written."""
        stand, found = self._stand(request, pk), deeds.named(deed)
        form = found.form(request.POST, request.FILES, stand=stand, name=deed)
        if not form.is_valid():
            return self._page(request, stand, begun=form, name=deed, status=400)
        try:
            found.act(stand, dict(form.cleaned_data))
        except (NotAllowed, Stale) as refused:
            form.add_error(None, str(refused))
            stand = self._stand(request, pk)  # as it is, whoever was there meanwhile
            form.renew(stand)
            return self._page(
                request, stand, begun=form, name=deed, refused=str(refused), status=409
            )
        messages.success(request, str(found.done))
        return _to(stand.request, tail=f"#{found.where}")

    def revision(self, request: Any, pk: int, number: int) -> HttpResponse:
        """Two revisions word by word; without a choice, one against the one before it."""
        stand = self._stand(request, pk)
        before = _number(request.GET.get("against", "")) or number - 1
        compared = spec_part.comparison(stand.request, number, before)
        if compared is None:
            raise Http404
        context = {"original": stand.request, "asked": stand.request, **compared}
        return self._render(request, "revision", str(stand.request), context)

    def file(self, request: Any, pk: int, number: int) -> FileResponse:
        """A file to be kept, never to be shown: no browser runs what is in it."""
        found = get_object_or_404(self._stand(request, pk).request.files, pk=number)
        return FileResponse(
            io.BytesIO(found.content),
            as_attachment=True,
            filename=found.name,
            content_type=found.media_type,
            headers={
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cache-Control": "private, no-store",
            },
        )

    def _stand(self, request: Any, pk: int | str) -> Stand:
        roles.require(request.user, self.view_action)
        if not str(pk).isdecimal() or len(str(pk)) > 18:
            raise Http404
        return Stand(seeing.get_or_404(request.user, pk), request.user, clock.now())

    def _page(
        self,
        request: HttpRequest,
        stand: Stand,
        *,
        begun: Any = None,
        name: str = "",
        refused: str = "",
        before: int = 0,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            "original": stand.request,
            "refused": refused,
            **page.context(stand, begun=begun, name=name, before=before),
        }
        return self._render(request, "page", stand.request.title, context, status=status)

    # --- writing it -------------------------------------------------------------

    def new(self, request: Any) -> HttpResponse:
        """Choose a kind, fill in its form, and keep a draft or ask at once."""
        roles.require(request.user, seeing.ASK)
        if request.user.team_id is None and request.user.role != roles.AD:
            raise NotAllowed(_("You belong to no team yet; an administrator can change that."))
        kind = request.POST.get("kind") or request.GET.get("kind", "")
        if kind not in TeamRequest.Kind.values:
            context = {"kinds": editing.choices(), "kept": listing.without(request.GET, "kind")}
            return self._render(request, "kinds", _("Ask another team"), context)
        shown = self._about(request)
        begun = {name: request.GET[name] for name in editing.GIVEN if name in request.GET}
        begun = {**(shown.begun if shown else {}), **begun}
        form = RequestForm(request.POST or None, kind=kind, staff=request.user, initial=begun)
        is_asked = "ask" in request.POST
        if request.method == "POST" and form.is_valid() and editing.is_ready(form, is_asked):
            try:
                made = editing.make(form, about=shown, by=request.user, is_asked=is_asked)
            except (NotAllowed, Stale) as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Asked.") if is_asked else _("Kept as a draft."))
                return _to(made)
        return self._form(request, form, _("Ask another team"), shown=shown)

    def _about(self, request: Any) -> about.About | None:
        """The page from which one came here, with the chart that one saw there."""
        given = request.POST or request.GET
        address, chart = given.get("about", ""), given.get("chart", "")
        return about.of(address, chart=chart, by=request.user) if address else None

    def edit(self, request: Any, pk: int) -> HttpResponse:
        stand = self._stand(request, pk)
        one, staff = stand.request, request.user
        if not stand.may_change:
            raise NotAllowed(_("What is asked for cannot be changed by you now."))
        begun = editing.initial(one)
        form = RequestForm(request.POST or None, kind=one.kind, staff=staff, of=one, initial=begun)
        if request.method == "POST" and form.is_valid():
            try:
                editing.change(one, form, by=staff)
            except Conflict as overtaken:
                met = editing.meet(one, form, overtaken.changes, by=staff)
                return self._form(request, met.form, str(one), one, met=met, status=409)
            except (NotAllowed, Stale) as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Saved."))
                return _to(one, tail="#spec")
        return self._form(request, form, str(one), one)

    def ready(self, request: Any, kind: str) -> HttpResponse:
        """The definition of ready over what is written so far, while one writes."""
        roles.require(request.user, seeing.ASK)
        if kind not in TeamRequest.Kind.values:
            raise Http404
        form = RequestForm(request.POST, kind=kind, staff=request.user)
        form.is_valid()
        context = {"ready": editing.ready(form)}
        return TemplateResponse(request, f"{FOLDER}/ready.html", context)

    def _form(
        self,
        request: HttpRequest,
        form: RequestForm,
        title: str,
        one: TeamRequest | None = None,
        *,
        met: editing.Meeting | None = None,
        shown: about.About | None = None,
        status: int = 200,
    ) -> HttpResponse:
        is_taken = one is not None and one.status in TeamRequest.TAKEN
        context = {
            "form": form,
            "kind": TeamRequest.Kind(form.kind),
            "fields": list(kinds.fields(form.kind)),
            "original": one,
            "met": met,
            "about": shown,
            "ready": [] if is_taken else editing.ready(form),
        }
        return self._render(request, "form", title, context, status=status)

    def _render(
        self,
        request: HttpRequest,
        name: str,
        title: str,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"{FOLDER}/{name}.html", site | context, status=status)


def _number(text: str) -> int:
    """A number that an address names; 0 for what is none."""
    return int(text) if text.isdecimal() and len(text) <= 18 else 0


def _to(one: TeamRequest, *, tail: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:console_teamrequest_change", args=[one.pk]) + tail)
