"""The urgent lane: for customers who leave and for incidents, so many a month for each team."""

import datetime as dt
import statistics
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from console import business_hours, clock, kept_words
from console.models import AuditEntry, RequestSlip, Staff, Team, TeamRequest
from console.states import NotAllowed
from console.team_requests import keeping, seeing, telling

Lane, Cause, Side = TeamRequest.Lane, TeamRequest.Cause, seeing.Side
LIFTED, BEYOND = "lifted", "beyond"


@dataclass(frozen=True)
class Quota:
    """How often a team used the lane in a month, of how often it may."""

    used: int
    most: int

    @property
    def left(self) -> int:
        return max(0, self.most - self.used)


@dataclass
class Use:
    """How one team used the lane in a month, as far as a reader may see it."""

    team: Team
    used: int = 0
    beyond: int = 0  # decided in writing by a manager of the receiving team
    by_cause: dict[str, int] = field(default_factory=dict)  # "": taken out again
    delivered: int = 0
    in_time: int = 0  # by the first promise
    days: list[int] = field(default_factory=list)  # from the lane to the delivery
    moved_others: int = 0  # promises of others that it pushed out
    moved_days: int = 0

    @property
    def median_days(self) -> float | None:
        return statistics.median(self.days) if self.days else None

    def count(self, one: TeamRequest, *, is_beyond: bool) -> None:
        self.used += 1
        self.beyond += is_beyond
        self.by_cause[one.urgent_cause] = self.by_cause.get(one.urgent_cause, 0) + 1
        if one.delivered_on and one.urgent_since:
            first = one.first_promised_on
            self.delivered += 1
            self.in_time += first is not None and one.delivered_on <= first
            self.days.append(business_hours.days_between(one.urgent_since, one.delivered_on))


@dataclass(frozen=True)
class Review:
    """The lane in a month: by team, who used it most first, and each request with its reason."""

    uses: list[Use]
    lifted: list[tuple[TeamRequest, str]]


@transaction.atomic
def lift(
    request: TeamRequest,
    *,
    cause: str,
    because: str,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """Into the urgent lane: by the asking team within its quota of the month, beyond it by a
    manager of the receiving team. Either says why in writing.

    Raises:
        NotAllowed: no such cause, no reason, the quota is used up, or not theirs to say.
        Conflict: somebody else changed it meanwhile.
    """
    # Two who lift at once would both be the last.
    team = Team.objects.select_for_update(no_key=True).get(pk=request.from_team_id)
    keeping.lock(request, edition=edition)
    may_decide = seeing.may_decide(by, request.to_team_id)
    if not may_decide:
        seeing.require_side(request, by, Side.ASKING)
    _require_sense(request, cause, because)
    day = clock.day_of(at)
    is_beyond = not _counts(request, day) and quota(team, day).left == 0
    if is_beyond and not may_decide:
        raise NotAllowed(
            _("%(team)s used the lane %(most)d times this month; a manager of %(other)s decides.")
            % {"team": team, "most": team.urgent_a_month, "other": request.to_team}
        )
    keeping.write(
        request,
        LIFTED,
        by=by,
        line={"cause": cause, "because": because, BEYOND: is_beyond},
        lane=Lane.URGENT,
        urgent_cause=cause,
        urgent_since=day,
    )
    also = telling.who_answers(request.to_team_id)
    telling.tell(request, "team_request.lifted", by=by, at=at, words=because, also=also)


@transaction.atomic
def lower(
    request: TeamRequest,
    *,
    because: str,
    by: Staff,
    at: dt.datetime,
    edition: int | None = None,
) -> None:
    """Back into the normal lane; that it was used counts all the same."""
    keeping.lock(request, edition=edition)
    if seeing.side_of(request, by) is None and by.role != Staff.Role.ADMIN:
        raise NotAllowed(_("This is for the two teams to say."))
    if request.lane != Lane.URGENT or request.status not in TeamRequest.OPEN:
        raise NotAllowed(_("It is not in the urgent lane."))
    if not because.strip():
        raise NotAllowed(_("Say why."))
    line = {"because": because}
    keeping.write(request, "lowered", by=by, line=line, lane=Lane.NORMAL, urgent_cause="")
    telling.tell(request, "team_request.lowered", by=by, at=at, words=because)


def quota(team: Team, on: dt.date) -> Quota:
    """How often the team used the lane in the month of a day."""
    return Quota(_of_month(on).filter(from_team=team).count(), team.urgent_a_month)


def review(on: dt.date, *, seen_by: Staff) -> Review:
    """How the lane was used in the month of a day, by the requests that somebody may see."""
    visible = seeing.visible_to(seen_by)
    rows = _of_month(on).filter(pk__in=visible.values("pk")).order_by("urgent_since", "pk")
    requests = list(rows.select_related("from_team", "to_team"))
    reasons = _reasons(requests)
    uses: dict[int, Use] = {}
    for one in requests:
        use = uses.setdefault(one.from_team_id, Use(one.from_team))
        use.count(one, is_beyond=bool(reasons.get(one.pk, {}).get(BEYOND)))
    slips = RequestSlip.objects.filter(
        displaced_by__in=requests, days__gt=0, request__in=visible.order_by().values("pk")
    )
    for team, days in slips.values_list("displaced_by__from_team", "days"):
        uses[team].moved_others += 1
        uses[team].moved_days += days
    said = {pk: kept_words.said(str(line.get("because", ""))) for pk, line in reasons.items()}
    lifted = [(one, said.get(one.pk, "")) for one in requests]
    return Review(sorted(uses.values(), key=lambda use: (-use.used, use.team.pk)), lifted)


def _of_month(on: dt.date) -> QuerySet[TeamRequest]:
    return TeamRequest.objects.filter(urgent_since__year=on.year, urgent_since__month=on.month)


def _counts(request: TeamRequest, day: dt.date) -> bool:
    """Whether it counts in this month already."""
    since = request.urgent_since
    return since is not None and (since.year, since.month) == (day.year, day.month)


def _reasons(requests: list[TeamRequest]) -> dict[int, dict[str, Any]]:
    """What was said when each was lifted last: why, and whether beyond the quota."""
    lines = AuditEntry.objects.filter(
        subject_type=ContentType.objects.get_for_model(TeamRequest),
        subject_id__in=[str(one.pk) for one in requests],
        action=f"team_request.{LIFTED}",
    ).order_by("pk")
    return {int(pk): details for pk, details in lines.values_list("subject_id", "details")}


def _require_sense(request: TeamRequest, cause: str, because: str) -> None:
    if cause not in Cause.values:
        raise NotAllowed(_("The lane is for customers who leave, and for incidents."))
    if not because.strip():
        raise NotAllowed(_("Say why it is urgent."))
    if request.lane == Lane.URGENT:
        raise NotAllowed(_("It is in the urgent lane already."))
    if request.status not in TeamRequest.OPEN:
        raise NotAllowed(_("Only what was asked and is not delivered can be urgent."))
