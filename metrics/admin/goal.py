"""Goals: what was wanted, what was reached, at which pace, and what it will come to."""

import datetime as dt
import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from console import charts as drawing
from console import clock, figures, roles
from console.charts import Chart
from console.modeladmin import ReadOnlyAdmin
from console.models import Staff
from console.states import NotAllowed, Stale
from metrics import (
    charts,
    foreign,
    goals,
    history,
    library,
    measurements,
    odd_days,
    slices,
    slicing,
    words,
)
from metrics.admin import amounts, export, slice_field
from metrics.goals import Standing
from metrics.models import Goal, Measurement, Metric

PAGE = "admin:metrics_goal_changelist"
MOST_SHOWN = 200
HEADINGS = [
    *("metric", "slice", "since", "until", "direction", "target", "actual", "attained", "due"),
    *("forecast", "unit", "owner", "light"),
]
COURSE_HEADINGS = ["day", "value", "target", "unit"]  # of what adds up, the value is so far
DATE = forms.DateInput(attrs={"type": "date"})
LIGHTS = {
    "good": gettext_lazy("on the way"),
    "warn": gettext_lazy("just behind"),
    "bad": gettext_lazy("behind"),
    "": gettext_lazy("open"),
}
OVER = {
    "good": pgettext_lazy("a goal", "reached"),
    "warn": gettext_lazy("just missed"),
    "bad": gettext_lazy("missed"),
    "": gettext_lazy("open"),
}


class GoalForm(forms.Form):
    """What is to come to what, by when."""

    metric = forms.ModelChoiceField(
        label=gettext_lazy("metric"), queryset=Metric.objects.filter(archived_at=None)
    )
    slice = forms.CharField(
        label=gettext_lazy("slice"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Everybody, or one of the parts by which the metric is measured."),
    )
    since = forms.DateField(label=pgettext_lazy("a period", "from"), widget=DATE)
    until = forms.DateField(label=pgettext_lazy("a period", "until"), widget=DATE)
    direction = forms.ChoiceField(label=gettext_lazy("direction"), choices=Goal.Direction.choices)
    target = amounts.ValueField(label=gettext_lazy("target"), help_text=amounts.HINT)
    owner = forms.ModelChoiceField(
        label=gettext_lazy("owner"), queryset=Staff.objects.filter(is_active=True)
    )
    note = forms.CharField(label=gettext_lazy("note"), required=False, max_length=300)
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, of: Goal | None, by: Any, metric: str = "", **kw: Any) -> None:
        if of is not None:
            kw["initial"] = {name: getattr(of, name) for name in goals.FIELDS} | {
                "target": amounts.written(of.target, of.metric),
                "seen_version": of.version,
            }
        else:
            chosen = Metric.objects.filter(key=metric).first()
            less = chosen is not None and chosen.direction == Metric.Direction.LESS
            side = Goal.Direction.AT_MOST if less else Goal.Direction.AT_LEAST
            kw["initial"] = {"owner": by, "metric": chosen, "direction": side}
        super().__init__(*args, **kw)
        part = of.slice if of else ""
        slice_field.offer(self.fields["slice"], part, slice_field.SliceSelect())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        metric, target = given.get("metric"), given.get("target")
        if metric is not None and target is not None:
            given["target"] = amounts.stored(target, metric)
        part = given.get("slice", "")
        if metric is not None and not slices.is_measured(metric, part):
            self.add_error("slice", _("This metric is not measured by this slice."))
        return given


@admin.register(Goal)
class GoalAdmin(ReadOnlyAdmin):
    """A page with a bar for each goal instead of a table of rows."""

    view_action = "metrics.view"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("make/", view(self.edit), {"number": 0}, name="metrics_goal_make"),
            path("export/", view(self.export), name="metrics_goal_export"),
            path("<int:number>/course/", view(self.course_file), name="metrics_goal_course"),
            path("<int:number>/edit/", view(self.edit), name="metrics_goal_edit"),
            path(
                "<int:number>/do/<str:deed>/",
                view(require_POST(self.do)),
                name="metrics_goal_do",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        shown = request.GET.get("show", "now")
        context = {
            "shown": shown,
            "ways": [("now", _("under way")), ("over", _("over")), ("archived", _("archived"))],
            "cards": cards(_found(shown)),
            "last": history.last_closed_day(),
            "may_change": roles.allows(request.user, goals.ACTION),
        }
        return self._page(request, "goals", _("Goals"), context)

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        goal = _goal(int(object_id) if object_id.isdecimal() else 0)
        (card,) = cards([goal])
        context = {
            "goal": goal,
            "card": card,
            "chart": course(goal),
            "may_change": roles.may_change(request.user, goal, goals.ACTION),
        }
        return self._page(request, "goal", str(goal.metric), context)

    def edit(self, request: Any, number: int) -> HttpResponse:
        goal = _goal(number) if number else None
        roles.require(request.user, goals.ACTION, record=goal)
        library.install()
        form = GoalForm(
            request.POST or None, of=goal, by=request.user, metric=request.GET.get("metric", "")
        )
        if request.method == "POST" and form.is_valid():
            given = dict(form.cleaned_data)
            seen = given.pop("seen_version") or 0
            try:
                if goal is None:
                    goal = goals.add(by=request.user, **given)
                else:
                    goals.edit(goal, by=request.user, seen_version=seen, **given)
            except (NotAllowed, Stale) as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, _("The goal is saved."))
                return HttpResponseRedirect(reverse("admin:metrics_goal_change", args=[goal.pk]))
        title = str(goal.metric) if goal else _("A new goal")
        return self._page(request, "money_form", title, {"form": form, "button": _("Save")})

    def do(self, request: Any, number: int, deed: str) -> HttpResponse:
        """Archive it, or bring it back."""
        goal = _goal(number)
        match deed:
            case "archive":
                goals.archive(goal, by=request.user)
                messages.success(request, _("The goal is archived."))
            case "restore":
                goals.restore(goal, by=request.user)
                messages.success(request, _("The goal is in use again."))
            case _other:
                raise Http404
        return HttpResponseRedirect(reverse(PAGE))

    def export(self, request: HttpRequest) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        found = goals.standings(_found(request.GET.get("show", "now")),
                                last=history.last_closed_day())  # fmt: skip
        currency = clock.project().currency
        return export.table("goals", [HEADINGS, *(_cells(one, currency) for one in found)])

    def course_file(self, request: HttpRequest, number: int) -> HttpResponseBase:
        """The course under the goal's chart; money in whole units."""
        roles.require(request.user, self.view_action)
        goal, currency = _goal(number), clock.project().currency
        days, series = _course(goal)
        rows = [
            [day, *(export.in_whole(goal.metric, one[place], currency) for one in series.values()),
             export.unit(goal.metric, currency)]
            for place, day in enumerate(days)
        ]  # fmt: skip
        return export.table(f"goal-{number}", [COURSE_HEADINGS, *rows])

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"metrics/{name}.html", site | context)


