"""What a team promised to others, or others to it: late, due, later, and how it kept its word."""

import datetime as dt
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from console import charts, figures
from console.admin.team_requests.listing import row, shown
from console.charts import Chart
from console.models import RequestSlip, Staff, Team, TeamRequest
from console.team_requests import capacity, seeing

Status = TeamRequest.Status
MOST, WEEKS, LOOKED_BACK = 40, 8, dt.timedelta(days=90)


def context(staff: Staff, team: Team, *, ours: bool, today: dt.date) -> dict[str, Any]:
    """Of what this person may see; `ours`: what the team promised, else what it was promised."""
    visible = seeing.visible_to(staff)
    rows = visible.filter(to_team=team) if ours else visible.filter(from_team=team)
    taken = rows.filter(status__in=sorted(TeamRequest.TAKEN)).exclude(promised_on=None)
    monday = today - dt.timedelta(days=today.weekday())
    this, following = (monday + dt.timedelta(days=days) for days in (7, 14))
    parts = [
        (_("Late"), "bad", taken.filter(promised_on__lt=today)),
        (_("Due this week"), "warn", taken.filter(promised_on__gte=today, promised_on__lt=this)),
        (_("Due next week"), "", taken.filter(promised_on__gte=this, promised_on__lt=following)),
        (_("Due later"), "", taken.filter(promised_on__gte=following)),
    ]
    may_see_load = ours and (team.pk == staff.team_id or staff.role == Staff.Role.ADMIN)
    return {
        "parts": [(name, tone, *_rows(found, today)) for name, tone, found in parts],
        "record": record(rows, today),
        "slips": slips(rows, today),
        "load": load(team, today) if may_see_load else None,
    }


def _rows(rows: QuerySet[TeamRequest], today: dt.date) -> tuple[list[dict[str, Any]], int]:
    """The first of them, and how many there are."""
    found = list(shown(rows).order_by(F("promised_on").asc(), "-id")[: MOST + 1])
    count = len(found) if len(found) <= MOST else rows.order_by().count()
    return [row(one, today=today) for one in found[:MOST]], count


def record(rows: QuerySet[TeamRequest], today: dt.date) -> dict[str, str]:
    """How much was delivered lately, and how much of that by its first promise and its last."""
    done = rows.filter(delivered_on__gt=today - LOOKED_BACK, first_promised_on__isnull=False)
    count = done.count()
    first = done.filter(delivered_on__lte=F("first_promised_on")).count()
    last = done.filter(delivered_on__lte=F("promised_on")).count()
    return {
        "delivered": figures.whole(count),
        "by_first": figures.share(first / count, digits=0) if count else "–",
        "by_last": figures.share(last / count, digits=0) if count else "–",
    }


def slips(rows: QuerySet[TeamRequest], today: dt.date) -> Chart:
    """By how many working days promises moved lately, by what made them."""
    since = dt.datetime.combine(today - LOOKED_BACK, dt.time(), dt.UTC)
    found = RequestSlip.objects.filter(request__in=rows.order_by().values("pk"), at__gte=since)
    days = dict(found.order_by().values_list("cause").annotate(days=Sum("days")))
    causes = [one for one in RequestSlip.Cause if days.get(one.value)]
    values = [days[one.value] for one in causes]
    labels = [str(one.label) for one in causes]
    return Chart(
        id="slips-by-cause",
        title=_("What moved the promises"),
        definition=_("Working days by which promises moved in the last 90 days, by cause."),
        option=charts.bars(
            labels, values, name=_("working days"), unit=charts.unit("count"), lying=True
        ),
        columns=[_("Cause"), _("working days")],
        rows=[[name, figures.whole(n)] for name, n in zip(labels, values, strict=True)],
        size="low",
        empty=_("No promise moved in the last 90 days."),
    )


def load(team: Team, today: dt.date) -> Chart:
    """What the team took on week by week, beside the days that it has."""
    found = capacity.load(team, on=today, weeks=WEEKS, is_named=False)
    labels = [one.monday.isoformat() for one in found.weeks]
    series = {
        _("taken on"): [one.taken for one in found.weeks],
        _("days of work"): [one.days for one in found.weeks],
    }
    note = ""
    if found.unknown:
        note = _("Of %(count)d more nobody said the effort yet.") % {"count": found.unknown}
    return Chart(
        id="team-load",
        title=_("Load by week"),
        definition=_("What was accepted, laid over the weeks by priority, and the team's days."),
        option=charts.grouped(labels, series, unit=charts.unit("count")),
        columns=[_("Week of"), *series],
        rows=[
            [label, figures.number(one.taken, digits=1), figures.number(one.days, digits=1)]
            for label, one in zip(labels, found.weeks, strict=True)
        ],
        note=note,
        size="low",
    )
