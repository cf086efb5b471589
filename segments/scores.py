"""Working out the scores of everybody from what is known of them, for each kind of scoring."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from segments import arrays, scorings, sheet, standing, traits
from segments.arrays import Array
from segments.models import Stage
from segments.scoring import clusters, grouping, potential, rfm, value

SPENT = "monetary_minor"
AT_MOST = 1 << 18  # customers of a preview; of more, every n-th is looked at


@dataclass(frozen=True)
class Given:
    """What is known, as floats by the customer's number; every `step`-th customer."""

    columns: dict[str, Array]
    length: int
    step: int = 1

    @property
    def spent(self) -> Array:
        found = self.columns.get(SPENT)
        return np.zeros(self.length) if found is None else np.nan_to_num(found)


@dataclass(frozen=True)
class Outcome:
    """Columns to be kept, what they come to, and which of them is the layer people speak of."""

    columns: dict[str, Array]
    words: dict[str, tuple[str, ...]]  # of the columns whose values are places in it
    layer: str
    customers: int
    summary: dict[str, Any]

    @property
    def sizes(self) -> dict[str, int]:
        """Customers by value of the layer."""
        codes = self.columns[self.layer]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.words[self.layer]))
        return {word: int(counts[at]) for at, word in enumerate(self.words[self.layer])}


# --- what goes in -----------------------------------------------------------


