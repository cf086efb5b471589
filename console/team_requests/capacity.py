"""How much a team has on its hands, week by week, and what no longer fits when more comes in."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import (
    DecimalField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from console import audit, business_hours, clock
from console.models import (
    PriorityProposal,
    RequestRevision,
    RequestSlip,
    Staff,
    Team,
    TeamRequest,
    TeamWeek,
)
from console.states import NotAllowed, Stale
from console.team_requests import dates, fitting, keeping, seeing

Lane, Status = TeamRequest.Lane, TeamRequest.Status
LEAST = Decimal("0.5")  # what is in work has at least so much left
HORIZON = 26  # weeks that are looked ahead
LAST_RANK = 4  # behind P0 to P3: no priority yet
WORDS = ("why", "for_whom", "details", "spec", "baseline")  # not needed to lay work over days
MEASURED = ("status", "lane", "priority", "effort_days", "started_on", "promised_on")
DAYS: Any = DecimalField(max_digits=7, decimal_places=1)


@dataclass
class Week:
    """One week of a team: its days of work, and what they go to."""

    monday: dt.date
    days: Decimal
    taken: Decimal = Decimal(0)
    requests: dict[int, Decimal] = field(default_factory=dict)

    @property
    def free(self) -> Decimal:
        return self.days - self.taken


@dataclass(frozen=True)
class Load:
    """A team's weeks, the requests in them, and of how many nobody said the effort yet."""

    weeks: list[Week]
    requests: dict[int, TeamRequest]
    ends_on: dict[int, dt.date | None]  # when each would be done by its rank
    unknown: int


@dataclass(frozen=True)
class Moved:
    """A request that would be done later than promised; None where the reader may not see it."""

    request: TeamRequest | None
    was: dt.date
    to: dt.date
    days: int


@dataclass(frozen=True)
class Outlook:
    """What comes of it when a request comes in: when it would be done, and what moves out."""

    ends_on: dt.date | None
    moved: list[Moved]
    promised_on: dt.date | None = None  # its own day, where it has one

    @property
    def is_late(self) -> bool:
        """Whether what ranks before it pushes itself out."""
        return bool(self.ends_on and self.promised_on and self.ends_on > self.promised_on)


# --- looking ------------------------------------------------------------------


def load(team: Team, *, on: dt.date, weeks: int = 8, is_named: bool = True) -> Load:
    """What the team took on, laid over its weeks by rank: urgent first, then by priority.

    Who only wants the weeks says that the requests need no names.
    """
    days = _days(team, on, weeks=max(weeks, HORIZON))
    taken = _taken(team) if is_named else _taken(team).only(*MEASURED)
    requests = {one.pk: one for one in taken}
    if is_named:
        # The same few teams and people over and over: read once, and not with each row.
        prefetch_related_objects(list(requests.values()), "from_team", "to_team", "owner")
    items = [item for one in requests.values() if (item := _item(one, on))]
    placed = fitting.place(items, days)
    found: dict[dt.date, Week] = {}
    for number in range(weeks):
        start = fitting.monday(on) + dt.timedelta(weeks=number)
        found[start] = Week(start, Decimal(0))
    for day, room in days.items():
        if week := found.get(fitting.monday(day)):
            week.days += room
    for pk, one in placed.items():
        for day, piece in one.by_day.items():
            if week := found.get(fitting.monday(day)):
                week.taken += piece
                week.requests[pk] = week.requests.get(pk, Decimal(0)) + piece
    ends = {pk: one.ends_on for pk, one in placed.items()}
    return Load(list(found.values()), requests, ends, unknown=len(requests) - len(items))


def moved_out(
    request: TeamRequest,
    *,
    on: dt.date,
    seen_by: Staff,
    priority: int | None = None,
    lane: str | None = None,
    effort_days: Decimal | None = None,
) -> Outlook:
    """What no longer fits by its promise when this one comes in as it is, or as one means to say.

    Nothing is written. `make_room` moves those dates.
    """
    outlook, others = _outlook(request, on, priority, lane, effort_days)
    moved = {pk: others[pk] for pk in outlook[1]}
    visible = set(
        seeing.visible_to(seen_by).filter(pk__in=list(moved)).values_list("pk", flat=True)
    )
    rows = [
        Moved(
            request=one if pk in visible else None,
            was=one.promised_on or on,
            to=outlook[1][pk],
            days=business_hours.days_between(one.promised_on or on, outlook[1][pk]),
        )
        for pk, one in moved.items()
    ]
    in_order = sorted(rows, key=lambda row: (row.was, row.to))
    return Outlook(outlook[0], in_order, request.promised_on)


@transaction.atomic
def make_room(
    request: TeamRequest,
    *,
    seen: Mapping[int, dt.date],
    because: str,
    by: Staff,
    at: dt.datetime,
) -> list[RequestSlip]:
    """Move the promises that `moved_out` showed, as slips that name what pushed them out.

    Raises:
        NotAllowed: not theirs to promise, or no reason.
        Stale: by now others would move, or to other days.
    """
    Team.objects.select_for_update(no_key=True).get(pk=request.to_team_id)
    keeping.lock(request)
    seeing.require_side(request, by, seeing.Side.RECEIVING)
    if not because.strip():
        raise NotAllowed(_("Say why the date moves."))
    (_ends, found), others = _outlook(request, clock.day_of(at), None, None, None)
    if found != dict(seen):
        raise Stale(_("The plan changed meanwhile; look at what moves out now."))
    slips = []
    for pk in sorted(found):
        keeping.lock(others[pk])
        slips.append(
            dates.slip(
                others[pk],
                to=found[pk],
                cause=RequestSlip.Cause.CAPACITY,
                because=because,
                by=by,
                at=at,
                displaced_by=request,
            )
        )
    return slips


