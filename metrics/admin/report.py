"""The reports: an index of them, and for each a page on which one sets what it asks."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from pyroaring import BitMap

from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed
from metrics import pictures, saved_reports, tasks
from metrics.admin import export
from metrics.models import SavedReport
from metrics.reports import asking, every, parts
from metrics.reports.asking import Known
from metrics.reports.fields import Settings
from metrics.reports.parts import Part
from metrics.reports.report import Found, Report
from segments import collection, lists
from segments import found as found_customers
from segments import tasks as of_segments

NAME = "metrics_savedreport"


@admin.register(SavedReport)
class SavedReportAdmin(ReadOnlyAdmin):
    """Saved ones are links; what a page shows is in its address."""

    view_action = "metrics.view"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<slug:kind>/show/", view(self.show), name=f"{NAME}_show"),
            path("<slug:kind>/ask/", view(require_POST(self.ask)), name=f"{NAME}_ask"),
            path("<slug:kind>/save/", view(require_POST(self.save)), name=f"{NAME}_save"),
            path("<slug:kind>/file/<slug:key>/", view(self.file), name=f"{NAME}_file"),
            path(
                "<slug:kind>/list/<slug:place>/",
                view(require_POST(self.make_list)),
                name=f"{NAME}_list",
            ),
            path("<int:pk>/remove/", view(require_POST(self.remove)), name=f"{NAME}_remove"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        saved = [
            {
                "report": one,
                "link": f"{page(one.kind)}?{one.query}",
                "may_remove": roles.may_change(request.user, one, saved_reports.ACTION),
            }
            for one in SavedReport.objects.select_related("by")
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Reports"),
            "reports": [{"report": one, "link": page(one.kind)} for one in every.EVERY],
            "saved": saved,
        }
        return TemplateResponse(request, "metrics/reports.html", context)

    def show(self, request: HttpRequest, kind: str) -> HttpResponse:
        roles.require(request.user, self.view_action)
        report = _report(kind)
        settings, problem = _settings(report, request)
        known = Known() if problem else asking.look(report.question(settings))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": report.kind.label,
            "report": report,
            "fields": report.fields(settings),
            "problem": problem,
            "known": known,
            "charts": pictures.of_report(
                report, settings, known, export=lambda key: _at(report, "file", settings, key)
            ),
            "finds": [
                {
                    "found": one,
                    "count": figures.whole(one.count),
                    "action": _at(report, "list", settings, one.place),
                }
                for one in _finds(report, settings, known)
            ],
            "may_list": roles.allows(request.user, lists.ACTION),
            "may_segment": roles.allows(request.user, collection.ACTION),
            "actions": {name: _at(report, name, settings) for name in ("ask", "save")},
        }
        return TemplateResponse(request, "metrics/report.html", context)

    # --- buttons --------------------------------------------------------------

    def ask(self, request: Any, kind: str) -> HttpResponse:
        """Work it out from the data as they are now; a worker does."""
        roles.require(request.user, self.view_action)
        report = _report(kind)
        settings, problem = _settings(report, request)
        if problem:
            messages.error(request, problem)
        else:
            tasks.answer_soon(report.question(settings), str(report.kind.label), by=request.user)
        return HttpResponseRedirect(_at(report, "show", settings))

    def save(self, request: Any, kind: str) -> HttpResponse:
        report = _report(kind)
        settings, _problem = _settings(report, request)
        query, name = report.address(settings), request.POST.get("name", "")
        try:
            saved_reports.save(name, kind=report.kind, query=query, by=request.user)
        except NotAllowed as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The report is saved; everybody finds it under Reports."))
        return HttpResponseRedirect(_at(report, "show", settings))

    def make_list(self, request: Any, kind: str, place: str) -> HttpResponse:
        """The customers whom a report found, as a list that rules can use, or as a segment."""
        roles.require(request.user, lists.ACTION)
        report = _report(kind)
        settings, _problem = _settings(report, request)
        known = asking.look(report.question(settings))
        found = {one.place: one for one in _finds(report, settings, known)}
        if place not in found or known.answer is None:
            raise Http404
        whom = known.answer.sets.get(place=place).members
        told = {
            "name": request.POST.get("name", "") or found[place].who,
            "source": f"report {kind}",
            "by": request.user,
            "at": clock.now(),
        }
        try:
            if "segment" in request.POST:
                return self._to_segment(request, whom, found[place], told)
            made = found_customers.as_list(whom, **told)
        except NotAllowed as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(_at(report, "show", settings))
        messages.success(request, _("The list is made; rules and campaigns can use it."))
        return HttpResponseRedirect(reverse("admin:segments_customerlist_change", args=[made.pk]))

    def _to_segment(
        self, request: Any, whom: BitMap, found: Found, told: dict[str, Any]
    ) -> HttpResponse:
        segment = found_customers.as_segment(whom, about=_about(found), **told)
        of_segments.recompute_soon(segment)
        messages.success(request, _("The segment is made; campaigns and reports can use it."))
        return HttpResponseRedirect(reverse("admin:segments_segment_change", args=[segment.pk]))

    def remove(self, request: Any, pk: int) -> HttpResponse:
        one = get_object_or_404(SavedReport, pk=pk)
        try:
            saved_reports.remove(one, by=request.user)
        except NotAllowed as refused:
            messages.error(request, str(refused))
        return HttpResponseRedirect(reverse(f"admin:{NAME}_changelist"))

    def file(self, request: HttpRequest, kind: str, key: str) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        report = _report(kind)
        settings, _problem = _settings(report, request)
        known = asking.look(report.question(settings))
        found = {one.key: one for one in _parts(report, settings, known)}
        if key not in found:
            raise Http404
        return export.table(key, parts.lines(found[key]))


def page(kind: str) -> str:
    return reverse(f"admin:{NAME}_show", args=[kind])


def _at(report: Report, name: str, settings: Settings, *more: str) -> str:
    address = reverse(f"admin:{NAME}_{name}", args=[report.kind.value, *more])
    query = report.address(settings)
    return f"{address}?{query}" if query else address


def _about(found: Found) -> str:
    return f"{found.who} ({found.how})" if found.how else found.who


def _report(kind: str) -> Report:
    if kind not in every.BY_KIND:
        raise Http404
    return every.BY_KIND[kind]


def _settings(report: Report, request: HttpRequest) -> tuple[Settings, str]:
    """What the address says, and why that cannot be asked."""
    try:
        settings = report.read(request.GET)
    except NotAllowed as refused:
        return report.read({}), str(refused)
    return settings, report.missing(settings)


def _parts(report: Report, settings: Settings, known: Known) -> list[Part]:
    if known.answer is None or known.answer.data is None:
        return []
    return report.parts(settings, known.answer)


def _finds(report: Report, settings: Settings, known: Known) -> list[Found]:
    if known.answer is None or known.answer.data is None:
        return []
    return report.finds(settings, known.answer)
