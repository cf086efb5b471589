"""Segments are made, edited and archived by those who may, and every deed is kept."""

import pytest

from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from segments import collection
from segments.models import Segment
from segments.rules.nodes import RuleError
from tests.factories import StaffFactory, TeamFactory
from tests.segments.factories import SegmentFactory

pytestmark = pytest.mark.django_db
RULE = {"trait": "orders", "op": ">", "value": 3}


@pytest.fixture
def bob() -> Staff:
    return StaffFactory(role="operator")


@pytest.fixture
def charlie() -> Staff:
    return StaffFactory(role="operator", team=TeamFactory(name="Retention"))


def test_a_new_segment_belongs_to_its_maker_and_their_team(bob: Staff) -> None:
    segment = collection.add(name="Frequent", rule=RULE, by=bob)
    assert (segment.owner, segment.team, segment.rule_version) == (bob, bob.team, 1)
    assert AuditEntry.objects.get(action="segment.added").details == {"rule": RULE}


def test_a_new_rule_is_a_new_version_with_a_line_that_has_both(bob: Staff) -> None:
    segment = collection.add(name="Frequent", rule=RULE, by=bob)
    assert collection.edit(segment, by=bob, seen_version=1, rule={"all": []}) is True
    segment.refresh_from_db()
    assert (segment.rule_version, segment.rule) == (2, {"all": []})
    details = AuditEntry.objects.get(action="segment.rule").details
    assert details == {"was": RULE, "now": {"all": []}}


def test_a_new_name_alone_keeps_the_version_and_the_members(bob: Staff) -> None:
    segment = collection.add(name="Frequent", rule=RULE, by=bob)
    assert collection.edit(segment, by=bob, seen_version=1, name="Often", rule=RULE) is False
    segment.refresh_from_db()
    assert (segment.name, segment.rule_version) == ("Often", 1)
    assert not AuditEntry.objects.filter(action="segment.rule").exists()


def test_an_edit_of_what_somebody_else_changed_is_refused(bob: Staff) -> None:
    segment = collection.add(name="Frequent", rule=RULE, by=bob)
    collection.edit(segment, by=bob, seen_version=1, rule={"all": []})
    with pytest.raises(Stale, match="meanwhile"):
        collection.edit(segment, by=bob, seen_version=1, rule=RULE)
    segment.refresh_from_db()
    assert segment.rule == {"all": []}


@pytest.mark.parametrize("role", ["manager", "support"])
def test_roles_that_may_not_change_segments_make_none(role: str) -> None:
    with pytest.raises(NotAllowed):
        collection.add(name="Mine", rule=RULE, by=StaffFactory(role=role))
    assert not Segment.objects.exists()


def test_another_teams_segment_stays_as_it_is(bob: Staff, charlie: Staff) -> None:
    segment = collection.add(name="Frequent", rule=RULE, by=bob)
    with pytest.raises(NotAllowed, match="another team"):
        collection.edit(segment, by=charlie, seen_version=1, name="Mine now")
    with pytest.raises(NotAllowed, match="another team"):
        collection.archive(segment, by=charlie)
    segment.refresh_from_db()
    assert (segment.name, segment.archived_at) == ("Frequent", None)


def test_a_bad_rule_changes_nothing(bob: Staff) -> None:
    segment = collection.add(name="Frequent", rule=RULE, by=bob)
    with pytest.raises(RuleError, match="shoe_size"):
        collection.edit(segment, by=bob, seen_version=1, rule={**RULE, "trait": "shoe_size"})
    segment.refresh_from_db()
    assert (segment.rule, segment.rule_version) == (RULE, 1)


def test_a_rule_that_leads_back_to_its_segment_is_refused(bob: Staff) -> None:
    segment = collection.add(name="A", rule=RULE, by=bob)
    outer = collection.add(name="B", rule={"segment": segment.pk}, by=bob)
    with pytest.raises(RuleError, match="A → B → A"):
        collection.edit(segment, by=bob, seen_version=1, rule={"not": {"segment": outer.pk}})


def test_a_segment_that_others_are_made_of_is_not_archived(bob: Staff) -> None:
    inner = SegmentFactory(name="Inner")
    outer = SegmentFactory(name="Outer", rule={"segment": inner.pk})
    with pytest.raises(NotAllowed, match="Outer"):
        collection.archive(inner, by=bob)
    collection.archive(outer, by=bob)
    collection.archive(inner, by=bob)
    inner.refresh_from_db()
    assert inner.archived_at
    collection.restore(inner, by=bob)
    inner.refresh_from_db()
    assert inner.archived_at is None
    assert AuditEntry.objects.filter(action="segment.archived").count() == 2
