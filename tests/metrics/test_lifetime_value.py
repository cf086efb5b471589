"""Lifetime value end to end: runs, refusals that keep the last good one, settings, traits."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from pyroaring import BitMap

from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from metrics import lifetime_value
from metrics.lifetime_value import Settings
from metrics.models import LifetimeModel, LifetimeRecipe
from metrics.queries import order_days
from metrics.queries.order_days import Day
from segments import foretold, history, membership, traits
from segments.models import Customer, Trait
from tests.metrics.factories import today_is
from tests.segments.factories import EventTypeFactory, happened, incoming
from tests.segments.factories import traits as given

pytestmark = pytest.mark.django_db
TODAY = dt.date(2017, 12, 1)
LAST = TODAY - dt.timedelta(days=1)


Order = tuple[int, dt.date, int | None]  # customer, day, amount
Read = Callable[[list[Order]], None]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Let the lake have these orders, at once: its own way is another test's."""

    def let(orders: list[Order]) -> None:
        by_day: dict[dt.date, dict[int, list[int]]] = {}
        for who, day, amount in sorted(orders, key=lambda one: one[1]):
            by_day.setdefault(day, {}).setdefault(who, []).append(amount or 0)

        def each(_events: object, *, until: dt.date) -> Iterator[Day]:
            for day, theirs in by_day.items():
                if day <= until:
                    who = sorted(theirs)
                    bought = [any(one >= 0 for one in theirs[pk]) for pk in who]
                    sums = [sum(theirs[pk]) for pk in who]
                    yield Day(day, np.array(who), np.array(bought), np.array(sums))

        monkeypatch.setattr(history, "first_day", lambda: min(by_day, default=None))
        monkeypatch.setattr(order_days, "each", each)

    return let


def shop(customers: int = 260, *, seed: int = 3) -> tuple[list[int], list[Order]]:
    """Customers of a shop for 300 days: each orders at a pace of their own until they leave,
    which they do after an order that is not their first."""
    today_is(TODAY)
    chance = np.random.default_rng(seed)
    rows = Customer.objects.bulk_create([Customer(language="en") for _ in range(customers)])
    orders: list[Order] = []
    for one in rows:
        day, pace = float(chance.integers(0, 200)), chance.gamma(2, 20) + 5
        price, first = int(chance.integers(500, 5_000)), True
        while day < 300:
            orders.append((one.pk, ago(300 - int(day)), int(price * chance.uniform(0.7, 1.3))))
            day += max(1, chance.exponential(pace))
            if not first and chance.random() < 0.15:
                break
            first = False
    return [one.pk for one in rows], orders


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def test_before_a_run_there_are_no_such_traits_and_after_it_everybody_can_use_them() -> None:
    people, orders = shop()
    happened(*(incoming(who, day, amount=amount) for who, day, amount in orders))
    assert not set(foretold.FORETOLD) & set(traits.registry())
    run = lifetime_value.run(LAST)
    assert run.refusal == ""
    assert (run.customers, run.day) == (260, LAST)
    assert ago(300) <= (run.since or LAST) <= ago(295)
    assert set(foretold.FORETOLD) <= set(traits.registry())
    found = traits.of(people[:1])[people[0]]
    assert 0 <= found["p_alive"] <= 100
    assert found["predicted_value"] >= 0
    assert found["churn_risk_30"] >= found["churn_risk_60"] >= found["churn_risk_90"]
    row = Trait.objects.get(key="churn_risk_90")
    assert (row.known, row.data_as_of, row.is_shipped) == (260, LAST, True)
    risky = membership.evaluate(
        {"all": [{"trait": "churn_risk_90", "op": ">=", "value": 50}]}, day=TODAY
    )
    values = traits.values("churn_risk_90", TODAY)
    assert risky == BitMap(np.flatnonzero(values >= 50).tolist())
    assert 0 < len(risky) < 260
    assert AuditEntry.objects.filter(action="lifetime.fitted").exists()


def test_a_run_is_tried_on_days_it_had_not_seen(read: Read) -> None:
    _people, orders = shop()
    read(orders)
    found = lifetime_value.run(LAST).report
    trial = found["trial"]
    assert trial["days"] == 90
    assert trial["said"] == pytest.approx(trial["came"], rel=0.25)
    assert set(trial["risks"]) == {"30", "60", "90"}
    assert trial["risks"]["90"]["auc"] > 0.7
    assert trial["risks"]["90"]["brier"] < trial["risks"]["90"]["plain"]
    assert sum(one["customers"] for one in trial["by_times"]) == trial["customers"]
    assert trial["weeks"][-1][2] == pytest.approx(trial["weeks"][-1][1], rel=0.2)
    assert sum(found["model"]["alive"]) == 260
    assert sum(map(sum, found["cohorts"]["sizes"])) == 260
    everybody = traits.values(foretold.VALUE, LAST)
    ahead = found["ahead"][""]
    assert ahead > 0
    assert ahead == pytest.approx(everybody[everybody > 0].sum(), rel=1e-6)
    assert sum(map(sum, found["cohorts"]["ahead"])) == pytest.approx(ahead, rel=1e-4)


def test_too_little_is_refused_in_words_and_the_last_good_run_stays(read: Read) -> None:
    people, orders = shop()
    read(orders)
    good = lifetime_value.run(LAST)
    before = traits.of(people[:5])
    Customer.objects.filter(pk__in=people[20:]).delete()
    run = lifetime_value.run(LAST)
    assert run.get_refusal_display() == "too few customers came again"
    assert (lifetime_value.last(), lifetime_value.in_force()) == (run, good)
    assert traits.of(people[:5]) == before
    assert LifetimeModel.objects.count() == 2


