"""Metrics of one's own: previews, versions, slices, and who may change them."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Staff
from console.states import NotAllowed, Stale
from metrics import library, measure, measurements, own, previews, tasks
from metrics.models import Measurement, Metric
from metrics.recipes import reading
from segments import definitions
from segments.rules.nodes import RuleError
from tests.metrics.factories import customers, today_is
from tests.segments.factories import happened, incoming

TODAY = dt.date(2017, 3, 6)
SignIn = Callable[[Staff | str], Client]
StaffOf = Callable[..., Staff]


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


@pytest.fixture
def shop(db: None) -> list[int]:
    """Two came by 抖音 and one by nothing that is known; two of them bought."""
    today_is(TODAY)
    a, b, c = (one.pk for one in customers(3))
    viral = {"utm_source": "Douyin", "platform": "iOS"}
    happened(
        incoming(a, ago(5), name="viewed", properties=viral, key="a"),
        incoming(a, ago(4), amount=1_000, properties={"plan": "gold"}),
        incoming(b, ago(5), name="viewed", properties={"utm_source": "Douyin"}),
        incoming(c, ago(4), amount=500, properties={"plan": "basic"}),
        incoming(c, ago(1), amount=700, properties={"plan": "gold"}),
        incoming(b, ago(3), name="survey_answered", properties={"score": 10}),
        incoming(c, ago(3), name="survey_answered", properties={"score": 3}),
        incoming(a, ago(3), name="survey_answered", properties={"score": 9}),
    )
    return [a, b, c]


def value(key: str, on: dt.date, part: str = "") -> Decimal | None:
    return Measurement.objects.get(metric__key=key, day=on, slice=part).value


def gold(**more: Any) -> dict[str, Any]:
    where = [{"property": "plan", "op": "=", "value": "gold"}]
    return {"kind": "simple", "take": "count", "word": "paid", "where": where, **more}


def test_recipes_are_measured_by_day_with_the_channel_of_the_first_day(shop: list[int]) -> None:
    measure.run()
    assert value("new_customers", ago(5), "channel=Douyin") == 2
    assert value("new_customers", ago(4), "channel=Douyin") == 0
    assert value("revenue", ago(4), "channel=Douyin") == 1_000
    assert value("revenue", ago(4)) == 1_500
    assert value("app_share", ago(5)) == Decimal("0.5")
    assert value("nps", ago(3)) == Decimal("33.333333")
    assert value("ltv", ago(1)) == Decimal("733.333333")


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (gold(), [0, 1, 0, 0, 1]),
        (gold(take="customers"), [0, 1, 0, 0, 1]),
        ({"kind": "cumulative", "of": "buyers", "days": 3}, [0, 2, 2, 2, 1]),
        ({"kind": "cumulative", "of": "revenue", "since": "month"}, [0, 1500, 1500, 1500, 2200]),
        ({"kind": "derived", "formula": "revenue / buyers + 1"}, [None, 751, None, None, 701]),
        ({"kind": "ratio", "part": "buyers", "whole": "dau"}, [0, 1, 0, None, 1]),
        (
            {"kind": "conversion", "first": "new", "then": {"word": "paid"}, "days": 1},
            [Decimal("0.5"), 1, None, None],
        ),
        (
            {"kind": "conversion", "first": {"events": ["viewed"]}, "then": {"word": "paid"},
             "days": 1, "how": "lost"},
            [Decimal("0.5"), None, None, None],
        ),
        (
            {"kind": "conversion", "first": {"events": ["viewed"]}, "then": {"word": "paid"},
             "days": 2, "how": "minutes"},
            [24 * 60, None, None],
        ),
    ],
    ids=["count", "customers", "window", "month", "formula", "ratio", "share", "lost", "minutes"],
)  # fmt: skip
def test_a_preview_shows_the_last_days(
    shop: list[int], recipe: dict[str, Any], expected: list[Any]
) -> None:
    measure.run()
    found, problem = previews.of(reading.read(recipe))
    assert ([one.value for one in found], problem) == (expected, "")


def test_a_new_version_measures_all_days_anew_and_keeps_what_was_said(
    shop: list[int], staff_of: StaffOf
) -> None:
    by = staff_of("analyst")
    row = own.add(name="Gold orders", recipe=gold(), by=by, slices=["channel"])
    measure.run_due()
    assert [value(row.key, ago(n)) for n in (4, 1)] == [1, 1]
    assert value(row.key, ago(4), "channel=Douyin") == 1
    basic = gold(where=[{"property": "plan", "op": "=", "value": "basic"}])
    assert own.edit(row, by=by, note="Basic counts", seen_version=1, recipe=basic, slices=[])
    assert row.key in measurements.outdated(definitions.versions())
    measure.run_due()
    assert [value(row.key, ago(n)) for n in (4, 1)] == [1, 0]
    assert not Measurement.objects.filter(metric=row).exclude(slice="").exists()
    assert row.key not in measurements.outdated(definitions.versions())
    old, new = row.versions.order_by("version")
    assert (old.says["recipe"], new.says["recipe"], new.note) == (gold(), basic, "Basic counts")


def test_what_makes_no_sense_is_refused_and_changes_nothing(
    shop: list[int], staff_of: StaffOf
) -> None:
    by = staff_of("manager")
    row = own.add(name="Gold", recipe={"kind": "ratio", "part": "orders", "whole": "dau"}, by=by)
    circle = {"kind": "derived", "formula": f"{row.key} + 1"}
    edit = {"seen_version": 1, "note": "x"}
    with pytest.raises(RuleError, match="made of itself"):
        own.edit(row, by=by, recipe=circle, **edit)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="no metric “nothing”"):
        own.add(name="B", recipe={"kind": "derived", "formula": "nothing"}, by=by)
    with pytest.raises(RuleError, match="cannot be added up"):
        own.add(name="B", recipe={"kind": "cumulative", "of": "arppu", "days": 7}, by=by)
    with pytest.raises(NotAllowed, match="name already"):
        own.add(name="gold", recipe=gold(), by=by)
    with pytest.raises(NotAllowed, match="why it changes"):
        own.edit(row, by=by, seen_version=1, note=" ", direction="less")
    with pytest.raises(Stale):
        own.edit(row, by=by, seen_version=7, note="x", direction="less")
    with pytest.raises(NotAllowed, match="role"):
        own.add(name="B", recipe=gold(), by=staff_of("support"))
    own.edit(row, by=by, direction="less", **edit)  # type: ignore[arg-type]
    assert Metric.objects.filter(shipped_version=None).count() == 1


def test_the_form_previews_keeps_and_says_what_is_wrong(
    shop: list[int],
    signed_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    measure.run()
    monkeypatch.setattr(tasks.preview_metric, "delay", tasks.preview_metric)
    monkeypatch.setattr(tasks.run_due_measures, "delay", tasks.run_due_measures)
    client, make = signed_in("operator"), reverse("admin:metrics_metric_make")
    given = {
        "name": "Gold orders", "group": "conversion", "direction": "more", "kind": "simple",
        "take": "count", "word": "paid", "where_property": "plan", "where_op": "=",
        "where_value": "gold",
    }  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        shown = client.post(make, {**given, "try": ""})
    page = client.get(shown["Location"]).content.decode()
    assert "The last 30 days: Gold orders" in page
    assert "Save this metric" in page
    with django_capture_on_commit_callbacks(execute=True):
        kept = client.post(make, {**given, "save": ""})
    row = Metric.objects.get(shipped_version=None)
    assert kept["Location"] == reverse("admin:metrics_metric_change", args=[row.pk])
    assert value(row.key, ago(1)) == 1
    page = client.get(kept["Location"]).content.decode()
    assert "plan" in page
    wrong = client.post(make, {**given, "kind": "derived", "formula": "1 +"}).content.decode()
    assert "mind brackets" in wrong
    edit = reverse("admin:metrics_metric_edit", args=[row.pk])
    again = {**given, "save": "", "note": "", "seen_version": "1", "direction": "less"}
    answer = client.post(edit, again)
    assert (answer.status_code, "why it changes" in answer.content.decode()) == (409, True)


def test_the_api_makes_changes_and_refuses(
    shop: list[int], signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.run_due_measures, "delay", lambda pk: None)
    client = signed_in("analyst")
    made = client.post("/api/v1/metrics/", {"name": "Gold", "recipe": gold()}, "application/json")
    assert (made.status_code, made.json()["unit"], made.json()["over"]) == (201, "count", "sum")
    one = f"/api/v1/metrics/{made.json()['key']}/"
    bad = client.patch(one, {"recipe": {"kind": "x"}, "note": "n"}, "application/json")
    assert (bad.status_code, bad.json()["path"]) == (400, ["kind"])
    stale = client.patch(one, {"direction": "less", "note": "n", "version": 9}, "application/json")
    assert stale.status_code == 409
    fine = client.patch(one, {"direction": "less", "note": "n"}, "application/json")
    assert (fine.status_code, fine.json()["version"]) == (200, 2)
    assert signed_in("support").post(f"{one}archive/").status_code == 403
    assert client.post(f"{one}archive/").json()["archived_at"]
    assert "own" not in library.in_use()
