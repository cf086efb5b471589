"""How much lies with whom, what came of it, and whose work is raised for some days."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from console import charts, clock, figures, roles, work, work_kinds
from console.charts import Chart
from console.duties import inbox, lifts, load
from console.duties.load import Load, Outcomes
from console.models import Staff, Team, WorkLift
from console.states import NotAllowed, Stale
from console.team_requests import seeing

SPANS = (30, 90, 365)
PAST_LIFTS = 10
MOST_SHOWN = 40  # people in the chart; the table has all


def show(page: Any, request: Any, *, refused: str = "", status: int = 200) -> HttpResponse:
    """Managers see every team, others their own."""
    roles.require(request.user, work.VIEW)
    teams = _teams(request.user)
    team = _chosen(request.GET.get("team", ""), teams, request.user)
    today, days = clock.today(), _days(request.GET.get("days", ""))
    items = inbox.visible_to(request.user)
    if team is not None:
        items = items.filter(team=team)
    elif not roles.allows(request.user, work.GIVE):
        items = items.filter(work.mine(request.user))
    rows = load.by_person(items, seeing.visible_to(request.user), on=today, team=team)
    since = clock.now() - dt.timedelta(days=days)
    context = {
        "title": _("Load and outcomes"),
        "teams": teams,
        "team": team,
        "days": days,
        "spans": SPANS,
        "chart": chart(rows),
        "outcomes": [outcome(one) for one in load.outcomes(items, since=since)],
        "raised": lifts.in_force(today),
        "past": _past(today),
        "may_raise": [one for one in teams if _may_raise(request.user, one)],
        "may_end": {one.pk for one in lifts.in_force(today) if _may_raise(request.user, one.team)},
        "kinds": work_kinds.choices(),
        "typed": request.POST,
        "refused": refused,
    }
    return page.show(request, "console/work/load.html", context, status=status)


def _teams(staff: Staff) -> list[Team]:
    if roles.allows(staff, work.GIVE):
        return list(Team.objects.all())
    return [staff.team] if staff.team else []


def _chosen(text: str, teams: Sequence[Team], staff: Staff) -> Team | None:
    """The team that was asked for; without a word, all for managers and one's own for others."""
    if not text:
        return None if roles.allows(staff, work.GIVE) else staff.team
    found = next((one for one in teams if str(one.pk) == text), None)
    if found is None:
        raise Http404
    return found


def _days(text: str) -> int:
    return int(text) if text.isdecimal() and int(text[:4]) in SPANS else SPANS[0]


def _past(today: dt.date) -> list[WorkLift]:
    rows = WorkLift.objects.select_related("team", "ended_by", "begun_by")
    return [one for one in rows[: PAST_LIFTS + 5] if not one.is_in_force(today)][:PAST_LIFTS]


def _may_raise(staff: Staff, team: Team) -> bool:
    return roles.may_change(staff, WorkLift(team=team), work.GIVE)


# --- in words -------------------------------------------------------------------


def chart(rows: Sequence[Load]) -> Chart:
    """Bars of what is late, due soon, later or without a day, a person each."""
    heads = [_("overdue"), _("within 7 days"), _("later"), _("without a deadline")]
    heads.append(_("requests promised"))
    shown = rows[:MOST_SHOWN]
    numbers = [[one.overdue, one.soon, one.later, one.undated, one.requests] for one in rows]
    series = {head: [row[n] for row in numbers[: len(shown)]] for n, head in enumerate(heads)}
    return Chart(
        id="work-load",
        title=_("Unfinished work by person"),
        option=charts.stacks([who(one) for one in shown], series, unit=charts.unit("count")),
        columns=[_("Who"), _("Team"), *heads],
        rows=[
            [who(one), str(one.team or "–"), *(figures.whole(n) for n in row)]
            for one, row in zip(rows, numbers, strict=True)
        ],
        empty=_("Nobody has anything to do."),
    )


def who(one: Load) -> str:
    if one.staff:
        return str(one.staff)
    return pgettext("work", "nobody yet (%(team)s)") % {"team": one.team or "–"}


def outcome(one: Outcomes) -> dict[str, Any]:
    """One kind of work as a row: how often it ended which way."""
    return {
        "kind": one.kind.label,
        "done": figures.whole(one.done),
        "dropped": figures.whole(one.dropped),
        "results": [
            {
                "label": result.label,
                "tone": result.tone,
                "count": figures.whole(one.results[result.key]),
                "share": figures.share(one.share(result.key), digits=0),
            }
            for result in one.kind.results
            if one.results.get(result.key)
        ],
    }


# --- raising --------------------------------------------------------------------


def begin(page: Any, request: Any) -> HttpResponse:
    """A manager raises a team's work."""
    given = request.POST
    team = given.get("team", "")
    if not team.isdecimal() or len(team) > 9:
        raise Http404
    try:
        lift = lifts.begin(
            get_object_or_404(Team, pk=team),
            kind=given.get("kind", ""),
            why=given.get("why", "")[:300],
            on=clock.today(),
            days=_number(given.get("days", "")),
            answer_days=_number(given.get("answer_days", "")),
            by=request.user,
        )
    except NotAllowed as refused:
        return show(page, request, refused=str(refused), status=409)
    said = _("The work of %(team)s comes first until %(until)s.")
    messages.success(request, said % {"team": lift.team, "until": lift.until.isoformat()})
    return _back()


def end(page: Any, request: Any, pk: int) -> HttpResponse:
    """It ends before its time."""
    lift = get_object_or_404(WorkLift.objects.select_related("team"), pk=pk)
    try:
        because = request.POST.get("because", "")
        lifts.end(lift, on=clock.today(), because=because, by=request.user)
    except (NotAllowed, Stale) as refused:
        return show(page, request, refused=str(refused), status=409)
    messages.success(request, _("It is over."))
    return _back()


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 3:
        raise NotAllowed(_("Write a whole number of days."))
    return int(text)


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:console_workitem_load"))
