"""Allocation: what one more unit of money brings where, and proposals that people decide about."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST

from console import budgets, charts, clock, figures, roles
from console.charts import Chart
from console.modeladmin import ReadOnlyAdmin
from console.models import Budget
from console.states import NotAllowed, Stale
from metrics import allocation, outlooks, winback
from metrics.admin import allocation_words as words
from metrics.admin import export
from metrics.admin import winback as winback_page
from metrics.admin.spend_forms import AmountField
from metrics.channel_months import WINDOW
from metrics.models import Proposal
from metrics.outlooks import Outlook
from metrics.stats.reallocation import Standing

PAGE = "admin:metrics_proposal_changelist"
PAST, DRAWN, POINTS = 30, 8, 12


class DecisionForm(forms.Form):
    """Why, and between which budgets the money moves; without budgets it is written down."""

    because = forms.CharField(label=gettext_lazy("Why"), max_length=300)
    source = forms.ModelChoiceField(
        label=gettext_lazy("from the budget"), queryset=Budget.objects.none(), required=False
    )
    target = forms.ModelChoiceField(
        label=gettext_lazy("to the budget"), queryset=Budget.objects.none(), required=False
    )
    amount = AmountField(label=gettext_lazy("amount"), required=False)

    def __init__(self, *args: Any, proposal: Proposal, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today, fields = clock.today(), dict[str, Any](self.fields)
        found = Budget.objects.filter(archived_at=None, since__lte=today, until__gte=today)
        fields["source"].queryset = found
        mine = [one.pk for one in found if roles.may_change(by, one, budgets.ASK)]
        fields["target"].queryset = found.filter(pk__in=mine)
        for name in ("source", "target"):
            fields[name].empty_label = _("no budget: only write it down")
            if proposal.dimension == Proposal.Dimension.BUDGET:
                fields[name].initial = getattr(proposal, name)
        currency = clock.project().currency
        fields["amount"].initial = figures.major(proposal.amount_minor, currency)
        fields["amount"].help_text = _("At most what was proposed.")


@admin.register(Proposal)
class AllocationAdmin(ReadOnlyAdmin):
    """One page: what campaigns tell, what is proposed, and what was decided."""

    view_action = allocation.VIEW

    def get_urls(self) -> list[URLPattern]:
        view, one = self.admin_site.admin_view, "<int:number>"
        return [
            path("look/", view(require_POST(self.look)), name="metrics_proposal_look"),
            path("export/", view(self.export), name="metrics_proposal_export"),
            path("winback/", view(self.winback), name="metrics_proposal_winback"),
            path(
                "winback/export/", view(self.winback_file), name="metrics_proposal_winback_export"
            ),
            path(f"{one}/accept/", view(self.accept), name="metrics_proposal_accept"),
            path(
                f"{one}/dismiss/", view(require_POST(self.dismiss)), name="metrics_proposal_dismiss"
            ),
            *super().get_urls(),
        ]

    # --- reading ----------------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        found = outlooks.outlook(_dimension(request), at=clock.now())
        currency = clock.project().currency
        rows = Proposal.objects.select_related("decided_by", "transfer")
        over = list(rows.exclude(status=Proposal.Status.OPEN)[:PAST])
        asked = allocation.asked_for(over)
        context = {
            "by": found.dimension,
            "ways": [(key, Proposal.Dimension(key).label) for key in Proposal.Dimension.values],
            "charts": [marginal(found, currency), curves(found, currency)],
            "words": words.of(found),
            "thin": [_name(found, one) for one in found.standings if one.is_thin],
            "open": [
                shown(one, found, currency) for one in rows.filter(status=Proposal.Status.OPEN)
            ],
            "past": [shown(one, found, currency) | {"asked": asked.get(one.pk)} for one in over],
            "may_decide": roles.allows(request.user, allocation.DECIDE),
            "may_see_channels": roles.allows(request.user, "metrics.view"),
        }
        return self._page(request, "metrics/allocation.html", _("Allocation"), context)

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        """A proposal stands on the one page of all."""
        roles.require(request.user, self.view_action)
        found = Proposal.objects.filter(pk=object_id if object_id.isdecimal() else 0).first()
        if found is None:
            raise Http404
        return HttpResponseRedirect(f"{reverse(PAGE)}?by={found.dimension}#proposal-{found.pk}")

    def export(self, request: HttpRequest) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        found = outlooks.outlook(_dimension(request), at=clock.now())
        currency = clock.project().currency
        head = [
            "group",
            words.of(found).unit,
            "spend",
            "caused",
            "currency",
            "marginal",
            "low",
            "high",
        ]
        cells = [
            [_name(found, one), one.trials, figures.major(one.spend, currency)]
            + [figures.major(round(one.caused), currency), currency]
            + [round(x, 4) for x in (one.marginal.middle, one.marginal.low, one.marginal.high)]
            + [round(one.drawn, 4)]
            for one in found.standings
        ]
        return export.table(f"allocation-{found.dimension}", [[*head, "drawn"], *cells])

    def winback(self, request: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        drawn = winback_page.chart(winback.ways(at=clock.now()), clock.project().currency)
        title = _("Cost of win-back")
        return self._page(request, "metrics/winback.html", title, {"chart": drawn})

    def winback_file(self, request: Any) -> HttpResponseBase:
        roles.require(request.user, self.view_action)
        found = winback.ways(at=clock.now())
        return export.table("winback", winback_page.lines(found, clock.project().currency))

    # --- writing ----------------------------------------------------------------

    def look(self, request: Any) -> HttpResponse:
        """Work the proposals out anew, from what campaigns say now."""
        roles.require(request.user, allocation.DECIDE)
        made = allocation.look(at=clock.now())
        said = _("%(count)s new proposals.") % {"count": made}
        messages.success(request, said if made else _("Nothing new to propose."))
        return HttpResponseRedirect(f"{reverse(PAGE)}?by={_dimension(request)}")

    def accept(self, request: Any, number: int) -> HttpResponse:
        roles.require(request.user, allocation.DECIDE)
        proposal = get_object_or_404(Proposal, pk=number)
        form = DecisionForm(request.POST or None, proposal=proposal, by=request.user)
        if request.method == "POST" and form.is_valid():
            try:
                asked = allocation.accept(
                    proposal, by=request.user, on=clock.today(), at=clock.now(), **form.cleaned_data
                )
            except (NotAllowed, Stale) as problem:
                form.add_error(None, str(problem))
            else:
                said = _("Asked for: somebody else approves the transfer.")
                messages.success(request, said if asked else _("Your decision is written down."))
                return _to(proposal)
        title = _("Move %(amount)s from %(source)s to %(target)s") % {
            "amount": figures.money(proposal.amount_minor, clock.project().currency),
            "source": proposal.source_name,
            "target": proposal.target_name,
        }
        context = {"form": form, "button": _("Accept"), "original": proposal}
        return self._page(request, "console/form.html", title, context)

    def dismiss(self, request: Any, number: int) -> HttpResponse:
        proposal = get_object_or_404(Proposal, pk=number)
        try:
            because = request.POST.get("because", "")
            allocation.dismiss(proposal, by=request.user, because=because, at=clock.now())
        except NotAllowed as problem:
            if not roles.allows(request.user, allocation.DECIDE):
                raise
            messages.error(request, str(problem))
        return _to(proposal)

    def _page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, template, site | context)


def _dimension(request: HttpRequest) -> str:
    asked = request.GET.get("by") or request.POST.get("by") or ""
    return asked if asked in Proposal.Dimension.values else Proposal.Dimension.CHANNEL.value


def _to(proposal: Proposal) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse(PAGE)}?by={proposal.dimension}")


def _name(found: Outlook, one: Standing) -> str:
    return found.names[one.group]


# --- what campaigns tell ----------------------------------------------------------


def marginal(found: Outlook, currency: str) -> Chart:
    """What one more unit brings by group, with its bounds."""
    there, said = found.standings, words.of(found)
    return Chart(
        id="marginal",
        title=_("What one more unit of money brings"),
        option=_bounds([_name(found, one) for one in there], there),
        columns=[
            found_by(found),
            _("One more unit brings"),
            _("95 % bounds"),
            said.trials,
            pgettext("allocation", "Spent"),
            said.caused,
            _("Taken from the others"),
        ],
        rows=[_row(found, one, currency) for one in there],
        definition=said.marginal,
        export=f"{reverse('admin:metrics_proposal_export')}?by={found.dimension}",
        empty=said.empty,
    )


def found_by(found: Outlook) -> str:
    return str(Proposal.Dimension(found.dimension).label).capitalize()


def _row(found: Outlook, one: Standing, currency: str) -> list[str]:
    told = one.marginal
    return [
        _name(found, one),
        figures.number(told.middle),
        f"{figures.number(told.low)} – {figures.number(told.high)}",
        figures.whole(one.trials),
        figures.money(one.spend, currency),
        figures.money(round(one.caused), currency),
        figures.share(one.drawn, digits=0),
    ]


def _bounds(names: Sequence[str], there: Sequence[Standing]) -> dict[str, Any]:
    """Each interval is a bar on an unseen one that reaches to its lower bound."""
    bar: dict[str, Any] = {"type": "bar", "stack": "bounds", "stackStrategy": "all"}
    unseen = {"silent": True, "itemStyle": {"color": "transparent"}}
    told = [one.marginal for one in there]
    points = [[one.middle, name] for one, name in zip(told, names, strict=True)]
    return {
        "unit": charts.unit("number"),
        "legend": {"show": False},
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "data": list(names), "inverse": True},
        "series": [
            bar | unseen | {"data": [one.low for one in told]},
            bar | {"barWidth": 8, "name": _("95 % bounds"), "data": [x.high - x.low for x in told]},
            {
                "type": "scatter",
                "name": _("One more unit brings"),
                "symbolSize": 11,
                "data": points,
            },
        ],
    }


def curves(found: Outlook, currency: str) -> Chart:
    """What a campaign causes by what it spends, as far as any was measured."""
    there, said = found.standings[:DRAWN], words.of(found)
    largest = max((one.largest for one in there), default=0)
    spends = [largest * step / POINTS for step in range(POINTS + 1)]
    series = {
        _name(found, one): [
            found.response.caused(one.group, spend).middle if spend and found.response else 0.0
            for spend in spends
        ]
        for one in there
    }
    labels = [figures.short_money(round(spend), currency) for spend in spends]
    return Chart(
        id="response",
        title=said.response,
        option=charts.curves(labels, series, unit=charts.unit("money", currency)),
        columns=[said.spent_on, *series],
        rows=[
            [label, *(figures.money(round(values[at]), currency) for values in series.values())]
            for at, label in enumerate(labels)
        ]
        if there
        else [],
        definition=_(
            "A curve that may flatten: how fast, all groups tell together, and before any data "
            "half of the belief is that it does not."
        ),
        empty=said.empty,
    )


def shown(proposal: Proposal, found: Outlook, currency: str) -> dict[str, Any]:
    """A proposal in words; groups of the page are called what its reader calls them."""
    names = found.names if proposal.dimension == found.dimension else {}
    low, high = proposal.gain_low_minor, proposal.gain_high_minor
    return {
        "proposal": proposal,
        "source": names.get(proposal.source, proposal.source_name),
        "target": names.get(proposal.target, proposal.target_name),
        "dimension": proposal.get_dimension_display(),
        "amount": figures.money(proposal.amount_minor, currency),
        "gain": figures.money(proposal.gain_minor, currency),
        "bounds": f"{figures.money(low, currency)} – {figures.money(high, currency)}",
        "sure": figures.share(min(proposal.sure, 0.99), digits=0),  # nothing is certain
        "basis": len(proposal.basis),
        "is_monthly": proposal.dimension == words.SOURCE,
        "days": WINDOW,
    }
