"""The case library: the list, a case's page, its form, and the sheet for a sharing session."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import action, display

from campaigns import planning
from campaigns.admin import outcome
from campaigns.models import Campaign, Case
from campaigns.outcomes import cases
from console import clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from console.models import Project
from console.states import NotAllowed, Stale
from segments.admin.filters import ArchivedFilter

PAGE = "admin:campaigns_case_changelist"
COLORS = {"worked": "success", "mixed": "warning", "failed": "danger"}
MOST_IN_SESSION = 20


class CaseForm(forms.Form):
    """What others are to know of it."""

    title = forms.CharField(label=pgettext_lazy("a case", "title"), max_length=120)
    outcome = forms.ChoiceField(
        label=pgettext_lazy("a case", "outcome"), choices=Case.Outcome.choices
    )
    situation = forms.CharField(
        label=_("situation"),
        max_length=cases.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was wrong, or what one wanted to reach."),
    )
    deed = forms.CharField(
        label=_("what was done"),
        max_length=cases.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("To whom, what, through which channel."),
    )
    lessons = forms.CharField(
        label=_("lessons"),
        max_length=cases.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What others should do the same way, and what differently; a line each."),
    )
    topics = forms.CharField(
        label=_("topics"),
        max_length=400,
        required=False,
        help_text=_("Words to find it by, with commas between them."),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_topics(self) -> list[str]:
        given: str = self.cleaned_data["topics"]
        return given.replace("，", ",").replace("、", ",").split(",")


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    view_action = cases.VIEW
    empty_words: ClassVar = _(
        "Open a campaign that is over and file it with what was learnt, so that others find it."
    )
    list_display: ClassVar = ["title", "how", "of", "share", "lift", "roi", "about", "filed_on"]
    list_filter: ClassVar = ["outcome", ArchivedFilter]
    list_select_related: ClassVar = ["campaign__result", "filed_by"]
    search_fields: ClassVar = ["title"]  # shows the box; `get_search_results` decides
    search_help_text = _("Search in everything that was written.")
    actions: Any = ["session_of"]
    list_before_template = "campaigns/cases_head.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        return cases.find(search_term, queryset), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("session/", view(self.session), name="campaigns_case_session"),
            path("file/<int:number>/", view(self.file), name="campaigns_case_file"),
            path("<int:number>/edit/", view(self.edit), name="campaigns_case_edit"),
            path(
                "<int:number>/archive/",
                view(require_POST(self.archive)),
                name="campaigns_case_archive",
            ),
            *super().get_urls(),
        ]

    # --- reading ----------------------------------------------------------------

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        roles.require(request.user, self.view_action)
        case = _found(int(object_id) if object_id.isdecimal() else 0)
        context = {
            "original": case,
            "cases": [_page(case)],
            "case": case,
            "may_change": roles.may_change(request.user, case, cases.ACTION),
        }
        return self._render(request, "campaigns/case.html", case.title, context)

    def session(self, request: HttpRequest) -> HttpResponse:
        """Several cases on one page that prints, one a sheet; without a choice the newest."""
        roles.require(request.user, self.view_action)
        chosen = [int(one) for one in request.GET.getlist("case") if one.isdecimal()]
        found = Case.objects.filter(archived_at=None).select_related(*RELATED)
        if chosen:
            found = found.filter(pk__in=chosen[:MOST_IN_SESSION])
        context = {"cases": [_page(one) for one in found[:MOST_IN_SESSION]], "is_session": True}
        title = gettext("Case-sharing session")
        return self._render(request, "campaigns/case.html", title, context)

    @action(description=_("Print for a sharing session"))
    def session_of(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        asked = QueryDict(mutable=True)
        asked.setlist("case", [str(pk) for pk in queryset.values_list("pk", flat=True)])
        url = reverse("admin:campaigns_case_session")
        return HttpResponseRedirect(f"{url}?{asked.urlencode()}")

    # --- writing ----------------------------------------------------------------

    def file(self, request: Any, number: int) -> HttpResponse:
        campaign = get_object_or_404(Campaign.objects.select_related("segment"), pk=number)
        roles.require(request.user, cases.ACTION, record=campaign)
        if filed := Case.objects.filter(campaign=campaign).first():
            return _to(filed)
        form = CaseForm(request.POST or None, initial=_beginning(campaign))

        def keep(given: dict[str, Any]) -> Case:
            return cases.file(campaign, by=request.user, on=clock.today(), **given)

        return self._form(request, form, keep, _("File it in the case library"))

    def edit(self, request: Any, number: int) -> HttpResponse:
        case = _found(number)
        roles.require(request.user, cases.ACTION, record=case)
        initial = {name: getattr(case, name) for name in cases.WORDS}
        initial |= {"topics": ", ".join(case.topics), "seen": case.version}
        form = CaseForm(request.POST or None, initial=initial)

        def keep(given: dict[str, Any]) -> Case:
            cases.edit(case, by=request.user, **given | {"seen": given["seen"] or 0})
            return case

        return self._form(request, form, keep, _("Save"), case)

    def archive(self, request: Any, number: int) -> HttpResponse:
        case = _found(number)
        cases.archive(case, by=request.user)
        said = _("It is out of the library.") if case.archived_at else _("It is back.")
        messages.success(request, said)
        return _to(case)

    def _form(
        self,
        request: Any,
        form: CaseForm,
        keep: Callable[[dict[str, Any]], Case],
        button: Any,
        case: Case | None = None,
    ) -> HttpResponse:
        """Ask and keep; a refusal comes back beside what was written."""
        if request.method == "POST" and form.is_valid():
            given = dict(form.cleaned_data)
            if case is None:
                del given["seen"]
            try:
                return _to(keep(given))
            except (NotAllowed, Stale) as problem:
                form.add_error(None, str(problem))
        context = {"form": form, "button": button, "original": case}
        title = case.title if case else gettext("A new case")
        return self._render(request, "console/form.html", title, context)

    def _render(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, template, site | context)

    # --- the list ---------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        self.currency = Project.objects.values_list("currency", flat=True)[0]
        return super().get_queryset(request)

    @display(description=pgettext_lazy("a case", "outcome"), ordering="outcome", label=COLORS)
    def how(self, case: Case) -> tuple[str, str]:
        return case.outcome, case.get_outcome_display()

    @display(description=_("campaign"), ordering="campaign__name")
    def of(self, case: Case) -> str:
        return str(case.campaign)

    @display(description=_("converted"))
    def share(self, case: Case) -> str:
        told = case.campaign.result.told
        return figures.share(told.purchased / told.size if told.size else None)

    @display(description=_("lift"), ordering="campaign__result__lift")
    def lift(self, case: Case) -> str:
        return outcome.points(case.campaign.result.lift)

    @display(description=_("ROI"))
    def roi(self, case: Case) -> str:
        return figures.signed_share(case.campaign.result.roi, digits=0)

    @display(description=_("topics"))
    def about(self, case: Case) -> str:
        return ", ".join(case.topics)


RELATED = ("campaign__segment", "campaign__result", "filed_by", "team")


def _found(number: int) -> Case:
    return get_object_or_404(Case.objects.select_related(*RELATED), pk=number)


def _to(case: Case) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaigns_case_change", args=[case.pk]))


def _page(case: Case) -> dict[str, Any]:
    """One case with its campaign's figures."""
    return {"case": case, **outcome.context(case.campaign)}


def _beginning(campaign: Campaign) -> dict[str, str]:
    """What the console can write itself, for whoever files it to go on from."""
    to = [str(campaign.segment)] if campaign.segment else []
    steps = planning.lines(campaign) if campaign.kind == Campaign.Kind.OURS else []
    return {
        "title": campaign.name,
        "situation": campaign.goal,
        "deed": "\n".join([*to, *steps]),
    }


def of_campaign(campaign: Campaign, staff: Any) -> dict[str, Any]:
    """Its case, or whether this person could file it."""
    if campaign.status not in cases.OVER:
        return {}
    filed = Case.objects.filter(campaign=campaign).first()
    if filed is not None:
        return {"case": filed}
    may = roles.may_change(staff, campaign, cases.ACTION)
    return {"may_file": may and not cases.why_not(campaign)}
