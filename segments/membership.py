"""Who belongs to a segment: evaluated, shown before it is saved, and kept with its freshness."""

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap

from console import jobs, kept_words
from segments import following, live_sets, vocabulary
from segments.models import Segment, SegmentSnapshot, Trait
from segments.rules import compiler, nodes, tree
from segments.rules.nodes import AllOf, AnyOf, Not, Path, Rule, RuleError, gettext_noop
from segments.rules.vocabulary import Vocabulary
from segments.sources import Sources

log = structlog.get_logger(__name__)
SAMPLE = 8


@dataclass(frozen=True)
class Preview:
    """What a rule comes to: how many of how many, who for example, and how many at each part."""

    count: int
    of: int
    sample: list[int]
    parts: dict[Path, int]
    valueless: list[str]  # what those of its traits are called that no customer has a value of
    rule: Rule
    known: Vocabulary
    milliseconds: float


@dataclass(frozen=True)
class Outcome:
    """What recomputing one segment came to; with a failure the last good members stay."""

    size: int | None
    failure: str = ""


def everyone() -> BitMap:
    """All customers who are somebody today."""
    return live_sets.everyone()


def evaluate(rule: Any, *, day: dt.date, of: int | None = None) -> BitMap:
    """The customers whom a rule, given as JSON, holds for; `of` is the segment that it is of.

    Raises:
        RuleError: the rule cannot be understood, or leads back to its own segment.
    """
    known = vocabulary.current()
    return _members(rule, Sources(day, known), of)


def evaluate_as(rules: Mapping[str, Any], number: int, *, day: dt.date) -> BitMap:
    """Who would be in a segment if it, and those that it speaks of, were ruled as these say.

    Raises:
        RuleError: such a rule cannot be understood any more.
    """
    sources = Sources(day, vocabulary.current())
    for one in Segment.objects.filter(pk__in=map(int, rules)).defer("members"):
        one.rule, one.computed_version = rules[str(one.pk)], None  # what is stored is by another
        sources.told.segments[one.pk] = one
    parsed = tree.parse(rules[str(number)], sources.known)
    sources.expect(parsed)
    return compiler.evaluate(parsed, sources) & sources.everyone()


def preview(rule: Any, *, day: dt.date, of: int | None = None) -> Preview:
    """The count, a sample and the count of every part, without saving anything.

    Raises:
        RuleError: as `evaluate`.
    """
    began = time.perf_counter()
    sources = Sources(day, vocabulary.current())
    parsed = tree.parse(rule, sources.known)
    refuse_cycles(rule, of)
    sources.expect(parsed)
    # Every condition about everyone, once; whatever is made of them is set algebra.
    for leaf in compiler.asked(parsed):
        sources.members(leaf)
    everyone = sources.everyone()
    found = compiler.evaluate(parsed, sources) & everyone
    parts = {
        part.path: compiler.evaluate(part, sources).intersection_cardinality(everyone)
        for part in _parts(parsed)
    }
    return Preview(
        count=len(found),
        of=len(everyone),
        sample=_spread(found),
        parts=parts,
        valueless=_valueless(parsed, parts, sources.known),
        rule=parsed,
        known=sources.known,
        milliseconds=(time.perf_counter() - began) * 1000,
    )


def recompute(segment: Segment, *, day: dt.date, sources: Sources | None = None) -> Outcome:
    """Compute and keep the members of one segment, with the day's snapshot.

    Nothing is kept when the rule was edited meanwhile: that edit has its own computation.
    """
    sources = sources or Sources(day, vocabulary.current())
    outcome = _compute(segment, sources)
    if isinstance(outcome, str):
        Segment.objects.filter(pk=segment.pk).update(failure=outcome)
        return Outcome(size=segment.size, failure=outcome)
    _keep(segment, outcome, day)
    sources.renew()
    return Outcome(size=len(outcome))


def recompute_with_users(segment: Segment, *, day: dt.date) -> Outcome:
    """One segment, and then those that are made of it."""
    wanted, users = {segment.pk}, [segment]
    for one in users:  # grows while it is walked
        more = [other for other in users_of(one) if other.pk not in wanted]
        wanted |= {other.pk for other in more}
        users += more
    sources = Sources(day, vocabulary.current())
    found = {one.pk: recompute(one, day=day, sources=sources) for one in _in_order(users)}
    return found[segment.pk]


def recompute_all(day: dt.date, progress: jobs.Progress = jobs.silent) -> dict[int, Outcome]:
    """Every segment that is in use, each after those it is made of."""
    live = list(Segment.objects.filter(archived_at=None).defer("members").order_by("pk"))
    sources = Sources(day, vocabulary.current())
    found = {}
    for done, segment in enumerate(_in_order(live), start=1):
        found[segment.pk] = recompute(segment, day=day, sources=sources)
        progress(done, len(live), str(segment))
    return found


def is_stale(segment: Segment, day: dt.date) -> bool:
    """Whether the members may not be those that the rule means on this day."""
    return bool(
        segment.failure
        or not segment.is_computed
        or segment.data_as_of is None
        or segment.data_as_of < day
    )


