"""Hours of work: weekends, China's holidays, and the weekends at which those are made up for."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from console import business_hours

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        ("2025-03-04T10:00", 4, "2025-03-04T14:00"),
        ("2025-03-04T16:00", 4, "2025-03-05T11:00"),
        ("2025-03-04T05:00", 9, "2025-03-04T18:00"),
        ("2025-03-07T17:00", 2, "2025-03-10T10:00"),  # over a weekend
        ("2025-01-27T17:00", 2, "2025-02-05T10:00"),  # over 春节, 28 January to 4 February
        ("2025-01-25T10:00", 1, "2025-01-26T10:00"),  # that Sunday is made up for
    ],
    ids=["same day", "overnight", "before it opens", "weekend", "spring festival", "made up"],
)
def test_hours_of_work_pass_while_people_work(since: str, hours: int, until: str) -> None:
    assert business_hours.after(at(since), hours, SHANGHAI) == at(until)


def test_people_work_from_nine_to_six() -> None:
    times = ["2025-03-04T08:59", "2025-03-04T09:00", "2025-03-04T18:00", "2025-10-01T10:00"]
    assert [business_hours.is_open(at(t), SHANGHAI) for t in times] == [False, True, False, False]


def test_time_of_work_and_working_days_are_counted_over_holidays() -> None:
    monday = business_hours.worked(at("2025-03-07T17:00"), at("2025-03-10T10:30"), SHANGHAI)
    assert monday == dt.timedelta(hours=2.5)
    assert business_hours.worked(at("2025-03-05T10:00"), at("2025-03-04T10:00"), SHANGHAI) == (
        dt.timedelta(0)
    )
    before, after = dt.date(2025, 9, 30), dt.date(2025, 10, 11)  # 国庆, and a Saturday made up for
    assert business_hours.days_between(before, after) == 3
    assert business_hours.days_between(after, before) == -3
    assert business_hours.later_by(before, 3) == after
    assert business_hours.later_by(before, 0) == before
