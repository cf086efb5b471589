"""What traits and rules know from profiles: fields as columns, and since when we know somebody.

Fields that tell how to reach somebody have no column, and neither have those with more words
than anybody chooses from.
"""

import re
from collections.abc import Iterator, Mapping

import numpy as np
from django.db import connection

from console import clock
from segments import arrays, columns, gathering, masking
from segments.arrays import Array
from segments.gathering import World
from segments.recipes import nodes
from segments.recipes.nodes import Field
from segments.traits import CHOICE, NUMBER, Trait

MOST_FIELDS, MOST_WORDS = 100, 60_000
LOOKED_AT = 200  # words of a field, before it is believed that they are no addresses
PREFIX = "profile:"
_NUMBER = re.compile(r"\s*-?\d{1,15}(\.\d{1,15})?\s*", re.ASCII)


def fill(world: World, wanted: Mapping[str, Trait]) -> None:
    """The traits that profiles tell."""
    for one in wanted.values():
        if isinstance(one.recipe, nodes.KnownSince):
            gathering.keep(world, one, _known_since(world))
        elif isinstance(one.recipe, Field):
            found = _Words.of(one.recipe.field)
            _keep(world, one, found if found is not None else _Words({}))


def fill_fields(world: World) -> None:
    """A column for each field of the profiles, for rules: numbers if all are, else words."""
    for name in _fields():
        found = _Words.of(name)
        if found is not None and found.ids:
            kind = NUMBER if found.are_numbers else CHOICE
            _keep(world, Trait(f"{PREFIX}{name}", name, "", Field(name), kind), found)


def _fields() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_FIELDS, [MOST_FIELDS])
        names = [name for (name,) in cursor.fetchall()]
    longest = 80 - len(PREFIX)
    return [
        name
        for name in names
        if len(name) <= longest and not masking.is_contact(name) and not masking.tells(name)
    ]


class _Words:
    """Each word of a field, and who has it."""

    def __init__(self, ids: dict[str, Array]) -> None:
        self.ids = ids

    @classmethod
    def of(cls, field: str) -> "_Words | None":
        """None when there are more words than a column holds, or they tell who somebody is."""
        ids: dict[str, Array] = {}
        for word, found in _grouped(field):
            if len(ids) == MOST_WORDS or (len(ids) < LOOKED_AT and masking.tells(word)):
                return None
            ids[word] = found
        return cls(ids)

    @property
    def are_numbers(self) -> bool:
        return all(_number(word) is not None for word in self.ids)


def _grouped(field: str) -> Iterator[tuple[str, Array]]:
    with connection.cursor() as cursor:
        cursor.execute(_GROUPED, [field, MOST_WORDS + 1])
        for word, found in cursor.fetchall():
            yield word, np.frombuffer(bytes(found), ">i4").astype(np.int64)


def _keep(world: World, trait: Trait, found: _Words) -> None:
    length = len(world.living)
    column = np.full(length, np.nan)
    words = sorted(found.ids)
    for place, word in enumerate(words):
        ids = found.ids[word]
        value = _number(word) if trait.kind == NUMBER else place
        column[ids[ids < length]] = np.nan if value is None else value
    if trait.kind == NUMBER:
        gathering.keep(world, trait, column)
        return
    nothing = arrays.nothing(np.int32)
    codes = np.where(np.isnan(column), nothing, np.nan_to_num(column)).astype(np.int32)
    gathering.keep(world, trait, codes, words)


def _number(word: str) -> float | None:
    """A number as rules read it, also where a source wrote it as text."""
    return float(word) if _NUMBER.fullmatch(word) else None


def _known_since(world: World) -> Array:
    found = columns.read(_KNOWN_SINCE, [clock.zone().key], customer="i4", day="i4")
    inside = found["customer"] < len(world.living)
    who, days = found["customer"][inside].astype(np.int64), found["day"][inside].astype(np.int32)
    return arrays.spread(who, days, len(world.living))


_KNOWN_SINCE = """
    SELECT id, (created_at AT TIME ZONE %s)::date - '1970-01-01'::date FROM segments_customer
    WHERE created_at IS NOT NULL
"""
# Of the newest profiles; a field that only old ones have is read from their rows.
_FIELDS = """
    SELECT key FROM (SELECT attributes FROM segments_customer ORDER BY id DESC LIMIT 20000) newest,
        jsonb_object_keys(attributes) AS key
    GROUP BY key ORDER BY count(*) DESC, key LIMIT %s
"""
_GROUPED = """
    SELECT word, string_agg(int4send(id), ''::bytea) FROM (
        SELECT id, attributes ->> %s AS word FROM segments_customer
    ) found
    WHERE word IS NOT NULL GROUP BY word LIMIT %s
"""