def test_a_project_without_orders_has_a_run_that_says_so() -> None:
    today_is(TODAY)
    run = lifetime_value.run(LAST)
    assert run.refusal == LifetimeModel.Refusal.NOTHING
    assert run.report == {}
    assert lifetime_value.in_force() is None


def test_orders_without_amounts_are_foretold_but_not_valued(read: Read) -> None:
    _people, orders = shop()
    read([(who, day, None) for who, day, _amount in orders])
    run = lifetime_value.run(LAST)
    assert run.refusal == ""
    assert "p" not in run.parameters
    assert "predicted_value" not in traits.registry()
    assert "churn_risk_30" in traits.registry()


def test_refunds_lower_the_value_and_are_no_orders(read: Read) -> None:
    people, orders = shop()
    read(orders)
    before = lifetime_value.run(LAST)
    was = traits.of(people)
    chosen = next(pk for pk in people if was[pk]["expected_orders_90"] > 1)
    read([*orders, (chosen, ago(20), -2_000_000)])
    after = lifetime_value.run(LAST)
    assert after.customers == before.customers
    assert after.log_likelihood == pytest.approx(before.log_likelihood)
    assert traits.of([chosen])[chosen]["predicted_value"] != was[chosen]["predicted_value"]


def test_settings_are_versions_with_a_reason(read: Read, staff_of: Callable[..., Staff]) -> None:
    people, orders = shop(200)
    read(orders)
    EventTypeFactory(name="order_paid")
    lifetime_value.run(LAST)
    was = traits.of(people)
    analyst = staff_of("analyst")
    wanted = Settings(months=24, monthly_discount=Decimal("0.02"))
    with pytest.raises(NotAllowed, match="role"):
        lifetime_value.change(wanted, seen_version=1, note="x", by=staff_of("support"))
    with pytest.raises(NotAllowed, match="few words"):
        lifetime_value.change(wanted, seen_version=1, note=" ", by=analyst)
    with pytest.raises(NotAllowed, match="the same"):
        lifetime_value.change(Settings(), seen_version=1, note="x", by=analyst)
    for wrong in (
        replace(wanted, months=0),
        replace(wanted, monthly_discount=Decimal("-0.1")),
        replace(wanted, split_by="orders"),
        replace(wanted, contract_start="order_paid"),
        replace(wanted, contract_start="order_paid", contract_end="order_paid"),
        replace(wanted, contract_start="order_paid", contract_end="never_seen"),
    ):
        with pytest.raises(NotAllowed):
            lifetime_value.change(wrong, seen_version=1, note="x", by=analyst)
    now = lifetime_value.change(wanted, seen_version=1, note="Two years ahead", by=analyst)
    assert now.version == 2
    with pytest.raises(Stale):
        lifetime_value.change(Settings(), seen_version=1, note="back", by=analyst)
    run = lifetime_value.run(LAST)
    assert run.recipe == now
    found = traits.of(people)
    more = [found[one]["predicted_value"] > was[one]["predicted_value"] for one in people]
    assert np.mean(more) > 0.8
    assert LifetimeRecipe.objects.count() == 2


def test_contracts_have_a_curve_once_their_events_are_named(
    staff_of: Callable[..., Staff],
) -> None:
    today_is(TODAY)
    a, b, c = (one.pk for one in Customer.objects.bulk_create([Customer() for _ in range(3)]))
    happened(
        incoming(a, ago(101), name="signed", amount=None),
        incoming(a, ago(100), name="signed", amount=None),  # says nothing new
        incoming(a, ago(71), name="ended", amount=None),
        incoming(a, ago(70), name="ended", amount=None),  # nor does this
        incoming(a, ago(41), name="signed", amount=None),  # still runs
        incoming(b, ago(61), name="signed", amount=None),
        incoming(b, ago(51), name="ended", amount=None),
        incoming(c, ago(5), name="ended", amount=None),  # of one that nobody knew
        incoming(a, ago(40), amount=500),
        incoming(a, ago(40), amount=-200),
        incoming(b, ago(40), amount=-900),
        incoming(c, ago(40), amount=None),
        incoming(c, ago(3), amount=0),
    )
    read = [
        (one.day, one.who.tolist(), one.bought.tolist(), one.amount.tolist())
        for one in order_days.each(["order_paid"], until=LAST)
    ]
    assert read == [
        (ago(40), [a, b, c], [True, False, True], [300, -900, 0]),
        (ago(3), [c], [True], [0]),
    ]
    wanted = Settings(contract_start="signed", contract_end="ended")
    lifetime_value.change(wanted, seen_version=1, note="We sell contracts", by=staff_of("admin"))
    run = lifetime_value.run(LAST)
    found = run.report["contracts"]
    assert (found["contracts"], found["open"], found["longest"]) == (3, 1, 40)
    assert [row[:3] for row in found["rows"]] == [[10, 3, 1], [30, 2, 1]]
    assert run.refusal == LifetimeModel.Refusal.FEW  # of orders; contracts stand by themselves


def test_curves_are_parted_by_a_trait(read: Read, staff_of: Callable[..., Staff]) -> None:
    people, orders = shop(120)
    read(orders)
    for pk in people[:3]:
        given(pk, favourite_department="GROCERY")
    wanted = Settings(split_by="favourite_department")
    lifetime_value.change(wanted, seen_version=1, note="By department", by=staff_of("admin"))
    found = lifetime_value.run(LAST).report["cohorts"]
    assert found["parts"] == ["GROCERY", ""]
    assert [sum(part) for part in found["sizes"]] == [3, 117]
