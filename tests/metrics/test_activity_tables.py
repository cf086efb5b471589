"""Gap tables as they are kept: night after night, with late events, and of groups."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap

from console.states import NotAllowed
from metrics import activity_tables, answers, groups
from metrics.activity_tables import DAY, MONTH, WEEK, Activity
from metrics.groups import By
from metrics.models import KeptAnswer
from segments.definitions import ACTIVE, PAID
from segments.models import Customer, Segment
from tests.metrics.factories import SegmentFactory, customers, today_is
from tests.segments.factories import happened, incoming, traits

MONDAY = dt.date(2017, 5, 1)


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(days=number)


def kept(word: str = ACTIVE, period: str = DAY, by: str = "") -> Activity:
    row = answers.find(activity_tables.question(word, period, By.read(by)))
    assert row is not None
    return activity_tables.read(row)


def same(one: Activity, other: Activity) -> bool:
    pairs = zip(one.groups, other.groups, strict=True)
    return one.as_of == other.as_of and all(
        (getattr(a[2], name) == getattr(b[2], name)).all()
        for a, b in pairs
        for name in ("returned", "gaps", "last")
    )


def forgotten() -> None:
    """As on a host that has never done it."""
    for file in activity_tables.folder().iterdir():
        file.unlink()
    KeptAnswer.objects.all().delete()


@pytest.fixture
def three(db: None) -> list[int]:
    """One comes every Monday, one on two days in a row, one once."""
    today_is(day(40))
    a, b, c = (customer.pk for customer in customers(3))
    happened(
        *(incoming(a, day(7 * week)) for week in range(5)),
        incoming(b, day(3)),
        incoming(b, day(4)),
        incoming(c, day(20), name="page_viewed"),
    )
    return [a, b, c]


def test_the_tables_are_of_the_days_weeks_and_months_that_are_over(three: list[int]) -> None:
    activity_tables.update()
    found = kept()
    assert (found.first, found.as_of, len(found.starts)) == (MONDAY, day(39), 40)
    assert found.groups[0][2].growth().new[[0, 3, 20]].tolist() == [1, 1, 1]
    weeks = kept(period=WEEK)
    assert [str(one) for one in weeks.starts[:2]] == ["2017-05-01", "2017-05-08"]
    assert len(weeks.starts) == 5  # the sixth goes on
    assert weeks.groups[0][2].growth().active.tolist() == [2, 1, 2, 1, 1]
    months = kept(period=MONTH)
    assert [str(one) for one in months.starts] == ["2017-05-01"]
    assert months.groups[0][2].growth().active.tolist() == [3]


def test_a_word_has_tables_of_its_own(three: list[int]) -> None:
    activity_tables.update()
    assert kept(PAID, WEEK).groups[0][2].growth().active.tolist() == [2, 1, 1, 1, 1]


def test_one_more_day_is_all_that_a_night_looks_at(three: list[int]) -> None:
    activity_tables.update(until=day(30))
    assert activity_tables.update(until=day(31)) == 2  # a day, of two words
    nightly = {period: kept(period=period) for period in activity_tables.PERIODS}
    forgotten()
    activity_tables.update(until=day(31))
    assert all(same(found, kept(period=period)) for period, found in nightly.items())


@pytest.mark.parametrize("late", [30, 21, 0])
def test_a_late_event_is_as_if_it_had_come_in_time(three: list[int], late: int) -> None:
    activity_tables.update(until=day(30))
    happened(incoming(three[2], day(late)))
    looked_at = activity_tables.update(until=day(31))
    assert (looked_at < 2 * 32 - 20) == (late > 0)  # it goes back to a Sunday, or begins anew
    nightly = {period: kept(period=period) for period in activity_tables.PERIODS}
    forgotten()
    activity_tables.update(until=day(31))
    assert all(same(found, kept(period=period)) for period, found in nightly.items())


def test_a_night_that_was_done_already_changes_nothing(three: list[int]) -> None:
    activity_tables.update()
    before = kept()
    assert activity_tables.update() == 0
    assert same(before, kept())


def test_without_events_there_is_nothing(db: None) -> None:
    today_is(day(3))
    assert activity_tables.update() == 0
    assert not KeptAnswer.objects.exists()
    with pytest.raises(NotAllowed, match="measured"):
        activity_tables.compute(activity_tables.question(ACTIVE, DAY, By()))


def test_a_first_day_is_not_yet_a_week(db: None) -> None:
    today_is(day(1))
    happened(incoming(customers(1)[0].pk, day(0)))
    activity_tables.update()
    assert kept().groups[0][2].growth().new.tolist() == [1]
    assert kept(period=WEEK).starts == []


# --- groups -------------------------------------------------------------------


def segment_of(*members: int) -> Segment:
    one: Segment = SegmentFactory.create()
    Segment.objects.filter(pk=one.pk).update(
        members=BitMap(members), size=len(members), data_as_of=day(40)
    )
    return one


def compute(by: str, **about: Any) -> Activity:
    question = activity_tables.question(ACTIVE, DAY, By.read(by))
    answers.keep(question, activity_tables.compute(question))
    return kept(by=by)


def test_a_segment_has_the_tables_of_its_members(three: list[int]) -> None:
    activity_tables.update()
    found = compute(f"segment:{segment_of(three[1]).pk}")
    _label, size, tables = found.groups[0]
    assert (size, tables.growth().active.sum()) == (1, 2)
    assert np.flatnonzero(tables.growth().retained).tolist() == [4]


def test_the_values_of_a_choice_are_compared(three: list[int]) -> None:
    for customer, tier in zip(three, ["gold", "gold", "new"], strict=True):
        traits(customer, day=day(40), value_tier=tier)
    activity_tables.update()
    found = compute("trait:value_tier")
    assert [size for _label, size, _tables in found.groups] == [2, 1]
    assert [int(one[2].growth().active.sum()) for one in found.groups] == [7, 1]


def test_an_answer_is_of_older_data_once_the_segment_changes(three: list[int]) -> None:
    activity_tables.update()
    segment = segment_of(three[1])
    question = activity_tables.question(ACTIVE, DAY, By.read(f"segment:{segment.pk}"))
    row = answers.keep(question, activity_tables.compute(question))
    assert row.version == activity_tables.version(question)
    Segment.objects.filter(pk=segment.pk).update(members=BitMap(three))
    assert row.version != activity_tables.version(question)


@pytest.mark.parametrize("by", ["segment:", "trait:", "place:1", "segment:x"])
def test_what_makes_no_sense_is_refused(by: str) -> None:
    with pytest.raises(NotAllowed):
        By.read(by)


def test_who_is_gone_cannot_be_compared(three: list[int]) -> None:
    with pytest.raises(NotAllowed, match="nobody"):
        groups.of(By.read("segment:999"), day=day(40))
    with pytest.raises(NotAllowed, match="nobody"):
        groups.of(By.read("trait:never"), day=day(40))


# --- forgetting ---------------------------------------------------------------


def test_nothing_of_an_erased_person_stays_in_the_files(three: list[int]) -> None:
    activity_tables.update()
    assert activity_tables.remembering([three[2]])
    activity_tables.forget([three[2]])
    assert not activity_tables.remembering([three[2]])
    assert not activity_tables.remembering([10_000_000])
    assert Customer.objects.filter(pk=three[2]).exists()
