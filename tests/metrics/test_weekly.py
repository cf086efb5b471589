"""A metric before and after a day: whole weeks, bounds, and what cannot be told."""

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Staff
from metrics import weekly
from metrics.measurements import ratio
from metrics.models import Metric
from segments.models import StageSet, StageSetVersion
from tests.metrics.factories import measured, today_is

pytestmark = pytest.mark.django_db
SignIn = Callable[[Staff | str], Client]
TURN, TODAY = dt.date(2026, 3, 2), dt.date(2026, 5, 20)
FIRST = dt.date(2025, 1, 6)
DAY = dt.timedelta(days=1)


def rate(after: float, *, first: dt.date = FIRST, until: dt.date = TODAY - DAY) -> Metric:
    """About 5 %, with its weekdays, and from the turn on another level."""
    today_is(TODAY)
    found = []
    for number in range((until - first).days + 1):
        day = first + DAY * number
        wave = 1 + 0.01 * math.sin(number / 9) + 0.02 * (day.weekday() >= 5)
        share = (after if day >= TURN else 0.05) * wave
        found.append(ratio("paid_rate", day, round(share * 1_000_000), 1_000_000))
    measured(*found)
    return Metric.objects.get(key="paid_rate")


def around(metric: Metric, day: dt.date = TURN) -> dict[str, Any]:
    return weekly.around(metric, day, on=TODAY)


def test_a_step_is_told_with_its_bounds_and_both_spans() -> None:
    found = around(rate(0.06))
    assert found["relative"] == pytest.approx(0.2, abs=0.01)
    assert 0.1 < found["low"] < 0.2 < found["high"] < 0.3
    assert found["before"] == ["2026-01-05", "2026-03-01"]
    assert found["after"] == ["2026-03-02", "2026-04-26"]
    assert (len(found["weeks_before"]), len(found["weeks"])) == (8, 8)
    assert found["moved"] == 0 < found["looked"]


def test_nothing_is_told_of_what_moves_by_itself() -> None:
    found = around(rate(0.05))
    assert found["low"] < 0 < found["high"]


def test_only_whole_weeks_that_are_measured_count() -> None:
    metric = rate(0.06, first=TURN - 10 * DAY, until=TURN + 15 * DAY)
    found = around(metric)
    assert (len(found["weeks_before"]), len(found["weeks"])) == (1, 2)
    assert (found["why"], found["low"]) == (weekly.FEW_WEEKS, None)
    for day in (TURN + 12 * DAY, TURN - 9 * DAY, dt.date(2020, 1, 1)):
        assert "value" not in around(metric, day), day


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        ("2026-03-02", "That is more than it moves by itself."),
        ("2026-05-19", "no whole week on both sides"),
        ("2026-05-20", "Choose a day that is over."),
        ("' OR 1", "Choose a day that is over."),
        ("", "Up to eight weeks"),
    ],
)
def test_the_page_says_it_in_words(turn: str, words: str, signed_in: SignIn) -> None:
    metric = rate(0.06)
    page = signed_in("analyst").get(
        reverse("admin:metrics_metric_change", args=[metric.pk]), {"turn": turn}
    )
    assert words in page.content.decode()


def test_days_on_which_stages_changed_are_offered(signed_in: SignIn) -> None:
    metric, client = rate(0.06), signed_in("analyst")
    stages = StageSet.objects.create(key="ways", name="Ways")
    changed = {"at": dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC), "by": Staff.objects.latest("pk")}
    StageSetVersion.objects.create(stage_set=stages, number=2, stages=[], **changed)
    page = client.get(reverse("admin:metrics_metric_change", args=[metric.pk])).content.decode()
    assert "turn=2026-03-02" in page


def test_other_programs_ask_the_same(signed_in: SignIn) -> None:
    rate(0.06)
    client = signed_in("analyst")
    said = client.get("/api/v1/metrics/paid_rate/around/", {"day": "2026-03-02"}).json()
    assert said["relative"] == pytest.approx(0.2, abs=0.01)
    assert client.get("/api/v1/metrics/paid_rate/around/", {"day": "soon"}).status_code == 400
    assert client.get("/api/v1/metrics/nothing/around/", {"day": "2026-03-02"}).status_code == 404
