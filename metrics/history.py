"""Who was active on each closed day, as sets."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from console import clock
from metrics.stats import cohorts, effective
from segments import activity, definitions
from segments.models import Definition

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class History:
    """Each day and its active customers, from the first day with anybody; days do not lack."""

    days: Sequence[dt.date]
    active: Sequence[BitMap]


def load(*, until: dt.date | None = None) -> History:
    """The whole history up to a closed day, days without anybody included."""
    last = min(until or last_closed_day(), last_closed_day())
    first = activity.first_day()
    if first is None or first > last:
        return History([], [])
    active = activity.daily_active(first, last)
    return History(list(active), list(active.values()))


def interacting(past: History) -> list[BitMap]:
    """Who interacted on each of the days."""
    if not past.days:
        return []
    return list(activity.daily(definitions.INTERACTION, past.days[0], past.days[-1]).values())


def became_effective(
    past: History, meant: Definition, events: Iterable[str] | None = None
) -> list[BitMap]:
    """Who became effective on each of the days, by this version (or with other events)."""
    if not past.days:
        return []
    counting = definitions.events(definitions.EFFECTIVE) if events is None else events
    return effective.became(
        cohorts.first_seen(past.active),
        activity.levels(counting, past.days[0], past.days[-1]),
        times=meant.times,
        within=meant.within_days,
    )


def last_closed_day() -> dt.date:
    """Yesterday: today is not over yet."""
    return clock.today() - DAY


def each_day(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The days from the first to the last, both included."""
    return (first + DAY * number for number in range((last - first).days + 1))