def given(recipes: Iterable[Any], day: dt.date, *, at_most: int | None = None) -> Given:
    """The traits and stages that these recipes rest on, and what everybody spent."""
    wanted = {SPENT}
    sets: dict[str, value.Factor] = {}
    for recipe in recipes:
        wanted |= set(recipe.traits)
        sets |= {one.column: one for one in getattr(recipe, "factors", ()) if one.stage_set}
    known = {key: one.values for key, one in traits.read(*sorted(wanted), day=day).items()}
    stages = _stages(sets)
    length = max(map(len, (*known.values(), *stages.values())), default=0)
    step = max(1, -(-length // at_most)) if at_most else 1
    every = {key: _floats(values[::step], -(-length // step)) for key, values in known.items()}
    placed = {key: _stretched(one[::step], -(-length // step)) for key, one in stages.items()}
    return Given(every | placed, -(-length // step), step)


def _floats(values: Array, length: int) -> Array:
    return _stretched(np.where(arrays.known(values), values, np.nan).astype(float), length)


def _stretched(values: Array, length: int) -> Array:
    if len(values) == length:
        return values
    return np.concatenate([values, np.full(length - len(values), np.nan)])


def _stages(factors: dict[str, value.Factor]) -> dict[str, Array]:
    """For each set the place of everybody's stage among the factor's points."""
    if not factors:
        return {}
    found = {}
    of_sets = Stage.objects.filter(stage_set__key__in=[one.stage_set for one in factors.values()])
    rows = list(of_sets.values_list("stage_set__key", "stage_set_id", "pk", "key"))
    for column, factor in factors.items():
        theirs = [row for row in rows if row[0] == factor.stage_set]
        kept = sheet.read(standing.stage_key(theirs[0][1])) if theirs else {}
        places = {stage: at for at, (stage, _points) in enumerate(factor.points)}
        for known in kept.values():
            most = max([int(known.values.max(initial=0)), *(row[2] for row in theirs)])
            table = np.full(most + 1, np.nan)
            for _set, _pk, stage_pk, key in theirs:
                table[stage_pk] = places.get(key, np.nan)
            is_known = arrays.known(known.values)
            found[column] = np.where(is_known, table[np.where(is_known, known.values, 0)], np.nan)
    return found


# --- what comes out ---------------------------------------------------------


def work_out(
    kind: str, recipe: Any, given: Given, before: dict[str, Any] | None = None
) -> Outcome | None:
    """Everybody's scores; nothing where what the scoring rests on is not known at all.

    `before` is the summary of the last run, from which clusters go on.
    """
    if kind == scorings.CLUSTERS:
        return _clusters(recipe, given, before)
    return _WAYS[kind](recipe, given)


def _whole(found: Array, least: int = 0) -> Array:
    """Scores as a column keeps them, with nothing below the least."""
    return np.where(found < least, arrays.nothing(np.int32), found).astype(np.int32)


def _rfm(recipe: rfm.Rfm, given: Given) -> Outcome | None:
    if any(key not in given.columns for key in recipe.traits):
        return None
    scored = rfm.score(recipe, *(given.columns[key] for key in recipe.traits))
    return Outcome(
        columns={
            "r_score": _whole(scored.r, 1),
            "f_score": _whole(scored.f, 1),
            "m_score": _whole(scored.m, 1),
            "rfm_cell": _whole(scored.cell),
        },
        words={"rfm_cell": tuple(one.key for one in recipe.cells)},
        layer="rfm_cell",
        customers=int((scored.r > 0).sum()),
        summary={
            "thresholds": scored.thresholds,
            "cells": rfm.sizes(recipe, scored, given.spent),
            "field": rfm.field(scored, given.spent),
        },
    )


def _value(recipe: value.Value, given: Given) -> Outcome | None:
    valued = value.score(recipe, given.columns, given.length)
    if not valued.factors:
        return None
    return Outcome(
        columns={"value_score": _whole(valued.score), "value_tier": _whole(valued.tier)},
        words={"value_tier": tuple(one.key for one in recipe.tiers)},
        layer="value_tier",
        customers=int((valued.score >= 0).sum()),
        summary={
            "tiers": value.sizes(recipe, valued, given.spent),
            "histogram": value.histogram(valued.score),
            "weights": valued.shares,
            "unknown": [one.key for one in recipe.factors if one.key not in valued.factors],
        },
    )


def _potential(recipe: potential.Potential, given: Given) -> Outcome | None:
    found = potential.find(recipe, given.columns, given.length)
    unknown = [key for key, least in found.least.items() if least is None]
    everybody = given.columns.get("orders", given.columns.get(SPENT))
    if everybody is None:
        return None
    return Outcome(
        columns={
            "potential": _whole(found.level),
            "potential_signs": _whole(found.signs, 1),
        },
        words={
            "potential": potential.WORDS,
            "potential_signs": tuple(potential.combinations(recipe)),
        },
        layer="potential",
        customers=int((~np.isnan(everybody)).sum()),
        summary={
            "signs": potential.sizes(recipe, found),
            "levels": [
                {
                    "key": key,
                    "customers": int((found.level == at).sum()),
                    "spent": round(float(given.spent[found.level == at].sum())),
                }
                for at, key in enumerate(potential.WORDS)
            ],
            "spent": round(float(given.spent.sum())),
            "needs": found.needs,
            "unknown": unknown,
        },
    )


def _clusters(
    recipe: clusters.Clusters, given: Given, before: dict[str, Any] | None
) -> Outcome | None:
    found = grouping.group(recipe, given.columns, given.length, _before(before))
    if found is None:
        return None
    called = _called(found.profiles, before)
    spent = np.bincount(found.number, given.spent, clusters.MOST + 1)
    profiles = [
        asdict(one) | {"called": called[one.number], "spent": round(float(spent[one.number]))}
        for one in found.profiles
    ]
    return Outcome(
        columns={"cluster": _whole(found.number.astype(int) - 1)},
        words={"cluster": tuple(str(number) for number in range(1, clusters.MOST + 1))},
        layer="cluster",
        customers=int((found.number > 0).sum()),
        summary={
            "k": found.k,
            "at_least": recipe.at_least,
            "why": found.why,
            "tried": [asdict(one) for one in found.tried],
            "profiles": profiles,
            "before": {
                "traits": list(found.before.traits),
                "numbers": list(found.before.numbers),
                "centres": found.before.centres.tolist(),
            },
        },
    )


def _before(summary: dict[str, Any] | None) -> clusters.Before | None:
    kept = (summary or {}).get("before")
    if not kept:
        return None
    centres = np.array(kept["centres"])
    return clusters.Before(tuple(kept["traits"]), tuple(kept["numbers"]), centres)


def _called(profiles: Iterable[clusters.Profile], summary: dict[str, Any] | None) -> dict[int, str]:
    """What each cluster is: as before, so that names do not jump; else what fits and is free."""
    was = {one["number"]: one["called"] for one in (summary or {}).get("profiles", ())}
    found = {one.number: was.get(one.number, "") for one in profiles}
    for one in profiles:
        if not found[one.number] and one.suggestion not in found.values():
            found[one.number] = one.suggestion
    return found


_WAYS: dict[str, Callable[[Any, Given], Outcome | None]] = {
    scorings.RFM: _rfm,
    scorings.VALUE: _value,
    scorings.POTENTIAL: _potential,
}
