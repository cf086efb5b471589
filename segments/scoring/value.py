"""The value of a customer in six factors, as a score from 0 to 1000, and tiers of it.

A factor is where a customer stands among those who have any of it: the share of these who have
less, and half of those who have as much. Who has none of it, or of whom it is not known, stands
at 0. So a factor runs from 0 to 1, its average over those who have any is exactly one half, and
it stays the same however its trait is stretched. The score is the average of the factors by
their weights.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from segments.rules import values
from segments.rules.nodes import Path, RuleError
from segments.rules.nodes import gettext_noop as _
from segments.scoring import reading
from segments.scoring.reading import Numbers

MOST = 1000  # the highest score
HEAVIEST = 100.0  # a weight
MOST_FACTORS, MOST_TIERS, MOST_STAGES = 12, 6, 40
SHARE, SCORE = "share", "score"
RANK, POINTS = "rank", "points"
BINS = 20


@dataclass(frozen=True)
class Factor:
    """One part of the value: a trait by rank, or the points of a customer's stage."""

    key: str
    weight: float
    trait: str = ""
    title: str = ""
    less_is_better: bool = False
    stage_set: str = ""
    points: tuple[tuple[str, float], ...] = ()  # stage to 0 … 100

    @property
    def column(self) -> str:
        """What it is taken from, as a key for the columns that are given."""
        return f"stage:{self.stage_set}" if self.stage_set else self.trait


@dataclass(frozen=True)
class Tier:
    """A band of scores: from this score on, or this share of the best down to here."""

    key: str
    at: float  # the least score, or percent of customers counted from the best
    title: str = ""


@dataclass(frozen=True)
class Value:
    """The factors with their weights, and the tiers from the best down."""

    factors: tuple[Factor, ...]
    tiers: tuple[Tier, ...]
    by: str = SHARE  # what `at` of the tiers counts
    weekday: int | None = None

    @property
    def traits(self) -> tuple[str, ...]:
        return tuple(one.trait for one in self.factors if one.trait)


@dataclass(frozen=True)
class Valued:
    """Scores by the customer's number, -1 where there is none, and the place of the tier."""

    score: Numbers
    tier: Numbers
    factors: dict[str, Numbers]  # each from 0 to 1
    shares: dict[str, float]  # how much of the score each factor is; 0 where nothing is known
    least: tuple[int, ...]  # the score at which each tier begins


STAGE_POINTS = (
    ("prospect", 0.0),
    ("activation", 60.0),
    ("growth", 80.0),
    ("maturity", 100.0),
    ("decline", 20.0),
)
SHIPPED = Value(
    factors=(
        Factor("purchasing_power", 30.0, "average_order_minor"),
        Factor("activity", 25.0, "active_days_30d"),
        Factor("spread", 10.0, "shares"),
        Factor("demand", 10.0, "promotion_response"),
        Factor("preference", 10.0, "orders_per_category"),
        Factor("stage", 15.0, stage_set="lifecycle", points=STAGE_POINTS),
    ),
    tiers=(Tier("high", 20.0), Tier("middle", 50.0), Tier("ordinary", 100.0)),
)


# --- reading and writing ----------------------------------------------------


def read(raw: Any) -> Value:
    """The recipe that this JSON says.

    Raises:
        RuleError: it makes no sense; the path leads to what is wrong.
    """
    given = reading.record(raw, (), {"factors", "tiers", "by", "weekday"})
    factors = tuple(
        _factor(one, ("factors", at))
        for at, one in enumerate(
            reading.records(given.get("factors"), ("factors",), 1, MOST_FACTORS)
        )
    )
    reading.all_different([one.key for one in factors], ("factors",))
    if not any(one.weight for one in factors):
        raise RuleError(("factors",), _("At least one factor needs a weight above 0."))
    by = values.choice(
        given.get("by", SHARE), (SHARE, SCORE), ("by",), _("There is no “%(value)s” here.")
    )
    tiers = _tiers(given.get("tiers"), by)
    return Value(factors, tiers, by, reading.weekday(given.get("weekday"), ("weekday",)))


