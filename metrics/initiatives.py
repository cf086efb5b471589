"""What is under way for the scorecard: how hard it is, and when its return is expected (R141).

An initiative is a request between teams that promises to move one of the indicators. Its **effort
index** is the fifth in which its agreed days lie among those that its receiving team agreed on in
the last year, so that 5 is hard for the ones who do it. Its return is told in points of the
scorecard: what the indicator would score if the promise were kept.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.models import Staff, TeamRequest
from console.team_requests import seeing
from metrics.health import Scorecard, Standing
from metrics.models import Metric
from metrics.stats import attainment

FIFTHS = 5
LEAST = 5  # agreed requests of a team, before they say what is hard for it
A_YEAR = dt.timedelta(days=365)
MOST = 50
Status = TeamRequest.Status


@dataclass(frozen=True)
class Initiative:
    """One request, held against the indicator that it promises to move."""

    request: TeamRequest
    standing: Standing
    index: int | None  # 1 to 5; None: not agreed, or too few to compare with
    points: Decimal | None  # of the scorecard's hundred, if the promise is kept
    days_left: int | None  # until the promise is due; below 0: it was

    @property
    def a_day(self) -> Decimal | None:
        """Points for each day of effort."""
        effort = self.request.effort_days
        return None if self.points is None or not effort else self.points / effort


def of(card: Scorecard, staff: Staff, *, today: dt.date) -> list[Initiative]:
    """What this member of staff may see, the most points a day of effort first."""
    standings = {one.indicator.metric.key: one for one in card.standings}
    live = [*TeamRequest.OPEN, Status.DELIVERED]
    rows = seeing.visible_to(staff).filter(metric__in=standings, status__in=live)
    requests = list(rows.select_related("to_team").order_by("expected_by", "pk")[:MOST])
    efforts = _efforts({one.to_team_id for one in requests}, today)
    found = [_initiative(one, card, standings[one.metric], efforts, today) for one in requests]
    return sorted(found, key=lambda one: (one.a_day is None, -(one.a_day or 0)))


def _initiative(
    request: TeamRequest,
    card: Scorecard,
    standing: Standing,
    efforts: dict[int, list[Decimal]],
    today: dt.date,
) -> Initiative:
    due = request.expected_by
    return Initiative(
        request,
        standing,
        fifth(request.effort_days, efforts[request.to_team_id]),
        _points(request, card, standing),
        None if due is None else (due - today).days,
    )


def fifth(days: Decimal | None, others: Sequence[Decimal]) -> int | None:
    """In which fifth of the sorted others it lies, by the middle of those that are as large."""
    if days is None or len(others) < LEAST:
        return None
    middle = (bisect_left(others, days) + bisect_right(others, days)) / 2
    return min(FIFTHS, int(middle * FIFTHS / len(others)) + 1)


def _efforts(teams: set[int], today: dt.date) -> dict[int, list[Decimal]]:
    """What each team agreed on within a year, sorted; of whoever asked, for it is no secret how
    much a team does."""
    rows = TeamRequest.objects.filter(
        to_team__in=teams, effort_days__isnull=False, asked_on__gt=today - A_YEAR
    )
    found = defaultdict[int, list[Decimal]](list)
    for team, days in rows.order_by("effort_days").values_list("to_team", "effort_days"):
        found[team].append(days or Decimal(0))
    return found


def _points(request: TeamRequest, card: Scorecard, standing: Standing) -> Decimal | None:
    """How many points more the scorecard has when its indicator moves as promised: from where it
    was when the receiving team said yes, or from now. A frozen sum is of a week, and the
    indicator's of four."""
    if request.expected_change is None or standing.score is None or standing.value is None:
        return None
    kept = (request.baseline or {}).get("value")
    is_sum = standing.indicator.metric.over == Metric.Over.SUM
    began = standing.value if kept is None or is_sum else Decimal(repr(kept))
    good, bad = standing.indicator.good, standing.indicator.bad
    promised = attainment.scored(began * (1 + request.expected_change), good, bad)
    whole = sum(one.indicator.weight for one in card.standings if one.score is not None)
    if promised is None or not whole:
        return None
    return 100 * standing.indicator.weight * (promised - standing.score) / whole
