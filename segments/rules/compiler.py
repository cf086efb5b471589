"""Turns a rule into the set of its customers: leaves are asked for, branches are set algebra."""

from dataclasses import replace
from typing import Protocol

from pyroaring import BitMap

from segments.rules.nodes import (
    AllOf,
    AnyOf,
    Consented,
    Did,
    InSegment,
    InStage,
    Leaf,
    Not,
    Profile,
    Rule,
    Sequence,
    Trait,
)

# From this many times on the stored day sets do not know; the lake has to be asked.
TIMES_IN_DAY_SETS = 3


class Sources(Protocol):
    """Whoever knows the customers. Sets that were handed out are never changed by us."""

    def everyone(self) -> BitMap: ...

    def members(self, leaf: Leaf) -> BitMap:
        """Who fits a leaf; asked with `did` true and never with `not_set`."""


def evaluate(rule: Rule, sources: Sources) -> BitMap:
    """The customers that the rule holds for."""
    if isinstance(rule, AllOf):
        return _all(rule.parts, sources)
    if isinstance(rule, AnyOf):
        return _any(rule.parts, sources)
    inner, holds = _turned(rule)
    if not holds:
        return sources.everyone() - evaluate(inner, sources)
    return evaluate(inner, sources) if isinstance(inner, AllOf | AnyOf) else _leaf(inner, sources)


def _leaf(rule: Rule, sources: Sources) -> BitMap:
    assert not isinstance(rule, AllOf | AnyOf | Not)
    return sources.members(rule)


def _all(parts: tuple[Rule, ...], sources: Sources) -> BitMap:
    """Cheap parts first; nobody left ends it, and what must not hold is only taken away."""
    found: BitMap | None = None
    for part in sorted(parts, key=cost):
        if found is not None and not found:
            return found
        inner, holds = _turned(part)
        answer = evaluate(inner, sources)
        if holds:
            found = answer if found is None else found & answer
        else:
            found = (sources.everyone() if found is None else found) - answer
    return sources.everyone() if found is None else found


def _any(parts: tuple[Rule, ...], sources: Sources) -> BitMap:
    return BitMap.union(*(evaluate(part, sources) for part in sorted(parts, key=cost)))


def _turned(rule: Rule) -> tuple[Rule, bool]:
    """The rule without what denies it, and whether it has to hold."""
    if isinstance(rule, Not):
        inner, holds = _turned(rule.part)
        return inner, not holds
    if isinstance(rule, Did) and not rule.did:
        return replace(rule, did=True), False
    if isinstance(rule, Trait | Profile) and rule.op == "not_set":
        return replace(rule, op="is_set"), False
    return rule, True


def needs_lake(leaf: Did) -> bool:
    """Whether only the events themselves can answer."""
    return bool(leaf.where) or leaf.times > TIMES_IN_DAY_SETS


def cost(rule: Rule) -> int:
    """A rough order of what is quick to answer."""
    if isinstance(rule, AllOf | AnyOf):
        return sum(map(cost, rule.parts))
    if isinstance(rule, Not):
        return cost(rule.part)
    if isinstance(rule, Did):
        return 1_000 if needs_lake(rule) else 5 + (rule.days or 366) // 10
    return {InSegment: 1, Consented: 2, InStage: 2, Trait: 3, Sequence: 2_000}.get(type(rule), 4)
