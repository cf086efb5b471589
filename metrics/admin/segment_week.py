"""The weekly report on segments: a page a week, with the KPIs of each segment."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from console import charts, clock, figures, kept_words, roles
from console.charts import Chart
from console.modeladmin import ReadOnlyAdmin
from metrics import foreign, goals, segment_weeks
from metrics.admin import export
from metrics.models import Metric, SegmentReader, SegmentWeek
from segments.models import Segment

NAME = "metrics_segmentweek"
HEADINGS = [
    *("segment", "customers", "came", "left", "ordered within 30 days", "spent a customer"),
    *("campaigns a customer", "written to, a customer", "under-served", "KPI", "actual"),
    *("target", "forecast", "unit"),
]
LIGHTS = {"good": "good", "warn": "warn", "bad": "bad"}


@admin.register(SegmentWeek)
class SegmentWeekAdmin(ReadOnlyAdmin):
    view_action = "segments.view"
    list_display: ClassVar = ["__str__", "monday", "made_at"]
    list_before_template = "metrics/segment_weeks_head.html"
    empty_words: ClassVar = gettext_lazy(
        "Every Monday morning the week of each segment is written down here, with its KPIs: the "
        "goals of metrics that are measured for the segment."
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("mail/", view(require_POST(self.mail)), name=f"{NAME}_mail"),
            path("<int:pk>/export/", view(self.export), name=f"{NAME}_export"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponseBase:
        head = {"is_reader": SegmentReader.objects.filter(staff=request.user.pk).exists()}
        return super().changelist_view(request, {**head, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        week = self._one(request, object_id)
        currency, metrics = clock.project().currency, _metrics(week)
        there = set(Segment.objects.values_list("pk", flat=True))
        until = week.monday + segment_weeks.WEEK - segment_weeks.DAY
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(week),
            "original": week,
            "week": week,
            "until": until,
            "rows": [
                _shown(one, currency)
                | {
                    "link": reverse("admin:segments_segment_change", args=[one["segment"]])
                    if one["segment"] in there
                    else "",
                    "kpis": [_kpi(kpi, metrics, currency) for kpi in one["kpis"]],
                }
                for one in week.data["lines"]
            ],
            "everyone": _shown(week.data["everyone"], currency),
            "foreign": foreign.words(None, until),
            "chart": _chart(week),
            "may_aim": roles.allows(request.user, goals.ACTION),
        }
        return render(request, "metrics/segment_week.html", context)

    def mail(self, request: Any) -> HttpResponse:
        """Get it every Monday, or no longer."""
        roles.require(request.user, self.view_action)
        if request.POST.get("deed") == "stop":
            segment_weeks.unsubscribe(request.user)
            messages.success(request, _("It is not mailed to you any more."))
        else:
            segment_weeks.subscribe(request.user)
            messages.success(request, _("It is mailed to you every Monday."))
        return HttpResponseRedirect(reverse(f"admin:{NAME}_changelist"))

    def export(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        week = self._one(request, str(pk))
        metrics, currency = _metrics(week), clock.project().currency
        rows = (cells for one in week.data["lines"] for cells in _cells(one, metrics, currency))
        return export.table(f"segments-{week}", [HEADINGS, *rows])

    def _one(self, request: HttpRequest, number: str) -> SegmentWeek:
        roles.require(request.user, self.view_action)
        if not number.isdecimal() or len(number) > 18:
            raise Http404
        return get_object_or_404(SegmentWeek, pk=number)


def _shown(one: dict[str, Any], currency: str) -> dict[str, Any]:
    spent = one["spent"]
    return {
        "name": kept_words.said(one.get("name", "")),
        "size": figures.whole(one["size"]),
        "came": figures.whole(one.get("came")),
        "left": figures.whole(one.get("left")),
        "conversion": figures.share(one["conversion"]),
        "spent": figures.money(None if spent is None else round(spent), currency),
        "campaigns": figures.number(one.get("campaigns"), digits=1),
        "touches": figures.number(one["touches"], digits=1),
        "is_under_served": one.get("is_under_served", False),
        "rule_changed": one.get("rule_changed", False),
    }


def _kpi(kpi: dict[str, Any], metrics: dict[int, Metric], currency: str) -> dict[str, Any]:
    metric = metrics.get(kpi["metric"])
    unit = metric.unit if metric else "number"
    said = {
        name: figures.in_unit(_number(kpi[name]), unit, currency)
        for name in ("actual", "target", "forecast")
    }
    return said | {
        "label": metric.label if metric else figures.NOTHING,
        "tone": LIGHTS.get(kpi["light"], ""),
        "link": reverse("admin:metrics_goal_change", args=[kpi["goal"]]),
    }


def _cells(one: dict[str, Any], metrics: dict[int, Metric], currency: str) -> list[list[Any]]:
    """A row a KPI; a segment without any has one row. Money in whole units."""
    spent = figures.major(round(one["spent"]), currency) if one["spent"] is not None else ""
    about: list[Any] = [kept_words.said(one["name"])]
    about += [one[name] for name in ("size", "came", "left", "conversion")]
    about += [spent, one.get("campaigns"), one["touches"], int(one["is_under_served"])]
    rows = []
    for kpi in one["kpis"]:
        if (metric := metrics.get(kpi["metric"])) is not None:
            values = (kpi[name] for name in ("actual", "target", "forecast"))
            numbers = [export.in_whole(metric, _number(one), currency) for one in values]
            rows.append([*about, metric.label, *numbers, export.unit(metric, currency)])
    return rows or [[*about, "", "", "", "", ""]]


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _metrics(week: SegmentWeek) -> dict[int, Metric]:
    wanted = {kpi["metric"] for one in week.data["lines"] for kpi in one["kpis"]}
    return Metric.objects.in_bulk(wanted)


def _chart(week: SegmentWeek) -> Chart:
    lines = [one for one in week.data["lines"] if one["came"] is not None]
    names = [kept_words.said(one["name"]) for one in lines]
    return Chart(
        id="segment-week",
        title=_("Came and left in the week"),
        option=charts.stacks(
            names,
            {
                _("came"): [one["came"] for one in lines],
                _("left"): [-one["left"] for one in lines],
            },
            unit=charts.unit("count"),
        )
        if lines
        else {},
        columns=[_("Segment"), _("came"), _("left")],
        rows=[
            [name, figures.whole(one["came"]), figures.whole(one["left"])]
            for name, one in zip(names, lines, strict=True)
        ],
        empty=_("The members of the days before and after the week are needed for this."),
    )
