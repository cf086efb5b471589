"""How alike a past campaign is to a new one, and in what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Trait = Literal["people", "layers", "channels", "offer", "entry", "occasion"]
# What each kind of likeness counts; the aim is not among them: another aim is no precedent.
WEIGHTS: dict[Trait, float] = {
    "people": 0.4,
    "layers": 0.2,
    "channels": 0.25,
    "offer": 0.25,
    "entry": 0.1,
    "occasion": 0.3,
}
LEAST = 0.3  # a campaign less alike than that is no precedent
HALF_LIFE = 365  # days after which the past counts half


@dataclass(frozen=True)
class Layers:
    """In which stages of which stage set its customers were, as shares of them all."""

    stage_set: int
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Offer:
    """Whether it gives something; of which kinds, and the deepest share of an order, if known."""

    is_there: bool
    kinds: frozenset[str] | None = None
    depth: float = 0.0


@dataclass(frozen=True)
class Shape:
    """What campaigns are compared by. What is not known of one that ran elsewhere is None."""

    aim: str
    channels: frozenset[str] | None = None
    offer: Offer | None = None
    entry: str | None = None
    layers: Layers | None = None
    occasion: str | None = None  # empty: an ordinary day


@dataclass(frozen=True)
class Likeness:
    """From 0 to 1, and what of it is alike."""

    score: float
    alike: tuple[Trait, ...]


def between(new: Shape, old: Shape, *, people: float) -> Likeness | None:
    """How alike; None for another aim, or too little.

    `people` is the share of the new one's customers whom the old one was for. What is not known
    counts neither for nor against.
    """
    if new.aim != old.aim:
        return None
    shares: dict[Trait, float | None] = {
        "people": people,
        "layers": _mixed(new.layers, old.layers),
        "channels": _overlap(new.channels, old.channels),
        "offer": _offered(new.offer, old.offer),
        "entry": _same(new.entry, old.entry),
        "occasion": _for_the_same(new.occasion, old.occasion),
    }
    told = {trait: share for trait, share in shares.items() if share is not None}
    weight = sum(WEIGHTS[trait] for trait in told)
    score = sum(WEIGHTS[trait] * share for trait, share in told.items()) / weight
    if score < LEAST:
        return None
    return Likeness(score, tuple(trait for trait, share in told.items() if share >= 0.5))


def faded(days_ago: int) -> float:
    """How much what happened so long ago still counts."""
    return float(0.5 ** (max(0, days_ago) / HALF_LIFE))


def _overlap(one: frozenset[str] | None, other: frozenset[str] | None) -> float | None:
    if not one or not other:
        return None
    return len(one & other) / len(one | other)


def _mixed(one: Layers | None, other: Layers | None) -> float | None:
    """The share that lies in the same stages; of another set of stages nobody can tell."""
    if one is None or other is None or one.stage_set != other.stage_set:
        return None
    return sum(min(share, other.shares.get(stage, 0.0)) for stage, share in one.shares.items())


def _offered(one: Offer | None, other: Offer | None) -> float | None:
    """To give something at all is a quarter; the rest is for the same kinds and the same depth."""
    if one is None or other is None:
        return None
    if one.is_there != other.is_there:
        return 0.0
    if not one.is_there or one.kinds is None or other.kinds is None:
        return 1.0
    kinds = _overlap(one.kinds, other.kinds) or 0.0
    return 0.25 + 0.375 * kinds + 0.375 * (1 - abs(one.depth - other.depth))


def _for_the_same(one: str | None, other: str | None) -> float | None:
    """Two of ordinary days are not alike in that: nearly all are."""
    return _same(one, other) if one or other else None


def _same(one: object, other: object) -> float | None:
    return None if one is None or other is None else float(one == other)
