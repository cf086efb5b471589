"""Numbers, days and files that nobody in their right mind would send: refused in words."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from console.models import Staff
from console.states import NotAllowed
from metrics import comparisons, days, goals, health, library, spend_files, spending
from metrics.measurements import count
from metrics.models import Goal, Indicator, Metric, Spend
from metrics.overall import Overall
from metrics.recipes import formulas
from segments.rules.nodes import RuleError
from tests.factories import StaffFactory
from tests.metrics.factories import measured, today_is

SignIn = Callable[[Staff | str], Client]
TODAY = dt.date(2018, 1, 1)
HUGE = "9" * 400


@pytest.fixture
def manager(db: None) -> Staff:
    today_is(TODAY)
    library.install()
    return StaffFactory.create_with_role("manager")


@pytest.fixture
def client(manager: Staff, signed_in: SignIn) -> Client:
    return signed_in(manager)


@pytest.mark.parametrize(
    "text",
    ["dau / 1e999", "dau + 1e18", f"dau + {'9' * 150}", "9**9**9 * dau", "dau if dau else 1",
     "(lambda: 1)()", "[dau for x in y]", "dau.real", "dau @ wau", "~dau", "dau % 2", "dau // 2",
     "'dau' * 9", "1j * dau", "True + dau", "(" * 99 + "dau" + ")" * 98, "dau\0", "a := dau", "1"],
    ids=range(19),
)  # fmt: skip
def test_formulas_are_four_operations_on_ordinary_numbers(text: str) -> None:
    with pytest.raises(RuleError):
        formulas.read(text)


@pytest.mark.parametrize("text", ["-" * 190 + "dau", "(" * 90 + "dau" + ")" * 90])
def test_deep_formulas_are_worked_out(text: str) -> None:
    assert formulas.value(formulas.read(text), {"dau": Decimal(3)}) == 3


def test_a_division_by_what_comes_to_nought_has_no_value() -> None:
    formula = formulas.read("dau / (wau - wau)")
    assert formulas.value(formula, {"dau": Decimal(3), "wau": Decimal(7)}) is None
    assert formulas.value(formula, {"dau": Decimal(0), "wau": Decimal(0)}) is None


RECIPES: list[Any] = [
    {"kind": "cumulative", "of": "dau", "days": 10**400},
    {"kind": "cumulative", "of": "dau", "days": -7},
    {"kind": "cumulative", "of": "dau", "days": 1.5},
    {"kind": "conversion", "first": "new", "then": {"word": "paid"}, "days": 10**9},
    {"kind": "ratio", "part": {"a": 1}, "whole": []},
    {"kind": ["derived"], "formula": "dau"},
    {"kind": "derived", "formula": ["dau"]},
    {"kind": "derived", "formula": "nothing_of_the_kind + dau"},
    {"kind": "simple", "take": "count", "word": "paid", "where": "x"},
    {"kind": "simple", "take": "sum", "word": "paid", "value": "\0"},
    {"kind": "coded", "by": "new"},
    None,
    7,
    [],
]


@pytest.mark.django_db
def test_recipes_that_are_none_are_refused_and_nothing_is_kept(client: Client) -> None:
    before = Metric.objects.count()
    bodies = [json.dumps({"name": "x", "group": "value", "recipe": one}) for one in RECIPES]
    deep = '{"name": "x", "group": "value", "recipe": ' + "[" * 5_000 + "]" * 5_000 + "}"
    far = '{"name": "x", "group": "value", "recipe": {"kind": "cumulative", "days": 1e999}}'
    for body in (*bodies, deep, far, '{"recipe": NaN}', "[]", "7", '"x"', "{"):
        answer = client.post("/api/v1/metrics/", body, content_type="application/json")
        assert answer.status_code == 400, (body[:80], answer.status_code)
    assert Metric.objects.count() == before


GOALS: list[dict[str, Any]] = [
    {"since": "0001-01-01", "until": "0001-02-01"},
    {"since": "9999-11-01", "until": "9999-12-31"},
    {"until": "2017-01-01"},
    {"target": "0.0000001"},
    {"target": "1e9999999"},
    {"target": "NaN"},
    {"target": "-5"},
    {"metric": 7},
    {"metric": ["dau"]},
    {"slice": "stage=\ud800"},
]
SPEND: list[dict[str, Any]] = [
    {"day": "0001-01-01"},
    {"day": "2018-01-02"},
    {"until": "2016-01-01"},
    {"amount_minor": 10**400},
    {"amount_minor": 0},
    {"amount_minor": 1.5},
    {"channel": "nobody"},
    {"campaign": 10**30},
]


@pytest.mark.django_db
def test_days_and_numbers_of_the_money_api_are_ordinary(client: Client) -> None:
    goal: dict[str, Any] = {
        "metric": "dau",
        "since": "2018-01-01",
        "until": "2018-02-01",
        "target": "5",
    }
    for wrong in GOALS:
        body = json.dumps(goal | wrong)
        answer = client.post("/api/v1/goals/", body, content_type="application/json")
        assert answer.status_code in {400, 403}, (wrong, answer.status_code)
    assert not Goal.objects.exists()
    spend: dict[str, Any] = {"day": "2017-12-01", "amount_minor": 500}
    for wrong in SPEND:
        body = json.dumps(spend | wrong)
        answer = client.post("/api/v1/spend/", body, content_type="application/json")
        assert answer.status_code in {400, 403}, (wrong, answer.status_code)
    assert not Spend.objects.exists()
    for odd in ("since=0001-01-01", "until=0001-01-01", "since=2018-01-02&until=2017-01-01"):
        assert client.get(f"/api/v1/spend/channels/?{odd}").status_code == 400, odd


FORMS = {
    "/admin/metrics/goal/make/": "target",
    "/admin/metrics/indicator/benchmark/": "value",
    "/admin/metrics/periodrule/add/": "threshold",
    "/admin/metrics/watch/add/": "threshold",
    "/admin/metrics/lifetimemodel/settings/": "discount",
    "/admin/metrics/periodrule/late-days/": "days",
    "/admin/metrics/spend/enter/": "amount_minor",
    "/admin/metrics/channel/make/": "cap_minor",
}


@pytest.mark.django_db
def test_no_form_breaks_on_a_number_beyond_all_bounds(signed_in: SignIn) -> None:
    today_is(TODAY)
    library.install()
    client = signed_in("admin")
    metric = Metric.objects.get(key="dau").pk
    for address, name in FORMS.items():
        for number in ("1e9999999", HUGE):
            given = {
                "metric": metric, "since": "2018-01-01", "until": "2018-02-01", "name": "n",
                "direction": "at_least", "source": "s", "day": "2018-01-01", "note": "x",
                "comparator": "below", "grain": "month", "times": "1", "days_to_act": "1",
                "kind": "level", "side": "low", "cool_down_days": "1", "months": "3",
                "seen_version": "1", name: number,
            }  # fmt: skip
            answer = client.post(address, given)
            assert answer.status_code in {200, 302, 400, 409}, (address, number)


@pytest.mark.django_db
def test_spend_from_before_anybody_came_does_not_measure_everything_again(manager: Staff) -> None:
    spending.enter(
        since=dt.date(2016, 1, 1),
        until=dt.date(2016, 1, 2),
        channel=None,
        amount_minor=7,
        by=manager,
    )
    found = days.digests(dt.date(2017, 12, 31))
    assert len(found) == 2
    assert days.changed(found, dt.date(2017, 12, 31)) is None


def lines(*rows: str) -> bytes:
    return "\n".join(["day,channel,amount,note", *rows]).encode()


@pytest.mark.django_db
def test_files_of_spend_tell_what_is_wrong_line_by_line(manager: Staff) -> None:
    def read(raw: bytes) -> spend_files.Read:
        return spend_files.read(raw, name="a.csv", currency="CNY", today=TODAY, channels={})

    amounts = ("5", "1e999", "NaN", "٣", "5")
    rows = [f"2017-12-01,,{amount},=1+1" for amount in amounts]
    found = read(lines(*rows, "00010101,,5,", "9999-12-31,,5,"))
    assert [row.line for row in found.rows] == [2, 6]
    assert found.wrong == 5
    for raw in ("日期,金额".encode("utf-16"), b"\x89PNG\r\n\x1a\n\0\0", b"", b'"' + b"x" * 200_000,
                lines(*["2017-12-01,,5,"] * 20_001)):  # fmt: skip
        with pytest.raises(NotAllowed):
            read(raw)


@pytest.mark.django_db
def test_metrics_of_metrics_are_read_once_each(manager: Staff) -> None:
    """A ladder of 30 formulas that each name the one before twice over: 2^30 without memory."""
    day = dt.date(2017, 12, 1)
    measured(count("dau", day, 3))
    base = {"group": "value", "unit": "number", "over": "quotient"}
    recipes = {f"a{n}": f"(a{n - 1} + b{n - 1}) / 2" for n in range(1, 30)}
    recipes |= {f"b{n}": f"(b{n - 1} + a{n - 1}) / 2" for n in range(1, 30)}
    recipes |= {"a0": "dau * 1", "b0": "dau * 1"}
    Metric.objects.bulk_create(
        Metric(key=key, name=key, recipe={"kind": "derived", "formula": one}, **base)
        for key, one in recipes.items()
    )
    assert Overall(["a29"], day, day).value("a29", day, day) == 3


@pytest.mark.django_db
def test_a_comparison_has_days_that_one_can_count(manager: Staff) -> None:
    far = dt.date(1, 1, 1)
    for since, until in ((far, far), (dt.date(9999, 12, 1), dt.date(9999, 12, 31))):
        with pytest.raises(NotAllowed, match="window"):
            comparisons.add(
                "x", [comparisons.Given("tag:1")] * 2, goal_event="buy", since=since, until=until,
                by=manager,
            )  # fmt: skip
    assert comparisons.plan([{"n": 0, "done": 0, "done_before": 0}] * 2, done=1, of=7) == {}


@pytest.mark.django_db
def test_a_scorecard_whose_thresholds_are_one_number_is_refused(manager: Staff) -> None:
    health.install()
    rows = [
        {"metric": one.metric, "weight": 1, "good": Decimal(1), "bad": Decimal("0.9999999")}
        for one in Indicator.objects.select_related("metric")
    ]
    with pytest.raises(NotAllowed, match="differ"):
        health.change(rows, by=manager)


@pytest.mark.django_db
def test_a_goal_of_far_off_days_is_refused(manager: Staff) -> None:
    with pytest.raises(NotAllowed, match="days"):
        goals.add(
            by=manager, metric=Metric.objects.get(key="dau"), since=dt.date(1, 1, 1),
            until=dt.date(1, 1, 9), target=Decimal(5), direction="at_least",
        )  # fmt: skip
