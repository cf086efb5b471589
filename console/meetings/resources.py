"""How much each team has on its hands in the coming weeks, and what is raised."""

import datetime as dt
from collections.abc import Mapping

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from console import figures, work
from console.duties import lifts
from console.meetings.pack import Line, Section, iso
from console.models import Team, TeamRequest, WorkLift
from console.team_requests import capacity
from console.team_requests.capacity import Load

WEEKS = 4


def loads(*, today: dt.date) -> dict[int, Load]:
    """Every team that took something on, by its key."""
    teams = Team.objects.filter(requests_taken__status__in=TeamRequest.TAKEN).distinct()
    return {team.pk: capacity.load(team, on=today, weeks=WEEKS) for team in teams}


def section(found: Mapping[int, Load], *, today: dt.date) -> Section:
    """A line a team: its weeks, its work, and whether it is raised."""
    late = Count("pk", filter=Q(due_on__lt=today))
    counts = work.unfinished().order_by().values("team").annotate(all=Count("pk"), late=late)
    items = {pk: (every, behind) for pk, every, behind in counts.values_list("team", "all", "late")}
    raised = {one.team_id: one for one in lifts.in_force(today)}
    teams = Team.objects.filter(pk__in={*found, *(pk for pk in items if pk), *raised})
    heads = [f"{week.monday:%m-%d}" for load in found.values() for week in load.weeks][:WEEKS]
    lines = [
        _line(team, found.get(team.pk), items.get(team.pk, (0, 0)), raised.get(team.pk))
        for team in teams
    ]
    return Section(
        "resources", _("Resources"), lines, _("No team has anything on its hands."), heads
    )


def _line(team: Team, load: Load | None, items: tuple[int, int], lift: WorkLift | None) -> Line:
    weeks = load.weeks if load else []
    is_over = any(one.taken >= one.days > 0 for one in weeks[1:])
    said = [
        _("Work: %(all)s, overdue %(late)s")
        % {"all": figures.whole(items[0]), "late": figures.whole(items[1])}
    ]
    if load and load.unknown:
        said.append(_("effort unknown: %(n)s") % {"n": figures.whole(load.unknown)})
    if lift:
        said.append(_("raised until %(day)s") % {"day": iso(lift.until)})
    return Line(
        what=str(team),
        badge=_("full") if is_over else "",
        tone="bad" if is_over or items[1] else "",
        why=" · ".join(said),
        team=team.pk,
        numbers=[number for one in weeks for number in (float(one.taken), float(one.days))],
    )
