"""The monthly and annual review, on a page that prints well."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.models import Campaign
from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed
from metrics import foreign, history, measurements, odd_days, reviews
from metrics.admin import channel_report, export
from metrics.admin.goal import standing_cards
from metrics.models import Metric, ReviewNote
from metrics.reviews import Line, Period

PAGE = "admin:metrics_reviewnote_changelist"


@admin.register(ReviewNote)
class ReviewAdmin(ReadOnlyAdmin):
    view_action = "metrics.view"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("write/", view(require_POST(self.write)), name="metrics_review_write"),
            path("export/", view(self.export), name="metrics_review_export"),
            path(
                "<int:number>/remove/",
                view(require_POST(self.remove)),
                name="metrics_review_remove",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        last = history.last_closed_day()
        period = _period(request)
        found = reviews.review(period, last=last)
        currency = clock.project().currency
        context = {
            "review": found,
            "period": period,
            "freshness": measurements.freshness(until=last),
            "others": _others(period),
            "cards": standing_cards(found.standings, currency),
            "notes": [
                odd_days.words(period.since, min(period.until, last)),
                foreign.words(period.since, period.until),
            ],
            "lines": [line(one, currency) for one in found.lines],
            "channels": channel_report.rows(found.channels) if found.channels.rows else [],
            "rest": channel_report.rest_sentence(found.channels),
            "campaigns": [campaign(one, currency) for one in found.campaigns],
            "kinds": ReviewNote.Kind.choices,
            "may_write": roles.allows(request.user, reviews.ACTION),
            "project": clock.project(),
        }
        title = _("Review of %(period)s") % {"period": period.name}
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, "metrics/review.html", site | context)

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        raise Http404

    def write(self, request: Any) -> HttpResponse:
        period = _period(request)
        try:
            given = request.POST
            reviews.write(
                period, kind=given.get("kind", ""), text=given.get("text", ""), by=request.user
            )
        except NotAllowed as problem:
            if not roles.allows(request.user, reviews.ACTION):
                raise
            messages.error(request, str(problem))
        return HttpResponseRedirect(f"{reverse(PAGE)}?period={period.name}#notes")

    def remove(self, request: Any, number: int) -> HttpResponse:
        reviews.remove(get_object_or_404(ReviewNote, pk=number), by=request.user)
        return HttpResponseRedirect(f"{reverse(PAGE)}?period={_period(request).name}#notes")

    def export(self, request: HttpRequest) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        period = _period(request)
        found = reviews.review(period, last=history.last_closed_day())
        currency = clock.project().currency
        head = ["metric", "unit", period.name, period.before().name, period.year_before().name]
        rows = [
            [
                one.metric.key,
                export.unit(one.metric, currency),
                *(
                    export.in_whole(one.metric, number, currency)
                    for number in (one.now, one.before, one.year_before)
                ),
            ]
            for one in found.lines
        ]
        return export.table(f"review-{period.name}", [head, *rows])


def _period(request: HttpRequest) -> Period:
    asked = request.GET.get("period") or request.POST.get("period") or ""
    return reviews.named(asked) or reviews.latest(history.last_closed_day())


def _others(period: Period) -> list[tuple[str, str]]:
    """The ways to other periods: before, after, and its quarter and year."""
    year = f"{period.since.year}"
    quarter = f"{year}-Q{(period.since.month + 2) // 3}"
    month = f"{period.until:%Y-%m}"
    found = [period.before().name, month, quarter, year, period.after().name]
    return [(name, "true" if name == period.name else "") for name in dict.fromkeys(found)]


def line(one: Line, currency: str) -> dict[str, Any]:
    unit = one.metric.unit
    return {
        "metric": one.metric,
        "link": reverse("admin:metrics_metric_change", args=[one.metric.pk]),
        "now": figures.in_unit(one.now, unit, currency),
        "before": figures.in_unit(one.before, unit, currency),
        "year_before": figures.in_unit(one.year_before, unit, currency),
        **change(one, "before"),
        **change(one, "year_before"),
    }


def change(one: Line, than: str) -> dict[str, str]:
    """By how much, and whether that is good, by the metric's direction."""
    now, was, metric = one.now, getattr(one, than), one.metric
    if now is None or was is None:
        return {f"{than}_change": "", f"{than}_tone": ""}
    if metric.unit == Metric.Unit.SHARE:
        words = figures.points(float(now - was))
    else:
        words = figures.signed_share(figures.change(now, was))
    better = (now > was) == (metric.direction == Metric.Direction.MORE)
    is_seen = any(digit in words for digit in "123456789")  # ±0.0 is neither good nor bad
    is_told = is_seen and metric.direction != Metric.Direction.NEITHER
    tone = ("good" if better else "bad") if is_told else ""
    return {f"{than}_change": words, f"{than}_tone": tone}


def campaign(one: Campaign, currency: str) -> dict[str, Any]:
    """A campaign with what came of it; it is what happened, not what it caused."""
    result, is_mailed = getattr(one, "result", None), one.kind == Campaign.Kind.OURS
    told = result.told if result else None
    share = told.purchased / told.size if told and told.size else None
    return {
        "name": one.name,
        "link": reverse("admin:campaigns_campaign_change", args=[one.pk]),
        "day": clock.day_of(one.started_at).isoformat() if one.started_at else "",
        "reached": figures.whole(told.size) if told else figures.NOTHING,
        "clicked": figures.whole(result.clicked if result and result.base and is_mailed else None),
        "redeemed": figures.whole(result.redeemed) if result else figures.NOTHING,
        "bought": figures.whole(told.purchased) if told else figures.NOTHING,
        "share": figures.share(share),
        "revenue": figures.money(told.revenue_minor, currency) if told else figures.NOTHING,
    }
