"""Alerts: what stands out now, and what is watched."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, figures, roles, work
from console.duties import lifts
from console.modeladmin import ConsoleModelAdmin, ReadOnlyAdmin
from console.models import Team
from console.states import NotAllowed, Stale
from console.team_requests import linking
from metrics import alerts, foreign, period_words, slicing
from metrics.admin import export, rule_forms
from metrics.models import Alert, Metric, Watch

PAST = 50
HEADINGS = [
    *("metric", "slice", "kind", "status", "since", "last_seen_on", "over_on", "value"),
    *("expected", "unit", "note", "part_of", "looked_after_by"),
]


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """One page: what is open, with what stands under it, and what is over."""

    view_action = "metrics.view"

    def get_urls(self) -> list[URLPattern]:
        do = self.admin_site.admin_view(require_POST(self.do))
        file = self.admin_site.admin_view(self.export)
        return [
            path("<int:pk>/do/", do, name="metrics_alert_do"),
            path("export/", file, name="metrics_alert_export"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        currency, parts = clock.project().currency, watched_parts()
        rows = Alert.objects.select_related("watch__metric", "acknowledged_by")
        effects = Prefetch("effects", rows)
        unresolved = list(
            rows.exclude(status=Alert.Status.RESOLVED).filter(cause=None).prefetch_related(effects)
        )
        raised = lifts.by_subject([one for one in unresolved if one.watch.raises_id])
        over = rows.filter(status=Alert.Status.RESOLVED)[:PAST]
        asked = linking.about_each(unresolved, seen_by=request.user)
        left_out = _left_out(unresolved)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Alerts"),
            "open": [
                (
                    line(one, currency, parts)
                    | {"foreign": left_out[one.pk]}
                    | {"raised": raised.get(one.pk), "requests": asked.get(one.pk, [])},
                    [line(effect, currency, parts) for effect in one.effects.all()],
                )
                for one in unresolved
            ],
            "over": [line(one, currency, parts) for one in over],
            "may_change": roles.allows(request.user, alerts.ACTION),
            "watched": Watch.objects.filter(is_on=True).count(),
            "tomorrow": clock.today() + alerts.DAY,
        }
        return render(request, "metrics/alerts.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """An alert stands on the one page of all."""
        roles.require(request.user, self.view_action)
        return HttpResponseRedirect(reverse("admin:metrics_alert_changelist") + f"#a{object_id}")

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All alerts as a file, the newest first."""
        roles.require(request.user, self.view_action)
        currency = clock.project().currency
        rows = Alert.objects.select_related("watch__metric", "acknowledged_by")
        return export.table("alerts", [HEADINGS, *(cells(one, currency) for one in rows)])

    def do(self, request: Any, pk: int) -> HttpResponse:
        """Somebody looks after it, or it is to be quiet."""
        roles.require(request.user, alerts.ACTION)
        alert = get_object_or_404(Alert.objects.select_related("watch"), pk=pk)
        try:
            if request.POST.get("deed") == "acknowledge":
                alerts.acknowledge(alert, by=request.user)
                messages.success(request, gettext("Others see now that you look after it."))
            else:
                until = _day(request.POST.get("until", ""))
                alerts.snooze(alert.watch, until=until, today=clock.today(), by=request.user)
                messages.success(request, gettext("It is quiet until then."))
        except (NotAllowed, Stale) as refused:
            messages.error(request, str(refused))
        return HttpResponseRedirect(reverse("admin:metrics_alert_changelist"))


def line(alert: Alert, currency: str, parts: Mapping[str, str]) -> dict[str, Any]:
    """One alert as the page tells it; `parts`: what slices are called."""
    metric = alert.watch.metric
    change = figures.change(alert.value, alert.expected)
    return {
        "alert": alert,
        "metric": metric.label,
        "part": parts.get(alert.watch.slice, alert.watch.slice),
        "kind": alert.watch.get_kind_display(),
        "value": period_words.value(metric, alert.value, currency),
        "expected": period_words.value(metric, alert.expected, currency),
        "change": figures.signed_share(change) if change is not None else "",
        "link": reverse("admin:metrics_metric_change", args=[metric.pk]),
        "page": reverse("admin:metrics_alert_change", args=[alert.pk]),
    }


def _left_out(found: Sequence[Alert]) -> dict[int, str]:
    """The note of each alert about money whose days had orders in another currency."""
    money = [one for one in found if one.watch.metric.unit == Metric.Unit.MONEY]
    notes = dict.fromkeys((one.pk for one in found), "")
    if not money:
        return notes
    orders = foreign.by_day(min(x.began_on for x in money), max(x.last_on for x in money))
    return notes | {one.pk: foreign.within(orders, one.began_on, one.last_on) for one in money}