def refuse_cycles(rule: Any, of: int | None) -> None:
    """Refuse a rule through which a segment would contain itself.

    Raises:
        RuleError: with the path of names, such as A → B → A.
    """
    if not tree.segments_in(rule) and not tree.numbers_in(rule, "tag"):
        return
    givers = following.givers()
    wanted = following.behind(rule, givers)
    if wanted:
        _refuse_cycle(of or 0, _inside(givers) | {of or 0: wanted})


def refuse_cycles_by(tag: int, segment: Segment) -> None:
    """Refuse that a segment gives a tag which its own rule asks for, itself or by others.

    Raises:
        RuleError: with the path of names.
    """
    _refuse_cycle(segment.pk, _inside(following.givers() | {tag: segment.pk}))


def users_of(segment: Segment) -> list[Segment]:
    """The segments in use whose rules speak of this one, or of a tag that it gives."""
    live = Segment.objects.filter(archived_at=None).exclude(pk=segment.pk).defer("members")
    givers = following.givers()
    return [other for other in live if segment.pk in following.behind(other.rule, givers)]


# --- inside -----------------------------------------------------------------


def _members(rule: Any, sources: Sources, of: int | None) -> BitMap:
    parsed = tree.parse(rule, sources.known)
    refuse_cycles(rule, of)
    sources.expect(parsed)
    return compiler.evaluate(parsed, sources) & sources.everyone()


def _compute(segment: Segment, sources: Sources) -> BitMap | str:
    """The members, or in words why there are none."""
    try:
        # A savepoint, so that a failing question does not end the caller's transaction.
        with transaction.atomic():
            return _members(segment.rule, sources, segment.pk)
    except RuleError as problem:
        return kept_words.keep_problem(problem)
    except Exception as problem:  # whatever it is, the last good members stay and others go on
        log.exception("segment.failed", segment=segment.pk)
        words = gettext_noop("The computation failed (%(problem)s).")
        return kept_words.keep(words, problem=type(problem).__name__)


@transaction.atomic
def _keep(segment: Segment, members: BitMap, day: dt.date) -> None:
    fields = {
        "members": members,
        "size": len(members),
        "computed_at": timezone.now(),
        "computed_version": segment.rule_version,
        "data_as_of": day,
        "failure": "",
    }
    same_rule = Segment.objects.filter(pk=segment.pk, rule_version=segment.rule_version)
    if not same_rule.update(**fields):
        return
    for name, value in fields.items():
        setattr(segment, name, value)
    following.follow(segment)
    SegmentSnapshot.objects.update_or_create(
        segment=segment, day=day, defaults={"members": members, "size": len(members)}
    )


def _parts(rule: Rule) -> Iterable[Rule]:
    yield rule
    if isinstance(rule, AllOf | AnyOf):
        for part in rule.parts:
            yield from _parts(part)
    elif isinstance(rule, Not):
        yield from _parts(rule.part)


def _valueless(rule: Rule, parts: Mapping[Path, int], known: Vocabulary) -> list[str]:
    """Of the traits whose condition nobody fits, those that nobody has a value of at all."""
    traits = (one for one in nodes.leaves(rule) if isinstance(one, nodes.Trait))
    if not (asked := {one.key for one in traits if not parts[one.path]}):
        return []
    valued = Trait.objects.filter(key__in=asked, known__gt=0).values_list("key", flat=True)
    return sorted(known.traits[key].label for key in asked - set(valued))


def _spread(members: BitMap) -> list[int]:
    """A few members from the whole range of ids, always the same ones for the same set."""
    step = max(1, len(members) // SAMPLE)
    return [members[at] for at in range(0, len(members), step)][:SAMPLE]


def _in_order(segments: list[Segment]) -> list[Segment]:
    """Each segment after those that its rule speaks of; a cycle fails later, in words."""
    by_pk = {segment.pk: segment for segment in segments}
    givers = following.givers()
    ordered: dict[int, Segment] = {}
    seen: set[int] = set()

    def visit(pk: int) -> None:
        if pk in seen or pk not in by_pk:
            return
        seen.add(pk)
        for inner in sorted(following.behind(by_pk[pk].rule, givers)):
            visit(inner)
        ordered[pk] = by_pk[pk]

    for segment in segments:
        visit(segment.pk)
    return list(ordered.values())


def _inside(givers: Mapping[int, int]) -> dict[int, set[int]]:
    """What each segment in use is made of."""
    live = Segment.objects.filter(archived_at=None).order_by().values_list("pk", "rule")
    return {pk: following.behind(rule, givers) for pk, rule in live}


def _refuse_cycle(start: int, inside: dict[int, set[int]]) -> None:
    cycle = _cycle(start, inside)
    if cycle:
        names = {
            one.pk: str(one) for one in Segment.objects.filter(pk__in=cycle).only("pk", "name")
        }
        shown = " → ".join(names.get(pk, _("this segment")) for pk in cycle)
        raise RuleError((), gettext_noop("A segment cannot contain itself: %(path)s."), path=shown)


def _cycle(start: int, inside: dict[int, set[int]]) -> list[int]:
    """The shortest way from a segment back to itself, or nothing."""
    ways = [[start]]
    seen: set[int] = set()
    for way in ways:  # grows while it is walked
        for inner in sorted(inside.get(way[-1], ())):
            if inner == start:
                return [*way, inner]
            if inner not in seen:
                seen.add(inner)
                ways.append([*way, inner])
    return []
