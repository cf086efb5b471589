"""Stage sets: where the customers stand, how they moved, and editing the stages."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet, Value
from django.db.models.fields import DateField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from console import clock, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed, Stale
from segments import matrix, stage_sets, tasks
from segments.admin import filters, move_facts, segment_facts, stage_editor, stage_facts
from segments.models import StageSet


@admin.register(StageSet)
class StageSetAdmin(ReadOnlyAdmin):
    view_action = "stages.view"
    list_display: ClassVar = ["label", "how_many", "default", "freshness", "whose"]
    list_display_links: ClassVar = ["label"]
    list_filter: ClassVar = [filters.ArchivedFilter]
    list_select_related: ClassVar = ["owner", "team"]
    list_before_template = "segments/stages/list_head.html"
    change_form_template = "segments/stages/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StageSet]:
        today = Value(clock.today(), output_field=DateField())
        number = Count("stages", filter=Q(stages__retired_at=None))
        return super().get_queryset(request).annotate(number=number, today=today)

    @display(description=_("name"))
    def label(self, stage_set: StageSet) -> str:
        return str(stage_set)

    @display(description=_("stages"))
    def how_many(self, stage_set: Any) -> int:
        return int(stage_set.number)

    @display(description=_("default"), label={"default": "success"})
    def default(self, stage_set: StageSet) -> tuple[str, Any] | None:
        return ("default", _("default")) if stage_set.is_default else None

    @display(description=_("freshness"))
    def freshness(self, stage_set: Any) -> SafeString:
        return stage_facts.as_of(stage_set, stage_set.today)

    @display(description=_("owner"))
    def whose(self, stage_set: StageSet) -> str:
        return " · ".join(str(one) for one in (stage_set.owner, stage_set.team) if one) or "–"

    # --- reading --------------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        head = {"may_change": roles.allows(request.user, stage_sets.ACTION), **_running(request)}
        return super().changelist_view(request, {**(extra_context or {}), **head})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        stage_set = self._one(request, object_id)
        context = {
            **self._site(request, stage_set),
            **stage_facts.page(stage_set, clock.today()),
            "may_change": roles.may_change(request.user, stage_set, stage_sets.ACTION),
            **_running(request),
        }
        return render(request, self.change_form_template, context)

    def matrix(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who moved from where to where between two days."""
        stage_set = self._one(request, str(pk))
        last = stage_set.data_as_of or clock.today()
        since, until, said = move_facts.days(request.GET, last)
        found = matrix.between(matrix.Stages(stage_set), since=since, until=until)
        if request.GET.get("as") == "csv":
            return move_facts.file(stage_set.key, found)
        context = {
            **self._site(request, stage_set),
            **move_facts.moves(found),
            "said": said,
            "back": reverse("admin:segments_stageset_change", args=[stage_set.pk]),
            "back_words": _("The stages"),
        }
        return render(request, "segments/stages/matrix.html", context)

    def _one(self, request: HttpRequest, pk: str) -> StageSet:
        roles.require(request.user, self.view_action)
        if not pk.isdecimal() or len(pk) > 9:
            raise Http404
        return get_object_or_404(StageSet.objects.select_related("owner", "team"), pk=pk)

    def _site(self, request: HttpRequest, stage_set: StageSet | None) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(stage_set or _("A stage set of your own")),
            "original": stage_set,
            "stage_set": stage_set,
        }

    # --- changing -------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "segments_stageset"
        return [
            path("new/", view(self.edit), name=f"{name}_new"),
            path("<int:pk>/edit/", view(self.edit), name=f"{name}_edit"),
            path("<int:pk>/matrix/", view(self.matrix), name=f"{name}_matrix"),
            path("<int:pk>/do/<str:deed>/", view(require_POST(self.do)), name=f"{name}_do"),
            *super().get_urls(),
        ]

    def edit(self, request: Any, pk: int | None = None) -> HttpResponse:
        """The form: shown, tried out, or saved; what is wrong stands beside its stage."""
        stage_set = self._one(request, str(pk)) if pk else None
        roles.require(request.user, stage_sets.ACTION, record=stage_set)
        if request.method != "POST":
            start = StageSet.objects.filter(pk=_number(request.GET.get("from"))).first()
            form = stage_editor.stored(stage_set) if stage_set else stage_editor.blank(start)
            context = stage_editor.context(form, stage_set, request.user)
            return self._form(request, stage_set, context)
        form = stage_editor.read(request.POST)
        context = stage_editor.context(form, stage_set, request.user, is_tried=True)
        if "save" not in request.POST or context["has_problems"]:
            return self._form(request, stage_set, context, status=422 * context["has_problems"])
        try:
            kept = self._save(request, stage_set, form)
        except (NotAllowed, Stale) as refused:
            context["refused"] = str(refused)
            return self._form(request, stage_set, context, status=409)
        return _to(kept.pk)

    def _form(
        self, request: Any, stage_set: StageSet | None, context: dict[str, Any], status: int = 0
    ) -> HttpResponse:
        context = {**self._site(request, stage_set), **context}
        return render(request, "segments/stages/edit.html", context, status=status or 200)

    def _save(self, request: Any, stage_set: StageSet | None, form: dict[str, Any]) -> StageSet:
        given = {key: form[key] for key in ("name", "description", "note", "drafts")}
        if stage_set is None:
            kept, is_new = stage_sets.add(by=request.user, **given), True
        else:
            kept, given["seen"] = stage_set, form["seen"]
            version = form["seen_version"]
            is_new = stage_sets.edit(stage_set, by=request.user, seen_version=version, **given)
        if is_new:
            tasks.recompute_stages_soon(kept)
            messages.success(request, _("Saved. Where everybody stands is being computed."))
        else:
            messages.success(request, _("Saved. The stages are as they were."))
        return kept

    def do(self, request: Any, pk: int, deed: str) -> HttpResponse:
        """Recompute, make the default, archive or restore one set."""
        stage_set = get_object_or_404(StageSet, pk=pk)
        match deed:
            case "recompute":
                roles.require(request.user, stage_sets.ACTION, record=stage_set)
                tasks.recompute_stages_soon(stage_set)
                messages.success(request, _("Where everybody stands is being computed."))
            case "default":
                stage_sets.make_default(stage_set, by=request.user)
                messages.success(request, _("This set is now shown wherever one is shown."))
            case "archive":
                stage_sets.archive(stage_set, by=request.user)
                messages.success(request, _("The stage set is archived."))
            case "restore":
                stage_sets.restore(stage_set, by=request.user)
                tasks.recompute_stages_soon(stage_set)
                messages.success(request, _("The stage set is in use again."))
            case _:
                return HttpResponse(status=404)
        return _to(pk)


def _running(request: Any) -> dict[str, Any]:
    """What the button “Recompute now” needs to know."""
    return {
        "may_run": roles.allows(request.user, "pipeline.run"),
        "running": segment_facts.running_job(),
    }


def _number(given: str | None) -> int:
    return int(given) if given and given.isdecimal() and len(given) < 10 else 0


def _to(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:segments_stageset_change", args=[pk]))