def cells(alert: Alert, currency: str) -> list[object]:
    """One alert as a row of a file."""
    watch, metric = alert.watch, alert.watch.metric
    return [
        metric.key,
        watch.slice,
        watch.kind,
        alert.status,
        alert.began_on,
        alert.last_on,
        alert.resolved_on or "",
        export.in_whole(metric, alert.value, currency),
        export.in_whole(metric, alert.expected, currency),
        export.unit(metric, currency),
        alert.note,
        alert.cause_id or "",
        str(alert.acknowledged_by or ""),
    ]


def watched_parts() -> dict[str, str]:
    """What the slices that are watched are called."""
    parts = Watch.objects.exclude(slice="").values_list("slice", flat=True)
    return slicing.names(list(parts.order_by().distinct()))


class WatchForm(rule_forms.RuleForm):
    """The threshold is written as people write it."""

    fields_seen = alerts.FIELDS

    class Meta:
        model = Watch
        fields: ClassVar = [
            "metric",
            "slice",
            "kind",
            "side",
            "threshold",
            "cool_down_days",
            "owner",
            "raises",
            "raised_days",
            "answer_days",
            "is_on",
            "seen",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.explain(
            "threshold",
            _("For a level or a change: 500, 30% or an amount. An anomaly needs none."),
        )
        for name in ("raised_days", "answer_days"):
            if name in self.fields:
                self.fields[name].required = False  # what is left out is as usual
        if self.instance.pk and "threshold" in self.fields:
            self.initial["threshold"] = written(self.instance)

    def clean_raised_days(self) -> int:
        given = self.cleaned_data["raised_days"]
        return 7 if given is None else int(given)

    def clean_answer_days(self) -> int:
        given = self.cleaned_data["answer_days"]
        return 1 if given is None else int(given)

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        metric, number = found.get("metric"), found.get("threshold")
        if metric and number is not None:
            typed, is_share = self.data.get("threshold", ""), found.get("kind") == Watch.Kind.CHANGE
            found["threshold"] = rule_forms.in_unit(metric, number, typed, is_share=is_share)
        return found

    def check(self) -> None:
        alerts.check(self.instance)


def written(watch: Watch) -> str:
    """The threshold as the form has it."""
    is_share = watch.kind == Watch.Kind.CHANGE
    return rule_forms.as_typed(watch.metric, watch.threshold, is_share=is_share)


@admin.register(Watch)
class WatchAdmin(ConsoleModelAdmin):
    view_action = "metrics.view"
    add_action = change_action = alerts.ACTION
    form = WatchForm
    empty_words: ClassVar = _(
        "The main metrics are watched by themselves once they are measured; add others here."
    )
    list_display: ClassVar = ["what", "how", "state", "owner"]
    list_display_links: ClassVar = ["what"]
    list_select_related: ClassVar = ["metric", "owner"]

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Of teams only those whose work this person may raise, and the one that it raises now."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "raises" and request.user.role != roles.AD:
            mine = request.user.team_id if roles.allows(request.user, work.GIVE) else None
            number = str((request.resolver_match.kwargs or {}).get("object_id", ""))
            now = Watch.objects.filter(pk=number if number.isdecimal() else 0).values("raises")
            field.queryset = Team.objects.filter(Q(pk=mine or 0) | Q(pk__in=now))
        return field

    def get_queryset(self, request: HttpRequest) -> QuerySet[Watch]:
        self.today, self.parts = clock.today(), watched_parts()
        return super().get_queryset(request)

    @display(description=_("metric"))
    def what(self, watch: Watch) -> str:
        part = self.parts.get(watch.slice, "")
        return f"{watch.metric.label} · {part}" if part else watch.metric.label

    @display(description=_("when it"))
    def how(self, watch: Watch) -> str:
        return f"{watch.get_kind_display()} {written(watch)} · {watch.get_side_display()}"

    @display(description=_("status"), label={"on": "success", "off": "", "quiet": "warning"})
    def state(self, watch: Watch) -> tuple[str, Any]:
        if not watch.is_on:
            return "off", _("off")
        if watch.snoozed_until and watch.snoozed_until >= self.today:
            return "quiet", _("quiet until %(day)s") % {"day": watch.snoozed_until.isoformat()}
        return "on", _("on")

    def save_model(self, request: Any, obj: Any, form: forms.Form, change: bool) -> None:
        alerts.save(obj, by=request.user, seen=form.cleaned_data["seen"])


def _day(text: str) -> dt.date:
    if (found := clock.read_day(text)) is None:
        raise NotAllowed(gettext("Write the day as 2018-01-31."))
    return found
