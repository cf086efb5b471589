"""Where somebody stands towards a request, which decides what they can do about it."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from console import clock
from console.models import PriorityProposal, RequestTurn, Staff, Team, TeamRequest
from console.team_requests import agreeing, capacity, seeing, turns
from console.team_requests.capacity import Outlook

Side, Status = seeing.Side, TeamRequest.Status


@dataclass(frozen=True)
class Stand:
    """One person before one request, now."""

    request: TeamRequest
    staff: Staff
    at: dt.datetime

    @cached_property
    def today(self) -> dt.date:
        return clock.day_of(self.at)

    @cached_property
    def asks(self) -> bool:
        """Whether they may act for the asking team."""
        return seeing.acts_for(self.request, self.staff, Side.ASKING)

    @cached_property
    def takes(self) -> bool:
        """Whether they may act for the receiving team."""
        return seeing.acts_for(self.request, self.staff, Side.RECEIVING)

    @cached_property
    def decides(self) -> bool:
        return seeing.may_decide(self.staff, self.request.to_team_id)

    @cached_property
    def may_change(self) -> bool:
        return seeing.may_change(self.request, self.staff)

    @cached_property
    def turn(self) -> RequestTurn | None:
        return turns.holder(self.request)

    @cached_property
    def holds(self) -> bool:
        """Whether it is their team's turn, or they mend for it."""
        if self.turn is None:
            return False
        is_theirs = self.turn.team_id == self.staff.team_id
        return is_theirs or self.staff.role == Staff.Role.ADMIN

    @cached_property
    def proposals(self) -> list[PriorityProposal]:
        found = list(self.request.proposals.select_related("by", "confirmed_by"))
        for one in found:
            one.request = self.request  # not read again for each
        return found

    @cached_property
    def sides(self) -> set[str]:
        return seeing.sides_of(self.request, self.staff)

    @property
    def waiting(self) -> PriorityProposal | None:
        """What waits for the other side's yes."""
        newest = self.proposals[-1] if self.proposals else None
        return newest if newest is not None and newest.confirmed_by_id is None else None

    @property
    def may_confirm(self) -> bool:
        """Whether a proposal waits for this person's yes."""
        return self.waiting is not None and agreeing.may_confirm(self.waiting, self.staff)

    @cached_property
    def outlook(self) -> Outlook:
        """What moves out with this request as it is."""
        return capacity.moved_out(self.request, on=self.today, seen_by=self.staff)

    @cached_property
    def outlook_if_urgent(self) -> Outlook:
        urgent = TeamRequest.Lane.URGENT
        return capacity.moved_out(self.request, on=self.today, seen_by=self.staff, lane=urgent)

    @cached_property
    def outlook_of_proposal(self) -> Outlook | None:
        """What would move out by what is proposed."""
        if self.waiting is None or not self.is_at(*TeamRequest.OPEN):
            return None
        return capacity.moved_out(
            self.request,
            on=self.today,
            seen_by=self.staff,
            priority=self.waiting.priority,
            effort_days=self.waiting.effort_days,
        )

    @property
    def may_waive(self) -> bool:
        """Whether they decide for a team in it that something need not wait."""
        return self.decides or seeing.may_decide(self.staff, self.request.from_team_id)

    @property
    def is_late(self) -> bool:
        return self.request.is_late(self.today)

    def is_at(self, *statuses: str) -> bool:
        return self.request.status in statuses

    def takers(self) -> QuerySet[Staff]:
        """Who could do it."""
        people = Staff.objects.filter(team=self.request.to_team_id, is_active=True)
        return people.order_by("username")

    def others(self) -> QuerySet[Team]:
        """The teams in it that do not hold it now."""
        teams = Team.objects.filter(pk__in=turns.teams_of(self.request))
        return teams.exclude(pk=self.turn.team_id) if self.turn else teams
