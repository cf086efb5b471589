"""A team's weeks: what it has on its hands, when that ends, and how the urgent lane was used."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST

from console import business_hours, charts, clock, figures, roles
from console.charts import Chart
from console.modeladmin import ReadOnlyAdmin
from console.models import Staff, Team, TeamRequest, TeamWeek
from console.states import NotAllowed
from console.team_requests import capacity, fitting, seeing, urgent
from console.team_requests.capacity import Load
from console.widgets import DayWidget

PAGE = "admin:console_teamweek_changelist"
LANE = "admin:console_teamweek_lane"
WEEKS, MOST_ROWS = 10, 100
Days = forms.DecimalField


class WeekForm(forms.Form):
    """Other days of work in one week; without a number it is a usual one again."""

    monday = forms.DateField(
        label=gettext_lazy("Week of"),
        widget=DayWidget,
        help_text=gettext_lazy("Any day of the week."),
    )
    days = Days(
        label=gettext_lazy("Days of work"),
        min_value=Decimal(0),
        max_value=Decimal(500),
        decimal_places=1,
        required=False,
        help_text=gettext_lazy("Of the whole team. Empty: as usual."),
    )
    because = forms.CharField(label=gettext_lazy("Why"), max_length=160, required=False)


class UsualForm(forms.Form):
    """What a usual week has, and how often the urgent lane may be used."""

    days_a_week = Days(
        label=gettext_lazy("Days of work a week"),
        min_value=Decimal(0),
        max_value=Decimal(500),
        decimal_places=1,
        help_text=gettext_lazy("What the whole team can take on for others."),
    )
    urgent_a_month = forms.IntegerField(
        label=gettext_lazy("Urgent requests a month"), min_value=0, max_value=1000
    )


@admin.register(TeamWeek)
class TeamWeekAdmin(ReadOnlyAdmin):
    """One page for each team, for its members; managers of the team set its days."""

    view_action = seeing.VIEW

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("set/", view(require_POST(self.set_days)), name="console_teamweek_set"),
            path("lane/", view(self.lane), name="console_teamweek_lane"),
            *super().get_urls(),
        ]

    # --- reading ----------------------------------------------------------------

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        roles.require(request.user, self.view_action)
        return self._weeks(request, _team(request, request.GET))

    def change_view(self, request: Any, object_id: str, *args: Any, **kw: Any) -> HttpResponse:
        """A week stands on the page of all."""
        raise Http404

    def lane(self, request: Any) -> HttpResponse:
        """Who used the urgent lane in a month, why, and what it pushed out."""
        roles.require(request.user, self.view_action)
        today = clock.today()
        month = clock.read_day(request.GET.get("month", "")[:7] + "-01") or today.replace(day=1)
        found = urgent.review(month, seen_by=request.user)
        context = {
            "month": month,
            "before": (month - dt.timedelta(days=1)).replace(day=1),
            "after": _next(month) if _next(month) <= today else None,
            "uses": [_use(one) for one in found.uses],
            "lifted": found.lifted,
            "quota": urgent.quota(request.user.team, month) if request.user.team else None,
        }
        return self._page(request, "lane", _("Urgent lane"), context)

    # --- writing ----------------------------------------------------------------

    def set_days(self, request: Any) -> HttpResponse:
        """The days of one week, or of usual ones."""
        team = _team(request, request.POST)
        if team is None:
            raise Http404
        is_week = request.POST.get("of") == "week"
        form = WeekForm(request.POST) if is_week else UsualForm(request.POST)
        if not form.is_valid():
            return self._weeks(request, team, begun=form, status=400)
        said = form.cleaned_data
        try:
            if is_week:
                monday = fitting.monday(said.pop("monday"))
                capacity.set_week(team, monday, **said, by=request.user)
            else:
                capacity.set_usual(team, **said, by=request.user)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
            return self._weeks(request, team, begun=form, status=409)
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(f"{reverse(PAGE)}?team={team.pk}")

    def _weeks(
        self, request: Any, team: Team | None, *, begun: forms.Form | None = None, status: int = 200
    ) -> HttpResponse:
        staff, today = request.user, clock.today()
        context: dict[str, Any] = {"team": team, "teams": _teams(staff)}
        if team is not None:
            load = capacity.load(team, on=today, weeks=WEEKS)
            usual = {"days_a_week": team.days_a_week, "urgent_a_month": team.urgent_a_month}
            forms_here: list[forms.Form] = [
                begun if isinstance(begun, WeekForm) else WeekForm(),
                begun if isinstance(begun, UsualForm) else UsualForm(initial=usual),
            ]
            context |= {
                "chart": weeks_chart(team, load),
                "rows": _ends(load)[:MOST_ROWS],
                "more": max(0, len(load.requests) - MOST_ROWS),
                "week_form": forms_here[0],
                "usual_form": forms_here[1],
                "may_set": seeing.may_decide(staff, team.pk),
            }
        title = pgettext("of a team", "Capacity")
        return self._page(request, "capacity", title, context, status=status)

    def _page(
        self,
        request: HttpRequest,
        name: str,
        title: str,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        found = f"console/requests/{name}.html"
        return TemplateResponse(request, found, site | context, status=status)


# --- whose ----------------------------------------------------------------------


def _teams(staff: Staff) -> list[Team]:
    """The teams whose weeks somebody sees: their own; administrators see all."""
    if staff.role == Staff.Role.ADMIN:
        return list(Team.objects.all())
    return [staff.team] if staff.team else []


def _team(request: Any, asked: Any) -> Team | None:
    """The team that was asked for, or else their own.

    Raises:
        Http404: another team's.
    """
    teams = {str(one.pk): one for one in _teams(request.user)}
    if wanted := asked.get("team"):
        if wanted not in teams:
            raise Http404
        return teams[wanted]
    return request.user.team or next(iter(teams.values()), None)


# --- what is shown ----------------------------------------------------------------


def weeks_chart(team: Team, load: Load) -> Chart:
    """Each week's days of work: what goes to urgent requests, to others, and what is free."""
    reasons = dict(TeamWeek.objects.filter(team=team).values_list("monday", "because"))
    labels = [one.monday.isoformat() for one in load.weeks]
    pressing = [
        sum((days for pk, days in one.requests.items() if _is_urgent(load, pk)), Decimal(0))
        for one in load.weeks
    ]
    others = [one.taken - part for one, part in zip(load.weeks, pressing, strict=True)]
    series = {
        pgettext("lane", "urgent"): pressing,
        pgettext("lane", "normal"): others,
        _("free"): [one.free for one in load.weeks],
    }
    option = charts.stacks(labels, series, unit=charts.unit("number"))
    option["series"][-1]["itemStyle"]["opacity"] = 0.3  # what is free stands back
    columns = [_("Week of"), _("Days of work"), *series, _("Why")]
    rows = [
        [
            label,
            *(figures.number(n, digits=1) for n in (week.days, *parts)),
            str(reasons.get(week.monday, "")),
        ]
        for label, week, *parts in zip(labels, load.weeks, *series.values(), strict=True)
    ]
    return Chart(
        id="weeks",
        title=_("Days of work by week"),
        option=option,
        columns=columns,
        rows=rows,
        definition=_(
            "What was accepted, laid over the team's days: the urgent lane first, then by "
            "priority. A request gets at most one day of work a day."
        ),
        note=_("Of %(count)d more nobody said the effort yet.") % {"count": load.unknown}
        if load.unknown
        else "",
    )


def _is_urgent(load: Load, pk: int) -> bool:
    return load.requests[pk].lane == TeamRequest.Lane.URGENT


def _ends(load: Load) -> list[dict[str, Any]]:
    """What was accepted, in the order in which it would be done."""
    rows = [
        {
            "request": one,
            "ends_on": load.ends_on.get(pk),
            "is_known": pk in load.ends_on,
            "late": _late(one, load.ends_on.get(pk)),
        }
        for pk, one in load.requests.items()
    ]
    return sorted(rows, key=lambda row: (row["ends_on"] or dt.date.max, row["request"].pk))


def _late(one: TeamRequest, ends_on: dt.date | None) -> int:
    """By how many working days it would be later than promised."""
    if ends_on is None or one.promised_on is None or ends_on <= one.promised_on:
        return 0
    return business_hours.days_between(one.promised_on, ends_on)


def _use(one: urgent.Use) -> dict[str, Any]:
    names = dict(TeamRequest.Cause.choices) | {"": _("taken out again")}
    causes = [f"{names[cause]} {count}" for cause, count in sorted(one.by_cause.items())]
    return {"use": one, "causes": causes, "median": figures.number(one.median_days, digits=1)}


def _next(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1)
