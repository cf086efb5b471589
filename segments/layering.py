"""Whether a layer rests only on who customers are and not on what they do (R108)."""

from collections.abc import Iterable
from typing import Any

from segments.models import Segment
from segments.rules import leaning, tree
from segments.rules.nodes import InSegment, Rule, RuleError, leaves
from segments.rules.vocabulary import Vocabulary


def rests_on_statics(rules: Iterable[Any], known: Vocabulary) -> bool:
    """Whether these rules (of one segment, or of the stages of a set) ask nothing but that.

    Rules without any condition, such as of the last stage, say nothing either way; one that
    cannot be understood has other troubles.
    """
    found = []
    for raw in rules:
        try:
            found.append(tree.parse(raw, known))
        except RuleError:
            return False
    asking = [rule for rule in found if any(True for _leaf in leaves(rule))]
    others = _others(asking, known) if asking else {}
    return bool(asking) and all(leaning.static_only(rule, known, others) for rule in asking)


def _others(rules: Iterable[Rule], known: Vocabulary) -> dict[int, Rule]:
    """The segments that these rules name; one within another is looked at no deeper."""
    named = {leaf.segment for rule in rules for leaf in leaves(rule) if isinstance(leaf, InSegment)}
    found = {}
    for pk, raw in Segment.objects.filter(pk__in=named).values_list("pk", "rule"):
        try:
            found[pk] = tree.parse(raw, known)
        except RuleError:
            continue
    return found
