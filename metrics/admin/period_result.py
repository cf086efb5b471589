"""Closed periods: what each came to, and what late data made of it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from console import clock
from console.modeladmin import ReadOnlyAdmin
from metrics import period_words, periods
from metrics.models import PeriodResult


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
    list_filter: ClassVar = ["grain", RevisedFilter]
    list_select_related: ClassVar = ["metric"]
    list_display_links = None
    ordering: ClassVar = ["-begins_on", "metric_id", "slice", "-revision"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodResult]:
        self.currency = clock.project().currency
        return super().get_queryset(request)

    @display(description=_("period"), ordering="begins_on")
    def period(self, result: PeriodResult) -> str:
        return periods.name(result.begins_on, result.grain)

    @display(description=_("metric"))
    def what(self, result: PeriodResult) -> str:
        part = f" ({result.slice})" if result.slice else ""
        return f"{result.metric.label}{part}"

    @display(description=_("value"))
    def came_to(self, result: PeriodResult) -> str:
        return period_words.value(result.metric, result.value, self.currency)

    @display(description=_("revision"), label={"first": "", "late": "warning"})
    def told(self, result: PeriodResult) -> tuple[str, Any]:
        if result.revision == 1:
            return "first", pgettext_lazy("a revision", "first")
        return "late", _("again, late data (%(n)d)") % {"n": result.revision}
