"""Customers stand in the first stage whose rule holds; every move is kept, backwards as well."""

import datetime as dt
import threading
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connections, transaction
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from segments import bits, library, sheet, stages, standing, taxonomies
from segments.models import Column, Customer, EventType, Stage, StageFlow, StageSet
from tests.segments import factories
from tests.segments.factories import CustomerFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)
ONE_DAY = dt.timedelta(days=1)


@pytest.fixture
def lifecycle() -> StageSet:
    library.install_stages()
    return StageSet.objects.get(is_default=True)


def somebody(**traits: Any) -> Any:
    return factories.traits(**traits)


def stage_of(customer: Any) -> str:
    return standing.in_default([customer.pk])[customer.pk].key


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


def test_a_second_run_writes_nothing(lifecycle: StageSet) -> None:
    who = somebody(orders=0)
    stages.recompute(lifecycle, day=DAY)
    versions = dict(Column.objects.values_list("key", "version"))
    kept = list(StageFlow.objects.values())
    for day in (DAY, DAY + ONE_DAY):
        assert stages.recompute(lifecycle, day=day).moves == 0
    assert dict(Column.objects.values_list("key", "version")) == versions
    assert list(StageFlow.objects.values()) == kept
    (stand,) = standing.of([who.pk], [lifecycle])[who.pk].values()
    assert (stand.stage.key, stand.since) == ("prospect", DAY)


def test_moves_forward_and_backward_are_kept_with_their_day(lifecycle: StageSet) -> None:
    who = somebody(orders=5, tenure_days=99, recency_days=90)
    for later, recency in enumerate((90, 1, 40)):
        day = DAY + dt.timedelta(days=later)
        factories.traits(who, recency_days=recency, day=day)
        stages.recompute(lifecycle, day=day)
    found = [
        (move.from_stage and move.from_stage.key, move.to_stage and move.to_stage.key, move.on)
        for move in standing.moves_of([who.pk])
    ]
    assert found == [
        ("growth", "decline", dt.date(2018, 1, 3)),
        ("decline", "growth", dt.date(2018, 1, 2)),
        (None, "decline", DAY),
    ]
    assert [move.is_backward for move in standing.moves_of([who.pk])] == [True, False, False]
    (stand,) = standing.of([who.pk], [lifecycle])[who.pk].values()
    assert stand.since == dt.date(2018, 1, 3)


def test_two_moves_of_one_day_are_one_and_back_again_is_none(lifecycle: StageSet) -> None:
    who = somebody(orders=0)
    stages.recompute(lifecycle, day=DAY)
    factories.traits(who, orders=1, tenure_days=0, recency_days=0)
    stages.recompute(lifecycle, day=DAY + ONE_DAY)
    factories.traits(who, orders=0, tenure_days=None, recency_days=None)
    assert stages.recompute(lifecycle, day=DAY + ONE_DAY).moves == 1
    assert StageFlow.objects.count() == 1
    (stand,) = standing.of([who.pk], [lifecycle])[who.pk].values()
    assert (stand.stage.key, stand.since) == ("prospect", DAY)


def test_whoever_fits_no_stage_any_more_leaves_the_set_and_that_is_kept(
    lifecycle: StageSet,
) -> None:
    who = somebody(orders=0)
    stages.recompute(lifecycle, day=DAY)
    lifecycle.stages.update(rule={"trait": "orders", "op": ">", "value": 5})
    assert stages.recompute(lifecycle, day=DAY + ONE_DAY).moves == 1
    assert standing.in_default([who.pk]) == {}
    assert StageFlow.objects.get(to_stage=None).from_stage.key == "prospect"  # type: ignore[union-attr]


def test_a_failing_rule_keeps_the_last_good_standing_and_says_why(lifecycle: StageSet) -> None:
    who = somebody(orders=0)
    stages.recompute(lifecycle, day=DAY)
    rule = {"segment": factories.SegmentFactory().pk}
    lifecycle.stages.filter(key="prospect").update(rule=rule)
    found = stages.recompute_all(DAY + ONE_DAY)
    assert "cannot be used" in found["lifecycle"].failure
    assert not found["three_states"].failure
    lifecycle.refresh_from_db()
    assert (lifecycle.data_as_of, stage_of(who)) == (DAY, "prospect")
    assert "cannot be used" in lifecycle.failure
    lifecycle.stages.filter(key="prospect").update(rule={"all": []})
    stages.recompute(lifecycle, day=DAY + ONE_DAY)
    lifecycle.refresh_from_db()
    assert (lifecycle.failure, lifecycle.data_as_of) == ("", DAY + ONE_DAY)


def test_what_was_computed_for_stages_that_were_edited_meanwhile_is_not_kept(
    lifecycle: StageSet,
) -> None:
    somebody(orders=0)
    StageSet.objects.filter(pk=lifecycle.pk).update(version=2)
    assert stages.recompute(lifecycle, day=DAY).moves == 0
    assert not StageFlow.objects.exists()


def test_a_stage_whose_event_never_happened_here_is_empty(lifecycle: StageSet) -> None:
    journey = StageSet.objects.get(key="journey")
    somebody(orders=5, tenure_days=99, recency_days=3)
    assert stages.recompute(journey, day=DAY).customers["mature"] == 1
    known = stages.known()
    missing = {one.key: stages.missing_events(one.rule, known) for one in journey.stages.all()}
    assert {key: events for key, events in missing.items() if events} == {
        "advocates": [taxonomies.INVITED]
    }
    EventType.objects.create(name=taxonomies.INVITED)
    cache.clear()
    assert not any(stages.missing_events(one.rule, stages.known()) for one in journey.stages.all())


