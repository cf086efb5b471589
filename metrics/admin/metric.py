"""The metrics screens: what each number means, what it came to, and its course over time."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console import clock, figures, roles
from console.charts import Chart, Word
from console.modeladmin import ReadOnlyAdmin
from console.models import Project, Staff
from metrics import charts, history, library, measurements, retention, slices, tasks, words
from metrics.admin import export
from metrics.models import Measurement, Metric

RANGES = {"30": _("30 days"), "90": _("90 days"), "365": _("a year"), "all": _("all")}
USUAL_RANGE = "90"


@admin.register(Metric)
class MetricAdmin(ReadOnlyAdmin):
    """A list of definitions with their newest values, and a page for each."""

    view_action = "metrics.view"
    list_display: ClassVar = ["name_shown", "newest", "newest_on", "rests_on", "meaning"]
    list_display_links: ClassVar = ["name_shown"]
    list_before_template = "metrics/compute.html"

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
    def rests_on(self, metric: Any) -> str:
        if not (word := metric.word):
            return figures.NOTHING
        return format_html(
            '<a href="{}" title="{}" class="whitespace-nowrap">{}</a>',
            word.link,
            word.sentence,
            word.label,
        )

    @display(description=_("definition"))
    def meaning(self, metric: Metric) -> str:
        return metric.explanation

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
        chosen = _chosen_range(request)
        word = words.by_metric().get(metric.key)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": metric,
            "title": metric.label,
            "metric": metric,
            "chart": _chart(metric, project, chosen, word),
            "word": word,
            "total": _total(metric, project, chosen),
            "ranges": [(key, label, key == chosen) for key, label in RANGES.items()],
            "has_ranges": metric.key != retention.KEY,
            "export": reverse("admin:metrics_metric_export", args=[metric.pk]) + f"?range={chosen}",
        }
        return TemplateResponse(request, "metrics/metric.html", context)

    def export(self, request: HttpRequest, number: int) -> HttpResponseBase:
        metric = self._metric(request, str(number))
        project = clock.project()
        since, until = _days(project, _chosen_range(request))
        found = measurements.read([metric.key], since=since, until=until)[metric.key]
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


def _chosen_range(request: HttpRequest) -> str:
    chosen = request.GET.get("range", USUAL_RANGE)
    return chosen if chosen in RANGES else USUAL_RANGE


def _days(project: Project, chosen: str) -> tuple[dt.date | None, dt.date]:
    """The first and last day of a range that ends with the last closed day."""
    today = clock.today(project)
    since = None if chosen == "all" else today - dt.timedelta(days=int(chosen))
    return since, today


def _total(metric: Metric, project: Project, chosen: str) -> str:
    """The sum over the chosen days, where it means something."""
    if metric.key not in library.SUMMED:
        return ""
    since, until = _days(project, chosen)
    found = measurements.read([metric.key], since=since, until=until)[metric.key]
    whole = sum((figure.value for figure in found if figure.value is not None), Decimal(0))
    return figures.in_unit(whole, metric.unit, project.currency)


def _chart(metric: Metric, project: Project, chosen: str, word: Word | None) -> Chart:
    today = clock.today(project)
    fresh = charts.freshness_words(measurements.freshness(until=today))
    if metric.key == retention.KEY:
        found = measurements.read([metric.key])[metric.key]
        return charts.monthly_retention(metric, found, today=today, freshness=fresh, word=word)
    since, until = _days(project, chosen)
    found = measurements.read([metric.key], since=since, until=until)[metric.key]
    names = slices.names(metric)
    return charts.over_time(
        metric, found, currency=project.currency, names=names, freshness=fresh, word=word
    )
