"""Groups of customers who are alike, found by k-means over a few traits.

Traits with long tails are taken by their logarithm, cut off at the 1st and the 99th percentile,
and measured in standard deviations. For every k from 2 to 8 we say how tight the clusters are
(inertia) and how well they are apart (silhouette); which k is chosen, and why, is part of the
answer. A cluster keeps its number from night to night: new ones are paired with the old ones
that they lie nearest to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segments.rules import values
from segments.rules.nodes import Path, RuleError
from segments.rules.nodes import gettext_noop as _
from segments.scoring import reading
from segments.scoring.reading import Numbers

FEWEST, MOST = 2, 8  # clusters
MOST_FEATURES = 8
LEAST, LARGEST = "least", "most"
ACTIVITY, RECENCY, WORTH, CHANGE = "activity", "recency", "worth", "change"
ROLES = ("", ACTIVITY, RECENCY, WORTH, CHANGE)
ALIKE, STAY = 0.02, 0.05  # silhouettes so near are alike; last time's k stays when so near
ACTIVE, LEAVING, SILENT = "active", "leaving", "silent"
CLEAR = 0.25  # standard deviations from the average that one can call a difference
# Why this k: it is set, is the best, is smaller and as good, or was and still is good.
SET, BEST, SMALLER, KEPT = "set", "best", "smaller", "kept"


@dataclass(frozen=True)
class Feature:
    """One trait that customers are compared by.

    `missing` says what not knowing it counts as; the role is what the trait tells, so that a
    cluster can be called by it.
    """

    trait: str
    role: str = ""
    log: bool = False
    missing: str = LEAST


@dataclass(frozen=True)
class Clusters:
    """The features, how many clusters (or from how many on one is looked for), and names."""

    features: tuple[Feature, ...]
    k: int | None = None
    at_least: int = 3  # two clusters say little more than "some" and "many"
    names: tuple[tuple[int, str], ...] = ()
    weekday: int | None = None

    @property
    def traits(self) -> tuple[str, ...]:
        return tuple(one.trait for one in self.features)


@dataclass(frozen=True)
class Before:
    """The clusters of the last run, in the features' own measure, to go on from."""

    traits: tuple[str, ...]
    numbers: tuple[int, ...]
    centres: Numbers


@dataclass(frozen=True)
class Tried:
    """How good the clusters are with one k."""

    k: int
    inertia: float
    silhouette: float


@dataclass(frozen=True)
class Profile:
    """One cluster: who is in it and what is different about them."""

    number: int
    customers: int
    means: dict[str, float | None]  # of what is known, in the trait's own unit
    differences: dict[str, float]  # in standard deviations from the average customer
    suggestion: str = ""  # ACTIVE, LEAVING, SILENT or nothing


@dataclass(frozen=True)
class Grouped:
    """Each customer's cluster number (0: none), every k that was tried, and the profiles."""

    number: Numbers
    tried: tuple[Tried, ...]
    k: int
    why: str
    profiles: tuple[Profile, ...]
    before: Before  # for the next run


SHIPPED = Clusters(
    features=(
        Feature("recency_days", RECENCY, log=True, missing=LARGEST),
        Feature("orders", WORTH, log=True),
        Feature("monetary_minor", WORTH, log=True),
        Feature("active_days_30d", ACTIVITY, log=True),
    )
)


# --- reading and writing ----------------------------------------------------


def read(raw: Any) -> Clusters:
    """The recipe that this JSON says.

    Raises:
        RuleError: it makes no sense; the path leads to what is wrong.
    """
    given = reading.record(raw, (), {"features", "k", "at_least", "names", "weekday"})
    found = reading.records(given.get("features"), ("features",), 2, MOST_FEATURES)
    features = tuple(_feature(one, ("features", at)) for at, one in enumerate(found))
    reading.all_different([one.trait for one in features], ("features",))
    k = given.get("k")
    return Clusters(
        features=features,
        k=None if k is None else values.whole(k, ("k",), FEWEST, MOST),
        at_least=values.whole(given.get("at_least", 3), ("at_least",), FEWEST, MOST),
        names=_names(given.get("names", {})),
        weekday=reading.weekday(given.get("weekday"), ("weekday",)),
    )


