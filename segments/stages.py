"""Where each customer stands in their lifecycle: recomputed by rules, with every move kept."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import structlog
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_noop
from pyroaring import BitMap

from console import jobs, kept_words
from segments import bitmaps, sheet, standing, vocabulary
from segments.arrays import Array
from segments.models import Stage, StageFlow, StageSet
from segments.rules import compiler, tree
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary
from segments.sheet import Fresh
from segments.sources import Sources
from segments.standing import NOWHERE

log = structlog.get_logger(__name__)
# A stage that leaned on stages or segments would lean on what is computed after it.
FORBIDDEN = frozenset({"stage", "segment", "entered", "left"})
MONTH = dt.timedelta(days=30)  # that is looked at unless one asks for other days


@dataclass(frozen=True)
class Counts:
    """What one recompute came to: customers by stage, and how many stand elsewhere than before.

    With a failure the last good standing stays.
    """

    customers: dict[str, int]
    moves: int = 0
    failure: str = ""


@dataclass(frozen=True)
class Standing:
    """One stage as it stands now."""

    stage: Stage
    customers: int
    share: float  # of everybody who stands anywhere in the set


@dataclass(frozen=True)
class Flow:
    """How many customers went from one stage to another; None is outside every stage."""

    from_stage: Stage | None
    to_stage: Stage | None
    customers: int


# --- recomputing ----------------------------------------------------------------


def recompute_all(day: dt.date, progress: jobs.Progress = jobs.silent) -> dict[str, Counts]:
    """Every stage set in use. One that fails keeps its last good standing, and the others go on."""
    sets = list(StageSet.objects.filter(archived_at=None))
    sources = _sources(day)
    found = {}
    for done, stage_set in enumerate(sets, start=1):
        found[stage_set.key] = recompute(stage_set, day=day, sources=sources)
        progress(done, len(sets), str(stage_set))
    return found


def recompute(stage_set: StageSet, *, day: dt.date, sources: Sources | None = None) -> Counts:
    """Put every customer into the first stage whose rule holds, and write down who moved.

    A second run on the same day finds everybody in place and writes nothing. Nothing is kept
    when the stages were edited meanwhile: that edit has its own computation.
    """
    stages = list(stage_set.stages.filter(retired_at=None).order_by("position", "pk"))
    try:
        # A savepoint, so that a failing question does not end the caller's transaction.
        with transaction.atomic():
            chosen = choose([(one.pk, one.rule) for one in stages], sources or _sources(day))
    except RuleError as problem:
        return _failed(stage_set, kept_words.keep_problem(problem))
    except Exception as problem:  # whatever it is, the last good standing stays and others go on
        log.exception("stages.failed", stage_set=stage_set.pk)
        words = gettext_noop("The computation failed (%(problem)s).")
        failure = kept_words.keep(words, problem=type(problem).__name__)
        return _failed(stage_set, failure)
    moves = _keep(stage_set, chosen, day)
    return Counts({one.key: int(np.count_nonzero(chosen == one.pk)) for one in stages}, moves)


def choose(rules: Iterable[tuple[int, object]], sources: Sources) -> Array:
    """For each customer the key of the first rule that holds, or `NOWHERE`.

    A rule over events that never happened here holds for nobody, see `missing_events`.
    """
    left = sources.everyone()
    chosen = np.full(left.max() + 1 if left else 0, NOWHERE, np.int32)
    for key, raw in rules:
        if missing_events(raw, sources.known):
            continue
        found = compiler.evaluate(tree.parse(raw, sources.known), sources) & left
        left = left - found
        chosen[bitmaps.to_array(found)] = key
    return chosen


def missing_events(rule: object, known: Vocabulary) -> list[str]:
    """The events that a rule speaks of and that this project never saw."""
    return sorted(tree.events_in(rule) - known.events)


def known() -> Vocabulary:
    """What the rules of stages may speak about."""
    return vocabulary.current(forbidden=FORBIDDEN)


def _sources(day: dt.date) -> Sources:
    return Sources(day, known())


def _failed(stage_set: StageSet, words: str) -> Counts:
    StageSet.objects.filter(pk=stage_set.pk).update(failure=words)
    return Counts({one.stage.key: one.customers for one in standings(stage_set)}, failure=words)


# --- keeping --------------------------------------------------------------------


@transaction.atomic
def _keep(stage_set: StageSet, chosen: Array, day: dt.date) -> int:
    """Keep a standing at the end of a day; tells how many stand elsewhere than was known of it."""
    # Two runs at once would write the same moves twice: the second waits here for the first.
    kept = StageSet.objects.select_for_update().get(pk=stage_set.pk)
    if kept.version != stage_set.version:
        return 0
    last = max(day, kept.data_as_of or day)
    was = standing.on(kept.pk, day)
    before = standing.on(kept.pk, day - dt.timedelta(days=1))
    flows = {day: standing.pairs(before, chosen)}
    ends = chosen
    if day < last:  # a past day is told anew: the next day's moves lead back to what is known
        after = _next_counted(kept, day) or last
        flows[after] = standing.pairs(chosen, standing.on(kept.pk, after))
        ends = standing.now(kept.pk)
    touched = BitMap.union(*(_rewrite(kept, on, found) for on, found in flows.items()))
    fresh = {
        standing.stage_key(kept.pk): Fresh(ends),
        standing.since_key(kept.pk): Fresh(_since(kept, ends, touched)),
    }
    sheet.write(fresh, day=last)
    StageSet.objects.filter(pk=kept.pk).update(
        computed_at=timezone.now(), computed_version=kept.version, data_as_of=last, failure="",
        days=kept.days | BitMap([standing.number(day)]),
    )  # fmt: skip
    return sum(map(len, standing.pairs(was, chosen).values()))


def _next_counted(stage_set: StageSet, day: dt.date) -> dt.date | None:
    """The first day after one of which it is known where everybody stood."""
    later = (one for one in stage_set.days if one > standing.number(day))
    found = next(later, None)
    return None if found is None else standing.EPOCH + dt.timedelta(found)


def _rewrite(stage_set: StageSet, on: dt.date, moves: dict[standing.Pair, BitMap]) -> BitMap:
    """Make these the moves of a day; gives the customers of whom something changed."""
    kept = {(one.from_stage_id, one.to_stage_id): one for one in stage_set.flows.filter(on=on)}
    touched = BitMap()
    for pair, flow in kept.items():
        if moves.get(pair) != flow.members:
            touched |= flow.members
            flow.delete()
    for (was, now), members in moves.items():
        same = kept.get((was, now))
        if same is None or same.pk is None:
            touched |= members
            StageFlow.objects.create(
                stage_set=stage_set, on=on, from_stage_id=was, to_stage_id=now,
                members=members, size=len(members),
            )  # fmt: skip
    return touched


def _since(stage_set: StageSet, ends: Array, touched: BitMap) -> Array:
    """The days since when; of those who are touched, that of their last move."""
    key = standing.since_key(stage_set.pk)
    known = sheet.read(key).get(key)
    values = np.full(len(ends), NOWHERE, np.int32)
    if known:
        length = min(len(ends), len(known.values))
        values[:length] = known.values[:length]
    left = BitMap(touched)
    for flow in stage_set.flows.order_by("-on", "-pk").iterator(chunk_size=16):
        if not left:
            break
        ids = bitmaps.to_array(flow.members & left)
        values[ids[: np.searchsorted(ids, len(values))]] = standing.number(flow.on)
        left -= flow.members
    values[ends == NOWHERE] = NOWHERE
    return values


# --- what there is ----------------------------------------------------------------


def standings(stage_set: StageSet) -> list[Standing]:
    """The stages in order, with how many customers stand in each.

    One that was retired is left out once nobody stands in it any more.
    """
    return counted(stage_set, standing.now(stage_set.pk))


def counted(stage_set: StageSet, values: Array) -> list[Standing]:
    """The stages in order, with how many customers a column has in each."""
    stages = list(stage_set.stages.order_by("position", "pk"))
    counts = {one.pk: int(np.count_nonzero(values == one.pk)) for one in stages}
    total = sum(counts.values())
    return [
        Standing(one, counts[one.pk], counts[one.pk] / total if total else 0.0)
        for one in stages
        if one.retired_at is None or counts[one.pk]
    ]


def flows(stage_set: StageSet, *, since: dt.date, until: dt.date) -> list[Flow]:
    """How many moved from which stage to which between two days, both included."""
    stages = {stage.pk: stage for stage in stage_set.stages.all()}
    moves = (
        stage_set.flows.filter(on__gte=since, on__lte=until)
        .order_by()
        .values_list("from_stage", "to_stage")
        .annotate(customers=Sum("size"))
    )
    found = [Flow(stages.get(was), stages.get(to), customers) for was, to, customers in moves]
    return sorted(found, key=lambda flow: -flow.customers)
