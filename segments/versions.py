"""The rules that a segment had, one after the other, and in words what changed between two."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from console.models import Staff
from segments.models import Segment, SegmentVersion
from segments.rules import tree, words
from segments.rules.nodes import AllOf, AnyOf, Leaf, Not, Rule, RuleError
from segments.rules.vocabulary import Vocabulary

LONGEST_NOTE = 300


@dataclass(frozen=True)
class Said:
    """One version's rule in words; where it speaks of what is no more, why it cannot be said."""

    version: SegmentVersion
    sentence: str
    problem: str = ""


@dataclass(frozen=True)
class Difference:
    """What a later rule has that an earlier one had not, and the other way."""

    came: list[str]
    went: list[str]
    stayed: list[str]
    is_joined_otherwise: bool  # the same conditions under other groups


def record(segment: Segment, *, by: Staff | None, note: str = "") -> SegmentVersion:
    """Write down the rule that the segment has now, inside the transaction that gave it."""
    return SegmentVersion.objects.create(
        segment=segment,
        number=segment.rule_version,
        rule=segment.rule,
        by=by,
        note=" ".join(note.split())[:LONGEST_NOTE],
    )


def keep_first(segment: Segment) -> None:
    """Write down the rule of a segment that was made before versions were, or installed."""
    if not SegmentVersion.objects.filter(segment=segment, number=segment.rule_version).exists():
        made = record(segment, by=segment.owner)
        SegmentVersion.objects.filter(pk=made.pk).update(at=_since(segment))


def _since(segment: Segment) -> dt.datetime:
    """Since when the rule is known to be as it is: at the latest since its computation."""
    computed = segment.computed_at if segment.rule_version > 1 else None
    return computed or segment.created_at


def of(segment: Segment, known: Vocabulary) -> list[Said]:
    """All versions in words, newest first, with the present one even if nobody wrote it down."""
    found = list(segment.versions.select_related("by"))
    if not found or found[0].number != segment.rule_version:
        now = SegmentVersion(
            segment=segment,
            number=segment.rule_version,
            rule=segment.rule,
            by=segment.owner,
            at=_since(segment),
        )
        found.insert(0, now)
    return [_said(one, known) for one in found]


def between(earlier: Any, later: Any, known: Vocabulary) -> Difference:
    """What changed between two rules, condition by condition.

    Raises:
        RuleError: one of them speaks of what is no more.
    """
    was, now = (tree.parse(rule, known) for rule in (earlier, later))
    before, after = Counter(_conditions(was)), Counter(_conditions(now))
    said = {one: _clause(one, known) for one in before | after}
    return Difference(
        came=[said[one] for one in (after - before).elements()],
        went=[said[one] for one in (before - after).elements()],
        stayed=[said[one] for one in (before & after).elements()],
        is_joined_otherwise=before == after and was != now,
    )


Condition = tuple[Leaf, bool]  # and whether it has to hold


def _conditions(rule: Rule, holds: bool = True) -> list[Condition]:
    if isinstance(rule, Not):
        return _conditions(rule.part, not holds)
    if isinstance(rule, AllOf | AnyOf):
        return [one for part in rule.parts for one in _conditions(part, holds)]
    return [(rule, holds)]


def _clause(condition: Condition, known: Vocabulary) -> str:
    leaf, holds = condition
    return words.clause(leaf if holds else Not(leaf), known, _)


def _said(version: SegmentVersion, known: Vocabulary) -> Said:
    try:
        return Said(version, words.sentence(tree.parse(version.rule, known), known, _))
    except RuleError as problem:
        return Said(version, "", problem.said(_))
