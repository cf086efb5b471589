"""Period rules: what a metric is held to, how each closed period was judged, and what it gave."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from console import clock, figures, roles
from console.modeladmin import ConsoleModelAdmin
from metrics import period_rules, period_words, periods, slicing
from metrics.admin import rule_forms
from metrics.models import Breach, PeriodRule, PeriodVerdict

MOST_LATE_DAYS = 60
SHOWN = 60


class PeriodRuleForm(rule_forms.RuleForm):
    """The threshold is written as people write it: 1.5, 60% or 25.00."""

    fields_seen = period_rules.FIELDS

    class Meta:
        model = PeriodRule
        fields: ClassVar = [
            "name",
            "metric",
            "slice",
            "grain",
            "comparator",
            "threshold",
            "benchmark",
            "against_industry",
            "times",
            "begins_on",
            "ends_on",
            "owner",
            "team",
            "days_to_act",
            "plan",
            "is_on",
            "seen",
        ]
        widgets: ClassVar = {"plan": UnfoldAdminTextareaWidget(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.explain(
            "threshold", _("A number such as 1.5, a share such as 60%, or an amount of money.")
        )
        self.explain(
            "against_industry",
            _("The industry's average, as it is entered on the page of Health; without one the "
              "rule waits."),
        )  # fmt: skip
        rule = self.instance
        if rule.pk and "threshold" in self.fields:
            self.initial["threshold"] = written(rule)
            self.initial["name"] = rule.label
            self.initial["plan"] = rule.plan_words

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        metric, number = found.get("metric"), found.get("threshold")
        is_share = found.get("comparator") in period_words.RELATIVE
        if metric and number is not None:
            typed = self.data.get("threshold", "")
            found["threshold"] = rule_forms.in_unit(metric, number, typed, is_share=is_share)
        # Words that ship are kept as they ship while nobody changes them.
        if self.instance.pk and found.get("name") == self.instance.label:
            found["name"] = self.instance.name
        if self.instance.pk and found.get("plan") == self.instance.plan_words:
            found["plan"] = self.instance.plan
        return found

    def check(self) -> None:
        self.errors.pop(NON_FIELD_ERRORS, None)
        period_rules.check(self.instance)


def written(rule: PeriodRule) -> str:
    """The threshold as the form has it."""
    is_share = rule.comparator in period_words.RELATIVE
    return rule_forms.as_typed(rule.metric, rule.threshold, is_share=is_share)


@admin.register(PeriodRule)
class PeriodRuleAdmin(ConsoleModelAdmin):
    view_action = "metrics.view"
    add_action = change_action = period_rules.ACTION
    form = PeriodRuleForm
    empty_words: ClassVar = _(
        "A metric against a threshold for so many closed months or weeks in a row; a breach gives "
        "its owner one work item with a deadline. The field's rules come with their metrics."
    )
    list_display: ClassVar = ["label", "condition", "state", "newest", "owner"]
    list_display_links: ClassVar = ["label"]
    list_select_related: ClassVar = ["metric", "benchmark", "owner"]
    list_before_template = "metrics/period_rules_head.html"
    change_form_after_template = "metrics/period_rule_course.html"

    def get_urls(self) -> list[URLPattern]:
        late = self.admin_site.admin_view(require_POST(self.late_days))
        return [path("late-days/", late, name="metrics_periodrule_late_days"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodRule]:
        self.currency = clock.project().currency
        parts = PeriodRule.objects.exclude(slice="").values_list("slice", flat=True)
        self.parts = slicing.names(list(parts.order_by().distinct()))
        verdicts = PeriodVerdict.objects.select_related("result").order_by(
            "-result__begins_on", "-pk"
        )
        newest = Prefetch("verdicts", verdicts[:1], to_attr="lately")
        return super().get_queryset(request).prefetch_related(newest)

    @display(description=_("name"), ordering="name")
    def label(self, rule: PeriodRule) -> str:
        return rule.label

    @display(description=_("condition"))
    def condition(self, rule: PeriodRule) -> str:
        return period_words.sentence(rule, self.currency, self.parts)

    @display(description=_("status"), label={"on": "success", "off": ""})
    def state(self, rule: PeriodRule) -> tuple[str, Any]:
        return ("on", _("on")) if rule.is_on else ("off", _("off"))

    @display(description=_("newest period"))
    def newest(self, rule: Any) -> str:
        if not rule.lately:
            return figures.NOTHING
        verdict = rule.lately[0]
        result = verdict.result
        value = period_words.came_to(rule, verdict, self.currency)
        return f"{periods.name(result.begins_on, rule.grain)}: {value} · {said(verdict)}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        head = {
            "late_days": periods.late_days(),
            "most_late_days": MOST_LATE_DAYS,
            "may_change": roles.allows(request.user, period_rules.ACTION),
        }
        return super().changelist_view(request, {**(extra_context or {}), **head})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        rule = self.get_object(request, object_id)
        course = page(rule, self.currency) if rule else {}
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **course}
        )

    def save_model(self, request: Any, obj: Any, form: forms.Form, change: bool) -> None:
        period_rules.save(obj, by=request.user, seen=form.cleaned_data["seen"])

    def late_days(self, request: HttpRequest) -> HttpResponse:
        """Agree on how long a period waits for late data."""
        roles.require(request.user, period_rules.ACTION)
        typed = request.POST.get("days", "")
        if not (
            typed.isascii()
            and typed.isdecimal()
            and len(typed) < 4
            and int(typed) <= MOST_LATE_DAYS
        ):
            messages.error(request, gettext("Write a number of days from 0 to 60."))
        else:
            periods.wait_for(int(typed))
            messages.success(request, gettext("From now on periods close so many days later."))
        return HttpResponseRedirect(reverse("admin:metrics_periodrule_changelist"))


def said(verdict: PeriodVerdict) -> str:
    if verdict.is_breach is None:
        return gettext("unknown")
    return gettext("breached") if verdict.is_breach else gettext("held")


def page(rule: PeriodRule, currency: str) -> dict[str, Any]:
    """How each period was judged, revised ones more than once, and what was set off."""
    rule = get_object_or_404(PeriodRule.objects.select_related("metric", "benchmark"), pk=rule.pk)
    verdicts = rule.verdicts.select_related("result").order_by("-result__begins_on", "-pk")
    lines = []
    seen = set()
    for verdict in verdicts[:SHOWN]:
        begins_on = verdict.result.begins_on
        lines.append(
            {
                "period": periods.name(begins_on, rule.grain),
                "value": period_words.came_to(rule, verdict, currency),
                "said": said(verdict),
                "tone": "bad"
                if verdict.is_breach
                else "good"
                if verdict.is_breach is False
                else "",
                "judged_on": verdict.judged_on,
                "revision": verdict.result.revision,
                "rule_version": verdict.rule_version,
                "is_newest": begins_on not in seen,
            }
        )
        seen.add(begins_on)
    return {
        "sentence": period_words.sentence(rule, currency),
        "lines": lines,
        "breaches": [_breach(one, rule.grain) for one in rule.breaches.select_related("work_item")],
    }


def _breach(breach: Breach, grain: str) -> dict[str, Any]:
    item = breach.work_item
    return {
        "from": periods.name(breach.began_on, grain),
        "to": periods.name(breach.last_on, grain),
        "found_on": breach.found_on,
        "doubted_on": breach.doubted_on,
        "watched_until": breach.watched_until,
        "item": item,
        "link": reverse("admin:console_workitem_change", args=[item.pk]) if item else "",
    }
