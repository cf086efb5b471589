"""Closed periods: what each came to, and what late data made of it."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from console import clock, roles
from console.modeladmin import ReadOnlyAdmin
from metrics import foreign, period_words, periods, slicing
from metrics.admin import export
from metrics.models import Metric, PeriodResult

DAY = dt.timedelta(days=1)
HEADINGS: list[object] = [
    *("metric", "slice", "period", "begins_on", "revision", "value", "unit", "closed_on")
]


class RevisedFilter(admin.SimpleListFilter):
    title = _("late data")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("changed by late data"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(revision__gt=1) if self.value() == "yes" else queryset


@admin.register(PeriodResult)
class PeriodResultAdmin(ReadOnlyAdmin):
    view_action = "metrics.view"
    empty_words: ClassVar = _(
        "Months and weeks that are over close by themselves, some days later; what they came to "
        "is kept here for good."
    )
    list_display: ClassVar = ["period", "what", "came_to", "told", "closed_on"]
    list_before_template = "metrics/closed_head.html"
    list_filter: ClassVar = ["grain", RevisedFilter]
    list_select_related: ClassVar = ["metric"]
    list_display_links = None
    ordering: ClassVar = ["-begins_on", "metric_id", "slice", "-revision"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodResult]:
        self.currency = clock.project().currency
        parts = PeriodResult.objects.exclude(slice="").values_list("slice", flat=True)
        self.parts = slicing.names(list(parts.order_by().distinct()))
        self.foreign = foreign.by_day(None, clock.today())
        return super().get_queryset(request)

    def get_urls(self) -> list[URLPattern]:
        file = self.admin_site.admin_view(self.export)
        return [path("export/", file, name="metrics_periodresult_export"), *super().get_urls()]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What the list holds, as it is filtered now, as a file."""
        roles.require(request.user, self.view_action)
        found = self.get_changelist_instance(request).get_queryset(request)
        return export.table("closed-periods", self._lines(found.iterator(chunk_size=2_000)))

    def _lines(self, found: Iterable[PeriodResult]) -> Iterator[list[object]]:
        yield HEADINGS
        for one in found:
            yield [
                one.metric.key,
                one.slice,
                one.grain,
                one.begins_on,
                one.revision,
                export.in_whole(one.metric, one.value, self.currency),
                export.unit(one.metric, self.currency),
                one.closed_on,
            ]

    @display(description=_("period"), ordering="begins_on")
    def period(self, result: PeriodResult) -> str:
        return periods.name(result.begins_on, result.grain)

    @display(description=_("metric"))
    def what(self, result: PeriodResult) -> str:
        part = self.parts.get(result.slice, "")
        return f"{result.metric.label} · {part}" if part else result.metric.label

    @display(description=_("value"))
    def came_to(self, result: PeriodResult) -> str:
        said = period_words.value(result.metric, result.value, self.currency)
        if result.metric.unit != Metric.Unit.MONEY:
            return said
        until = periods.following(result.begins_on, result.grain) - DAY
        note = foreign.within(self.foreign, result.begins_on, until)
        return format_html('{} <span class="quiet">{}</span>', said, note) if note else said

    @display(description=_("revision"), label={"first": "", "late": "warning"})
    def told(self, result: PeriodResult) -> tuple[str, Any]:
        if result.revision == 1:
            return "first", pgettext_lazy("a revision", "first")
        return "late", _("again, late data (%(n)d)") % {"n": result.revision}
