"""Lifetime value: what the model says of customers, how well it foretold, settings and runs."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation, Overflow
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from console import clock, roles
from console.charts import Chart
from console.modeladmin import ReadOnlyAdmin
from console.models import Job
from console.states import NotAllowed, Stale
from metrics import foreign, lifetime_charts, lifetime_value, tasks
from metrics.admin import export, lifetime_facts
from metrics.lifetime_value import Settings
from metrics.models import LifetimeModel
from segments import scorings
from segments.models import Customer

NAME = "metrics_lifetimemodel"
RUN = "pipeline.run"
LONGEST = 20  # letters of a percentage
CONTRACTS = "contracts"  # the chart that does not rest on orders


@admin.register(LifetimeModel)
class LifetimeModelAdmin(ReadOnlyAdmin):
    """The page of the run in force, or of an older one."""

    view_action = "metrics.view"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("run/", view(require_POST(self.run)), name=f"{NAME}_run"),
            path("settings/", view(require_POST(self.settings)), name=f"{NAME}_settings"),
            path("of/<int:pk>/", view(require_GET(self.of)), name=f"{NAME}_of"),
            path("runs/file/", view(self.runs_file), name=f"{NAME}_runs"),
            path("<int:pk>/file/<slug:key>/", view(self.file), name=f"{NAME}_file"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        under_way = tasks.lifetime_now()  # first: what ends after it is asked is in the run
        run = lifetime_value.in_force() or lifetime_value.last()
        return self._page(request, run, under_way=under_way)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        roles.require(request.user, self.view_action)
        under_way = tasks.lifetime_now()
        return self._page(request, _run(object_id), under_way=under_way)

    def _page(
        self,
        request: HttpRequest,
        run: LifetimeModel | None,
        *,
        under_way: Job | None = None,
        wanted: Settings | None = None,
        note: str = "",
        status: int = 200,
    ) -> HttpResponse:
        recipe = lifetime_value.recipe()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Lifetime value"),
            "run": run,
            "facts": lifetime_facts.of_run(run) if run else None,
            "last": lifetime_value.last(),
            "is_last": run is not None and run == lifetime_value.in_force(),
            "charts": _charts(run) if run else {},
            "foreign": foreign.words(None, run.day) if run else "",
            "history": lifetime_facts.runs(),
            "run_columns": lifetime_facts.RUN_COLUMNS,
            "recipe": recipe,
            "wanted": (said := wanted or Settings.of(recipe)),
            "discount": f"{said.monthly_discount * 100:.2f}",
            "note": note,
            "is_open": wanted is not None,
            "offers": lifetime_facts.offers(),
            "versions": lifetime_value.history(),
            "may_run": roles.allows(request.user, RUN),
            "may_change": roles.allows(request.user, lifetime_value.ACTION),
            "running": under_way,
        }
        return TemplateResponse(request, "metrics/lifetime/page.html", context, status=status)

    # --- buttons --------------------------------------------------------------

    def run(self, request: Any) -> HttpResponse:
        """Fit the model now."""
        roles.require(request.user, RUN)
        tasks.run_lifetime_soon(by=request.user)
        messages.success(request, _("The model is being fitted."))
        return HttpResponseRedirect(reverse(f"admin:{NAME}_changelist"))

    def settings(self, request: Any) -> HttpResponse:
        """Other settings; the model is fitted anew."""
        roles.require(request.user, lifetime_value.ACTION)
        wanted, seen = _wanted(request.POST), request.POST.get("seen_version", "")
        note = request.POST.get("note", "")
        try:
            lifetime_value.change(wanted, seen_version=_whole(seen), note=note, by=request.user)
        except (NotAllowed, Stale) as problem:
            messages.error(request, str(problem))
            return self._page(
                request, lifetime_value.in_force(), wanted=wanted, note=note, status=409
            )
        tasks.run_lifetime_soon(by=request.user)
        messages.success(request, _("The new version is in force; the model is being fitted."))
        return HttpResponseRedirect(reverse(f"admin:{NAME}_changelist"))

    # --- files ----------------------------------------------------------------

    def file(self, request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
        """The table under a chart."""
        roles.require(request.user, self.view_action)
        found = _charts(_run(str(pk)))
        if key not in found:
            raise Http404
        return export.table(f"lifetime-{key}", [found[key].columns, *found[key].rows])

    def runs_file(self, request: HttpRequest) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        rows = lifetime_facts.runs(most=None)
        lines = [one.cells for one in rows]
        return export.table("lifetime-runs", [lifetime_facts.RUN_COLUMNS, *lines])

    # --- one customer ---------------------------------------------------------

    def of(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A part of the customer's page."""
        roles.require(request.user, "customers.view")
        customer = get_object_or_404(Customer, pk=pk)
        context = lifetime_facts.of_customer(customer.pk, clock.project().currency)
        return render(request, "metrics/lifetime/of.html", context)


def _run(number: str) -> LifetimeModel:
    runs = LifetimeModel.objects.select_related("recipe")
    return get_object_or_404(runs, pk=number if number.isdecimal() else 0)


def _charts(run: LifetimeModel) -> dict[str, Chart]:
    """The charts of a run, each with where its table is as a file."""
    names = scorings.labels().get(run.recipe.split_by, {}) if run.recipe.split_by else {}
    word = lifetime_facts.word(run)
    return {
        key: replace(
            one,
            export=reverse(f"admin:{NAME}_file", args=[run.pk, key]),
            word=None if key == CONTRACTS else word,
        )
        for key, one in lifetime_charts.every(run, names).items()
    }


def _wanted(given: Any) -> Settings:
    """The settings as the form has them; what is no number is none that is allowed."""
    try:
        discount = Decimal(given.get("discount", "")[:LONGEST]) / 100
    except (InvalidOperation, Overflow):
        discount = Decimal(-1)
    if not discount.is_finite() or abs(discount) > 1:
        discount = Decimal(-1)
    return Settings(
        months=_whole(given.get("months", "")),
        monthly_discount=discount,
        split_by=given.get("split_by", ""),
        contract_start=given.get("contract_start", ""),
        contract_end=given.get("contract_end", ""),
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
