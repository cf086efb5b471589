"""Events: the catalogue of what was seen, a page for each kind, and the tracking plan."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, figures, kept_words, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Team
from segments import coverage, drift, event_types, tasks
from segments.admin import event_facts, plan_file
from segments.models import EventType
from segments.models.event import OTHERS, Kind

LIST = "admin:segments_eventtype_changelist"
PAGE = "admin:segments_eventtype_change"
COVERAGE = "admin:segments_eventtype_coverage"


class DescribeForm(forms.ModelForm):
    """What people say about a kind of event."""

    owner = forms.ModelChoiceField(Team.objects.order_by("name"), required=False)

    class Meta:
        model = EventType
        fields: ClassVar = ["title", "description", "amount_property", "owner"]


class StateFilter(admin.SimpleListFilter):
    """Kinds of events by what there is to do about them."""

    title = _("state")
    parameter_name = "state"

    FOUND: ClassVar = {
        "planned": (_("planned"), Q(is_planned=True)),
        "unplanned": (_("not planned"), Q(is_planned=False, taken_as=None)),
        "drift": (_("drift"), ~Q(drift=[])),
        "blocked": (_("blocked"), Q(blocked=True)),
        "other_names": (_("other names"), Q(taken_as__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, label) for key, (label, _found) in self.FOUND.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        found = self.FOUND.get(self.value() or "")
        return queryset.filter(found[1]) if found else queryset


@admin.register(EventType)
class EventTypeAdmin(ReadOnlyAdmin):
    view_action = "events.view"
    empty_words: ClassVar = _(
        "Kinds of events appear by themselves with the first that comes in; or load a "
        "tracking plan beforehand."
    )
    list_display: ClassVar = ["called", "lately", "events", "last_seen", "marks", "filled", "state"]
    list_display_links: ClassVar = ["called"]
    list_filter: ClassVar = [StateFilter]
    search_fields: ClassVar = ["name__icontains", "title__icontains"]
    search_help_text = _("A part of an event's name or title.")
    list_before_template = "segments/event/list_head.html"

    class Media:
        css: ClassVar = {"all": ["console/events.css"]}

    # --- the list -------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventType]:
        return super().get_queryset(request).select_related("taken_as")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The page's rows get their facts together."""
        found = super().get_changelist_instance(request)
        rows = list(found.result_list)
        facts = event_facts.of_list(rows, clock.today())
        for row in rows:
            row.facts = facts[row.pk]
        found.result_list = rows
        return found

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        report = coverage.report(clock.today())
        given = {"report": report, "seen": event_facts.filled(report.seen)}
        return super().changelist_view(request, given | (extra_context or {}))

    @display(description=_("event"), ordering="name")
    def called(self, event_type: EventType) -> SafeString:
        return format_html(
            '<span class="event-name"><span>{}</span><code>{}</code></span>',
            event_type.label,
            event_type.name,
        )

    @display(description=_("30 days"))
    def lately(self, event_type: Any) -> SafeString:
        return event_facts.bars(event_type.facts.volumes)

    @display(description=pgettext_lazy("how many", "events"), ordering="volume")
    def events(self, event_type: EventType) -> str:
        return figures.whole(event_type.volume)

    @display(description=_("last seen"), ordering="last_seen_at")
    def last_seen(self, event_type: Any) -> str:
        return str(event_type.facts.last_seen)

    @display(description=_("counts as"))
    def marks(self, event_type: EventType) -> SafeString:
        return event_facts.marks(event_type)

    @display(description=_("required properties"))
    def filled(self, event_type: Any) -> SafeString:
        return event_facts.filled(event_type.facts.of_event.filled)

    @display(description=_("state"))
    def state(self, event_type: EventType) -> SafeString:
        return event_facts.state(event_type)

    # --- pages ----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("coverage/", view(self.coverage), name="segments_eventtype_coverage"),
            path("plan/", view(require_POST(self.load_plan)), name="segments_eventtype_plan"),
            path("plan.csv", view(self.plan_as_file), name="segments_eventtype_plan_file"),
            path(
                "<int:pk>/do/<str:deed>/",
                view(require_POST(self.do)),
                name="segments_eventtype_do",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        known = EventType.objects.select_related("taken_as", "owner")
        event_type = known.filter(pk=object_id).first() if object_id.isdecimal() else None
        if event_type is None:
            raise Http404
        today = clock.today()
        context = {
            **self._head(request, event_type.label),
            "original": event_type,
            "event_type": event_type,
            "zone": clock.zone(),
            "volume": figures.whole(event_type.volume),
            "findings": [one.words() for one in drift.of(event_type, today)],
            "chart": event_facts.chart(event_type, today),
            "properties": event_facts.properties(event_type, today),
            "marks": event_facts.marks(event_type),
            "uses": event_types.uses(event_type.name),
            "aliases": event_type.aliases.order_by("name"),
            "teams": Team.objects.order_by(kept_words.by_name("name")),
            "others": self._others(event_type),
            "kinds": [(kind.value, kind.label) for kind in Kind if kind != Kind.NULL],
            "may_change": roles.allows(request.user, event_types.ACTION),
            "is_others": event_type.name == OTHERS,
        }
        return TemplateResponse(request, "segments/event/page.html", context)

    def coverage(self, request: HttpRequest) -> HttpResponse:
        """The tracking plan against what came in, and everything that is not as it was."""
        roles.require(request.user, self.view_action)
        report = coverage.report(clock.today())
        drifting = EventType.objects.exclude(drift=[])
        context = {
            **self._head(request, _("Tracking plan and coverage")),
            "report": report,
            "rows": [(one, event_facts.filled(one.filled)) for one in report.planned],
            "seen": event_facts.filled(report.seen),
            "filled": event_facts.filled(report.filled),
            "drifting": [(one, [f.words() for f in drift.kept(one)]) for one in drifting],
            "may_change": roles.allows(request.user, event_types.ACTION),
        }
        return TemplateResponse(request, "segments/event/coverage.html", context)

    def _head(self, request: HttpRequest, title: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    def _others(self, event_type: EventType) -> list[tuple[int, str]]:
        """What this one may be taken as."""
        found = EventType.objects.filter(taken_as=None, blocked=False)
        found = found.exclude(pk=event_type.pk).exclude(name=OTHERS)
        return [(one.pk, f"{one.label} · {one.name}") for one in found]

    # --- the plan as a file -----------------------------------------------------

    def load_plan(self, request: Any) -> HttpResponse:
        """Take the plan from a CSV; all of it or, with a bad row, nothing."""
        roles.require(request.user, event_types.ACTION)
        sent = request.FILES.get("file")
        try:
            planned = plan_file.load(
                sent.read(plan_file.LARGEST + 1) if sent else b"", request.user
            )
        except plan_file.Unreadable as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _("The plan has %(n)d events now.") % {"n": planned})
        return HttpResponseRedirect(reverse(COVERAGE))

    def plan_as_file(self, request: HttpRequest) -> HttpResponse:
        roles.require(request.user, self.view_action)
        answer = HttpResponse(plan_file.write(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="tracking-plan.csv"'
        return answer

    # --- buttons ----------------------------------------------------------------

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Describe, plan, block or rename one kind of event."""
        roles.require(request.user, event_types.ACTION)
        event_type = get_object_or_404(EventType, pk=pk)
        deeds = {
            "describe": self._describe,
            "plan": self._plan,
            "block": self._block,
            "unblock": self._unblock,
            "take": self._take,
            "stand": self._stand,
        }
        if deed not in deeds or event_type.name == OTHERS:
            raise Http404
        said = deeds[deed](request, event_type)
        if said:
            messages.success(request, said)
        return HttpResponseRedirect(reverse(PAGE, args=[pk]))

    def _describe(self, request: Any, event_type: EventType) -> Any:
        form = DescribeForm(request.POST)
        if not form.is_valid():
            for problem in form.errors.values():
                messages.error(request, " ".join(map(str, problem)))
            return ""
        event_types.describe(event_type, by=request.user, **form.cleaned_data)
        return _("Saved.")

    def _plan(self, request: Any, event_type: EventType) -> Any:
        given = request.POST
        names = [*given.getlist("property"), given.get("new_property", "").strip()]
        kinds = set(Kind.values) - {Kind.NULL}
        wanted = {
            name: event_types.Wanted(
                is_required=name in given.getlist("required") or place == len(names) - 1,
                kind=kind if (kind := given.get(f"kind-{name}", "")) in kinds else "",
                description=given.get(f"words-{name}", "").strip()[:200],
            )
            for place, name in enumerate(names)
            if name
        }
        event_types.plan(
            event_type, by=request.user, is_planned="is_planned" in given, wanted=wanted
        )
        return _("Saved.")

    def _block(self, request: Any, event_type: EventType) -> Any:
        event_types.block(event_type, by=request.user)
        return _("Events under this name are dropped from now on.")

    def _unblock(self, request: Any, event_type: EventType) -> Any:
        event_types.unblock(event_type, by=request.user)
        return _("Events under this name are taken again.")

    @transaction.atomic
    def _take(self, request: Any, event_type: EventType) -> Any:
        number = request.POST.get("other", "")
        other = get_object_or_404(EventType, pk=int(number) if number.isdecimal() else 0)
        event_types.take_as(event_type, other, by=request.user)
        tasks.rename_soon(by=request.user)
        return _("It is taken as %(event)s; the past is being renamed.") % {"event": other.label}

    def _stand(self, request: Any, event_type: EventType) -> Any:
        event_types.stand_alone(event_type, by=request.user)
        return _("It stands for itself again; what was renamed stays renamed.")
