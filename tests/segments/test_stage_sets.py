"""Stage sets are edited in versions, tried out first, and put away only where nobody needs them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from console.models import AuditEntry, Staff
from console.states import NotAllowed, Stale
from segments import bits, library, sheet, stage_drafts, stage_sets, stages, standing, taxonomies
from segments.models import StageFlow, StageSet
from tests.factories import StaffFactory, TeamFactory
from tests.segments import factories
from tests.segments.factories import SegmentFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 1, 1)
EVERYBODY: dict[str, Any] = {"all": []}


@pytest.fixture
def lifecycle() -> StageSet:
    library.install_stages()
    return StageSet.objects.get(is_default=True)


@pytest.fixture
def analyst() -> Staff:
    return StaffFactory.create(role="analyst")


def draft(name: str, rule: Any = None, **fields: Any) -> dict[str, Any]:
    return {
        "key": "", "name": name, "color": "#123456", "level": 1, "description": "",
        "rule": rule or EVERYBODY, **fields,
    }  # fmt: skip


def orders(op: str, value: int) -> dict[str, Any]:
    return {"trait": "orders", "op": op, "value": value}


def save(stage_set: StageSet, by: Staff, drafts: list[dict[str, Any]], **more: Any) -> bool:
    stage_set.refresh_from_db()
    given = {"name": stage_set.name, "description": stage_set.description, **more}
    given.setdefault("seen_version", stage_set.version)
    return stage_sets.edit(stage_set, by=by, drafts=drafts, **given)


# --- making and editing -----------------------------------------------------------


def test_a_set_of_ones_own_has_stages_in_order_and_a_first_version(analyst: Staff) -> None:
    made = stage_sets.add(
        name="会员 tiers",
        drafts=[draft("金", orders(">", 5)), draft("Silver", orders(">", 1)), draft("Rest")],
        by=analyst,
        note="first  try",
    )
    assert list(made.stages.values_list("position", "key", "name")) == [
        (1, "stage", "金"), (2, "silver", "Silver"), (3, "rest", "Rest"),
    ]  # fmt: skip
    assert (made.key, made.owner, made.team, made.is_default) == (
        "tiers", analyst, analyst.team, False,
    )  # fmt: skip
    version = made.versions.get()
    assert (version.number, version.note, version.by) == (1, "first try", analyst)
    assert version.stages == taxonomies.written(made)
    assert AuditEntry.objects.filter(action="stageset.added").count() == 1


def test_every_save_of_stages_is_a_version_and_a_stage_left_out_is_retired(
    lifecycle: StageSet, analyst: Staff
) -> None:
    drafts = taxonomies.written(lifecycle)
    assert not save(lifecycle, analyst, drafts)
    drafts = [drafts[4], *drafts[1:4], draft("Never bought")]
    assert save(lifecycle, analyst, drafts, note="prospects are called so")
    lifecycle.refresh_from_db()
    assert lifecycle.version == 2
    used = lifecycle.stages.filter(retired_at=None).order_by("position")
    assert [one.key for one in used] == [
        "decline", "activation", "growth", "maturity", "never_bought",
    ]  # fmt: skip
    assert lifecycle.stages.get(key="prospect").retired_at
    newest, oldest = lifecycle.versions.order_by("-number")
    assert (newest.number, newest.note, oldest.number) == (2, "prospects are called so", 1)
    assert stage_drafts.difference(oldest.stages, newest.stages, stages.known()) == [
        "“Never bought” is new.",
        "“Prospect” was retired.",
        "The order is now: Decline, Activation, Growth, Maturity, Never bought.",
    ]


def test_a_retired_stage_comes_back_with_its_past(lifecycle: StageSet, analyst: Staff) -> None:
    all_five = taxonomies.written(lifecycle)
    was = lifecycle.stages.get(key="prospect").pk
    save(lifecycle, analyst, all_five[1:])
    save(lifecycle, analyst, all_five)
    assert lifecycle.stages.get(key="prospect").pk == was
    assert lifecycle.stages.get(key="prospect").retired_at is None


def test_a_change_of_words_alone_is_no_version(lifecycle: StageSet, analyst: Staff) -> None:
    assert not save(lifecycle, analyst, taxonomies.written(lifecycle), name="Our way")
    lifecycle.refresh_from_db()
    assert (str(lifecycle), lifecycle.version) == ("Our way", 1)
    assert AuditEntry.objects.get(action="stageset.changed").details["fields"] == ["name"]


def test_rules_and_colours_that_changed_are_told_in_words(lifecycle: StageSet) -> None:
    was = taxonomies.written(lifecycle)
    now = [dict(one) for one in was]
    now[0] |= {"rule": orders("<", 2), "color": "#000000", "name": "Leads"}
    assert stage_drafts.difference(was, now, stages.known()) == [
        "“Prospect” is called “Leads”.",
        "“Leads”: the rule was “orders is 0” and is “orders is less than 2”.",
        "“Leads” has another colour.",
    ]


def test_who_edits_what_somebody_else_edited_meanwhile_is_refused(
    lifecycle: StageSet, analyst: Staff
) -> None:
    save(lifecycle, analyst, taxonomies.written(lifecycle)[1:])
    with pytest.raises(Stale, match="meanwhile"):
        save(lifecycle, analyst, [draft("Everybody")], seen_version=1)
    assert lifecycle.stages.filter(retired_at=None).count() == 4


@pytest.mark.parametrize(
    ("drafts", "at", "words"),
    [
        ([], None, "at least one stage"),
        ([draft(f"s{at}") for at in range(21)], None, "at most 20"),
        ([draft(" ")], 0, "needs a name"),
        ([draft("A"), draft("a")], 1, "this name already"),
        ([draft("A", color="red")], 0, "#rrggbb"),
        ([draft("A", level=None)], 0, "whole number"),
        ([draft("A", {"segment": 1})], 0, "cannot be used in this rule"),
        ([draft("A", {"event": "buy", "days": -3})], 0, "There is no event"),
        ([draft("A", {"nonsense": 1})], 0, "exactly one of"),
    ],
    ids=["none", "many", "no name", "twice", "colour", "level", "segment", "event", "nonsense"],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    drafts: list[dict[str, Any]], at: int | None, words: str, analyst: Staff
) -> None:
    assert words in stage_sets.problems(drafts)[at]
    with pytest.raises(NotAllowed):
        stage_sets.add(name="Ours", drafts=drafts, by=analyst)
    assert not StageSet.objects.exists()


def test_stages_that_rest_on_the_profile_alone_are_named(lifecycle: StageSet) -> None:
    factories.CustomerFactory(attributes={"age": "25-34"})
    young = {"profile": "age", "op": "=", "value": "25-34"}
    drafts = [draft("Young", young), draft("Young buyers", {"all": [young, orders(">", 0)]})]
    assert stage_sets.static_only(drafts, stages.known()) == ["Young"]


# --- trying out -------------------------------------------------------------------


def test_a_draft_is_tried_without_writing_anything(lifecycle: StageSet) -> None:
    for count in (0, 0, 1, 9):
        factories.traits(orders=count, tenure_days=99, recency_days=90)
    stages.recompute(lifecycle, day=DAY)
    before = sheet.versions([standing.stage_key(lifecycle.pk)]), StageFlow.objects.count()
    drafts = taxonomies.written(lifecycle)
    drafts = [drafts[0], draft("Big", orders(">", 5)), *drafts[1:4]]
    found = stage_sets.preview(drafts, of=lifecycle, day=DAY)
    assert [(one.label, one.before, one.customers) for one in found.trials] == [
        ("Prospect", 2, 2), ("Big", 0, 1), ("Activation", 0, 0), ("Growth", 0, 0),
        ("Maturity", 0, 0),
    ]  # fmt: skip
    assert {(one.was, one.now, one.customers) for one in found.shifts} == {
        ("Decline", "Big", 1), ("Decline", "", 1),
    }  # fmt: skip
    assert (found.nowhere, found.of) == (1, 4)
    assert before == (
        sheet.versions([standing.stage_key(lifecycle.pk)]), StageFlow.objects.count(),
    )  # fmt: skip


# --- the default, and putting away ------------------------------------------------


def test_exactly_one_set_is_the_default(lifecycle: StageSet, analyst: Staff) -> None:
    other = StageSet.objects.get(key="three_states")
    stage_sets.make_default(other, by=analyst)
    assert StageSet.objects.get(is_default=True) == other
    stage_sets.archive(lifecycle, by=analyst)
    with pytest.raises(NotAllowed, match="archived"):
        stage_sets.make_default(lifecycle, by=analyst)
    with pytest.raises(NotAllowed, match="default set"):
        stage_sets.archive(other, by=analyst)
    assert "lifecycle" not in stages.recompute_all(DAY)
    stage_sets.restore(lifecycle, by=analyst)
    assert "lifecycle" in stages.recompute_all(DAY)


def test_what_segments_need_is_neither_archived_nor_left_out(
    lifecycle: StageSet, analyst: Staff
) -> None:
    states = StageSet.objects.get(key="three_states")
    SegmentFactory(name="Sleepers", rule={"stage": "three_states", "in": ["dormant"]})
    SegmentFactory(name="Elsewhere", rule={"stage": "lifecycle", "in": ["decline"]})
    with pytest.raises(NotAllowed, match="Sleepers"):
        stage_sets.archive(states, by=analyst)
    drafts = taxonomies.written(states)
    with pytest.raises(NotAllowed, match="Sleepers"):
        save(states, analyst, drafts[:2])
    assert save(states, analyst, drafts[1:])
    states.refresh_from_db()
    assert states.archived_at is None
    assert states.stages.get(key="dormant").retired_at is None


# --- who may ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "may"),
    [("operator", True), ("analyst", True), ("admin", True), ("product", False),
     ("manager", False), ("support", False)],
)  # fmt: skip
def test_who_may_change_stage_sets(role: str, may: bool, lifecycle: StageSet) -> None:
    staff = StaffFactory(role=role)
    states = StageSet.objects.get(key="three_states")
    deeds: list[Callable[[], object]] = [
        lambda: stage_sets.add(name="Ours", drafts=[draft("A")], by=staff),
        lambda: save(lifecycle, staff, taxonomies.written(lifecycle)[1:]),
        lambda: stage_sets.archive(states, by=staff),
        lambda: stage_sets.restore(states, by=staff),
        lambda: stage_sets.make_default(states, by=staff),
    ]
    before = list(StageSet.objects.values())
    for deed in deeds:
        if may:
            deed()
        else:
            with pytest.raises(NotAllowed, match="role"):
                deed()
    assert (list(StageSet.objects.values()) == before) is not may


def test_another_teams_set_is_not_theirs_to_change(lifecycle: StageSet) -> None:
    ours, theirs = TeamFactory(name="Ours"), TeamFactory(name="Theirs")
    made = stage_sets.add(
        name="Ours", drafts=[draft("A")], by=StaffFactory(role="operator", team=ours)
    )
    stranger = StaffFactory(role="operator", team=theirs)
    with pytest.raises(NotAllowed, match="another team"):
        save(made, stranger, [draft("B")])
    assert [one.name for one in made.stages.all()] == ["A"]


def test_a_recompute_of_everybody_asks_as_much_as_one_of_few(
    lifecycle: StageSet, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        factories.CustomerFactory()
    factories.traits(orders=0)
    with django_assert_max_num_queries(60):
        stages.recompute(lifecycle, day=DAY)


def test_the_days_counted_are_not_taken_for_customers() -> None:
    assert (StageSet, "days") not in bits.columns()
    assert (StageFlow, "members") in bits.columns()
