"""Turns a rule into the set of its customers: leaves are asked for, branches are set algebra."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from pyroaring import BitMap

from segments.rules import nodes
from segments.rules.nodes import (
    AllOf,
    AnyOf,
    Consented,
    Crossed,
    DaysSince,
    Did,
    InSegment,
    InStage,
    Leaf,
    Listed,
    Not,
    Profile,
    RandomShare,
    Rule,
    Tagged,
    Trait,
)

# From this many times on the stored day sets do not know; the lake has to be asked.
TIMES_IN_DAY_SETS = 3


class Sources(Protocol):
    """Whoever knows the customers. Sets that were handed out are never changed by us.

    A leaf is asked about with `did` true and never with `not_set`.
    """

    def everyone(self) -> BitMap: ...

    def members(self, leaf: Leaf, within: BitMap | None = None) -> BitMap:
        """Who fits a leaf; of others than `within` anything may be said."""

    def is_column(self, leaf: Leaf) -> bool:
        """Whether it is answered fastest together with other such leaves."""

    def all_of(self, wanted: Sequence[Leaf], unwanted: Sequence[Leaf]) -> BitMap:
        """Who fits all of the first, of which there is one, and none of the second."""


def evaluate(rule: Rule, sources: Sources, within: BitMap | None = None) -> BitMap:
    """The customers that the rule holds for; of others than `within` anything may be said."""
    inner, holds = _turned(rule)
    if isinstance(inner, AllOf):
        found = _all(inner.parts, sources, within)
    elif isinstance(inner, AnyOf):
        found = BitMap.union(*(evaluate(part, sources, within) for part in inner.parts))
    else:
        assert not isinstance(inner, Not)
        found = sources.members(inner, within)
    return found if holds else _all_there(sources, within) - found


def _all(parts: Iterable[Rule], sources: Sources, within: BitMap | None) -> BitMap:
    """What columns answer first, all at once; then what is cheap, about whoever is left."""
    found, rest = _in_columns(list(_flat(parts)), sources, within)
    for part, holds in sorted(rest, key=lambda one: cost(one[0])):
        if found is not None and not found:
            return found
        answer = evaluate(part, sources, found)
        if holds:
            found = answer if found is None else found & answer
        else:
            found = _all_there(sources, found) - answer
    return _all_there(sources, found)


Turned = tuple[Rule, bool]  # without what denies it, and whether it has to hold


def _in_columns(
    parts: list[Turned], sources: Sources, within: BitMap | None
) -> tuple[BitMap | None, list[Turned]]:
    """Whoever is left after the conditions of columns, and the other parts."""
    there = [
        (part, holds)
        for part, holds in parts
        if not isinstance(part, AllOf | AnyOf | Not) and sources.is_column(part)
    ]
    wanted = [leaf for leaf, holds in there if holds]
    if not wanted:
        return within, parts
    found = sources.all_of(wanted, [leaf for leaf, holds in there if not holds])
    rest = [one for one in parts if one not in there]
    return (found if within is None else found & within), rest


def _flat(parts: Iterable[Rule], holds: bool = True) -> Iterator[Turned]:
    """The parts with those of groups that say the same as if their parts stood here."""
    for part in parts:
        inner, kept = _turned(part)
        kept = kept == holds
        if isinstance(inner, AllOf if kept else AnyOf):
            yield from _flat(inner.parts, kept)  # nobody of "any of" is everybody of the opposites
        else:
            yield inner, kept


def _all_there(sources: Sources, within: BitMap | None) -> BitMap:
    return sources.everyone() if within is None else within


def _turned(rule: Rule) -> Turned:
    if isinstance(rule, Not):
        inner, holds = _turned(rule.part)
        return inner, not holds
    if isinstance(rule, Did) and not rule.did:
        return replace(rule, did=True), False
    if isinstance(rule, Trait | Profile | DaysSince) and rule.op == "not_set":
        return replace(rule, op="is_set"), False
    return rule, True


def asked(rule: Rule) -> Iterator[Leaf]:
    """The leaves that sources are asked about, the cheap ones first."""
    turned = (_turned(leaf)[0] for leaf in nodes.leaves(rule))
    yield from sorted((one for one in turned if not isinstance(one, AllOf | AnyOf | Not)), key=cost)


def needs_lake(leaf: Did) -> bool:
    """Whether only the events themselves can answer."""
    return bool(leaf.where) or leaf.times > TIMES_IN_DAY_SETS


_COSTS: dict[type, int] = {
    InSegment: 1,
    Tagged: 1,
    Listed: 1,
    Consented: 2,
    RandomShare: 2,
    InStage: 2,
    Trait: 3,
    DaysSince: 3,
    Profile: 4,
    Crossed: 5,
    nodes.Sequence: 2_000,
}


def cost(rule: Rule) -> int:
    """A rough order of what is quick to answer."""
    if isinstance(rule, AllOf | AnyOf):
        return sum(map(cost, rule.parts))
    if isinstance(rule, Not):
        return cost(rule.part)
    if isinstance(rule, Did):
        return 1_000 if needs_lake(rule) else 10 + (rule.days or 366) // 10
    return _COSTS[type(rule)]
