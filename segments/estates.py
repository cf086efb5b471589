"""What is a customer's, handed over to another and given back, in bulk.

Rows are read and written as PostgreSQL has them: what is sealed there stays sealed.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

FIELDS = ("name", "email", "phone", "language")
Estate = dict[str, Any]


def hand_over(pairs: Sequence[tuple[int, int]]) -> list[dict[str, Estate]]:
    """Give everything of each second customer to the first; what both had before.

    What the kept one has wins; of two consents the later decision, and of two at the same
    moment the no. The caller keeps others away with `identity.alone`.
    """
    numbers = {"kept": [kept for kept, _ in pairs], "absorbed": [gone for _, gone in pairs]}
    with connection.cursor() as cursor:
        estates = _read(cursor, {*numbers["kept"], *numbers["absorbed"]})
        before = []
        for kept, absorbed in pairs:
            before.append({"kept": dict(estates[kept]), "absorbed": estates[absorbed]})
            estates[kept] |= _united(estates[kept], estates[absorbed])
        _write(cursor, {kept: estates[kept] for kept in numbers["kept"]})
        for statement in _HAND_OVER:
            cursor.execute(statement, numbers)
    return before


def look(customer: int) -> Estate:
    """What a customer has, without keeping others from it."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [[customer]])
        found: Estate = json.loads(cursor.fetchone()[1])
        return found


def give_back(kept: int, absorbed: int, before: dict[str, Estate]) -> None:
    """Make the absorbed one what they were, and take from the kept one what came from them."""
    was_kept, was_absorbed = before["kept"], before["absorbed"]
    with connection.cursor() as cursor:
        now = _read(cursor, {kept})[kept]
        _write(cursor, {kept: now | _parted(now, was_kept, was_absorbed), absorbed: was_absorbed})
        names = {
            "kept": kept,
            "absorbed": absorbed,
            "identifiers": [number for number, *_ in was_absorbed["identifiers"]],
            "ghosts": was_absorbed["ghosts"],
            "mine": json.dumps(was_kept["consents"]),
            "theirs": json.dumps(was_absorbed["consents"]),
        }
        for statement in _GIVE_BACK:
            cursor.execute(statement, names)


def _united(kept: Estate, absorbed: Estate) -> Estate:
    return {
        **{name: kept[name] or absorbed[name] for name in FIELDS},
        "attributes": absorbed["attributes"] | kept["attributes"],
        "created_at": min(kept["created_at"], absorbed["created_at"]),
    }


def _parted(now: Estate, kept: Estate, absorbed: Estate) -> Estate:
    """What the kept one has of their own, or has got since."""
    came = {
        key
        for key, value in absorbed["attributes"].items()
        if key not in kept["attributes"] and now["attributes"].get(key) == value
    }
    return {
        **{name: kept[name] if now[name] == absorbed[name] else now[name] for name in FIELDS},
        "attributes": {key: one for key, one in now["attributes"].items() if key not in came},
        "created_at": kept["created_at"],
    }


def _read(cursor: Any, customers: set[int]) -> dict[int, Estate]:
    """Everything of these customers, whose rows are ours until the end of the transaction."""
    cursor.execute(_LOCK, [sorted(customers)])
    cursor.execute(_READ, [sorted(customers)])
    return {number: json.loads(estate) for number, estate in cursor.fetchall()}


def _write(cursor: Any, estates: dict[int, Estate]) -> None:
    rows = [
        (number, *(one[name] for name in FIELDS), json.dumps(one["attributes"]), one["created_at"])
        for number, one in estates.items()
    ]
    cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])


