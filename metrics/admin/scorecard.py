"""The health scorecard: lights with their reasons, the score and its course, and benchmarks."""

from collections import Counter
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console import charts as drawing
from console import clock, figures, formats, roles, work
from console.charts import Chart
from console.modeladmin import ReadOnlyAdmin
from console.models import WorkItem
from console.states import NotAllowed
from console.team_requests import seeing
from metrics import health, history, initiatives
from metrics.admin import amounts, export
from metrics.health import Scorecard, Standing
from metrics.initiatives import FIFTHS, Initiative
from metrics.models import Benchmark, Indicator, Metric
from metrics.stats import attainment

PAGE = "admin:metrics_indicator_changelist"
LIGHTS = {
    "good": gettext_lazy("good"),
    "warn": gettext_lazy("in between"),
    "bad": gettext_lazy("bad"),
    "": pgettext_lazy("a traffic light", "not known"),
}
THIN = gettext_lazy("too few to judge")


class IndicatorForm(forms.Form):
    metric = forms.ModelChoiceField(
        label=gettext_lazy("metric"), queryset=Metric.objects.filter(archived_at=None)
    )
    weight = forms.IntegerField(label=gettext_lazy("weight"), min_value=0, max_value=100)
    good = amounts.ValueField(label=gettext_lazy("good from"))
    bad = amounts.ValueField(label=gettext_lazy("bad from"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        metric = given.get("metric")
        for name in ("good", "bad"):
            if metric is not None and given.get(name) is not None:
                given[name] = amounts.stored(given[name], metric)
        return given


Indicators = forms.formset_factory(
    IndicatorForm, extra=0, min_num=health.MANY, max_num=health.MANY, validate_min=True
)


class BenchmarkForm(forms.Form):
    metric = forms.ModelChoiceField(
        label=gettext_lazy("metric"), queryset=Metric.objects.filter(archived_at=None)
    )
    value = amounts.ValueField(label=gettext_lazy("value"), help_text=amounts.HINT)
    source = forms.CharField(
        label=pgettext_lazy("of a number", "source"),
        max_length=200,
        help_text=gettext_lazy("Such as the report and its page, or who told it."),
    )
    day = forms.DateField(
        label=gettext_lazy("as of"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("metric") and given.get("value") is not None:
            given["value"] = amounts.stored(given["value"], given["metric"])
        return given


@admin.register(Indicator)
class ScorecardAdmin(ReadOnlyAdmin):
    view_action = "metrics.view"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("set/", view(self.edit), name="metrics_indicator_set"),
            path("benchmark/", view(self.benchmark), name="metrics_indicator_benchmark"),
            path("export/", view(self.export), name="metrics_indicator_export"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        card = health.scorecard(history.last_closed_day())
        currency = clock.project().currency
        busy = _under_way([one.indicator.metric_id for one in card.standings])
        context = {
            "card": card,
            "score": figures.whole(card.score),
            "rows": [
                row(one, currency)
                | {
                    "lost": figures.number(card.lost(one), digits=1),
                    "busy": busy[one.indicator.metric_id],
                }
                for one in card.standings
            ],
            "initiatives": [
                _initiative(one) for one in initiatives.of(card, request.user, today=clock.today())
            ],
            "most_initiatives": initiatives.MOST,
            "may_ask": roles.allows(request.user, seeing.ASK),
            "first": formats.listed(_dear(card, one) for one in card.dearest()),
            "chart": course(card),
            "may_change": roles.allows(request.user, health.ACTION),
            "may_work": roles.allows(request.user, work.DO),
        }
        return self._page(request, "scorecard", _("Health"), context)

    def edit(self, request: Any) -> HttpResponse:
        roles.require(request.user, health.ACTION)
        health.install()
        now = [
            {
                "metric": one.metric,
                "weight": one.weight,
                "good": amounts.written(one.good, one.metric),
                "bad": amounts.written(one.bad, one.metric),
            }
            for one in Indicator.objects.select_related("metric")
        ]
        form = Indicators(request.POST or None, initial=now)
        problem = ""
        if request.method == "POST" and form.is_valid():
            try:
                health.change([dict(one) for one in form.cleaned_data], by=request.user)
            except NotAllowed as refused:
                problem = str(refused)
            else:
                messages.success(request, _("The scorecard is set anew."))
                return HttpResponseRedirect(reverse(PAGE))
        context = {"form": form, "problem": problem}
        return self._page(request, "scorecard_form", _("Weights and thresholds"), context)

    def benchmark(self, request: Any) -> HttpResponse:
        roles.require(request.user, health.ACTION)
        chosen = Metric.objects.filter(key=request.GET.get("metric", "")).first()
        form = BenchmarkForm(request.POST or None, initial={"metric": chosen})
        if request.method == "POST" and form.is_valid():
            health.set_benchmark(by=request.user, **form.cleaned_data)
            messages.success(request, _("The benchmark is saved."))
            return HttpResponseRedirect(reverse(PAGE))
        context = {"form": form, "button": _("Save")}
        return self._page(request, "money_form", _("A benchmark"), context)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        card = health.scorecard(history.last_closed_day())
        currency = clock.project().currency
        head = ["metric", "unit", "weight", "good", "bad", "score", *card.days]
        lines = [_cells(one, currency) for one in card.standings]
        whole: list[object] = ["score", "", "", "", "", card.score, *card.scores]
        return export.table("health", [head, *lines, whole])

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"metrics/{name}.html", site | context)


def _initiative(one: Initiative) -> dict[str, Any]:
    """A request that is to move an indicator, as the page shows it."""
    request, left = one.request, one.days_left
    window = figures.NOTHING
    if left is not None:
        late, soon = _("since %(days)s days"), _("in %(days)s days")
        window = (soon if left >= 0 else late) % {"days": figures.whole(abs(left))}
    return {
        "request": request,
        "metric": one.standing.indicator.metric.label,
        "effort": figures.number(request.effort_days, digits=1),
        "index": f"{one.index}/{FIFTHS}" if one.index else "",
        "points": figures.number(one.points, digits=1),
        "a_day": figures.number(one.a_day, digits=2),
        "due": request.expected_by,
        "window": window,
    }


def _under_way(metrics: list[int]) -> Counter[int]:
    """How much open work there is about each of the metrics."""
    kind = ContentType.objects.get_for_model(Metric)
    open_ones = WorkItem.objects.filter(
        subject_type=kind, subject_id__in=metrics, status__in=WorkItem.UNFINISHED
    )
    return Counter(int(one or 0) for one in open_ones.values_list("subject_id", flat=True))


def _dear(card: Scorecard, one: Standing) -> str:
    said = {"metric": one.indicator.metric.label, "lost": figures.number(card.lost(one), digits=1)}
    return _("%(metric)s (%(lost)s)") % said


def _cells(one: Standing, currency: str) -> list[object]:
    """An indicator as the file has it."""
    kept, metric = one.indicator, one.indicator.metric
    return [
        metric.key,
        export.unit(metric, currency),
        kept.weight,
        *(export.in_whole(metric, number, currency) for number in (kept.good, kept.bad)),
        "" if one.score is None else one.score,
        *(export.in_whole(metric, number, currency) for number in one.values),
    ]


def row(one: Standing, currency: str) -> dict[str, Any]:
    """An indicator as the page shows it."""
    metric = one.indicator.metric
    return {
        "metric": metric,
        "link": reverse("admin:metrics_metric_change", args=[metric.pk]),
        "value": figures.in_unit(one.value, metric.unit, currency),
        "light": one.light,
        "seen": seen(one),
        "words": THIN if one.is_thin else LIGHTS[one.light],
        "weight": one.indicator.weight,
        "score": figures.whole(one.score * 100) if one.score is not None else figures.NOTHING,
        "reason": reason(one, currency),
        "benchmark": benchmark(one, currency),
        "spark": drawing.spark(one.values),
    }


def seen(one: Standing) -> str:
    """How many of how many a share is of."""
    found = one.seen[-1]
    if found is None:
        return ""
    return _("%(some)s of %(all)s") % {
        "some": figures.number(found[0]),
        "all": figures.number(found[1]),
    }


def reason(one: Standing, currency: str) -> str:
    """Why the light is as it is."""
    metric = one.indicator.metric
    if one.value is None:
        return metric.failure or _("Nothing was measured in the last weeks.")
    said = {
        "good": figures.in_unit(one.indicator.good, metric.unit, currency),
        "bad": figures.in_unit(one.indicator.bad, metric.unit, currency),
        "before": figures.in_unit(one.before, metric.unit, currency),
    }
    if one.is_thin:
        return _few(one)
    words = {
        "good": _("Good from %(good)s on."),
        "warn": _("Between bad (%(bad)s) and good (%(good)s)."),
        "bad": _("Bad from %(bad)s on; good would be %(good)s."),
    }[one.light] % said
    if one.before is None:
        return words
    return words + " " + _("Four weeks before: %(before)s.") % said


def _few(one: Standing) -> str:
    """Why a known share gets no light, and of how many it would get one."""
    found, kept = one.seen[-1] or (0, 1), one.indicator
    return _("Of %(all)s nobody can tell good from bad; about %(enough)s are enough.") % {
        "all": figures.number(found[1]),
        "enough": figures.number(attainment.enough(found, kept.good, kept.bad)),
    }


def benchmark(one: Standing, currency: str) -> str:
    """The newest benchmark with its source, and how far from it."""
    found = one.benchmark
    return against(found, one.value, one.indicator.metric, currency) if found else ""


def against(found: Benchmark, value: Decimal | None, metric: Metric, currency: str) -> str:
    """How far a value is from what the metric is elsewhere."""
    said = {
        "value": figures.in_unit(found.value, metric.unit, currency),
        "source": found.source,
        "day": found.day.isoformat(),
        "by": _difference(value, found.value, metric),
    }
    return _("%(by)s · %(value)s by %(source)s, %(day)s") % said


def _difference(value: Decimal | None, other: Decimal, metric: Metric) -> str:
    if value is None:
        return figures.NOTHING
    if metric.unit == Metric.Unit.SHARE:
        return figures.points(float(value - other))
    part = figures.change(value, other)
    return figures.signed_share(part)


def course(card: Scorecard) -> Chart:
    """The score week by week."""
    return Chart(
        id="health",
        title=_("Score by week"),
        definition=_(
            "The average of the indicators by their weights: 100 where all are good, 0 where all "
            "are bad. Each is of the four weeks that end then; past weeks follow today's weights "
            "and thresholds, and indicators that are not known or of too few leave their weight to "
            "the others."
        ),
        option=drawing.lines(card.days, {_("Score"): card.scores}, unit=drawing.unit("number")),
        columns=[_("Week until"), _("Score")],
        rows=[
            [day.isoformat(), figures.whole(score)]
            for day, score in zip(reversed(card.days), reversed(card.scores), strict=True)
            if score is not None
        ],
        freshness=_("as of %(day)s") % {"day": card.day.isoformat()},
    )
