"""How teams keep what they promise: in time or not, what made it slip, what it moved.

Counted over the requests that somebody may see and no others, so that the numbers tell nobody of
work that does not concern them.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import QuerySet

from console import business_hours, clock
from console.models import RequestSlip, RequestTurn, RequestVerdict, Team, TeamRequest
from console.team_requests import kinds

DONE = (TeamRequest.Status.DELIVERED, TeamRequest.Status.JUDGED)


@dataclass
class Record:
    """What one team delivered for others in some days."""

    team: Team
    delivered: int = 0
    in_time: int = 0  # by the first promise
    as_moved: int = 0  # by the promise as it was moved since
    slipped: Counter[str] = field(default_factory=Counter)  # cause → working days
    verdicts: Counter[str] = field(default_factory=Counter)  # outcome → requests
    own: float = 0.0  # working days for which the team held them, in all
    others: float = 0.0  # and for which it waited until other teams had done their part

    @property
    def in_time_share(self) -> float | None:
        return self.in_time / self.delivered if self.delivered else None

    @property
    def own_days(self) -> float | None:
        """Working days for which it held a request, on average."""
        return self.own / self.delivered if self.delivered else None

    @property
    def others_days(self) -> float | None:
        """Working days for which others held one, on average."""
        return self.others / self.delivered if self.delivered else None

    @property
    def days(self) -> int:
        """Working days that promises moved, in all."""
        return sum(self.slipped.values())


def of(visible: QuerySet[TeamRequest], *, since: dt.date, until: dt.date) -> list[Record]:
    """A record for each team that delivered something on these days, most first; five queries."""
    rows = visible.filter(status__in=DONE, delivered_on__range=(since, until)).order_by()
    asked = rows.values_list(
        "pk", "to_team", "delivered_on", "first_promised_on", "promised_on"
    ).distinct()
    team_of: dict[int, int] = {}
    found: dict[int, Record] = {}
    teams = Team.objects.in_bulk()
    for pk, team, delivered, first, last in asked:
        team_of[pk] = team
        record = found.setdefault(team, Record(teams[team]))
        record.delivered += 1
        record.in_time += bool(first and delivered and delivered <= first)
        record.as_moved += bool(last and delivered and delivered <= last)
    slips = RequestSlip.objects.filter(request__in=team_of).order_by()
    for pk, cause, days in slips.values_list("request", "cause", "days"):
        found[team_of[pk]].slipped[cause] += days
    _add_turns(found, team_of)
    for pk, outcome in verdicts(list(team_of)).items():
        found[team_of[pk]].verdicts[outcome] += 1
    return sorted(found.values(), key=lambda one: (-one.delivered, str(one.team)))


def _add_turns(found: dict[int, Record], team_of: dict[int, int]) -> None:
    """How long each request lay with the team that delivered it, and with others until then."""
    zone = clock.zone()
    rows = RequestTurn.objects.filter(request__in=team_of, until__isnull=False).order_by()
    rows = rows.exclude(holding=RequestTurn.Holding.REVIEW)  # what was delivered is looked at
    for pk, team, since, until in rows.values_list("request", "team", "since", "until"):
        assert until is not None  # by the filter
        days = business_hours.worked(since, until, zone) / business_hours.A_DAY
        record = found[team_of[pk]]
        if team == team_of[pk]:
            record.own += days
        else:
            record.others += days


@dataclass
class Built:
    """What was asked for of one feature, and what came of it."""

    event: str  # by which its users are known
    asked: int = 0
    delivered: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)  # outcome → requests


def built(visible: QuerySet[TeamRequest]) -> list[Built]:
    """Each feature that was asked for, most requests first; two queries."""
    rows = visible.filter(kind=TeamRequest.Kind.FEATURE).exclude(status=TeamRequest.Status.DRAFT)
    events = rows.order_by().values_list("pk", f"details__{kinds.EVENT}", "status").distinct()
    feature_of: dict[int, str] = {}
    found: dict[str, Built] = {}
    for pk, event, status in events:
        if not event:
            continue
        feature_of[pk] = event
        feature = found.setdefault(event, Built(event))
        feature.asked += 1
        feature.delivered += status in DONE
    for pk, outcome in verdicts(list(feature_of)).items():
        found[feature_of[pk]].verdicts[outcome] += 1
    return sorted(found.values(), key=lambda one: (-one.asked, one.event))


def standing(requests: Collection[int]) -> dict[int, RequestVerdict]:
    """The verdict that stands of each, with what was measured, also where a person had the last
    word: theirs carries no numbers."""
    found: dict[int, RequestVerdict] = {}
    for one in RequestVerdict.objects.filter(request__in=requests).order_by("pk"):
        known = found.get(one.request_id)
        if known is None or known.by_id is None or one.by_id is not None:
            one.measured = one.measured or (known.measured if known else {})
            found[one.request_id] = one
    return found


def verdicts(requests: Collection[int]) -> dict[int, str]:
    """The verdict that stands of each: the last that a person gave, else the last."""
    given: dict[int, list[tuple[bool, str]]] = defaultdict(list)
    rows = RequestVerdict.objects.filter(request__in=requests).order_by("pk")
    for pk, by, outcome in rows.values_list("request", "by", "outcome"):
        given[pk].append((by is not None, outcome))
    return {
        pk: next((outcome for mine, outcome in reversed(some) if mine), some[-1][1])
        for pk, some in given.items()
    }
