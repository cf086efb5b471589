"""Warnings: one for one cause, quiet when they should be, over by themselves."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from console import kept_words
from console.states import NotAllowed
from metrics import alerts, library, watch
from metrics.measurements import Figure, count
from metrics.models import Alert, Metric, Watch
from tests.factories import StaffFactory
from tests.metrics.factories import measured, today_is

pytestmark = pytest.mark.django_db
DAY = dt.date(2017, 11, 22)  # a Wednesday without holidays near


def watching(key: str = "orders", **values: Any) -> Watch:
    library.install()
    return Watch.objects.create(metric=Metric.objects.get(key=key), **values)


def usual(key: str, value: int, *, weeks: int = 8) -> None:
    """The same on every day, a little more or less."""
    days = range(1, 7 * weeks + 1)
    measured(*(count(key, DAY - dt.timedelta(n), value + n % 5) for n in days))


def on(value: int, *, key: str = "orders", later: int = 0) -> list[Alert]:
    day = DAY + dt.timedelta(later)
    measured(count(key, day, value))
    return alerts.judge_all(day=day)


def test_a_day_that_stands_out_warns_once_and_is_over_by_itself() -> None:
    watching()
    usual("orders", 1_000)
    assert on(1_010) == []
    assert len(on(400, later=1)) == 1
    assert on(380, later=2) == []
    alert = Alert.objects.get()
    assert (alert.began_on, alert.last_on, alert.value) == (
        DAY + dt.timedelta(1),
        DAY + dt.timedelta(2),
        Decimal(380),
    )
    assert alert.expected is not None
    assert abs(alert.expected - 1_002) < 5
    on(1_005, later=3)
    alert.refresh_from_db()
    assert (alert.status, alert.resolved_on) == ("resolved", DAY + dt.timedelta(3))


def test_after_it_is_over_a_watch_rests() -> None:
    watching(cool_down_days=2)
    usual("orders", 1_000)
    on(400)
    on(1_000, later=1)
    assert on(400, later=3) == []
    assert len(on(400, later=4)) == 1


def test_one_cause_gives_one_warning() -> None:
    for key in ("average_order", "revenue", "orders"):
        watching(key)
        usual(key, 1_000)
        measured(count(key, DAY, 200))
    found = alerts.judge_all(day=DAY)
    assert [one.watch.metric.key for one in found] == ["orders", "revenue", "average_order"]
    assert [one.cause for one in found] == [None, found[0], found[0]]
    assert alerts.unresolved() == [found[0]]


def test_a_metric_of_ones_own_stands_under_what_it_is_made_of() -> None:
    library.install()
    recipe = {"kind": "derived", "formula": "average_order * 2 + 1"}
    Metric.objects.create(
        key="double", name="Double", group="value", unit="number", over="quotient", recipe=recipe
    )
    for key in ("double", "orders"):
        watching(key)
        usual(key, 1_000)
        measured(count(key, DAY, 200))
    found = alerts.judge_all(day=DAY)
    assert [one.watch.metric.key for one in found] == ["orders", "double"]
    assert found[1].cause == found[0]


def test_circles_among_what_moves_together_end() -> None:
    made_of = {"orders": ["revenue"], "revenue": ["orders", "paid"], "paid": ["revenue"]}
    assert alerts.causes("orders", made_of) == ["revenue", "paid"]


def test_another_metric_is_another_cause() -> None:
    for key in ("dau", "orders"):
        watching(key)
        usual(key, 1_000)
        measured(count(key, DAY, 200))
    assert [one.cause for one in alerts.judge_all(day=DAY)] == [None, None]


def test_a_watch_that_was_made_quiet_is_quiet_to_the_day() -> None:
    mine, anna = watching(), StaffFactory.create()
    usual("orders", 1_000)
    alerts.snooze(mine, until=DAY, today=DAY, by=anna)
    assert on(400) == []
    assert len(on(400, later=1)) == 1
    for wrong in (DAY - dt.timedelta(1), DAY + dt.timedelta(100)):
        with pytest.raises(NotAllowed):
            alerts.snooze(mine, until=wrong, today=DAY, by=anna)


def test_who_looks_after_it_is_kept_and_it_still_ends_by_itself() -> None:
    watching()
    usual("orders", 1_000)
    (alert,) = on(400)
    anna = StaffFactory.create()
    alerts.acknowledge(alert, by=anna)
    assert on(390, later=1) == []
    on(1_000, later=2)
    alert.refresh_from_db()
    assert (alert.status, alert.acknowledged_by) == ("resolved", anna)


@pytest.mark.parametrize(
    ("values", "value", "warns"),
    [
        ({"kind": "level", "side": "low", "threshold": Decimal(500)}, 499, True),
        ({"kind": "level", "side": "low", "threshold": Decimal(500)}, 500, False),
        ({"kind": "level", "side": "high", "threshold": Decimal(500)}, 501, True),
        ({"kind": "change", "side": "both", "threshold": Decimal("0.3")}, 1_400, True),
        ({"kind": "change", "side": "low", "threshold": Decimal("0.3")}, 1_400, False),
        ({"kind": "change", "side": "low", "threshold": Decimal("0.3")}, 700, True),
        ({"kind": "anomaly", "side": "high"}, 200, False),
    ],
)
def test_levels_changes_and_sides(values: dict[str, Any], value: int, warns: bool) -> None:
    watching(**values)
    usual("orders", 1_000)
    assert bool(on(value)) is warns


def test_what_was_not_measured_says_nothing_and_a_young_metric_neither() -> None:
    watching()
    usual("orders", 1_000, weeks=3)
    assert alerts.judge_all(day=DAY) == []
    assert on(10) == []
    measured(Figure("orders", DAY + dt.timedelta(1), None))
    assert alerts.judge_all(day=DAY + dt.timedelta(1)) == []


def test_holidays_are_no_measure_and_are_told() -> None:
    watching()
    off = alerts.holidays(dt.date(2017, 9, 25), dt.date(2017, 10, 10))
    assert dt.date(2017, 10, 1) in off
    assert kept_words.half(off[dt.date(2017, 10, 2)], "zh-hans") == "国庆节"
    assert kept_words.half(off[dt.date(2017, 10, 2)], "en") == "National Day"
    usual("orders", 1_000)
    # National day's week was dead; the others say what is usual.
    measured(*(count("orders", dt.date(2017, 10, n), 5) for n in range(1, 9)))
    assert on(1_000) == []


def test_the_same_day_judged_twice_warns_once() -> None:
    watching()
    usual("orders", 1_000)
    assert len(on(400)) == 1
    assert alerts.judge_all(day=DAY) == []
    assert Alert.objects.count() == 1


def test_the_night_watches_the_main_metrics() -> None:
    today_is(DAY + dt.timedelta(1))
    library.install()
    for key in ("dau", "orders"):
        usual(key, 1_000)
        measured(count(key, DAY, 100))
    for _ in range(2):
        watch.run(today=DAY + dt.timedelta(1))
    assert Alert.objects.count() == 2
    assert Watch.objects.count() == len(alerts.SHIPPED)
