"""On what a rule leans: on what customers do, or only on who they say they are."""

from collections.abc import Mapping

from segments.rules.nodes import (
    Consented,
    InSegment,
    Leaf,
    Listed,
    Profile,
    RandomShare,
    Rule,
    Tagged,
    Trait,
    leaves,
)
from segments.rules.vocabulary import Vocabulary

# Neither: what we were allowed, what we noted ourselves, and chance.
_SAYS_NOTHING = (Consented, Tagged, Listed, RandomShare)


def static_only(
    rule: Rule, known: Vocabulary, segments: Mapping[int, Rule] | None = None
) -> tuple[Leaf, ...]:
    """The conditions on who somebody is, where a rule has these and none on what they do.

    Such a rule divides customers by age or city and not by their worth or their stage (R108).
    Empty where it has a condition on what they do as well, or none of either kind. Of `segments`
    the rules are looked into; another segment counts as something that they do.
    """
    static = []
    for leaf in _all_leaves(rule, segments or {}, frozenset()):
        if is_static(leaf, known):
            static.append(leaf)
        elif not isinstance(leaf, _SAYS_NOTHING):
            return ()
    return tuple(static)


def is_static(leaf: Leaf, known: Vocabulary) -> bool:
    """Whether a condition asks who somebody is and not what they do."""
    if isinstance(leaf, Trait):
        return known.traits[leaf.key].is_static
    return isinstance(leaf, Profile)


def _all_leaves(rule: Rule, segments: Mapping[int, Rule], seen: frozenset[int]) -> list[Leaf]:
    found: list[Leaf] = []
    for leaf in leaves(rule):
        if isinstance(leaf, InSegment) and leaf.segment in segments and leaf.segment not in seen:
            inner = segments[leaf.segment]
            found += _all_leaves(inner, segments, seen | {leaf.segment})
        else:
            found.append(leaf)
    return found
