"""Who came into a segment and who left it between two days, and by which conditions."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import formats
from segments import explaining, sets, vocabulary
from segments.models import Customer, Segment, SegmentSnapshot
from segments.rules import compiler, nodes, tree, words
from segments.rules.nodes import Crossed, Did, Leaf, RuleError
from segments.sources import Sources

# What is known of any past day; of the rest only what is so now.
_KNOWN_THEN = (Did, nodes.Sequence, Crossed)


@dataclass(frozen=True)
class Crossing:
    """The members of two days beside each other. The days are those of the snapshots."""

    first: dt.date
    last: dt.date
    entered: BitMap
    left: BitMap
    stayed: int
    rule_changed: bool  # between the two days, so that it need not be the customers who changed


def days(segment: Segment) -> list[dt.date]:
    """The days with a snapshot, newest first."""
    return list(segment.snapshots.order_by("-day").values_list("day", flat=True))


def between(segment: Segment, first: dt.date, last: dt.date) -> Crossing | None:
    """Who came and who left, by the last snapshots up to these days; None without two of them."""
    rows = [_snapshot(segment, day) for day in (first, last)]
    if None in rows or rows[0] == rows[1]:
        return None
    (_pk, _digest, then), (_pk, _digest, now) = rows  # type: ignore[misc]
    before, after = sets.many(SegmentSnapshot, [(pk, digest) for pk, digest, _day in rows])  # type: ignore[misc]
    return Crossing(
        first=then,
        last=now,
        entered=after - before,
        left=before - after,
        stayed=before.intersection_cardinality(after),
        rule_changed=segment.versions.filter(at__date__gt=then, at__date__lte=now).exists(),
    )


def _snapshot(segment: Segment, day: dt.date) -> tuple[int, bytes, dt.date] | None:
    kept = segment.snapshots.filter(day__lte=day).order_by("-day")
    found = kept.values_list("pk", "digest", "day").first()
    return found and (found[0], bytes(found[1]), found[2])


def reasons(segment: Segment, crossing: Crossing, some: list[int]) -> dict[int, str]:
    """For a few of those who crossed: the conditions whose answer changed, where past days tell;
    else those that decide now. Nothing where the rule cannot be read any more."""
    known = vocabulary.current()
    try:
        rule = tree.parse(segment.rule, known)
    except RuleError:
        return {}
    leaves = list(dict.fromkeys(nodes.leaves(rule)))
    whom = BitMap(some)
    changed = {
        leaf: _holds(leaf, crossing.first, whom) ^ _holds(leaf, crossing.last, whom)
        for leaf in leaves
        if isinstance(leaf, _KNOWN_THEN)
    }
    said = {leaf: words.clause(leaf, known, _) for leaf in changed}
    found = {
        one: formats.listed(said[leaf] for leaf, theirs in changed.items() if one in theirs)
        for one in some
    }
    return {one: words or _now(segment, one, crossing.last) for one, words in found.items()}


def _holds(leaf: Leaf, day: dt.date, whom: BitMap) -> BitMap:
    return compiler.evaluate(leaf, Sources(day, vocabulary.current()), whom) & whom


def _now(segment: Segment, number: int, day: dt.date) -> str:
    customer = Customer.objects.filter(pk=number, merged_into=None, erased_at=None).first()
    if customer is None:
        return _("is no customer any more")
    return explaining.because(explaining.explain(segment, customer, day=day))
