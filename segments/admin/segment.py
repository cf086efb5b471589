"""Segments: the list with sizes and freshness, and the page with the rule editor."""

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import DateField, QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from console import clock, figures, roles
from console.modeladmin import ConsoleModelAdmin
from console.seen_marks import SeenForm
from console.states import NotAllowed
from segments import collection, layering, tasks, usage, versions, vocabulary
from segments.admin import (
    editor,
    segment_facts,
    segment_library,
    segment_pages,
    segment_portrait,
    segment_report,
)
from segments.admin.filters import ArchivedFilter
from segments.models import Segment
from segments.rules.nodes import RuleError

LONGEST_IN_ADDRESS = 4_000  # letters of a rule


class SegmentForm(SeenForm):
    """Name, description and rule; what the rule says is checked here, with its place."""

    fields_seen = collection.WORDS

    rule = forms.JSONField(
        label=_("rule"), widget=forms.Textarea(attrs={"class": "rb-json", "rows": 12})
    )
    note = forms.CharField(
        label=_("why the rule changes"),
        required=False,
        max_length=versions.LONGEST_NOTE,
        widget=UnfoldAdminTextInputWidget(),
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    rule_error: RuleError | None = None

    class Meta:
        model = Segment
        fields: ClassVar = ["name", "description", "rule"]
        widgets: ClassVar = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}
        error_messages: ClassVar = {
            "name": {"unique": _("Another segment has this name already; choose a different one.")}
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("rule", self.instance.rule)
        self.initial["seen_version"] = self.instance.rule_version
        if self.instance.pk:
            self.initial["name"] = str(self.instance)
            self.initial["description"] = self.instance.about

    def clean_name(self) -> str:
        return self._checked("name")

    def clean_description(self) -> str:
        return self._checked("description")

    def _checked(self, field: str) -> str:
        given = self.cleaned_data[field]
        # Words that ship are kept as they ship while nobody changes them.
        if self.instance.pk and given == self.initial[field]:
            return str(getattr(self.instance, field))
        try:
            return collection.checked(**{field: given})[field]
        except NotAllowed as problem:
            raise forms.ValidationError(str(problem)) from problem

    def clean_rule(self) -> Any:
        rule = self.cleaned_data["rule"]
        try:
            collection.check(rule, of=self.instance.pk)
        except RuleError as problem:
            self.rule_error = problem
            raise forms.ValidationError(problem.said(gettext)) from problem
        return rule

    def clean_seen_version(self) -> int:
        seen = self.cleaned_data["seen_version"]
        if self.instance.pk and seen not in {None, self.instance.rule_version}:
            raise forms.ValidationError(
                _("Somebody else changed this rule meanwhile; load the page again.")
            )
        return seen or self.instance.rule_version


@admin.register(Segment)
class SegmentAdmin(ConsoleModelAdmin):
    view_action = "segments.view"
    empty_words: ClassVar = _(
        "A segment is a rule that says who belongs to it, counted while it is written."
    )
    add_action = "segments.change"
    change_action = "segments.change"
    form = SegmentForm
    fields: ClassVar = ["name", "description"]
    list_display: ClassVar = ["label", "customers", "share", "course", "freshness", "whose"]
    list_filter: ClassVar = [ArchivedFilter]
    list_before_template = "segments/segment_list_head.html"
    search_fields: ClassVar = ["name", "description"]
    change_form_template = "segments/segment_form.html"
    add_form_template = "segments/segment_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        """Lists need neither members nor rules, but today and how many customers there are."""
        return (
            super()
            .get_queryset(request)
            .defer("members")
            .select_related("owner", "team")
            .annotate(
                everyone=segment_facts.EVERYONE,
                course_kept=segment_facts.COURSE,
                today=Value(clock.today(), output_field=DateField()),
            )
        )

    @display(description=_("name"), ordering="name")
    def label(self, segment: Segment) -> str:
        return str(segment)

    @display(description=_("customers"), ordering="size")
    def customers(self, segment: Segment) -> str:
        return figures.whole(segment.size)

    @display(description=_("share"))
    def share(self, segment: Any) -> str:
        return segment_facts.share_of(segment.size, segment.everyone)

    @display(description=_("course"))
    def course(self, segment: Any) -> SafeString:
        return segment_facts.course(segment.course_kept)

    @display(description=_("freshness"), ordering="computed_at")
    def freshness(self, segment: Any) -> SafeString:
        return segment_facts.freshness(segment, segment.today)

    @display(description=_("owner"), ordering="team__name")
    def whose(self, segment: Segment) -> str:
        return " · ".join(str(one) for one in (segment.owner, segment.team) if one) or "–"

    # --- saving ---------------------------------------------------------------

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in ("name", "description", "rule", "note")}
        if change:
            kept = Segment.objects.defer("members").get(pk=obj.pk)
            seen = form.cleaned_data["seen_version"]
            given["seen"] = form.cleaned_data["seen"]
            if not collection.edit(kept, by=request.user, seen_version=seen, **given):
                return
        else:
            kept = collection.add(by=request.user, **given)
            obj.pk = kept.pk
        tasks.recompute_soon(kept)

    # --- pages ----------------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request,
            {
                **(extra_context or {}),
                "may_run": roles.allows(request.user, "pipeline.run"),
                "running": segment_facts.running_job(),
            },
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new segment may begin with the rule that its address asks for."""
        found = {key: request.GET[key] for key in ("name", "description") if key in request.GET}
        return found | ({"rule": rule} if (rule := _asked_rule(request)) else {})

    def render_change_form(
        self, request: Any, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        may = self.has_change_permission(request, obj) if obj else True
        context |= {
            "editor": editor.data(
                obj,
                read_only=not may,
                error=getattr(form, "rule_error", None),
                begin=_asked_rule(request),
            ),
            "may_change": may,
            "may_export": roles.allows(request.user, "customers.export"),
            "may_campaign": roles.allows(request.user, "campaigns.change"),
            **(self._about(obj) if obj else {}),
        }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def _about(self, segment: Segment) -> dict[str, Any]:
        return {
            "segment": segment,
            "freshness": segment_facts.freshness(segment, clock.today()),
            "statics": layering.rests_on_statics([segment.rule], vocabulary.current()),
            "uses": segment_facts.linked(usage.of("segment", segment.pk)),
            "others": list(segment_facts.used_elsewhere(segment)),
            "chart": segment_facts.history(segment),
        }

    # --- buttons --------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "recompute/",
                view(require_POST(self.recompute_everything)),
                name="segments_recompute",
            ),
            path(
                "<int:pk>/do/<str:deed>/",
                view(require_POST(self.do)),
                name="segments_segment_do",
            ),
            *segment_pages.urls(),
            *segment_library.urls(),
            *segment_report.urls(),
            *segment_portrait.urls(),
            *super().get_urls(),
        ]

    def recompute_everything(self, request: Any) -> HttpResponse:
        roles.require(request.user, "pipeline.run")
        tasks.recompute_everything_soon(by=request.user)
        messages.success(request, _("The recompute has started."))
        return HttpResponseRedirect(reverse("admin:segments_segment_changelist"))

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Recompute, archive or restore one segment."""
        segment = get_object_or_404(Segment.objects.defer("members"), pk=pk)
        match deed:
            case "recompute":
                roles.require(request.user, "segments.change", record=segment)
                tasks.recompute_soon(segment)
                messages.success(request, _("The members are being computed."))
            case "archive":
                collection.archive(segment, by=request.user)
                messages.success(request, _("The segment is archived."))
            case "restore":
                collection.restore(segment, by=request.user)
                tasks.recompute_soon(segment)
                messages.success(request, _("The segment is in use again."))
            case _:
                return HttpResponse(status=404)
        return HttpResponseRedirect(reverse("admin:segments_segment_change", args=[pk]))


def _asked_rule(request: HttpRequest) -> Any:
    """The rule in the address, as another screen wrote it; nonsense asks for none."""
    try:
        rule = json.loads(request.GET.get("rule", "")[:LONGEST_IN_ADDRESS])
    except (ValueError, RecursionError):
        return None
    return rule if isinstance(rule, dict) else None
