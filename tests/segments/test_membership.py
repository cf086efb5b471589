"""Who belongs to a segment: as the rule says, with windows, freshness, failures and cycles."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from pyroaring import BitMap
from pytest_django import DjangoAssertNumQueries

from console import clock
from segments import activity, library, membership, traits
from segments.models import Segment, Trait
from segments.rules.nodes import RuleError
from tests.segments import factories
from tests.segments.factories import SegmentFactory, incoming

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)
EVERYONE: dict[str, Any] = {"all": []}


def members(segment: Segment) -> set[int]:
    segment.refresh_from_db()
    return set(segment.members)


# --- windows and days ---------------------------------------------------------


@pytest.mark.parametrize(
    ("bought_on", "belongs"),
    [("2018-01-01", True), ("2017-12-26", True), ("2017-12-25", False), ("2018-01-02", False)],
)
def test_the_last_seven_days_end_with_today_and_include_it(bought_on: str, belongs: bool) -> None:
    who = factories.CustomerFactory()
    factories.happened(incoming(who, bought_on))
    rule = {"event": "order_paid", "days": 7}
    assert (who.pk in membership.evaluate(rule, day=DAY)) is belongs


def test_a_day_begins_at_midnight_of_the_projects_zone() -> None:
    project = clock.project()
    project.time_zone = "Asia/Shanghai"
    project.save()
    early, late = factories.CustomerFactory.create_batch(2)
    factories.happened(
        incoming(early, DAY, time=dt.datetime(2017, 12, 31, 15, 59, tzinfo=dt.UTC)),
        incoming(late, DAY, time=dt.datetime(2017, 12, 31, 16, 0, tzinfo=dt.UTC)),
    )
    assert set(membership.evaluate({"event": "order_paid", "days": 1}, day=DAY)) == {late.pk}


def test_three_times_may_be_spread_over_days_or_fall_on_one() -> None:
    spread, once, twice = factories.CustomerFactory.create_batch(3)
    factories.happened(
        *(incoming(spread, f"2017-12-{day}") for day in (10, 20, 30)),
        *(incoming(once, "2017-12-24") for _ in range(3)),
        *(incoming(twice, "2017-12-24") for _ in range(2)),
    )
    rule = {"event": "order_paid", "times": 3, "days": 30}
    assert set(membership.evaluate(rule, day=DAY)) == {spread.pk, once.pk}


def test_properties_of_events_are_asked_of_the_lake() -> None:
    here, there = factories.CustomerFactory.create_batch(2)
    factories.happened(
        incoming(here, DAY, properties={"store": "367"}),
        incoming(there, DAY, properties={"store": "400"}),
    )
    rule = {"event": "order_paid", "where": [{"property": "store", "op": "=", "value": "367"}]}
    assert set(membership.evaluate(rule, day=DAY)) == {here.pk}


def test_a_deleted_customer_is_nobodys_member() -> None:
    gone, stays = factories.CustomerFactory.create_batch(2)
    factories.happened(incoming(gone, DAY), incoming(stays, DAY))
    gone.delete()
    assert set(membership.evaluate({"event": "order_paid"}, day=DAY)) == {stays.pk}


# --- segments inside segments -------------------------------------------------


def test_a_segment_may_be_made_of_another_that_was_never_computed() -> None:
    rich, poor = factories.CustomerFactory.create_batch(2)
    factories.traits(customer=rich, orders=9)
    factories.traits(customer=poor, orders=1)
    inner = SegmentFactory(rule={"trait": "orders", "op": ">", "value": 5})
    assert set(membership.evaluate({"not": {"segment": inner.pk}}, day=DAY)) == {poor.pk}


def test_a_cycle_is_refused_with_its_path() -> None:
    a = SegmentFactory(name="A")
    b = SegmentFactory(name="B", rule={"all": [{"segment": a.pk}]})
    with pytest.raises(RuleError, match="A → B → A"):
        membership.evaluate({"not": {"segment": b.pk}}, day=DAY, of=a.pk)
    with pytest.raises(RuleError, match="A → A"):
        membership.evaluate({"segment": a.pk}, day=DAY, of=a.pk)


def test_using_a_segment_twice_is_no_cycle() -> None:
    who = factories.CustomerFactory()
    a = SegmentFactory()
    b = SegmentFactory(rule={"segment": a.pk})
    membership.recompute_all(DAY)
    both = {"all": [{"segment": a.pk}, {"segment": b.pk}]}
    assert set(membership.evaluate(both, day=DAY)) == {who.pk}


def test_everything_is_recomputed_after_what_it_is_made_of() -> None:
    who = factories.CustomerFactory()
    outer = SegmentFactory()
    inner = SegmentFactory()
    Segment.objects.filter(pk=outer.pk).update(rule={"segment": inner.pk})
    membership.recompute_all(DAY)
    assert members(outer) == {who.pk}
    Segment.objects.filter(pk=inner.pk).update(rule={"not": EVERYONE}, rule_version=2)
    membership.recompute_all(DAY)
    assert members(outer) == set()


def test_a_new_rule_reaches_the_segments_made_of_it_as_well() -> None:
    factories.CustomerFactory()
    inner = SegmentFactory()
    outer = SegmentFactory(rule={"segment": inner.pk})
    outermost = SegmentFactory(rule={"not": {"segment": outer.pk}})
    membership.recompute_all(DAY)
    Segment.objects.filter(pk=inner.pk).update(rule={"not": EVERYONE}, rule_version=2)
    inner.refresh_from_db()
    membership.recompute_with_users(inner, day=DAY)
    assert members(outer) == set()
    assert len(members(outermost)) == 1


# --- kept, fresh, stale, failed -----------------------------------------------


def test_a_recompute_keeps_members_size_day_and_snapshot() -> None:
    who = factories.CustomerFactory()
    segment = SegmentFactory()
    assert membership.is_stale(segment, DAY)
    membership.recompute(segment, day=DAY)
    assert members(segment) == {who.pk}
    assert (segment.size, segment.data_as_of, segment.failure) == (1, DAY, "")
    assert [(one.day, one.size) for one in segment.snapshots.all()] == [(DAY, 1)]
    assert not membership.is_stale(segment, DAY)
    assert membership.is_stale(segment, DAY + dt.timedelta(days=1))


def test_a_second_recompute_of_a_day_keeps_one_snapshot() -> None:
    segment = SegmentFactory()
    membership.recompute(segment, day=DAY)
    factories.CustomerFactory()
    membership.recompute(segment, day=DAY)
    assert [one.size for one in segment.snapshots.all()] == [1]


def test_a_failed_recompute_keeps_the_last_good_members_and_says_why() -> None:
    who = factories.CustomerFactory()
    segment = SegmentFactory()
    membership.recompute(segment, day=DAY)
    Segment.objects.filter(pk=segment.pk).update(
        rule={"trait": "shoe_size", "op": ">", "value": 3}, rule_version=2
    )
    segment.refresh_from_db()
    membership.recompute(segment, day=DAY)
    assert members(segment) == {who.pk}
    assert "shoe_size" in segment.failure
    assert membership.is_stale(segment, DAY)


def test_one_segment_that_fails_does_not_stop_the_others(monkeypatch: Any) -> None:
    broken = SegmentFactory(rule={"event": "order_paid"})
    fine = SegmentFactory()
    factories.EventTypeFactory()

    def fail(*_args: Any, **_named: Any) -> BitMap:
        raise OSError("the disk is full")

    monkeypatch.setattr(activity, "counted", fail)
    found = membership.recompute_all(DAY)
    assert "OSError" in found[broken.pk].failure
    assert found[fine.pk].failure == ""
    fine.refresh_from_db()
    assert fine.size == 0


def test_a_result_for_a_rule_that_was_edited_meanwhile_is_thrown_away() -> None:
    factories.CustomerFactory()
    segment = SegmentFactory()
    Segment.objects.filter(pk=segment.pk).update(rule_version=2)
    membership.recompute(segment, day=DAY)
    segment.refresh_from_db()
    assert segment.computed_at is None


def test_archived_segments_rest() -> None:
    archived = SegmentFactory(archived_at=timezone.now())
    assert membership.recompute_all(DAY) == {}
    archived.refresh_from_db()
    assert archived.size is None


# --- preview ------------------------------------------------------------------


def test_a_preview_counts_the_whole_and_every_part() -> None:
    for orders in (1, 5, 9):
        factories.traits(orders=orders)
    rule = {
        "all": [
            {"trait": "orders", "op": ">=", "value": 5},
            {"not": {"trait": "orders", "op": "=", "value": 9}},
        ]
    }
    found = membership.preview(rule, day=DAY)
    assert (found.count, found.of, len(found.sample)) == (1, 3, 1)
    assert found.parts == {(): 1, ("all", 0): 2, ("all", 1): 2, ("all", 1, "not"): 1}


def test_a_preview_says_what_nobody_has_a_value_of() -> None:
    traits.install()
    factories.traits(orders=5)
    Trait.objects.filter(key="orders").update(known=1)  # as a computation notes
    many = {"trait": "orders", "op": ">=", "value": 9}
    found = membership.preview(
        {"all": [many, {"trait": "invites", "op": ">", "value": 0}]}, day=DAY
    )
    assert found.count == 0
    assert found.valueless == ["invitations"]


def test_a_preview_asks_the_same_condition_once(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    factories.traits(orders=1)
    same = {"trait": "orders", "op": "=", "value": 1}
    with django_assert_max_num_queries(14):
        membership.preview({"any": [same] * 50}, day=DAY)


def test_the_ready_made_segments_can_all_be_computed() -> None:
    for name in ("order_paid", "coupon_redeemed"):
        factories.EventTypeFactory(name=name)
    assert library.install() == len(library.SEGMENTS)
    assert library.install() == 0
    found = membership.recompute_all(DAY)
    assert len(found) == len(library.SEGMENTS)
    assert not [one for one in found.values() if one.failure]


def test_ready_made_segments_about_events_that_never_happened_are_left_out() -> None:
    library.install()
    assert not Segment.objects.filter(name__contains="Coupon").exists()
