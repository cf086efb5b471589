"""Budgets: the list with bars, a budget's page with burn-down and ledger, and its forms."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.outcomes import evidence
from console import budgets, burn_down, clock, figures, roles, transfers
from console.admin import budget_page
from console.admin.budget_forms import BudgetForm, MoneyForm, RuleForm, TransferForm
from console.modeladmin import ReadOnlyAdmin
from console.models import Budget, Transfer
from console.states import NotAllowed, Stale
from metrics.admin import export

PAGE = "admin:console_budget_changelist"
MOST_SHOWN = 200


@admin.register(Budget)
class BudgetAdmin(ReadOnlyAdmin):
    """A page with a bar for each budget instead of a table of rows."""

    view_action = budgets.VIEW

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        one = "<int:number>"
        return [
            path("make/", view(self.make), name="console_budget_make"),
            path("export/", view(self.export), name="console_budget_export"),
            path(f"{one}/edit/", view(self.edit), name="console_budget_edit"),
            path(f"{one}/fund/", view(self.fund), name="console_budget_fund"),
            path(f"{one}/reduce/", view(self.reduce), name="console_budget_reduce"),
            path(f"{one}/rule/", view(self.rule), name="console_budget_rule"),
            path(f"{one}/ask/", view(self.ask), name="console_budget_ask"),
            path(f"{one}/ledger/", view(self.ledger), name="console_budget_ledger"),
            path(
                f"{one}/archive/", view(require_POST(self.archive)), name="console_budget_archive"
            ),
            path(
                f"{one}/restore/", view(require_POST(self.restore)), name="console_budget_restore"
            ),
            path(
                f"transfers/{one}/withdraw/",
                view(require_POST(self.withdraw)),
                name="console_budget_withdraw",
            ),
            path(
                f"transfers/{one}/refuse/",
                view(require_POST(self.refuse)),
                name="console_budget_refuse",
            ),
            *super().get_urls(),
        ]

    # --- reading ----------------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        shown = request.GET.get("show", "now")
        found = list(_found(shown))
        context = {
            "shown": shown,
            "ways": [("now", _("under way")), ("over", _("over")), ("archived", _("archived"))],
            "cards": budget_page.cards(found, today=clock.today()),
            "may_make": roles.allows(request.user, budgets.CHANGE),
        }
        return self._page(request, "list", _("Budgets"), context)

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        budget, today = _budget(int(object_id) if object_id.isdecimal() else 0), clock.today()
        is_open = budget.archived_at is None

        def may(action: str) -> bool:
            return is_open and roles.may_change(request.user, budget, action)

        context = {
            "original": budget,
            "budget": budget,
            "card": budget_page.card(budget, today=today),
            "chart": budget_page.chart(budget, today=today),
            "lines": budget_page.lines(budget),
            "things": budget_page.things(budget),
            "askings": budget_page.askings(budget, request.user),
            "rules": budget.rules.select_related("by"),
            "wrong": burn_down.wrong(budget),
            "may_change": may(budgets.CHANGE),
            "may_restore": not is_open and roles.may_change(request.user, budget, budgets.CHANGE),
            "may_fund": may(budgets.FUND),
            "may_ask": may(budgets.ASK),
            "may_see_approvals": roles.allows(request.user, "approvals.view"),
        }
        return self._page(request, "page", str(budget), context)

    def export(self, request: Any) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        return export.table("budgets", _table(_found(request.GET.get("show", "now"))))

    def ledger(self, request: Any, number: int) -> StreamingHttpResponse:
        roles.require(request.user, self.view_action)
        budget = _budget(number)
        return export.table(f"budget-{budget.pk}", budget_page.cells(budget))

    # --- writing ----------------------------------------------------------------

    def make(self, request: Any) -> HttpResponse:
        roles.require(request.user, budgets.CHANGE)
        form = BudgetForm(request.POST or None, by=request.user)

        def keep(given: dict[str, Any]) -> Budget:
            return budgets.make(by=request.user, **given)

        lead = _(
            "A budget begins empty and pays for nothing. Who may approve money puts it in on the "
            "budget's page, or moves it there from another budget."
        )
        return self._form(request, form, keep, _("A new budget"), _("Save"), lead=lead)

    def edit(self, request: Any, number: int) -> HttpResponse:
        budget = self._of(request, number, budgets.CHANGE)
        form = BudgetForm(request.POST or None, by=request.user, of=budget)

        def keep(given: dict[str, Any]) -> None:
            budgets.edit(budget, by=request.user, **given)

        return self._form(request, form, keep, str(budget), _("Save"), budget)

    def fund(self, request: Any, number: int) -> HttpResponse:
        return self._money(request, number, budgets.fund, _("Put money in"))

    def reduce(self, request: Any, number: int) -> HttpResponse:
        return self._money(request, number, budgets.reduce, _("Take money out"))

    def _money(
        self, request: Any, number: int, verb: Callable[..., Any], title: str
    ) -> HttpResponse:
        budget = self._of(request, number, budgets.FUND)

        def keep(given: dict[str, Any]) -> None:
            amount = given.pop("amount")
            verb(budget, amount, on=clock.today(), by=request.user, **given)

        return self._form(request, MoneyForm(request.POST or None), keep, title, title, budget)

    def rule(self, request: Any, number: int) -> HttpResponse:
        budget = self._of(request, number, budgets.CHANGE)
        form = RuleForm(request.POST or None, of=budget.rule)

        def keep(given: dict[str, Any]) -> None:
            budgets.set_rule(budget, by=request.user, **given)

        return self._form(request, form, keep, _("The rule of this budget"), _("Save"), budget)

    def ask(self, request: Any, number: int) -> HttpResponse:
        budget, today = self._of(request, number, budgets.ASK), clock.today()
        form = TransferForm(request.POST or None, of=budget, day=today)

        def keep(given: dict[str, Any]) -> None:
            amount = given.pop("amount")
            found = evidence.of_team(budget.team, at=clock.now())
            transfers.ask(budget, amount, evidence=found, on=today, by=request.user, **given)

        about = budget_page.asking(budget, by=request.user)
        return self._form(request, form, keep, _("Ask for money"), _("Ask"), budget, about=about)

    def withdraw(self, request: Any, number: int) -> HttpResponse:
        transfer = get_object_or_404(Transfer.objects.select_related("target"), pk=number)
        transfers.withdraw(transfer, by=request.user, on=clock.today())
        return _to(transfer.target)

    def refuse(self, request: Any, number: int) -> HttpResponse:
        """Keep the money that another budget asks for, with the reason."""
        found = Transfer.objects.select_related("source__team")
        transfer = get_object_or_404(found.filter(source__isnull=False), pk=number)
        transfers.refuse(transfer, because=request.POST.get("because", ""), by=request.user)
        messages.success(request, _("Refused; the money is available again."))
        assert transfer.source is not None
        return _to(transfer.source)

    def archive(self, request: Any, number: int) -> HttpResponse:
        budgets.archive(self._of(request, number, budgets.CHANGE), by=request.user)
        messages.success(request, _("The budget is archived."))
        return HttpResponseRedirect(reverse(PAGE))

    def restore(self, request: Any, number: int) -> HttpResponse:
        budget = self._of(request, number, budgets.CHANGE)
        budgets.restore(budget, by=request.user)
        messages.success(request, _("The budget is in use again."))
        return _to(budget)

    # --- how ----------------------------------------------------------------------

    def _of(self, request: Any, number: int, action: str) -> Budget:
        roles.require(request.user, action)
        budget = _budget(number)
        roles.require(request.user, action, record=budget)
        return budget

    def _form(
        self,
        request: Any,
        form: forms.Form,
        keep: Callable[[dict[str, Any]], Any],
        title: str,
        button: str,
        budget: Budget | None = None,
        about: Sequence[tuple[str, str]] = (),
        lead: str = "",
    ) -> HttpResponse:
        """Ask, keep, and go to the budget; a refusal comes back beside what was written."""
        if request.method == "POST" and form.is_valid():
            try:
                made = keep(dict(form.cleaned_data))
            except (NotAllowed, Stale) as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, _("Saved."))
                return _to(budget or made)
        context = {
            "form": form,
            "button": button,
            "original": budget,
            "about": about,
            "lead": lead,
        }
        return self._page(request, "form", title, context)

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(
            request,
            "console/form.html" if name == "form" else f"console/budgets/{name}.html",
            site | context,
        )


def _budget(number: int) -> Budget:
    return get_object_or_404(Budget.objects.select_related("team", "created_by"), pk=number)


def _to(budget: Budget) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:console_budget_change", args=[budget.pk]))


def _found(shown: str) -> QuerySet[Budget]:
    rows = Budget.objects.select_related("team").prefetch_related("rules")
    today = clock.today()
    match shown:
        case "archived":
            rows = rows.exclude(archived_at=None)
        case "over":
            rows = rows.filter(archived_at=None, until__lt=today)
        case _:
            rows = rows.filter(archived_at=None, until__gte=today).order_by("until", "pk")
    return rows[:MOST_SHOWN]


def _table(found: QuerySet[Budget]) -> list[list[object]]:
    names = ("available", "reserved", "committed", "spent", "total")
    headings: list[object] = ["id", "budget", "team", "since", "until", "currency", *names]
    return [
        headings,
        *(
            [one.pk, one.name, str(one.team), one.since, one.until, one.currency]
            + [figures.major(getattr(one, f"{name}_minor"), one.currency) for name in names]
            for one in found
        ),
    ]
