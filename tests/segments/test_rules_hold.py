"""A rule asked of the database and the lake says what the rule says, read word by word.

Over random small worlds, in zones east and west, with every kind of condition.
"""

import datetime as dt
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pyroaring import BitMap

from console.models import Project
from segments import arrays, membership, sheet
from segments.models import (
    Customer,
    CustomerList,
    EventType,
    SegmentSnapshot,
    Stage,
    StageSet,
    Tag,
)
from segments.rules import tree
from segments.rules.nodes import DaysSince, RuleError
from segments.sheet import Fresh
from tests.segments import factories, worlds
from tests.segments.factories import SegmentFactory, incoming
from tests.segments.worlds import DAY, KNOWN, Person

pytestmark = pytest.mark.django_db


def plant(people: list[Person]) -> None:
    """Put a made-up world into the database and a new lake."""
    Project.objects.update(time_zone=str(people[0].zone) if people else "UTC")
    for name in worlds.EVENTS:
        EventType.objects.get_or_create(name=name)
    for one in people:
        Customer.objects.create(pk=one.id, attributes=one.profile)
        factories.traits(one.id, day=DAY, **one.traits)
        for purpose in ("marketing", "service"):
            granted = purpose in one.consents
            factories.ConsentFactory(
                customer=Customer.objects.get(pk=one.id), purpose=purpose, granted=granted
            )
    plant_sets(people)
    plant_columns(people)
    factories.happened(
        *(
            incoming(one.id, DAY, name=name, time=at, properties=properties)
            for one in people
            for name, at, properties in one.events
        )
    )


def plant_sets(people: list[Person]) -> None:
    """The segment with its snapshots, the tag, and the list."""

    def those(fits: Callable[[Person], bool]) -> BitMap:
        return BitMap(one.id for one in people if fits(one))

    vip = SegmentFactory(
        pk=7, members=those(lambda one: one.in_segment[-1]), computed_version=1, data_as_of=DAY
    )
    for at in range(worlds.SNAPSHOTS):
        members = BitMap(one.id for one in people if one.in_segment[at])
        day = DAY - dt.timedelta(days=worlds.SNAPSHOTS - 1 - at)
        SegmentSnapshot.objects.create(segment=vip, day=day, members=members, size=len(members))
    Tag.objects.create(pk=3, name="patient", members=those(lambda one: one.is_tagged))
    CustomerList.objects.create(
        pk=5, name="fair", status="ready", members=those(lambda one: one.is_listed)
    )


def plant_columns(people: list[Person]) -> None:
    """Stages, and first and last times, as the pipeline would write them."""
    stage_set = StageSet.objects.create(key="lifecycle")
    stages = {
        key: Stage.objects.create(stage_set=stage_set, key=key, position=at).pk
        for at, key in enumerate(worlds.STAGES)
    }
    today = (DAY - dt.date(1970, 1, 1)).days
    some: dict[str, dict[int, int]] = {
        f"stage:{stage_set.pk}": {one.id: stages[one.stage] for one in people if one.stage},
        f"since:{stage_set.pk}": {one.id: today - one.days_in_stage for one in people if one.stage},
    }
    for which, event in itertools.product(("first", "last"), worlds.EVENTS[:1]):  # not the rare
        leaf = DaysSince(which, event, "is_set")  # type: ignore[arg-type]
        ago = {one.id: worlds.days_since(leaf, one, DAY) for one in people}
        some[f"{which}:{event}"] = {who: today - n for who, n in ago.items() if n is not None}
    has_columns = len(people) % 2  # in the other worlds the rows are asked
    if has_columns:
        cities = {one.id: one.profile.get("city") for one in people}
        some["profile:city"] = {who: worlds.CITIES.index(one) for who, one in cities.items() if one}
    fresh = {key: Fresh(_spread(values)) for key, values in some.items()}
    if has_columns:
        fresh["profile:city"] = Fresh(fresh["profile:city"].values, worlds.CITIES)
    sheet.write(fresh, day=DAY)


def _spread(values: dict[int, int]) -> arrays.Array:
    return arrays.spread(
        np.array(list(values), np.int64), np.array(list(values.values()), np.int32)
    )


@pytest.mark.parametrize("slow_ways", [False, True], ids=["day sets", "lake"])
@examples(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking asks the lake for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_members_equal_the_rule_read_word_by_word(
    slow_ways: bool, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Several rules about each random world, over every kind of condition."""
    people = data.draw(worlds.persons())
    rules = data.draw(st.lists(worlds.rules, min_size=1, max_size=5))
    if slow_ways:
        rules = [{"any": [{"event": "order_paid", "times": 4}, rule]} for rule in rules]
    settings.LAKE_PATH = tmp_path_factory.mktemp("lake") / "events"
    settings.COPIES_PATH = tmp_path_factory.mktemp("copies")
    cache.clear()
    with transaction.atomic():
        plant(people)
        for raw in rules:
            try:
                rule = tree.parse(raw, KNOWN)
            except RuleError as deep:
                assert "nested" in str(deep)  # noqa: PT017  (random rules may only be too deep)
                continue
            expected = {one.id for one in people if worlds.holds(rule, one)}
            try:
                found = set(membership.evaluate(raw, day=DAY))
            except RuleError as refused:
                assert "profile has a field" in str(refused)  # noqa: PT017  (nobody has it)
                continue
            assert found == expected, raw
        transaction.set_rollback(True)