def _feature(raw: Any, path: Path) -> Feature:
    given = reading.record(raw, path, {"trait", "role", "log", "missing"})
    unknown = _("There is no “%(value)s” here.")
    return Feature(
        trait=reading.trait(given.get("trait"), (*path, "trait")),
        role=values.choice(given.get("role", ""), ROLES, (*path, "role"), unknown),
        log=reading.flag(given.get("log", False), (*path, "log")),
        missing=values.choice(
            given.get("missing", LEAST), (LEAST, LARGEST), (*path, "missing"), unknown
        ),
    )


def _names(raw: Any) -> tuple[tuple[int, str], ...]:
    if not isinstance(raw, dict):
        raise RuleError(("names",), _("A JSON object belongs here."))
    found = []
    for number, name in raw.items():
        if number not in {str(one) for one in range(1, MOST + 1)}:
            raise RuleError(("names", str(number)[:80]), _("Clusters have the numbers 1 to 8."))
        if title := reading.title(name, ("names", number)):
            found.append((int(number), title))
    return tuple(sorted(found))


def write(recipe: Clusters) -> dict[str, Any]:
    """The recipe as JSON; `read` gives the same record again."""
    return {
        "features": [
            {"trait": one.trait, "role": one.role, "log": one.log, "missing": one.missing}
            for one in recipe.features
        ],
        "k": recipe.k,
        "at_least": recipe.at_least,
        "names": {str(number): title for number, title in recipe.names},
        "weekday": recipe.weekday,
    }


# --- choosing and naming ----------------------------------------------------


def choose(recipe: Clusters, tried: Sequence[Tried], last: int | None) -> tuple[int, str]:
    """How many clusters, and why."""
    most = max(one.k for one in tried)
    if recipe.k is not None:
        return min(recipe.k, most), SET
    among = [one for one in tried if one.k >= min(recipe.at_least, most)]
    best = max(one.silhouette for one in among)
    if any(one.k == last and one.silhouette >= best - STAY for one in among):
        assert last is not None
        return last, KEPT
    smallest = next(one for one in among if one.silhouette >= best - ALIKE)
    return smallest.k, BEST if smallest.silhouette == best else SMALLER


def suggest(recipe: Clusters, differences: Mapping[int, Mapping[str, float]]) -> dict[int, str]:
    """Which cluster is the highly active one, which may leave and which is silent, if any is."""
    lean = {number: _leaning(recipe, found) for number, found in differences.items()}
    wanted: dict[str, Callable[[dict[str, float]], float | None]] = {
        ACTIVE: lambda one: one[ACTIVITY] - one[RECENCY] if one[ACTIVITY] >= CLEAR else None,
        SILENT: lambda one: (
            one[RECENCY] - one[ACTIVITY] - one[WORTH]
            if one[RECENCY] - one[ACTIVITY] >= CLEAR and one[WORTH] < CLEAR
            else None
        ),
        # Worth something to us once, and less here than they were.
        LEAVING: lambda one: (
            one[WORTH] + one[RECENCY] - one[ACTIVITY] - one[CHANGE]
            if one[WORTH] >= -CLEAR and one[RECENCY] - one[ACTIVITY] - one[CHANGE] >= CLEAR
            else None
        ),
    }
    found: dict[int, str] = {}
    for name, fits in wanted.items():
        scores = {
            number: score
            for number, one in lean.items()
            if number not in found and (score := fits(one)) is not None
        }
        if scores:
            found[max(scores, key=lambda one: (scores[one], -one))] = name
    return found


def _leaning(recipe: Clusters, differences: Mapping[str, float]) -> dict[str, float]:
    """The average difference of the features of each role."""
    by_role: dict[str, list[float]] = {role: [] for role in ROLES}
    for one in recipe.features:
        by_role[one.role].append(differences[one.trait])
    return {role: sum(some) / len(some) if some else 0.0 for role, some in by_role.items()}


def strongest(differences: Mapping[str, float], most: int = 2) -> list[tuple[str, float]]:
    """The traits in which a cluster differs most from the average, the strongest first."""
    clear = [(trait, one) for trait, one in differences.items() if abs(one) >= CLEAR]
    return sorted(clear, key=lambda one: (-abs(one[1]), one[0]))[:most]
