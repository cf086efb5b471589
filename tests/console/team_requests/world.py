"""Three teams with people, and requests between them at any point of their life."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from console.models import PriorityProposal, Staff, Team, TeamRequest
from console.team_requests import drafting, moving
from tests.factories import StaffFactory, TeamFactory

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = dt.date(2018, 3, 5)  # four weeks without a holiday
READY = {
    "why": "One in three leaves at the payment.",
    "for_whom": "Who pays for the first time",
    "spec": "One page in the place of three.",
    "metric": "payment_conversion",
    "expected_change": "0.05",
    "expected_by": "2018-06-30",
    "details.users_can": "Users pay in one step.",
    "details.done_when": "A new user pays without leaving the page.",
}
BASELINE = {"value": 0.31, "low": 0.3, "high": 0.32}


def moment(day: dt.date = MONDAY, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), SHANGHAI)


def later(days: int, *, hour: int = 9) -> dt.datetime:
    """So many days after that Monday."""
    return moment(MONDAY + dt.timedelta(days=days), hour)


class World:
    """Olga of operations asks, Tim of tech does; Sam of support has nothing to do with it."""

    def __init__(self) -> None:
        self.operations, self.tech, self.support = (
            TeamFactory.create(name=name) for name in ("Operations", "Tech", "Support")
        )
        self.olga, self.otto = self.person(self.operations), self.person(self.operations)
        self.tim, self.tina = self.person(self.tech), self.person(self.tech)
        self.sam = self.person(self.support, "support")
        self.chief = self.person(self.tech, "manager")

    def person(self, team: Team, role: str = "operator") -> Staff:
        return StaffFactory.create_with_role(role, team=team)

    def draft(self, **values: Any) -> TeamRequest:
        said: dict[str, Any] = {
            "kind": "feature",
            "title": "Pay in one step",
            "to_team": self.tech,
            "by": self.olga,
            "at": moment(),
            "content": READY,
        }
        return drafting.make(**{**said, **values})

    def asked(self, **values: Any) -> TeamRequest:
        request = self.draft(**values)
        moving.ask(request, by=self.olga, at=moment())
        return request

    def accepted(self, days: int = 11, **values: Any) -> TeamRequest:
        """Accepted, and promised for so many days after that Monday."""
        request = self.asked(**values)
        moving.accept(
            request,
            owner=self.tim,
            promised_on=MONDAY + dt.timedelta(days=days),
            baseline=BASELINE,
            by=self.tim,
            at=moment(hour=10),
        )
        return request

    def edit(self, request: TeamRequest, by: Staff, **values: Any) -> Any:
        said: dict[str, Any] = {"edition": request.edition, "at": later(1), "because": "It changed"}
        return drafting.edit(request, by=by, **{**said, **values})


def proposal(request: TeamRequest) -> PriorityProposal:
    """The newest one."""
    found = request.proposals.last()
    assert found
    return found


def days(number: str) -> Decimal:
    return Decimal(number)