def test_standing_and_flows_add_up(lifecycle: StageSet) -> None:
    for _ in range(3):
        somebody(orders=0)
    who = somebody(orders=5, tenure_days=99, recency_days=90)
    stages.recompute(lifecycle, day=DAY)
    found = {one.stage.key: (one.customers, one.share) for one in stages.standings(lifecycle)}
    assert found["prospect"] == (3, 0.75)
    assert found["growth"] == (0, 0.0)
    factories.traits(who, recency_days=2)
    stages.recompute(lifecycle, day=DAY + dt.timedelta(days=3))
    (flow,) = stages.flows(lifecycle, since=DAY + ONE_DAY, until=dt.date(2018, 1, 4))
    assert (flow.from_stage.key, flow.to_stage.key, flow.customers) == ("decline", "growth", 1)  # type: ignore[union-attr]


def test_who_is_erased_leaves_no_place_and_no_move(lifecycle: StageSet) -> None:
    who, other = somebody(orders=0), somebody(orders=0)
    stages.recompute(lifecycle, day=DAY)
    sheet.forget([who.pk])
    bits.clear(StageFlow, "members", [who.pk])
    assert standing.moves_of([who.pk]) == []
    assert list(standing.in_default([who.pk, other.pk])) == [other.pk]
    assert [len(flow.members) for flow in lifecycle.flows.all()] == [1]


# --- any past day ---------------------------------------------------------------


@examples(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(runs=[(4, [1] * 6), (1, [2] * 6), (6, [3] * 6), (4, [2] * 6), (2, [0] * 6)])
@given(
    runs=st.lists(
        st.tuples(st.integers(0, 6), st.lists(st.integers(0, 3), min_size=6, max_size=6)),
        min_size=1,
        max_size=8,
    )
)
def test_where_everybody_stood_on_a_past_day_equals_writing_it_all_down(
    lifecycle: StageSet, runs: list[tuple[int, list[int]]]
) -> None:
    """Runs in any order of days, some twice, past ones anew; against a book of all standings."""
    keys = [None, *lifecycle.stages.order_by("position").values_list("pk", flat=True)[:3]]
    book: dict[int, list[int | None]] = {}
    with transaction.atomic():
        for day, places in runs:
            chosen = np.array(
                [standing.NOWHERE if not one else keys[one] for one in places], np.int32
            )
            stages._keep(lifecycle, chosen, DAY + day * ONE_DAY)
            book[day] = [keys[one] for one in places]
        naive: list[int | None] = [None] * 6
        since: list[int | None] = [None] * 6
        for day in range(8):
            for who, place in enumerate(book.get(day, naive)):
                if place != naive[who]:
                    since[who] = day
            naive = book.get(day, naive)
            found = standing.on(lifecycle.pk, DAY + day * ONE_DAY)
            found = standing.longer(found, 6)
            assert [None if one == standing.NOWHERE else int(one) for one in found] == naive, day
        ends = sheet.read(standing.since_key(lifecycle.pk))[standing.since_key(lifecycle.pk)].values
        expected = [
            standing.NOWHERE if place is None or day is None else standing.number(DAY) + day
            for place, day in zip(naive, since, strict=True)
        ]
        assert list(ends) == expected
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_two_recomputes_at_once_write_each_move_once() -> None:
    library.install_stages()
    lifecycle = StageSet.objects.get(is_default=True)
    for _ in range(5):
        somebody(orders=0)
    ready, moves = threading.Barrier(2), []

    def run() -> None:
        try:
            mine = StageSet.objects.get(pk=lifecycle.pk)
            ready.wait(60)
            moves.append(stages.recompute(mine, day=DAY).moves)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(moves) == [0, 5]
    assert [flow.size for flow in StageFlow.objects.all()] == [5]


# --- what ships -----------------------------------------------------------------


def test_six_sets_ship_and_each_takes_everybody_in(lifecycle: StageSet) -> None:
    somebody(orders=0)
    somebody(orders=1, tenure_days=3, recency_days=3, orders_90d=1, m_score=1)
    somebody(orders=9, tenure_days=300, recency_days=200, m_score=5, active_days_30d=0)
    CustomerFactory()
    found = stages.recompute_all(DAY)
    assert list(found) == list(StageSet.objects.values_list("key", flat=True))
    assert set(found) == set(taxonomies.SETS)
    assert {key: sum(one.customers.values()) for key, one in found.items()} == dict.fromkeys(
        taxonomies.SETS, Customer.objects.count()
    )


def test_what_is_here_already_is_not_installed_again_and_stays_the_default() -> None:
    StageSet.objects.create(key="ours", is_default=True)
    StageSet.objects.create(key="three_states", name="Mine")
    assert taxonomies.install() == len(taxonomies.SETS) - 1
    assert taxonomies.install() == 0
    assert StageSet.objects.get(is_default=True).key == "ours"
    assert not StageSet.objects.get(key="three_states").stages.exists()


def test_shipped_stages_are_named_in_the_readers_language_unless_named_here(
    lifecycle: StageSet,
) -> None:
    stage = lifecycle.stages.get(key="growth")
    assert str(stage) == "Growth"
    stage.name = "Second month"
    assert str(stage) == "Second month"
    for one in Stage.objects.all():
        assert str(one) != one.key
        assert one.about
