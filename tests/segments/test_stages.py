"""Customers stand in the first stage whose rule holds; every move is kept, backwards as well."""

import datetime as dt
from typing import Any

import pytest

from segments import library, stages
from segments.models import CustomerStage, StageMove, StageSet
from segments.rules.nodes import RuleError
from tests.segments import factories

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)


@pytest.fixture
def lifecycle() -> StageSet:
    library.install_stages()
    return StageSet.objects.get()


def somebody(**traits: Any) -> Any:
    return factories.traits(**traits)


def stage_of(customer: Any) -> str:
    return CustomerStage.objects.get(customer=customer).stage.key


@pytest.mark.parametrize(
    ("traits", "stage"),
    [
        ({"orders": 0}, "prospect"),
        ({"orders": 1, "tenure_days": 0, "recency_days": 0, "orders_90d": 1}, "activation"),
        ({"orders": 20, "tenure_days": 29, "recency_days": 1, "orders_90d": 20}, "activation"),
        ({"orders": 2, "tenure_days": 30, "recency_days": 30, "orders_90d": 2}, "growth"),
        ({"orders": 50, "tenure_days": 300, "recency_days": 3, "orders_90d": 11}, "growth"),
        ({"orders": 50, "tenure_days": 300, "recency_days": 3, "orders_90d": 12}, "maturity"),
        ({"orders": 50, "tenure_days": 300, "recency_days": 31, "orders_90d": 12}, "decline"),
    ],
)
def test_the_lifecycle_puts_customers_where_the_field_would(
    lifecycle: StageSet, traits: dict[str, int], stage: str
) -> None:
    who = somebody(**traits)
    stages.recompute(lifecycle, day=DAY)
    assert stage_of(who) == stage


def test_a_recompute_counts_customers_and_moves(lifecycle: StageSet) -> None:
    somebody(orders=0)
    somebody(orders=5, tenure_days=99, recency_days=90)
    counts = stages.recompute(lifecycle, day=DAY)
    assert counts.moves == 2
    assert counts.customers == {
        "prospect": 1, "activation": 0, "growth": 0, "maturity": 0, "decline": 1,
    }  # fmt: skip


def test_a_second_run_moves_nobody(lifecycle: StageSet) -> None:
    who = somebody(orders=0)
    stages.recompute(lifecycle, day=DAY)
    assert stages.recompute(lifecycle, day=DAY).moves == 0
    assert stages.recompute(lifecycle, day=DAY + dt.timedelta(days=1)).moves == 0
    assert CustomerStage.objects.get(customer=who).since_on == DAY
    assert StageMove.objects.count() == 1


def test_moves_forward_and_backward_are_kept_with_their_day(lifecycle: StageSet) -> None:
    who = somebody(orders=5, tenure_days=99, recency_days=90)
    for later, recency in enumerate((90, 1, 40)):
        day = DAY + dt.timedelta(days=later)
        factories.traits(who, recency_days=recency, day=day)
        stages.recompute(lifecycle, day=day)
    found = StageMove.objects.order_by("pk").values_list("from_stage__key", "to_stage__key", "on")
    assert list(found) == [
        (None, "decline", DAY),
        ("decline", "growth", dt.date(2018, 1, 2)),
        ("growth", "decline", dt.date(2018, 1, 3)),
    ]
    assert CustomerStage.objects.get(customer=who).since_on == dt.date(2018, 1, 3)


def test_whoever_fits_no_stage_any_more_leaves_the_set_and_that_is_kept(
    lifecycle: StageSet,
) -> None:
    who = somebody(orders=0)
    stages.recompute(lifecycle, day=DAY)
    lifecycle.stages.update(rule={"trait": "orders", "op": ">", "value": 5})
    assert stages.recompute(lifecycle, day=DAY).moves == 1
    assert not CustomerStage.objects.filter(customer=who).exists()
    assert StageMove.objects.get(to_stage=None).from_stage.key == "prospect"  # type: ignore[union-attr]


def test_a_stages_rule_may_not_lean_on_stages_or_segments(lifecycle: StageSet) -> None:
    who = somebody(orders=0)
    stages.recompute(lifecycle, day=DAY)
    first = lifecycle.stages.order_by("position").first()
    assert first
    first.rule = {"segment": factories.SegmentFactory().pk}
    first.save()
    with pytest.raises(RuleError, match="cannot be used"):
        stages.recompute(lifecycle, day=DAY)
    assert stage_of(who) == "prospect"


def test_standing_and_flows_add_up(lifecycle: StageSet) -> None:
    for _ in range(3):
        somebody(orders=0)
    who = somebody(orders=5, tenure_days=99, recency_days=90)
    stages.recompute(lifecycle, day=DAY)
    standing = {one.stage.key: (one.customers, one.share) for one in stages.standing(lifecycle)}
    assert standing["prospect"] == (3, 0.75)
    assert standing["growth"] == (0, 0.0)
    factories.traits(who, recency_days=2)
    stages.recompute(lifecycle, day=DAY + dt.timedelta(days=3))
    (flow,) = stages.flows(lifecycle, since=DAY + dt.timedelta(days=1), until=dt.date(2018, 1, 4))
    assert (flow.from_stage.key, flow.to_stage.key, flow.customers) == ("decline", "growth", 1)  # type: ignore[union-attr]


def test_shipped_stages_are_named_in_the_readers_language_unless_named_here(
    lifecycle: StageSet,
) -> None:
    stage = lifecycle.stages.get(key="growth")
    assert str(stage) == "Growth"
    stage.name = "Second month"
    assert str(stage) == "Second month"


def test_a_set_that_exists_is_not_installed_again(lifecycle: StageSet) -> None:
    library.install_stages()
    assert StageSet.objects.count() == 1
