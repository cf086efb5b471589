"""Value: RFM, value score, high potential and clusters, each with what it found and its recipe."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from console import clock, roles
from console.modeladmin import ReadOnlyAdmin
from console.states import NotAllowed, Stale
from segments import matrix, scorings, tasks, tiers, valuing
from segments.admin import move_facts, scoring_facts, scoring_forms, scoring_offers
from segments.models import Scoring
from segments.rules.nodes import RuleError

PAGE = "admin:segments_scoring_kind"


@admin.register(Scoring)
class ScoringAdmin(ReadOnlyAdmin):
    """A page a kind; the list is the first of them."""

    view_action = "scorings.view"
    templates: ClassVar = {kind: f"segments/scoring/{kind}.html" for kind in scorings.KINDS}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        deeds: dict[str, Any] = {
            "preview": require_POST(self.preview),
            "change": require_POST(self.change),
            "rename": require_POST(self.rename),
            "run": require_POST(self.run),
            "explain": require_GET(self.explain),
            "moves": require_GET(self.moves),
        }
        return [
            *(
                path(f"<slug:kind>/{name}/", view(deed), name=f"segments_scoring_{name}")
                for name, deed in deeds.items()
            ),
            path("<slug:kind>/", view(require_GET(self.page)), name="segments_scoring_kind"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        return HttpResponseRedirect(reverse(PAGE, args=[scorings.RFM]))

    def page(self, request: Any, kind: str) -> HttpResponse:
        roles.require(request.user, self.view_action)
        return self._page(request, _known(kind))

    # --- trying and changing ----------------------------------------------------

    def preview(self, request: Any, kind: str) -> HttpResponse:
        """What the recipe in the form would come to."""
        roles.require(request.user, self.view_action)
        recipe = scoring_forms.read(kind, request.POST, scorings.current(_known(kind)).recipe)
        try:
            found = valuing.preview(kind, recipe, day=clock.today())
        except RuleError as problem:
            context = {"problem": scoring_facts.problem(problem)}
        else:
            context = scoring_facts.of_preview(kind, recipe, found)
        return TemplateResponse(request, "segments/scoring/preview.html", context)

    def change(self, request: Any, kind: str) -> HttpResponse:
        """A new version, and everybody is scored anew."""
        was = scorings.current(_known(kind)).recipe
        return self._change(request, kind, scoring_forms.read(kind, request.POST, was))

    def rename(self, request: Any, kind: str) -> HttpResponse:
        """Clusters get other names."""
        was = scorings.current(_known(kind)).recipe
        if "names" not in was:
            raise Http404
        return self._change(request, kind, scoring_forms.renamed(request.POST, was))

    def _change(self, request: Any, kind: str, recipe: dict[str, Any]) -> HttpResponse:
        roles.require(request.user, valuing.ACTION)
        note, seen = request.POST.get("note", ""), request.POST.get("seen_version", "")
        try:
            valuing.change(
                kind,
                recipe,
                seen_version=int(seen) if seen.isascii() and seen.isdigit() else 0,
                note=note,
                by=request.user,
            )
        except RuleError as problem:
            return self._again(request, kind, recipe, note, scoring_facts.problem(problem))
        except (NotAllowed, Stale) as problem:
            return self._again(request, kind, recipe, note, str(problem))
        tasks.score_soon(kind, by=request.user)
        messages.success(request, _("The new version is in force; everybody is scored anew."))
        return HttpResponseRedirect(reverse(PAGE, args=[kind]))

    def _again(
        self, request: Any, kind: str, recipe: dict[str, Any], note: str, words: str
    ) -> HttpResponse:
        messages.error(request, words)
        return self._page(request, kind, recipe=recipe, note=note, status=409)

    def run(self, request: Any, kind: str) -> HttpResponse:
        """Score everybody now."""
        roles.require(request.user, valuing.ACTION)
        tasks.score_soon(_known(kind), by=request.user)
        messages.success(request, _("The scores are being computed."))
        return HttpResponseRedirect(reverse(PAGE, args=[kind]))

    def explain(self, request: Any, kind: str) -> HttpResponse:
        """One customer's value score factor by factor."""
        roles.require(request.user, "customers.view")
        if _known(kind) != scorings.VALUE:
            raise Http404
        context = scoring_facts.explained(request.GET.get("customer", ""), clock.today())
        return TemplateResponse(request, "segments/scoring/explained.html", context)

    def moves(self, request: Any, kind: str) -> HttpResponse:
        """Who moved between the tiers, or cells, from one day to another (R156)."""
        roles.require(request.user, self.view_action)
        if _known(kind) not in tiers.LAYERS:
            raise Http404
        ledger = tiers.Tiers(kind)
        since, until, said = move_facts.days(request.GET, ledger.last() or clock.today())
        found = matrix.between(ledger, since=since, until=until)
        if request.GET.get("as") == "csv":
            return move_facts.file(kind, found, move_facts.TIERS)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": scorings.current(kind).get_kind_display(),
            **move_facts.moves(found, move_facts.TIERS),
            "said": said,
            "back": reverse(PAGE, args=[kind]),
            "back_words": _("The scores"),
        }
        return TemplateResponse(request, "segments/stages/matrix.html", context)

    # --- the page -----------------------------------------------------------------

    def _page(
        self,
        request: HttpRequest,
        kind: str,
        *,
        recipe: dict[str, Any] | None = None,
        note: str = "",
        status: int = 200,
    ) -> HttpResponse:
        under_way = tasks.scoring_now(kind)  # first: what ends after it is asked is in the run
        scoring = scorings.current(kind)
        run = scorings.last_run(kind)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": scoring.get_kind_display(),
            "kind": kind,
            "tabs": [(one.value, one.label, one.value == kind) for one in Scoring.Kind],
            "scoring": scoring,
            "run": run,
            "freshness": scoring_facts.freshness(run),
            "is_outdated": run is not None and run.scoring_id != scoring.pk,
            "statics": scoring_facts.statics(scoring),
            "recipe": recipe or scoring.recipe,
            "note": note,
            "is_open": recipe is not None,
            "may_change": roles.allows(request.user, valuing.ACTION),
            "may_segment": roles.allows(request.user, "segments.change"),
            "running": under_way,
            "weekdays": scoring_facts.weekdays(),
            "versions": scorings.history(kind),
            **scoring_facts.of_kind(kind, scoring, run, request.GET),
            **scoring_offers.for_form(kind, recipe or scoring.recipe),
        }
        return TemplateResponse(request, self.templates[kind], context, status=status)


def _known(kind: str) -> str:
    if kind not in scorings.KINDS:
        raise Http404
    return kind