def _factor(raw: Any, path: Path) -> Factor:
    own = {"key", "weight", "trait", "title", "less_is_better", "stage_set", "points"}
    given = reading.record(raw, path, own)
    of_stages = bool(given.get("stage_set"))
    if of_stages == bool(given.get("trait")):
        raise RuleError(path, _("A factor rests on a trait or on a stage set, on one of them."))
    return Factor(
        key=reading.key(given.get("key"), (*path, "key")),
        weight=reading.number(given.get("weight"), (*path, "weight"), 0, HEAVIEST),
        trait="" if of_stages else reading.trait(given.get("trait"), (*path, "trait")),
        title=reading.title(given.get("title"), (*path, "title")),
        less_is_better=reading.flag(given.get("less_is_better", False), (*path, "less_is_better")),
        stage_set=reading.key(given["stage_set"], (*path, "stage_set")) if of_stages else "",
        points=_points(given.get("points"), (*path, "points")) if of_stages else (),
    )


def _points(raw: Any, path: Path) -> tuple[tuple[str, float], ...]:
    if not isinstance(raw, dict) or not 0 < len(raw) <= MOST_STAGES:
        raise RuleError(path, _("Give each stage its points."))
    return tuple(
        (reading.key(stage, path), reading.number(points, (*path, stage), 0, 100))
        for stage, points in raw.items()
    )


def _tiers(raw: Any, by: str) -> tuple[Tier, ...]:
    tiers = tuple(
        _tier(one, ("tiers", at), MOST if by == SCORE else 100)
        for at, one in enumerate(reading.records(raw, ("tiers",), 1, MOST_TIERS))
    )
    reading.all_different([one.key for one in tiers], ("tiers",))
    # From the best down: scores fall, and shares of customers rise.
    sign = -1 if by == SCORE else 1
    for at in range(1, len(tiers)):
        if sign * tiers[at].at <= sign * tiers[at - 1].at:
            raise RuleError(("tiers", at, "at"), _("Write the tiers from the best down."))
    if tiers[-1].at != (0 if by == SCORE else 100):
        raise RuleError(
            ("tiers", len(tiers) - 1, "at"), _("The last tier has to take everybody who is left.")
        )
    return tiers


def _tier(raw: Any, path: Path, most: float) -> Tier:
    given = reading.record(raw, path, {"key", "title", "at"})
    return Tier(
        key=reading.key(given.get("key"), (*path, "key")),
        at=reading.number(given.get("at"), (*path, "at"), 0, most),
        title=reading.title(given.get("title"), (*path, "title")),
    )


def write(recipe: Value) -> dict[str, Any]:
    """The recipe as JSON; `read` gives the same record again."""
    return {
        "factors": [_write_factor(one) for one in recipe.factors],
        "tiers": [
            {"key": one.key, "title": one.title, "at": reading.plain(one.at)}
            for one in recipe.tiers
        ],
        "by": recipe.by,
        "weekday": recipe.weekday,
    }


def _write_factor(one: Factor) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": one.key,
        "title": one.title,
        "weight": reading.plain(one.weight),
    }
    if one.stage_set:
        points = {stage: reading.plain(points) for stage, points in one.points}
        return {**found, "stage_set": one.stage_set, "points": points}
    return {**found, "trait": one.trait, "less_is_better": one.less_is_better}


# --- scoring ----------------------------------------------------------------


