"""Comparisons: asking one, and the page that says who won."""

import csv
import datetime as dt
from dataclasses import replace
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from campaigns.models import Audience
from console import clock, figures, roles
from console.charts import Chart
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed
from metrics import arms, comparisons, foreign, lift, lift_words, odd_days, tasks
from metrics.admin import export
from metrics.comparisons import Given
from metrics.models import Comparison
from segments import catalogue
from segments.lake.properties import Condition
from segments.models import CustomerList, Segment, Tag
from segments.rules import operators

PLACES = 4  # groups that the form offers
OFFERED = 200
COMPARED = ("=", "!=", "<", "<=", ">", ">=", "is_set", "not_set")  # how a property is asked for


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    view_action = "metrics.view"
    empty_words: ClassVar = _(
        "A control group and variants, each a segment, list, tag or a campaign's audience, frozen "
        "when you ask; every night their conversion and revenue are counted until the window ends."
    )
    list_display: ClassVar = ["name", "window", "goal_event", "counted_through", "owner"]
    list_select_related: ClassVar = ["owner"]
    list_before_template = "metrics/comparisons_head.html"

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "metrics_comparison"
        return [
            path("new/", view(self.new), name=f"{name}_new"),
            path("<int:pk>/count/", view(require_POST(self.count)), name=f"{name}_count"),
            path("<int:pk>/export/", view(self.export), name=f"{name}_export"),
            path("<int:pk>/file/<slug:key>/", view(self.file), name=f"{name}_file"),
            *super().get_urls(),
        ]

    @display(description=_("window"), ordering="since")
    def window(self, comparison: Comparison) -> str:
        return f"{comparison.since} – {comparison.until}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        head = {"may_change": roles.allows(request.user, comparisons.ACTION)}
        return super().changelist_view(request, {**(extra_context or {}), **head})

    # --- asking -----------------------------------------------------------------

    def new(self, request: Any) -> HttpResponse:
        """The form; what is refused comes back with words and what was typed."""
        roles.require(request.user, comparisons.ACTION)
        refused = ""
        if request.method == "POST":
            try:
                made = comparisons.add(by=request.user, **_asked(request.POST))
                tasks.count_soon(made, by=request.user)
            except NotAllowed as problem:
                refused = str(problem)
            else:
                messages.success(request, gettext("The groups are frozen; counting has begun."))
                return _to(made.pk)
        today = clock.today()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("A new comparison"),
            "refused": refused,
            "typed": request.POST,
            "goal": request.POST.get("goal_event", "order_paid"),
            "groups": _places(request.POST),
            "sources": sources(),
            "events": sorted(catalogue.titles().items(), key=lambda one: one[1]),
            "operators": [(key, gettext(operators.TABLE[key].label)) for key in COMPARED],
            "since": request.POST.get("since") or today.isoformat(),
            "until": request.POST.get("until") or (today + dt.timedelta(days=13)).isoformat(),
        }
        page = "metrics/comparison_new.html"
        return render(request, page, context, status=422 if refused else 200)

    # --- reading ----------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        comparison = self._one(request, object_id)
        job = comparison.job  # before what it counts is read: none may end between
        currency = clock.project().currency
        groups = list(comparison.groups.all())
        course = lift.course(comparison, groups)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": comparison.name,
            "original": comparison,
            "comparison": comparison,
            "event": catalogue.title(comparison.goal_event),
            "conditions": [condition_words(*one) for one in comparison.where],
            "groups": groups,
            "job": job,
            "may_change": roles.may_change(request.user, comparison, comparisons.ACTION),
            **(_found(comparison, groups, course, currency) if course else {}),
        }
        return render(request, "metrics/comparison.html", context)

    def export(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The table as CSV, with its mark for Excel."""
        comparison = self._one(request, str(pk))
        groups = list(comparison.groups.all())
        course = lift.course(comparison, groups)
        answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="comparison-{pk}.csv"'
        out = csv.writer(answer)
        out.writerow([str(label) for _key, label in lift_words.COLUMNS])
        if course:
            outcome = lift.outcome(comparison, groups, course[max(course)])
            for row in lift_words.rows(outcome, clock.project().currency):
                cells = (str(row[key]) for key, _label in lift_words.COLUMNS)
                out.writerow([export.harmless(cell) for cell in cells])
        return answer

    def file(self, request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
        """The table under a chart."""
        comparison = self._one(request, str(pk))
        groups = list(comparison.groups.all())
        course = lift.course(comparison, groups)
        found = _charts(comparison, groups, course, clock.project().currency) if course else []
        for chart in found:
            if chart.id == key:
                return export.table(f"comparison-{pk}-{key}", [chart.columns, *chart.rows])
        raise Http404

    def count(self, request: Any, pk: int) -> HttpResponse:
        comparison = self._one(request, str(pk))
        roles.require(request.user, comparisons.ACTION, record=comparison)
        tasks.count_soon(comparison, by=request.user)
        messages.success(request, gettext("The groups are being counted."))
        return _to(pk)

    def _one(self, request: HttpRequest, pk: str) -> Comparison:
        roles.require(request.user, self.view_action)
        if not pk.isdecimal() or len(pk) > 18:
            raise Http404
        rows: QuerySet[Comparison] = Comparison.objects.select_related("owner", "job")
        return get_object_or_404(rows, pk=pk)


def _found(
    comparison: Comparison, groups: list[Any], course: dict[Any, Any], currency: str
) -> dict[str, Any]:
    outcome = lift.outcome(comparison, groups, course[max(course)])
    forest, *courses = _charts(comparison, groups, course, currency)
    first, last = comparison.since, max(course)
    return {
        "notes": [odd_days.words(first, last), foreign.words(first, last)],
        "outcome": outcome,
        "columns": [label for _key, label in lift_words.COLUMNS],
        "rows": lift_words.rows(outcome, currency),
        "size_p": lift_words.p_value(outcome.size_p),
        "level": figures.share(lift.level(len(groups) - 1), digits=1),
        "explained": next(
            (row["explained"] for row in lift_words.rows(outcome, currency) if row["explained"]), ""
        ),
        "forest": forest,
        "courses": courses,
    }


def _charts(
    comparison: Comparison, groups: list[Any], course: dict[Any, Any], currency: str
) -> list[Chart]:
    """The forest, then each variant's course, each with where its table is as a file."""
    outcome = lift.outcome(comparison, groups, course[max(course)])
    found = [
        lift_words.forest(outcome, currency),
        *(
            lift_words.daily(comparison, groups, course, group, measure, currency)
            for group in groups[1:]
            for measure in (lift.CONVERSION, lift.REVENUE)
        ),
    ]
    page = "admin:metrics_comparison_file"
    return [replace(one, export=reverse(page, args=[comparison.pk, one.id])) for one in found]


def condition_words(name: str, op: str, value: object = "") -> str:
    """What the property of the event has to be."""
    return gettext(operators.TABLE[op].words) % {"name": name, "value": value}


def sources() -> list[tuple[str, str]]:
    """What a group can be made of, with its words."""
    found: list[tuple[str, str]] = []
    kinds: list[tuple[str, Any, Any]] = [
        ("segment", gettext("Segment"), Segment.objects.filter(archived_at=None)),
        ("list", gettext("List"), CustomerList.objects.filter(archived_at=None, status="ready")),
        ("tag", gettext("Tag"), Tag.objects.filter(archived_at=None)),
    ]
    for key, words, rows in kinds:
        found += [(f"{key}:{one.pk}", f"{words}: {one}") for one in rows.defer("members")[:OFFERED]]
    campaigns = Audience.objects.select_related("campaign").defer("members").order_by("-pk")
    found += [
        (f"campaign:{one.campaign_id}", f"{gettext('Campaign')}: {one.campaign}")
        for one in campaigns[:OFFERED]
    ]
    return found + _arms()


def _arms() -> list[tuple[str, str]]:
    """The controls and the variants of campaigns that were sent from here."""
    begun = arms.offered()
    return [
        (f"{comparisons.ARM}:{number}:{arm}", f"{begun[number]}: {name}")
        for (number, arm), name in arms.names(begun).items()
    ]


def _places(given: Any) -> list[dict[str, Any]]:
    """The form's groups; the first is the control."""
    return [
        {
            "number": n,
            "is_control": n == 0,
            "source": given.get(f"source{n}", ""),
            "name": given.get(f"name{n}", ""),
            "weight": given.get(f"weight{n}", "1"),
        }
        for n in range(PLACES)
    ]


def _asked(given: Any) -> dict[str, Any]:
    groups = [
        Given(one["source"], one["name"], _whole(one["weight"]))
        for one in _places(given)
        if one["source"]
    ]
    where = []
    if given.get("property", "").strip():
        where.append(_condition(given))
    return {
        "name": given.get("name", ""),
        "groups": groups,
        "goal_event": given.get("goal_event", ""),
        "since": _day(given.get("since", "")),
        "until": _day(given.get("until", "")),
        "is_random": "is_random" in given,
        "where": where,
    }


def _condition(given: Any) -> Condition:
    try:
        return Condition(given["property"].strip(), given.get("op", "="), given.get("value", ""))
    except ValueError as wrong:
        raise NotAllowed(str(wrong)) from wrong


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 7 else 1


def _day(text: str) -> dt.date:
    if (found := clock.read_day(text)) is None:
        raise NotAllowed(gettext("Write the day as 2018-01-31."))
    return found


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:metrics_comparison_change", args=[pk]))
