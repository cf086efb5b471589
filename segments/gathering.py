"""What all recipes of one run share: the day, who there is, and the columns that they fill."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _

from console import clock, formats
from segments import arrays, columns, definitions, history, live_sets, sheet, traits
from segments.arrays import Array
from segments.models import EventType
from segments.recipes import nodes
from segments.recipes.nodes import Events
from segments.sheet import Fresh


class NotComputed(Exception):
    """Why a trait has no values, in words."""


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
                _("No such events yet: %(events)s.") % {"events": formats.listed(events.names)}
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


# --- what needs no events ---------------------------------------------------


def from_profiles(world: World, wanted: Mapping[str, traits.Trait]) -> None:
    """What profiles say, and since when we know somebody."""
    for one in wanted.values():
        if isinstance(one.recipe, nodes.KnownSince):
            keep(world, one, _known_since(world))
        elif isinstance(one.recipe, nodes.Field):
            keep(world, one, *_field(world, one))


def _known_since(world: World) -> Array:
    zone = clock.zone().key
    found = columns.read(
        "SELECT id, (created_at AT TIME ZONE %s)::date - '1970-01-01'::date FROM segments_customer"
        " WHERE created_at IS NOT NULL",
        [zone],
        customer="i4",
        day="i4",
    )
    inside = found["customer"] < len(world.living)
    who, days = found["customer"][inside].astype(np.int64), found["day"][inside].astype(np.int32)
    return arrays.spread(who, days, len(world.living))


MOST_WORDS = 60_000
_WORDS = """
    SELECT DISTINCT attributes ->> %s AS word FROM segments_customer
    WHERE jsonb_typeof(attributes -> %s) IN ('string', 'number', 'boolean') ORDER BY 1 LIMIT %s
"""
_CODES = """
    SELECT c.id, (w.place - 1)::int FROM segments_customer c
    JOIN unnest(%s::text[]) WITH ORDINALITY AS w (word, place) ON c.attributes ->> %s = w.word
    WHERE jsonb_typeof(c.attributes -> %s) IN ('string', 'number', 'boolean')
"""
_NUMBERS = r"""
    SELECT id, (attributes ->> %s)::float8 FROM segments_customer
    WHERE attributes ->> %s ~ '^\s*-?\d{1,15}(\.\d{1,15})?\s*$'
"""


def _field(world: World, trait: traits.Trait) -> tuple[Array, list[str] | None]:
    assert isinstance(trait.recipe, nodes.Field)
    name, length = trait.recipe.field, len(world.living)
    if trait.kind != traits.CHOICE:
        found = columns.read(_NUMBERS, [name, name], customer="i4", value="f8")
        values = found["value"].astype(np.float64)
    else:
        with connection.cursor() as cursor:
            cursor.execute(_WORDS, [name, name, MOST_WORDS])
            words = [word for (word,) in cursor.fetchall()]
        found = columns.read(_CODES, [words, name, name], customer="i4", value="i4")
        values = found["value"].astype(np.int32)
    inside = found["customer"] < length
    column = arrays.spread(found["customer"][inside].astype(np.int64), values[inside], length)
    return column, (words if trait.kind == traits.CHOICE else None)