def _goal(number: int) -> Goal:
    return get_object_or_404(Goal.objects.select_related("metric", "owner", "team"), pk=number)


def _found(shown: str) -> list[Goal]:
    rows = Goal.objects.select_related("metric", "owner", "team")
    today = clock.today()
    match shown:
        case "archived":
            rows = rows.exclude(archived_at=None)
        case "over":
            rows = rows.filter(archived_at=None, until__lt=today)
        case _:
            rows = rows.filter(archived_at=None, until__gte=today).order_by("until", "pk")
    return list(rows[:MOST_SHOWN])


def cards(found: list[Goal]) -> list[dict[str, Any]]:
    """Each goal with its bar, light and reason; a few queries for all of them."""
    standings = goals.standings(found, last=history.last_closed_day())
    return standing_cards(standings, clock.project().currency)


def standing_cards(found: Sequence[Standing], currency: str) -> list[dict[str, Any]]:
    """The same of goals whose standing is known."""
    names = slicing.names([one.goal.slice for one in found if one.goal.slice])
    return [_card(one, currency, names) for one in found]


def _card(one: Standing, currency: str, names: dict[str, str]) -> dict[str, Any]:
    goal, unit = one.goal, one.goal.metric.unit
    share = one.attained.share
    return {
        "goal": goal,
        "part": names.get(goal.slice, goal.slice),
        "actual": figures.in_unit(one.attained.actual, unit, currency),
        "target": figures.in_unit(goal.target, unit, currency),
        "forecast": "" if one.is_over else figures.in_unit(one.forecast.actual, unit, currency),
        "attained": goals.attained_words(one),
        "width": min(100, max(0, round(share * 100))) if share is not None else 0,
        "due": "" if one.due is None or one.is_over else figures.share(one.due),
        "pace": "" if one.pace is None or one.is_over else figures.share(one.pace),
        "light": one.light,
        "words": (OVER if one.is_over else LIGHTS)[one.light],
        "reason": goals.reason(one, currency),
    }


def _course(goal: Goal) -> tuple[list[dt.date], dict[str, list[Decimal | None]]]:
    """The metric day by day within the goal's period, and the target beside it."""
    metric = goal.metric
    rows = Measurement.objects.filter(
        metric=metric, slice=goal.slice, day__gte=goal.since, day__lte=goal.until
    ).order_by("day")
    found = list(rows.values_list("day", "value"))
    days = [day for day, _value in found]
    values = [value for _day, value in found]
    series: dict[str, list[Decimal | None]] = {metric.label: values}
    if metric.over == Metric.Over.SUM:
        so_far = itertools.accumulate(value or Decimal(0) for value in values)
        series = {_("so far"): [*so_far]}
    series[_("target")] = [goal.target] * len(days)
    return days, series


def course(goal: Goal) -> Chart:
    """The same as a chart."""
    currency, metric = clock.project().currency, goal.metric
    days, series = _course(goal)
    notes = [odd_days.words(days[0], days[-1])] if days else []
    if days and metric.unit == Metric.Unit.MONEY:
        notes.append(foreign.words(days[0], days[-1]))
    return Chart(
        id="goal",
        title=metric.label,
        definition=metric.explanation,
        option=drawing.lines(days, series, unit=drawing.unit(metric.unit, currency)),
        columns=[_("Day"), *series],
        rows=[
            [
                day.isoformat(),
                *(figures.in_unit(some[place], metric.unit, currency) for some in series.values()),
            ]
            for place, day in reversed(list(enumerate(days)))
        ],
        freshness=charts.freshness_words(measurements.freshness(until=history.last_closed_day())),
        word=words.by_metric().get(metric.key),
        note=odd_days.joined(*notes),
        link=reverse("admin:metrics_metric_change", args=[metric.pk]),
        export=reverse("admin:metrics_goal_course", args=[goal.pk]),
        size="tall",
    )


def _cells(one: Standing, currency: str) -> list[object]:
    goal, metric = one.goal, one.goal.metric
    return [
        metric.key,
        goal.slice,
        goal.since,
        goal.until,
        goal.direction,
        export.in_whole(metric, goal.target, currency),
        export.in_whole(metric, one.attained.actual, currency),
        "" if one.attained.share is None else round(one.attained.share, 6),
        "" if one.due is None else round(one.due, 6),
        export.in_whole(metric, one.forecast.actual, currency),
        export.unit(metric, currency),
        str(goal.owner or ""),
        one.light,
    ]
