"""Cycles: by the clock on the wall, by the day, and by how often one comes."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from metrics.stats import cycles
from segments.lake.trails import Rows

MOMENTS = st.datetimes(
    dt.datetime(2024, 10, 26), dt.datetime(2024, 10, 28), timezones=st.just(dt.UTC)
)


def rows_of(events: list[tuple[int, dt.datetime, str]]) -> Rows:
    moments = [int(one[1].timestamp() * 1000) for one in events]
    origin, names = min(moments), tuple(sorted({one[2] for one in events}))
    return Rows(
        origin,
        np.array([one[0] for one in events], np.uint32),
        np.array([one - origin for one in moments], np.uint32),
        np.array([names.index(one[2]) for one in events], np.uint8),
        names,
    ).in_order()


@given(
    st.lists(st.tuples(st.integers(0, 3), MOMENTS, st.sampled_from("AB")), min_size=1, max_size=30),
    st.sampled_from(["UTC", "Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin"]),
)
def test_an_event_counts_at_the_hour_of_its_zone(
    events: list[tuple[int, dt.datetime, str]], zone: str
) -> None:
    """Also on the night on which an hour comes twice."""
    found = cycles.week([rows_of(events)], frozenset("A"), ZoneInfo(zone))
    expected = np.zeros((7, 24), int)
    for _who, moment, name in events:
        local = moment.astimezone(ZoneInfo(zone))
        expected[local.weekday(), local.hour] += name == "A"
    assert (found.events == expected).all()


def test_a_customer_counts_once_an_hour() -> None:
    nine = dt.datetime(2024, 1, 1, 9, tzinfo=dt.UTC)  # a Monday
    events = [(1, nine, "A"), (1, nine + dt.timedelta(minutes=5), "A"), (2, nine, "A")]
    found = cycles.week([rows_of(events)], None, ZoneInfo("UTC"))
    assert (found.events[0, 9], found.customers[0, 9]) == (3, 2)


def test_nothing_has_no_hours() -> None:
    nine = dt.datetime(2024, 1, 1, 9, tzinfo=dt.UTC)
    found = cycles.week([rows_of([(1, nine, "A")])], frozenset("B"), ZoneInfo("UTC"))
    assert found.events.sum() == 0


def test_days_are_compared_with_all_days() -> None:
    values = {dt.date(2024, 1, 1) + dt.timedelta(days=n): 10 for n in range(31)}
    values[dt.date(2024, 1, 25)] = 41
    thirds = cycles.by_third(values)
    assert [one.days for one in thirds] == [10, 10, 11]
    assert thirds[2].mean == 141 / 11
    assert round(thirds[0].index or 0, 3) == round(10 / (341 / 31), 3)
    assert cycles.by_weekday(values)[3].days == 4
    assert cycles.by_day_of_month(values)[24].mean == 41


def test_without_days_nothing_is_usual() -> None:
    assert cycles.by_weekday({})[0] == cycles.Usual(None, 0, None)
    some = cycles.by_day_of_month({dt.date(2024, 2, 1): 0})
    assert some[0] == cycles.Usual(0, 1, None)
    assert some[30] == cycles.Usual(None, 0, None)


def test_customers_are_counted_by_how_often_they_come() -> None:
    days = [BitMap([1, 2, 70_000]), BitMap(), BitMap([2, 70_000]), BitMap([70_000])]
    assert cycles.days_active(days) == [1, 1, 1, 0]
    assert cycles.days_active([]) == []
    assert cycles.days_active([BitMap()]) == [0]
