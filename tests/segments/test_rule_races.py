"""Rules saved by two at once, and computations that were killed: nothing half done stays."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from pyroaring import BitMap

from console.models import Project, Staff
from console.states import NotAllowed
from segments import collection, membership, tags
from segments.models import Segment, SegmentSnapshot, Tag
from segments.rules import tree
from segments.rules.nodes import RuleError
from tests.factories import StaffFactory
from tests.segments import programs
from tests.segments.factories import CustomerFactory, SegmentFactory

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2018, 1, 1)
EVERYBODY: dict[str, Any] = {"all": []}


def both(*deeds: Callable[[], object]) -> list[str]:
    """Do things at the same moment; what refused each, or nothing."""
    ready, said = threading.Barrier(len(deeds)), []

    def one(deed: Callable[[], object]) -> None:
        try:
            ready.wait(60)
            deed()
            said.append("")
        except (NotAllowed, RuleError) as refused:
            said.append(str(refused))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(said)


def speaks_of(segment: Segment, other: Segment, by: Staff) -> Callable[[], object]:
    rule = {"segment": other.pk}
    return lambda: collection.edit(segment, by=by, seen_version=1, rule=rule)


def test_of_two_who_make_a_ring_together_one_is_refused() -> None:
    by = StaffFactory()
    a, b, c = (collection.add(name=name, rule=EVERYBODY, by=by) for name in "abc")
    collection.edit(c, by=by, seen_version=1, rule={"not": {"segment": a.pk}})
    said = both(speaks_of(a, b, by), speaks_of(b, c, by))
    assert said[0] == ""
    assert said[1].startswith("A segment cannot contain itself")
    found = membership.recompute_all(DAY)
    assert not any(one.failure for one in found.values())


def test_what_a_rule_comes_to_need_is_not_put_away_at_that_moment() -> None:
    by = StaffFactory()
    segment = collection.add(name="a", rule=EVERYBODY, by=by)
    tag = tags.add(name="VIP", by=by)
    said = both(
        lambda: collection.edit(segment, by=by, seen_version=1, rule={"tag": tag.pk}),
        lambda: tags.archive(Tag.objects.get(pk=tag.pk), by=by),
    )
    assert said[0] == ""
    assert said[1] != ""
    is_used = tree.numbers_in(Segment.objects.get().rule, "tag") == {tag.pk}
    assert is_used is (Tag.objects.get().archived_at is None)


def test_one_name_is_given_once() -> None:
    by = StaffFactory()
    said = both(*[lambda: collection.add(name="a", rule=EVERYBODY, by=by)] * 3)
    assert said[0] == ""
    assert said[1] == said[2] != ""
    assert Segment.objects.count() == 1


def test_a_recompute_that_is_killed_leaves_the_last_good_members_and_the_next_one_heals() -> None:
    Project.objects.update(today_on=DAY)
    customers = [one.pk for one in CustomerFactory.create_batch(3)]
    yesterday = DAY - dt.timedelta(days=1)
    old = {"members": BitMap(customers[:1]), "size": 1, "data_as_of": yesterday}
    made = [SegmentFactory(rule=EVERYBODY, computed_version=1, **old) for _ in range(3)]
    code = programs.run(
        """
        import datetime
        from unittest import mock
        from segments import membership

        calls, keep = [], membership.SegmentSnapshot.objects.update_or_create

        def second(*given, **more):
            calls.append(1)
            return die() if len(calls) == 2 else keep(*given, **more)

        where = "segments.membership.SegmentSnapshot.objects.update_or_create"
        with mock.patch(where, second):
            membership.recompute_all(datetime.date(2018, 1, 1))
        """
    )
    assert code == -9
    first, *others = (Segment.objects.get(pk=one.pk) for one in made)
    assert first.members == BitMap(customers)
    for one in others:
        assert (one.members, one.size, one.data_as_of) == (BitMap(customers[:1]), 1, yesterday)
        assert membership.is_stale(one, DAY)
    assert SegmentSnapshot.objects.count() == 1
    membership.recompute_all(DAY)
    for one in Segment.objects.all():
        assert one.members == BitMap(customers)
        assert not membership.is_stale(one, DAY)
    assert SegmentSnapshot.objects.filter(day=DAY).count() == 3
