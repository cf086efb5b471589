"""A compiled rule equals the plain reading of the rule, and asks the cheap questions first."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from pyroaring import BitMap

from segments.rules import compiler, tree
from segments.rules.nodes import InStage, Leaf, RuleError, Trait
from tests.segments import worlds
from tests.segments.worlds import KNOWN, Person


class Told:
    """Sources that know a made-up world, and remember what they were asked."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self.asked: list[Leaf] = []

    def everyone(self) -> BitMap:
        return BitMap(person.id for person in self.people)

    def members(self, leaf: Leaf, within: BitMap | None = None) -> BitMap:
        """Of others than `within` the opposite, so that whoever looks at them is found out."""
        assert isinstance(leaf, Leaf), "sources know nothing of groups"
        self.asked.append(leaf)
        found = BitMap(person.id for person in self.people if worlds.holds(leaf, person))
        if within is None:
            return found
        return (found & within) | (self.everyone() - found - within)

    def is_column(self, leaf: Leaf) -> bool:
        return isinstance(leaf, Trait | InStage)

    def all_of(self, wanted: Sequence[Leaf], unwanted: Sequence[Leaf]) -> BitMap:
        assert wanted
        found = self.everyone()
        for leaf in wanted:
            found &= self.members(leaf)
        for leaf in unwanted:
            found -= self.members(leaf)
        return found


@given(people=worlds.persons(), raw=worlds.rules)
def test_a_compiled_rule_equals_the_rule_read_word_by_word(people: list[Person], raw: Any) -> None:
    try:
        rule = tree.parse(raw, KNOWN)
    except RuleError as deep:
        assume("nested" not in str(deep))
        raise
    expected = {person.id for person in people if worlds.holds(rule, person)}
    assert set(compiler.evaluate(rule, Told(people))) == expected


@given(people=worlds.persons(), raw=worlds.rules)
def test_a_rule_and_its_opposite_share_everyone_between_them(
    people: list[Person], raw: Any
) -> None:
    assume(_depth(raw) < tree.MAX_DEPTH)
    yes = compiler.evaluate(tree.parse(raw, KNOWN), Told(people))
    no = compiler.evaluate(tree.parse({"not": raw}, KNOWN), Told(people))
    assert not yes & no
    assert yes | no == Told(people).everyone()


def _depth(raw: Any) -> int:
    inside = [raw["not"]] if "not" in raw else raw.get("all", []) + raw.get("any", [])
    return 1 + max(map(_depth, inside), default=0)


LAKE = {"event": "order_paid", "times": 9}
NOBODY = {"trait": "orders", "op": "<", "value": 0}


@pytest.fixture
def told() -> Told:
    return Told([Person(id=1, traits={"orders": 1}, profile={})])


def test_nobody_left_ends_the_questions_before_the_dear_one(told: Told) -> None:
    assert not compiler.evaluate(tree.parse({"all": [LAKE, NOBODY]}, KNOWN), told)
    assert [type(leaf).__name__ for leaf in told.asked] == ["Trait"]


def test_sources_are_asked_for_deeds_and_never_for_their_absence(told: Told) -> None:
    raw = {"any": [{"event": "order_paid", "did": False}, {"trait": "orders", "op": "not_set"}]}
    compiler.evaluate(tree.parse(raw, KNOWN), told)
    assert tree.parse({"event": "order_paid"}, KNOWN) in told.asked
    assert all(getattr(leaf, "op", "") != "not_set" for leaf in told.asked)


def test_an_empty_rule_is_everyone(told: Told) -> None:
    assert compiler.evaluate(tree.parse(tree.EVERYONE, KNOWN), told) == BitMap([1])
