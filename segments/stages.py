"""Where each customer stands in their lifecycle: recomputed by rules, with every move kept."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from console import jobs
from segments import bitmaps, columns, vocabulary
from segments.models import CustomerStage, Stage, StageMove, StageSet
from segments.rules import compiler, tree
from segments.sources import Sources

# A stage that leaned on stages or segments would lean on what is computed after it.
FORBIDDEN = frozenset({"stage", "segment"})


@dataclass(frozen=True)
class Counts:
    """What one recompute came to: customers by stage, and how many moved."""

    customers: dict[str, int]
    moves: int


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


def recompute_all(day: dt.date, progress: jobs.Progress = jobs.silent) -> dict[str, Counts]:
    """Every stage set there is."""
    sets = list(StageSet.objects.all())
    found = {}
    for done, stage_set in enumerate(sets, start=1):
        found[stage_set.key] = recompute(stage_set, day=day)
        progress(done, len(sets), str(stage_set))
    return found


@transaction.atomic
def recompute(stage_set: StageSet, *, day: dt.date) -> Counts:
    """Put every customer into the first stage whose rule holds, and write down who moved.

    A second run on the same day finds everybody in place and writes nothing.

    Raises:
        RuleError: a stage's rule cannot be understood; everybody stays where they were.
    """
    # Two runs at once would write the same moves twice.
    StageSet.objects.select_for_update().get(pk=stage_set.pk)
    stages = list(stage_set.stages.order_by("position", "pk"))
    customers, chosen = _choose(stages, day)
    names: dict[str, Any] = {"set": stage_set.pk, "day": day}
    fresh = {"customer": customers, "stage": chosen}
    with (
        connection.cursor() as cursor,
        columns.temporary(cursor, "fresh_stages", _FRESH_STAGES, fresh),
    ):
        cursor.execute(_KEEP_MOVES, names)
        moves = int(cursor.rowcount)
        cursor.execute(_REMOVE, names)
        cursor.execute(_UPSERT, names)
    StageSet.objects.filter(pk=stage_set.pk).update(computed_at=timezone.now(), data_as_of=day)
    return Counts({one.key: int((chosen == one.pk).sum()) for one in stages}, moves)


def standing(stage_set: StageSet) -> list[Standing]:
    """The stages in order, with how many customers stand in each."""
    counts = dict(
        CustomerStage.objects.filter(stage_set=stage_set)
        .values_list("stage")
        .annotate(customers=Count("pk"))
    )
    total = sum(counts.values())
    return [
        Standing(stage, counts.get(stage.pk, 0), counts.get(stage.pk, 0) / total if total else 0.0)
        for stage in stage_set.stages.order_by("position", "pk")
    ]


def flows(stage_set: StageSet, *, since: dt.date, until: dt.date) -> list[Flow]:
    """How many moved from which stage to which between two days, both included."""
    stages = {stage.pk: stage for stage in stage_set.stages.all()}
    moves = (
        StageMove.objects.filter(stage_set=stage_set, on__gte=since, on__lte=until)
        .order_by()
        .values_list("from_stage", "to_stage")
        .annotate(customers=Count("pk"))
    )
    found = [Flow(stages.get(was), stages.get(to), customers) for was, to, customers in moves]
    return sorted(found, key=lambda flow: -flow.customers)


def _choose(stages: list[Stage], day: dt.date) -> tuple[columns.Column, columns.Column]:
    """Each customer with the first stage whose rule holds, as two columns."""
    sources = Sources(day, vocabulary.current(forbidden=FORBIDDEN))
    left = sources.everyone()
    customers, chosen = [], []
    for stage in stages:
        rule = tree.parse(stage.rule, sources.known)
        found = compiler.evaluate(rule, sources) & left
        left = left - found
        customers.append(bitmaps.to_array(found).astype(np.int32))
        chosen.append(np.full(len(found), stage.pk, np.int64))
    if not stages:
        return np.empty(0, np.int32), np.empty(0, np.int64)
    return np.concatenate(customers), np.concatenate(chosen)


_FRESH_STAGES = "customer integer PRIMARY KEY, stage bigint"
_KEEP_MOVES = """
    INSERT INTO segments_stagemove (customer_id, stage_set_id, from_stage_id, to_stage_id, "on")
    SELECT coalesce(f.customer, s.customer_id), %(set)s, s.stage_id, f.stage, %(day)s
    FROM fresh_stages f
    FULL JOIN (SELECT customer_id, stage_id FROM segments_customerstage
               WHERE stage_set_id = %(set)s) s ON s.customer_id = f.customer
    WHERE s.stage_id IS DISTINCT FROM f.stage
"""
_REMOVE = """
    DELETE FROM segments_customerstage s WHERE s.stage_set_id = %(set)s
        AND NOT EXISTS (SELECT FROM fresh_stages f WHERE f.customer = s.customer_id)
"""
_UPSERT = """
    INSERT INTO segments_customerstage (customer_id, stage_set_id, stage_id, since_on)
    SELECT f.customer, %(set)s, f.stage, %(day)s
    FROM fresh_stages f
    LEFT JOIN segments_customerstage old
        ON old.customer_id = f.customer AND old.stage_set_id = %(set)s
    WHERE old.stage_id IS DISTINCT FROM f.stage
    ON CONFLICT (customer_id, stage_set_id) DO UPDATE
        SET stage_id = excluded.stage_id, since_on = excluded.since_on
"""
