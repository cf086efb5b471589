"""The console's today is the project's: pinned, or the real date in its zone."""

import datetime as dt

import pytest
import time_machine

from console import clock
from console.models import Project

pytestmark = pytest.mark.django_db


@time_machine.travel("2026-03-01T17:30:00Z", tick=False)
def test_today_follows_the_projects_zone() -> None:
    assert clock.today() == dt.date(2026, 3, 2)  # half past one at night in Shanghai
    Project.objects.update(time_zone="America/New_York")
    assert clock.today() == dt.date(2026, 3, 1)


@time_machine.travel("2026-03-01T17:30:00Z", tick=False)
def test_a_pinned_date_keeps_the_time_of_day() -> None:
    Project.objects.update(time_zone="America/New_York", today_on=dt.date(2018, 1, 1))
    assert clock.today() == dt.date(2018, 1, 1)
    assert clock.now() == dt.datetime(2018, 1, 1, 17, 30, tzinfo=dt.UTC)
    assert clock.day_of(clock.now()) == clock.today()


@time_machine.travel("2026-07-01T03:30:00Z", tick=False)
def test_a_pinned_date_is_right_across_daylight_saving() -> None:
    Project.objects.update(time_zone="America/New_York", today_on=dt.date(2018, 1, 1))
    assert clock.day_of(clock.now()) == dt.date(2018, 1, 1)
