"""Cycles: at which hour, on which weekday and which day of the month customers do things."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from pyroaring import BitMap

from segments import bitmaps
from segments.lake.trails import Array, Rows

HOUR = 3_600_000  # milliseconds
QUARTER = HOUR // 4  # no zone's offset is finer today


# --- by hour and weekday ------------------------------------------------------


@dataclass(frozen=True)
class Week:
    """A row a weekday from Monday on, a column an hour: events, and different customers of each
    single hour added up."""

    events: Array
    customers: Array


def week(days: Iterable[Rows], names: frozenset[str] | None, zone: ZoneInfo) -> Week:
    """When these kinds of events happen (None: all), by the clock on the wall."""
    events, customers = np.zeros(7 * 24, np.int64), np.zeros(7 * 24, np.int64)
    for rows in days:
        if not len(rows):
            continue
        if names is not None:
            wanted = np.array([name in names for name in rows.names])
            rows = rows.where(wanted[rows.codes])
        if len(rows):
            hours = _hours(rows, zone)
            events += np.bincount(hours, minlength=7 * 24)
            is_first = np.ones(len(rows), np.bool_)
            is_first[1:] = (np.diff(rows.customers) != 0) | (np.diff(hours) != 0)
            customers += np.bincount(hours[is_first], minlength=7 * 24)
    return Week(events.reshape(7, 24), customers.reshape(7, 24))


def _hours(rows: Rows, zone: ZoneInfo) -> Array:
    """Of each row the hour of the week."""
    start = rows.origin - rows.origin % HOUR
    quarters = (rows.moments.astype(np.int64) + (rows.origin - start)) // QUARTER
    table = [_hour_of_week(start + at * QUARTER, zone) for at in range(int(quarters.max()) + 1)]
    return np.array(table, np.int64)[quarters]


def _hour_of_week(moment: int, zone: ZoneInfo) -> int:
    local = dt.datetime.fromtimestamp(moment / 1000, zone)
    return local.weekday() * 24 + local.hour


# --- by day -------------------------------------------------------------------


@dataclass(frozen=True)
class Usual:
    """What a day of a kind comes to: its mean, of how many days, and beside all days (1.0)."""

    mean: float | None
    days: int
    index: float | None


def by_weekday(values: Mapping[dt.date, int]) -> list[Usual]:
    """From Monday to Sunday."""
    return _by(values, dt.date.weekday, range(7))


def by_day_of_month(values: Mapping[dt.date, int]) -> list[Usual]:
    """From the 1st to the 31st, which few months have."""
    return _by(values, lambda day: day.day, range(1, 32))


def by_third(values: Mapping[dt.date, int]) -> list[Usual]:
    """The 1st to the 10th, to the 20th, and the rest of the month."""
    return _by(values, lambda day: min((day.day - 1) // 10, 2), range(3))


def _by(
    values: Mapping[dt.date, int], kind_of: Callable[[dt.date], int], kinds: Iterable[int]
) -> list[Usual]:
    whole = sum(values.values()) / len(values) if values else 0
    groups: dict[int, list[int]] = defaultdict(list)
    for day, value in values.items():
        groups[kind_of(day)].append(value)
    found = []
    for kind in kinds:
        mean = sum(groups[kind]) / len(groups[kind]) if groups[kind] else None
        index = mean / whole if mean is not None and whole else None
        found.append(Usual(mean, len(groups[kind]), index))
    return found


# --- how often one customer comes ---------------------------------------------


def days_active(days: Sequence[BitMap]) -> list[int]:
    """Of everybody active on at least one of the days: how many were on 1, 2, … of them."""
    length = max((one.max() + 1 for one in days if one), default=0)
    times = np.zeros(length, np.uint16)
    for one in days:
        times[bitmaps.to_array(one)] += 1
    return np.bincount(times, minlength=len(days) + 1)[1:].tolist()