# --- a team's days ------------------------------------------------------------


@transaction.atomic
def set_week(
    team: Team, monday: dt.date, *, days: Decimal | None, because: str = "", by: Staff
) -> None:
    """Other days of work than usual in one week; None: as usual again.

    Raises:
        NotAllowed: another team's, no Monday, or not a number of days.
    """
    _require_decision(team, by)
    if monday != fitting.monday(monday):
        raise NotAllowed(_("A week begins on Monday."))
    if days is None:
        TeamWeek.objects.filter(team=team, monday=monday).delete()
    else:
        _require_days(days)
        TeamWeek.objects.update_or_create(
            team=team, monday=monday, defaults={"days": days, "because": because.strip()[:160]}
        )
    audit.log("team.week", team, by=by, monday=monday, days=days, because=because)


@transaction.atomic
def set_usual(team: Team, *, days_a_week: Decimal, urgent_a_month: int, by: Staff) -> None:
    """What the team takes on in a usual week, and how often it may use the urgent lane.

    Raises:
        NotAllowed: another team's, or no sensible numbers.
    """
    _require_decision(team, by)
    _require_days(days_a_week)
    if not 0 <= urgent_a_month <= 1000:
        raise NotAllowed(_("Write how many urgent requests a month, from 0 to 1000."))
    was = {"days_a_week": team.days_a_week, "urgent_a_month": team.urgent_a_month}
    team.days_a_week, team.urgent_a_month = days_a_week, urgent_a_month
    team.save(update_fields=["days_a_week", "urgent_a_month"])
    new = {"days_a_week": days_a_week, "urgent_a_month": urgent_a_month}
    audit.log("team.capacity", team, by=by, was=was, **new)


def _require_decision(team: Team, by: Staff) -> None:
    if not seeing.may_decide(by, team.pk):
        raise NotAllowed(_("A manager of the team says how much it can take on."))


def _require_days(days: Decimal) -> None:
    if not 0 <= days <= 500:
        raise NotAllowed(_("Write the days from 0 to 500."))


# --- its parts ----------------------------------------------------------------


def _outlook(
    request: TeamRequest,
    on: dt.date,
    priority: int | None,
    lane: str | None,
    effort_days: Decimal | None,
) -> tuple[tuple[dt.date | None, dict[int, dt.date]], dict[int, TeamRequest]]:
    others = {one.pk: one for one in _taken(request.to_team) if one.pk != request.pk}
    items = [item for one in others.values() if (item := _item(one, on))]
    itself = _measured(TeamRequest.objects.filter(pk=request.pk)).get()
    newcomer = _item(itself, on, priority, lane, effort_days)
    if newcomer is None:
        return (None, {}), others
    days = _days(request.to_team, on, weeks=HORIZON)
    ends_on = fitting.place([*items, newcomer], days)[newcomer.id].ends_on
    return (ends_on, fitting.pushed_out(items, newcomer, days)), others


def _days(team: Team, on: dt.date, *, weeks: int) -> dict[dt.date, Decimal]:
    other = dict(
        TeamWeek.objects.filter(team=team, monday__gte=fitting.monday(on)).values_list(
            "monday", "days"
        )
    )
    return fitting.capacity(on, weeks=weeks, usual=team.days_a_week, other=other)


def _taken(team: Team) -> Any:
    found = TeamRequest.objects.filter(to_team=team, status__in=TeamRequest.TAKEN)
    return _measured(found.defer(*WORDS))


def _measured(found: QuerySet[TeamRequest]) -> Any:
    """With what changes cost since, and what was proposed last where nothing is agreed yet."""
    changes = RequestRevision.objects.filter(request=OuterRef("pk")).order_by()
    costs = changes.values("request").annotate(all=Sum("costs_days")).values("all")
    said = PriorityProposal.objects.filter(request=OuterRef("pk")).order_by("-pk")
    return found.annotate(
        costs=Coalesce(Subquery(costs), Value(Decimal(0)), output_field=DAYS),
        guess=Subquery(said.values("effort_days")[:1]),
    )


def _item(
    one: Any,
    on: dt.date,
    priority: int | None = None,
    lane: str | None = None,
    effort_days: Decimal | None = None,
) -> fitting.Item | None:
    """What is left to do of it, and its rank; None while nobody said its effort."""
    effort = effort_days or one.effort_days or one.guess
    if effort is None:
        return None
    priority = one.priority if priority is None else priority
    left = effort + one.costs
    if one.status == Status.STARTED and one.started_on:
        done = max(0, business_hours.days_between(one.started_on, on))
        left = max(LEAST, left - done)
    rank = (
        (lane or one.lane) != Lane.URGENT,
        LAST_RANK if priority is None else priority,
        one.status != Status.STARTED,
    )
    return fitting.Item(one.pk, left, rank, one.promised_on)
