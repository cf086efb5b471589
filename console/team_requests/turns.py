"""Whose turn a request is: who holds it, what for, and how long each team held it.

While one team holds a request the other's clock stands. Clocks count hours of work.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from console import audit, business_hours
from console.models import RequestTurn, Staff, Team, TeamRequest
from console.states import NotAllowed
from console.team_requests import keeping, seeing, telling

Holding, Side, Status = RequestTurn.Holding, seeing.Side, TeamRequest.Status
# What somebody may hand over for by hand; the others come by themselves.
BY_HAND = {Holding.QUESTION, Holding.WORK, Holding.REVIEW}


@dataclass(frozen=True)
class Held:
    """How long one team held a request for one thing, in hours and days of work."""

    team_id: int
    holding: str
    hours: float

    @property
    def days(self) -> float:
        return self.hours / business_hours.HOURS_A_DAY


@transaction.atomic
def hand(
    request: TeamRequest, *, team: Team, holding: str, note: str, by: Staff, at: dt.datetime
) -> None:
    """Give it to another team that is in it, such as with a question; or back again.

    Raises:
        NotAllowed: another team holds it, it is not in work, or the note says nothing.
    """
    keeping.lock(request)
    now = holder(request)
    if now is None or request.status not in {Status.ASKED, *TeamRequest.TAKEN}:
        raise NotAllowed(_("Nobody has to do anything about this now."))
    side = Side.RECEIVING if now.team_id == request.to_team_id else Side.ASKING
    if by.team_id != now.team_id:
        seeing.require_side(request, by, side)
    if team.pk not in teams_of(request) or holding not in BY_HAND:
        raise NotAllowed(_("This team has no part in the request."))
    if team.pk == now.team_id:
        raise NotAllowed(_("This team holds it already."))
    if not note.strip():
        raise NotAllowed(_("Say what they are to do."))
    give(request, team_id=team.pk, holding=holding, note=note.strip(), by=by, at=at)
    telling.watch(request, by)
    audit.log("team_request.handed", request, by=by, team=str(team), holding=holding)
    telling.tell(
        request,
        "team_request.handed",
        by=by,
        at=at,
        words=note.strip(),
        also=telling.who_answers(team.pk),
    )


def give(
    request: TeamRequest,
    *,
    team_id: int,
    holding: str,
    by: Staff,
    at: dt.datetime,
    note: str = "",
) -> None:
    """The turn of this team from now on, over a locked row; what is so already goes on."""
    now = holder(request)
    if now and (now.team_id, now.holding, now.note) == (team_id, holding, note):
        return
    end(request, at=at)
    since = max(at, now.since) if now else at
    RequestTurn.objects.create(
        request=request, team_id=team_id, holding=holding, note=note, since=since, by=by
    )


def give_back(request: TeamRequest, *, by: Staff, at: dt.datetime) -> None:
    """The receiving team's turn again: for its answer, or for the work."""
    holding = Holding.WORK if request.status in TeamRequest.TAKEN else Holding.ANSWER
    give(request, team_id=request.to_team_id, holding=holding, by=by, at=at)


def end(request: TeamRequest, *, at: dt.datetime) -> None:
    """Nobody's turn."""
    now = holder(request)
    if now is not None:
        now.until = max(at, now.since)
        now.save(update_fields=["until"])


def holder(request: TeamRequest) -> RequestTurn | None:
    """The turn that goes on, if there is one."""
    return RequestTurn.objects.filter(request=request, until=None).first()


def teams_of(request: TeamRequest) -> set[int]:
    """The numbers of the teams that have a part in it."""
    others = request.parties.values_list("pk", flat=True)
    return {request.from_team_id, request.to_team_id, *others}


# --- clocks -------------------------------------------------------------------


def clocks(request: TeamRequest, *, at: dt.datetime, zone: ZoneInfo) -> list[Held]:
    """How long each team held it for what until now, the longest first."""
    return held(list(request.turns.all()), at=at, zone=zone)


def held(turns: list[RequestTurn], *, at: dt.datetime, zone: ZoneInfo) -> list[Held]:
    """The same of turns that were read already."""
    found: dict[tuple[int, str], float] = {}
    for one in turns:
        key = (one.team_id, one.holding)
        worked = business_hours.worked(one.since, one.until or at, zone)
        found[key] = found.get(key, 0.0) + worked.total_seconds() / 3600
    rows = [Held(team, holding, hours) for (team, holding), hours in found.items()]
    return sorted(rows, key=lambda row: (-row.hours, row.team_id, row.holding))


def waited_days(
    turns: list[RequestTurn], *, team_id: int, since: dt.datetime, at: dt.datetime, zone: ZoneInfo
) -> int:
    """Whole working days in which this team waited for others, from a moment on.

    A priority that is open again stops nobody's work.
    """
    total = dt.timedelta()
    for one in turns:
        ends = one.until or at
        waits = one.team_id != team_id and one.holding != Holding.AGREEMENT
        if waits and ends > since:
            total += business_hours.worked(max(one.since, since), ends, zone)
    return int(total / dt.timedelta(hours=business_hours.HOURS_A_DAY))
