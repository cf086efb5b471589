"""What senders say about groups of customers and about items, carried out in bulk."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from segments import operations
from segments.items import Group
from segments.operations import Attributes, Problem

Place = tuple[str, str]  # kind and key


def carry_out(asked: Sequence[Group], *, at: dt.datetime) -> list[list[Problem]]:
    """Change the things as asked, in order; for each, what was not done.

    The things, in one order, are ours until the transaction ends.
    """
    if not asked:
        return []
    places = sorted({(one.kind, one.id) for one in asked})
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, {**_columns(places), "at": at})
        cursor.execute(_READ, _columns(places))
        things: dict[Place, Attributes] = {
            (kind, key): json.loads(attributes) for kind, key, attributes in cursor.fetchall()
        }
        problems = [operations.carry_out(things[one.kind, one.id], one) for one in asked]
        texts = [json.dumps(things[place], ensure_ascii=False) for place in places]
        cursor.execute(_WRITE, {**_columns(places), "attributes": texts, "at": at})
    return problems


def kinds() -> list[str]:
    """The kinds that there are, each found by one step along the index."""
    with connection.cursor() as cursor:
        cursor.execute(_KINDS)
        return [kind for (kind,) in cursor.fetchall()]


def _columns(places: Iterable[Place]) -> dict[str, Any]:
    kinds, keys = zip(*places, strict=True)
    return {"kinds": list(kinds), "keys": list(keys)}


_MAKE = """
    INSERT INTO segments_thing (kind, key, attributes, updated_at)
    SELECT kind, key, '{}', %(at)s
    FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS one (kind, key)
    ON CONFLICT DO NOTHING
"""
_READ = """
    SELECT kind, key, attributes::text FROM segments_thing
    JOIN unnest(%(kinds)s::text[], %(keys)s::text[]) AS one (kind, key) USING (kind, key)
    ORDER BY kind, key FOR UPDATE OF segments_thing
"""
_WRITE = """
    UPDATE segments_thing t SET attributes = new.attributes, updated_at = %(at)s
    FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(attributes)s::jsonb[])
        AS new (kind, key, attributes)
    WHERE (t.kind, t.key) = (new.kind, new.key) AND t.attributes <> new.attributes
"""
_KINDS = """
    WITH RECURSIVE found AS (
        (SELECT kind FROM segments_thing ORDER BY kind LIMIT 1)
        UNION ALL
        SELECT (SELECT kind FROM segments_thing WHERE kind > found.kind ORDER BY kind LIMIT 1)
        FROM found WHERE found.kind IS NOT NULL
    )
    SELECT kind FROM found WHERE kind IS NOT NULL LIMIT 100
"""