_LOCK = "SELECT FROM segments_customer WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
_READ = """
    SELECT c.id, jsonb_build_object(
        'name', c.name, 'email', c.email, 'phone', c.phone, 'language', c.language,
        'attributes', c.attributes,
        'created_at', to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'identifiers', (
            SELECT coalesce(jsonb_agg(jsonb_build_array(i.id, i.kind, i.value) ORDER BY i.id), '[]')
            FROM segments_identifier i WHERE i.customer_id = c.id
        ),
        'consents', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'channel', s.channel, 'purpose', s.purpose, 'granted', s.granted, 'at', s.at,
                'source', s.source) ORDER BY s.id), '[]')
            FROM segments_consent s WHERE s.customer_id = c.id
        ),
        'ghosts', (
            SELECT coalesce(jsonb_agg(g.id ORDER BY g.id), '[]')
            FROM segments_customer g WHERE g.merged_into_id = c.id
        )
    )::text
    FROM segments_customer c WHERE c.id = ANY(%s)
"""
_WRITE = """
    UPDATE segments_customer c SET
        name = new.name, email = new.email, phone = new.phone, language = new.language,
        attributes = new.attributes, created_at = new.created_at, merged_into_id = NULL
    FROM unnest(
        %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[]
    ) AS new (id, name, email, phone, language, attributes, created_at)
    WHERE c.id = new.id
"""

_PAIRS = "unnest(%(kept)s::int[], %(absorbed)s::int[]) AS pair (kept, absorbed)"
_HAND_OVER = (
    f"UPDATE segments_identifier i SET customer_id = pair.kept FROM {_PAIRS}"  # noqa: S608
    " WHERE i.customer_id = pair.absorbed",
    f"""
    INSERT INTO segments_consent AS mine (customer_id, channel, purpose, granted, at, source)
    SELECT DISTINCT ON (pair.kept, theirs.channel, theirs.purpose)
        pair.kept, theirs.channel, theirs.purpose, theirs.granted, theirs.at, theirs.source
    FROM segments_consent theirs JOIN {_PAIRS} ON theirs.customer_id = pair.absorbed
    ORDER BY pair.kept, theirs.channel, theirs.purpose, theirs.at DESC, theirs.granted
    ON CONFLICT (customer_id, channel, purpose) DO UPDATE
        SET granted = excluded.granted, at = excluded.at, source = excluded.source
        WHERE (excluded.at, NOT excluded.granted) > (mine.at, NOT mine.granted)
    """,  # noqa: S608
    "DELETE FROM segments_consent WHERE customer_id = ANY(%(absorbed)s)",
    f"""
    UPDATE segments_customer c SET merged_into_id = pair.kept FROM {_PAIRS}
    WHERE c.merged_into_id = pair.absorbed
    """,  # noqa: S608
    f"""
    UPDATE segments_customer c SET merged_into_id = pair.kept,
        name = '', email = '', phone = '', language = '', attributes = '{{}}'
    FROM {_PAIRS} WHERE c.id = pair.absorbed
    """,  # noqa: S608
)

_CONSENTS = """jsonb_to_recordset(%({whose})s::jsonb) AS {whose} (
    channel text, purpose text, granted boolean, at timestamptz, source text)"""
_MINE, _THEIRS = _CONSENTS.format(whose="mine"), _CONSENTS.format(whose="theirs")
# A consent of the kept one that is still the absorbed one's becomes what it was.
_STILL_THEIRS = "(now.granted, now.at, now.source) = (theirs.granted, theirs.at, theirs.source)"
_GIVE_BACK = (
    """
    UPDATE segments_identifier SET customer_id = %(absorbed)s
    WHERE id = ANY(%(identifiers)s) AND customer_id = %(kept)s
    """,
    """
    UPDATE segments_customer SET merged_into_id = %(absorbed)s
    WHERE id = ANY(%(ghosts)s) AND merged_into_id = %(kept)s
    """,
    f"""
    DELETE FROM segments_consent now USING {_THEIRS}
    WHERE now.customer_id = %(kept)s AND {_STILL_THEIRS}
        AND (now.channel, now.purpose) = (theirs.channel, theirs.purpose)
    """,  # noqa: S608
    f"""
    INSERT INTO segments_consent (customer_id, channel, purpose, granted, at, source)
    SELECT %(kept)s, mine.* FROM {_MINE}
    ON CONFLICT (customer_id, channel, purpose) DO NOTHING
    """,  # noqa: S608
    f"""
    INSERT INTO segments_consent (customer_id, channel, purpose, granted, at, source)
    SELECT %(absorbed)s, theirs.* FROM {_THEIRS}
    ON CONFLICT (customer_id, channel, purpose) DO NOTHING
    """,  # noqa: S608
)
