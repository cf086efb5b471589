"""The metrics screens: what each number means, what it came to, and its course over time."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, OuterRef, QuerySet, Subquery, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, figures, keepers, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Project, Staff
from console.states import NotAllowed, Stale
from metrics import (
    charts,
    history,
    measurements,
    own,
    pictures,
    previews,
    retention,
    slicing,
    tasks,
    words,
)
from metrics.admin import export, metric_pages, metric_ties, metric_turn
from metrics.admin.metric_form import MetricForm
from metrics.models import Measurement, Metric
from segments.admin.filters import ArchivedFilter
from segments.rules.nodes import RuleError

RANGES = {"30": _("30 days"), "90": _("90 days"), "365": _("a year"), "all": _("all")}


class ThemeFilter(admin.SimpleListFilter):
    """Which theme of the library."""

    title, parameter_name = _("theme"), "theme"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Metric.Group.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Metric]) -> QuerySet[Metric]:
        chosen = self.value()
        return queryset.filter(group=chosen) if chosen in Metric.Group.values else queryset


@admin.register(Metric)
class MetricAdmin(ReadOnlyAdmin):
    """A list of definitions with their newest values, and a page for each."""

    view_action = "metrics.view"
    list_display: ClassVar = ["name_shown", "newest", "newest_on", "theme", "word_shown", "meaning"]
    # Theme by theme, in the order in which customers go through them.
    ordering: ClassVar = [
        Case(*(When(group=one, then=n) for n, one in enumerate(Metric.Group.values))),
        "id",
    ]
    list_display_links: ClassVar = ["name_shown"]
    list_before_template = "metrics/compute.html"
    list_per_page = 300
    list_filter: ClassVar = [ThemeFilter, ArchivedFilter]
    search_fields: ClassVar = ["key", "name", "definition"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Metric]:
        """With the newest value of each, in one query."""
        newest = Measurement.objects.filter(
            metric=OuterRef("pk"), slice="", day__lt=clock.today(), value__isnull=False
        ).order_by("-day")
        return Metric.objects.annotate(
            value=Subquery(newest.values("value")[:1]),
            on=Subquery(newest.values("day")[:1]),
            currency=Subquery(Project.objects.values("currency")[:1]),
        )

    @display(description=_("metric"))
    def name_shown(self, metric: Metric) -> str:
        return metric.label

    @display(description=_("newest value"))
    def newest(self, metric: Any) -> str:
        return figures.in_unit(metric.value, metric.unit, metric.currency)

    @display(description=_("day"))
    def newest_on(self, metric: Any) -> str:
        day = metric.on.isoformat() if metric.on else figures.NOTHING
        return format_html('<span class="whitespace-nowrap">{}</span>', day)

    @display(description=_("rests on"))
    def word_shown(self, metric: Any) -> str:
        if not (word := metric.word):
            return figures.NOTHING
        return format_html(
            '<a href="{}" title="{}" class="whitespace-nowrap">{}</a>',
            word.link,
            word.sentence,
            word.label,
        )

    @display(description=_("theme"))
    def theme(self, metric: Metric) -> str:
        return str(metric.get_group_display())

    @display(description=_("definition"))
    def meaning(self, metric: Metric) -> str:
        if not metric.failure:
            return metric.explanation
        return format_html(
            '{} <span class="badge">{}</span> <span class="quiet">{}</span>',
            metric.explanation,
            gettext("not measured"),
            metric.failure,
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The rows get their words together."""
        found = super().get_changelist_instance(request)
        known = words.by_metric()
        found.result_list = list(found.result_list)
        for metric in found.result_list:
            metric.word = known.get(metric.key)
        return found

    # --- pages ---------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("compute/", view(self.compute), name="metrics_metric_compute"),
            path("make/", view(self.make), name="metrics_metric_make"),
            path("<int:number>/edit/", view(self.edit), name="metrics_metric_edit"),
            path(
                "<int:number>/do/<str:deed>/",
                view(require_POST(self.do)),
                name="metrics_metric_do",
            ),
            path("<int:number>/export/", view(self.export), name="metrics_metric_export"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        fresh = measurements.freshness(until=history.last_closed_day())
        given = {
            "freshness": charts.freshness_words(fresh),
            "may_compute": roles.allows(request.user, "pipeline.run"),
            "may_add": roles.allows(request.user, own.ACTION),
            "themes": _themes(request.GET.get(ThemeFilter.parameter_name, "")),
        }
        return super().changelist_view(request, {**given, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        metric = self._metric(request, object_id)
        project = clock.project()
        chosen, sliced = pictures.range_of(request.GET), pictures.slice_of(metric, request.GET)
        word = words.by_metric().get(metric.key)
        query = f"?range={chosen}"
        context = {
            "original": metric,
            "metric": metric,
            "chart": pictures.of_metric(metric, chosen, sliced, word),
            "word": word,
            "total": _total(metric, project, chosen),
            **metric_ties.page(metric, _since(metric, project, chosen), request.user),
            "ranges": [(key, label, key == chosen) for key, label in RANGES.items()],
            "slices": _offered(metric, sliced),
            "chosen": chosen,
            "has_ranges": metric.key != retention.KEY,
            "turn": metric_turn.panel(metric, request.GET) if metric.key != retention.KEY else None,
            "export": reverse("admin:metrics_metric_export", args=[metric.pk]) + query,
            "about": metric_pages.about(metric),
            "may_change": roles.may_change(request.user, metric, own.ACTION),
            "keeper_link": reverse("admin:metrics_metric_do", args=[metric.pk, "owner"]),
        }
        if keepers.may_name(metric, request.user, own.ACTION):
            context["keepers"] = keepers.offered()
        return self._page(request, "metric", metric.label, context)

    def make(self, request: Any) -> HttpResponse:
        """A new metric: choose, look at what it comes to, keep it."""
        roles.require(request.user, own.ACTION)
        return self._form(request, None)

    def edit(self, request: Any, number: int) -> HttpResponse:
        metric = self._metric(request, str(number))
        roles.require(request.user, own.ACTION, record=metric)
        return self._form(request, metric)

    def _form(self, request: Any, metric: Metric | None) -> HttpResponse:
        found = previews.find(request.GET.get("preview", ""), by=request.user)
        form = MetricForm(request.POST or None, of=metric)
        if request.method == "POST" and form.is_valid():
            if "save" in request.POST or form.is_coded:
                return self._save(request, form, metric)
            number = tasks.preview_metric_soon(
                form.cleaned_data["recipe"],
                form.cleaned_data["unit"],
                form={name: request.POST.getlist(name) for name in request.POST},
                by=request.user,
            )
            return HttpResponseRedirect(f"{request.path}?preview={number}")
        if request.method != "POST" and found is not None:
            form = MetricForm(found.as_post(), of=metric)
        context = {
            "metric": metric,
            "form": form,
            "preview": found,
            "chart": found and metric_pages.preview_chart(found, form),
        }
        title = metric.label if metric else gettext("A metric of your own")
        return self._page(request, "metric_form", title, context)

    def _save(self, request: Any, form: MetricForm, metric: Metric | None) -> HttpResponse:
        given = dict(form.cleaned_data)
        names = ("name", "definition", "group", "direction", "slices", "recipe", "unit")
        fields = {name: given[name] for name in names if name in given}
        try:
            if metric is None:
                metric, anew = own.add(by=request.user, **fields), True
            else:
                anew = own.edit(
                    metric,
                    by=request.user,
                    seen_version=given["seen_version"] or 0,
                    note=given["note"],
                    **fields,
                )
        except (NotAllowed, Stale, RuleError) as problem:
            words = problem.said(gettext) if isinstance(problem, RuleError) else str(problem)
            messages.error(request, words)
            context = {"metric": metric, "form": form, "preview": None, "chart": None}
            title = metric.label if metric else gettext("A metric of your own")
            return self._page(request, "metric_form", title, context, status=409)
        if anew:
            tasks.measure_changes_soon(by=request.user)
            messages.success(request, _("The metric is saved; its days are being measured."))
        return HttpResponseRedirect(reverse("admin:metrics_metric_change", args=[metric.pk]))

    def do(self, request: Any, number: int, deed: str) -> HttpResponse:
        """Archive or restore a metric of somebody's own; say who looks after any."""
        metric = self._metric(request, str(number))
        match deed:
            case "owner":
                owner = keepers.read(request.POST.get("owner", ""))
                keepers.name(metric, owner, by=request.user, action=own.ACTION)
                messages.success(request, _("Saved."))
            case "archive":
                own.archive(metric, by=request.user)
                messages.success(request, _("The metric is archived."))
            case "restore":
                own.restore(metric, by=request.user)
                tasks.measure_changes_soon(by=request.user)
                messages.success(request, _("The metric is in use again."))
            case _:
                raise Http404
        return HttpResponseRedirect(reverse("admin:metrics_metric_change", args=[metric.pk]))

    def _page(
        self,
        request: HttpRequest,
        name: str,
        title: str,
        context: dict[str, Any],
        status: int = 200,
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"metrics/{name}.html", site | context, status=status)

    def export(self, request: HttpRequest, number: int) -> HttpResponseBase:
        metric = self._metric(request, str(number))
        project = clock.project()
        since, until = pictures.days(project, pictures.range_of(request.GET))
        found = measurements.read([metric.key], since=since, until=until, sliced=True)[metric.key]
        return export.answer(metric, found, currency=project.currency)

    def compute(self, request: HttpRequest) -> HttpResponse:
        """Start measuring everything anew."""
        roles.require(request.user, "pipeline.run")
        if request.method != "POST" or not isinstance(request.user, Staff):
            raise PermissionDenied
        job = tasks.measure_soon(by=request.user)
        messages.success(request, _("The numbers are being computed."))
        return HttpResponseRedirect(reverse("admin:console_job_change", args=[job.pk]))

    def _metric(self, request: HttpRequest, number: str) -> Metric:
        if not self.has_view_permission(request):
            raise PermissionDenied
        metric = Metric.objects.filter(pk=number).first() if number.isdecimal() else None
        if metric is None:
            raise Http404
        return metric


def _themes(chosen: str) -> list[tuple[str, Any, bool]]:
    """The ways to a part of the library, for a row of links above the list."""
    every = [("", gettext("all")), *Metric.Group.choices]
    return [(key, label, key == chosen) for key, label in every]


def _since(metric: Metric, project: Project, chosen: str) -> dt.date | None:
    """The first of the days that are compared with others; none of a field of cohorts."""
    return None if metric.key == retention.KEY else pictures.days(project, chosen)[0]


def _total(metric: Metric, project: Project, chosen: str) -> str:
    """The sum over the chosen days, where it means something."""
    if metric.over != Metric.Over.SUM:
        return ""
    since, until = pictures.days(project, chosen)
    found = measurements.read([metric.key], since=since, until=until)[metric.key]
    whole = sum((figure.value for figure in found if figure.value is not None), Decimal(0))
    return figures.in_unit(whole, metric.unit, project.currency)


def _offered(metric: Metric, chosen: str) -> list[tuple[str, str, bool]]:
    """The ways to divide the metric, for the page's second row of links."""
    if not metric.slices:
        return []
    known = slicing.dimensions()
    every = {"": gettext("everybody"), **{one: known.get(one, one) for one in metric.slices}}
    return [(key, label, key == chosen) for key, label in every.items()]