def score(recipe: Value, columns: Mapping[str, Numbers], length: int) -> Valued:
    """Score everybody of whom at least one factor is known.

    A column of a stage set holds the place of the stage in the factor's points. A factor
    without a column is left out, and the others share its weight.
    """
    factors: dict[str, Numbers] = {}
    anything = np.zeros(length, bool)
    for one in recipe.factors:
        column = columns.get(one.column)
        known = np.zeros(length, bool) if column is None else ~np.isnan(column)
        if column is None or not known.any():
            continue
        factors[one.key] = staged(one, column) if one.stage_set else ranked(one, column)
        anything |= known
    shares = weights(recipe, factors)
    total = np.zeros(length)
    for key, values_ in factors.items():
        total += shares[key] * values_
    found = np.where(anything, np.rint(total * MOST), -1).astype(np.int32)
    tier, least = _tier_of(recipe, found)
    return Valued(found, tier, factors, shares, least)


def weights(recipe: Value, known: Container[str]) -> dict[str, float]:
    """Each factor's share of the score; a factor that is not known has none."""
    used = {one.key: one.weight if one.key in known else 0.0 for one in recipe.factors}
    total = sum(used.values())
    return {key: weight / total if total else 0.0 for key, weight in used.items()}


def ranked(factor: Factor, column: Numbers) -> Numbers:
    """Where each customer stands among those who have any, from 0 to 1."""
    found = np.zeros(len(column))
    has_any = column > (-np.inf if factor.less_is_better else 0)
    theirs = -column[has_any] if factor.less_is_better else column[has_any]
    in_order = np.sort(theirs)
    below = np.searchsorted(in_order, theirs, side="left")
    upto = np.searchsorted(in_order, theirs, side="right")
    found[has_any] = (below + upto) / 2 / max(len(theirs), 1)
    return found


def stands(factor: Factor, column: Numbers, customer: int) -> float:
    """The same of one customer, without putting the others in order."""
    if factor.stage_set:
        return float(staged(factor, column[customer : customer + 1])[0])
    own = column[customer]
    has_any = column > (-np.inf if factor.less_is_better else 0)
    if not has_any[customer]:
        return 0.0
    alike = int((column == own).sum())
    less = int(
        (column[has_any] > own).sum() if factor.less_is_better else (column[has_any] < own).sum()
    )
    return float((less + alike / 2) / has_any.sum())


def staged(factor: Factor, column: Numbers) -> Numbers:
    """The points of each customer's stage, from 0 to 1."""
    points = np.array([one / 100 for _stage, one in factor.points])
    found = np.zeros(len(column))
    here = ~np.isnan(column) & (column >= 0) & (column < len(points))
    found[here] = points[column[here].astype(int)]
    return found


def _tier_of(recipe: Value, found: Numbers) -> tuple[Numbers, tuple[int, ...]]:
    """The place of each customer's tier and where each begins; equal scores share a tier."""
    scored = found[found >= 0]
    if recipe.by == SCORE:
        least = [round(tier.at) for tier in recipe.tiers]
    else:
        best_first = np.sort(scored)[::-1]
        least = [_least(best_first, tier.at) for tier in recipe.tiers]
        least[-1] = 0
    place = np.full(len(found), -1, np.int8)
    for at in reversed(range(len(least))):
        place[found >= least[at]] = at
    place[found < 0] = -1
    return place, tuple(least)


def _least(best_first: Numbers, percent: float) -> int:
    """The score of the last customer of the best so many percent."""
    if not len(best_first):
        return 0
    return int(best_first[max(int(np.ceil(round(percent * len(best_first) / 100, 9))), 1) - 1])


def histogram(found: Numbers) -> list[int]:
    """Customers in bands of fifty; the last one holds 1000 as well."""
    counts: list[int] = np.histogram(found[found >= 0], BINS, (0, MOST))[0].tolist()
    return counts


def sizes(recipe: Value, valued: Valued, spent: Numbers) -> list[dict[str, Any]]:
    """Each tier with its customers, what they spent, and the least score."""
    found = []
    for at, tier in enumerate(recipe.tiers):
        inside = valued.tier == at
        found.append(
            {
                "key": tier.key,
                "customers": int(inside.sum()),
                "spent": round(float(np.nansum(spent[inside]))),
                "from": valued.least[at],
            }
        )
    return found
