"""What all recipes of one run share: the day, who there is, and the columns that they fill."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy as _

from console import kept_words
from segments import arrays, definitions, history, live_sets, sheet, traits
from segments.arrays import Array
from segments.models import EventType
from segments.recipes.nodes import Events
from segments.sheet import Fresh


class NotComputed(Exception):
    """Why a trait has no values, as `kept_words.keep` has it."""


@dataclass
class World:
    """What all recipes of a run share: the day, who there is, and which events there were."""

    day: dt.date
    living: Array  # who is there, as a mask
    known_as: Array  # under whom to count whom
    events: frozenset[str]
    found: dict[str, Fresh] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return (self.day - traits.EPOCH).days

    def names(self, events: Events) -> tuple[str, ...]:
        """The events that are meant, of those that ever happened.

        Raises:
            NotComputed: none ever did.
        """
        if events.word:
            return tuple(definitions.events(events.word))
        names = tuple(name for name in events.names if name in self.events)
        if not names:
            raise NotComputed(
                kept_words.keep(_("No such events yet: %(events)s."), events=events.names)
            )
        return names


def of(day: dt.date) -> World:
    living = live_sets.everyone()
    # Who was merged is asked before which files there are, as `history.opened` does.
    moved = history.moved()
    return World(
        day,
        arrays.mask(living, living.max() + 1 if living else 0),
        moved.lookup(),
        frozenset(EventType.objects.values_list("name", flat=True)),
    )


def keep(world: World, trait: traits.Trait, values: Array, words: list[str] | None = None) -> None:
    """Remember what was found, in the type of its column, of those who are there alone."""
    dtype = np.dtype(traits.DTYPES[trait.kind])
    nothing = arrays.nothing(dtype)
    known = arrays.known(values) & world.living
    if dtype.kind == "i":
        fits = _whole(np.where(known, values, 0), dtype)
    else:
        fits = values.astype(dtype)
    fresh = np.where(known, fits, nothing).astype(dtype)
    world.found[trait.key] = (
        _with_words(trait.key, fresh, words) if words is not None else Fresh(fresh)
    )


def _whole(values: Array, dtype: np.dtype[Any]) -> Array:
    """Rounded and inside of what the type holds; a float has no place for the edge of 64 bits."""
    edge = np.iinfo(dtype).max
    if values.dtype.kind != "f":
        return np.clip(values, -edge, edge).astype(dtype)
    inside = np.abs(values) < float(edge)
    whole = np.rint(np.where(inside, values, 0)).astype(dtype)
    return np.where(inside, whole, np.where(values > 0, edge, -edge))


def _with_words(key: str, codes: Array, words: list[str]) -> Fresh:
    """The codes as places in the column's words, which only grow; nobody's words are left out."""
    before = sheet.read(key).get(key)
    kept = list(before.words) if before else []
    places = {word: place for place, word in enumerate(kept)}
    known = arrays.known(codes)
    new = np.full(len(words), -1, np.int32)
    for code in np.unique(codes[known]).tolist():
        new[code] = places.setdefault(words[code], len(places))
    fresh = codes.copy()
    fresh[known] = new[codes[known]]
    return Fresh(fresh, tuple(places))
