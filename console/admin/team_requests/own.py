"""My work between teams: what waits for me, what I do, what I asked for, and what is new."""

import datetime as dt
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from console import work
from console.admin.team_requests.listing import row, shown
from console.models import RequestTurn, Staff, TeamRequest
from console.team_requests import news, seeing

Status = TeamRequest.Status
MOST, MOST_NEWS = 15, 30
OPEN = sorted(TeamRequest.OPEN)


def context(staff: Staff, *, today: dt.date) -> dict[str, Any]:
    visible = seeing.visible_to(staff)
    unread = news.unread(staff)
    return {
        "waiting": _rows(visible.filter(waits_for(staff)), today),
        "doing": _rows(visible.filter(owner=staff, status__in=sorted(TeamRequest.TAKEN)), today),
        "asked_for": _rows(visible.filter(_asked_by(staff)), today),
        "news": [(one, news.said(one)) for one in unread[:MOST_NEWS]],
        "news_count": unread.count(),
        "work_count": work.unfinished().filter(work.mine(staff)).count(),
    }


def waits_for(staff: Staff) -> Q:
    """It is this person's turn: their team holds it, and they do it or asked for it.

    What nobody does yet waits for the lead of the team that holds it, or for everybody of a team
    that has none.
    """
    turns = RequestTurn.objects.filter(request=OuterRef("pk"), until=None, team=staff.team_id or 0)
    is_theirs = Q(owner=staff) | Q(asked_by=staff)
    team = staff.team
    if team is not None and team.lead_id in {None, staff.pk}:
        is_theirs |= Q(owner=None)
    return Q(Exists(turns)) & is_theirs


def _asked_by(staff: Staff) -> Q:
    return Q(asked_by=staff, status__in=[Status.DRAFT, *OPEN, Status.DELIVERED])


def _rows(rows: QuerySet[TeamRequest], today: dt.date) -> dict[str, Any]:
    """The first of them by promised day, and whether there are more."""
    found = list(shown(rows).order_by(F("promised_on").asc(nulls_last=True), "-id")[: MOST + 1])
    return {
        "rows": [row(one, today=today) for one in found[:MOST]],
        "is_cut": len(found) > MOST,
    }
