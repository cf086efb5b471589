"""Whom a campaign woke, and who stayed: by who was active before, during and after.

Whoever did nothing on the thirty days before they came in was asleep, and is activated by being
active from that day to the last day of their window. Whoever was active in it and is so again on
one of the seven days after it has stayed.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap

from console import clock
from metrics.effects import Came
from segments import activity, bitmaps

DAY = dt.timedelta(days=1)
QUIET, STAYS = 30, 7
Days = Mapping[dt.date, BitMap]
Arrivals = Sequence[tuple[dt.date, BitMap]]  # who came in on which day, each once


@dataclass(frozen=True)
class Woken:
    """Counts of customers. None: their days before are not known."""

    asleep: int | None
    activated: int | None
    followed: int  # active in their window, and their week after it is over
    stayed: int  # of these, active again


def of(reached: Arrivals, came: Sequence[Came], *, counted: int, last: dt.date) -> dict[str, Any]:
    """The fields of a result that tell of activity, up to the last closed day."""
    zone = clock.zone()
    sides = {"treated": by_day((one.at.astimezone(zone).date(), one.treated) for one in came)}
    sides["control"] = by_day((one.at.astimezone(zone).date(), one.control) for one in came)
    active = _active([*reached, *sides["treated"], *sides["control"]], counted, last)
    found = woken(reached, active, counted=counted, last=last)
    told: dict[str, Any] = {
        "asleep": found.asleep,
        "activated": found.activated,
        "followed": found.followed,
        "stayed": found.stayed,
    }
    if any(members for _day, members in sides["control"]):
        for name, arrivals in sides.items():
            side = woken(arrivals, active, counted=counted, last=last)
            told[f"{name}_asleep"], told[f"{name}_activated"] = side.asleep, side.activated
            told[f"{name}_stayed"] = side.stayed
    return told


def by_day(arrivals: Iterable[tuple[dt.date, BitMap]]) -> Arrivals:
    """Those of one day together, and each customer on their first day only."""
    days: dict[dt.date, BitMap] = defaultdict(BitMap)
    for day, members in arrivals:
        days[day] |= members
    return list(_once(sorted(days.items(), key=lambda one: one[0])))


def _once(days: Arrivals) -> Iterator[tuple[dt.date, BitMap]]:
    seen = BitMap()
    for day, members in days:
        fresh = members - seen
        seen |= fresh
        if fresh:
            yield day, fresh


def woken(arrivals: Arrivals, active: Days, *, counted: int, last: dt.date) -> Woken:
    """What came of those who came in; `active` has the days from thirty before the first on.

    Who came in after `last` is told of when their first day is over.
    """
    asleep = activated = followed = stayed = 0
    begun = [one for one in arrivals if one[0] <= last]  # of the others no day is known yet
    is_known = bool(begun)
    for day, members in begun:
        inside = members & _between(active, day, day + counted * DAY)
        if day - QUIET * DAY in active:
            quiet = members - _between(active, day - QUIET * DAY, day - DAY)
            asleep, activated = asleep + len(quiet), activated + len(quiet & inside)
        else:
            is_known = False
        after = day + (counted + STAYS) * DAY
        if after <= last:
            followed += len(inside)
            stayed += len(inside & _between(active, day + (counted + 1) * DAY, after))
    return Woken(asleep if is_known else None, activated if is_known else None, followed, stayed)


def _between(active: Days, since: dt.date, until: dt.date) -> BitMap:
    days = (since + number * DAY for number in range((until - since).days + 1))
    return bitmaps.union([active[day] for day in days if day in active])


def _active(arrivals: Arrivals, counted: int, last: dt.date) -> Days:
    """Who was active on each day that is asked for; before the first event nothing is known."""
    first = activity.first_day()
    if first is None or not arrivals:
        return {}
    days = [day for day, _members in arrivals]
    since = max(first, min(days) - QUIET * DAY)
    until = min(last, max(days) + (counted + STAYS) * DAY)
    return activity.daily_active(since, until) if since <= until else {}
