"""Waves written down in one statement, however many: a thousand for a million customers."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from campaigns.models import Wave
from segments import bitmaps

_COLUMNS = ("step", "kind", "occurrence", "mixed", "members", "size", "due_at", "not_before")


def write(rows: Sequence[Wave]) -> None:
    """Keep waves of one campaign; those whose `due_at` is None are due now.

    Django's `bulk_create` takes six times as long, most of it for the words of the statement.
    """
    if not rows:
        return
    first = rows[0]
    columns = {name: [getattr(one, name) for one in rows] for name in _COLUMNS}
    columns["members"] = [bitmaps.dump(members) for members in columns["members"]]
    columns["mixed"] = [json.dumps(mixed) if mixed else "{}" for mixed in columns["mixed"]]
    given: dict[str, Any] = {"campaign": first.campaign_id, "goes_on": first.goes_on}
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, given | {"nobody": bitmaps.dump(first.gone)} | columns)


_WRITE = """
    INSERT INTO campaigns_wave (campaign_id, step, kind, occurrence, mixed, members, gone, size,
        status, due_at, not_before, tries, goes_on)
    SELECT %(campaign)s, step, kind, occurrence, mixed::jsonb, members, %(nobody)s, size, 'waiting',
        coalesce(due_at, statement_timestamp()), not_before, 0, %(goes_on)s
    FROM unnest(%(step)s::text[], %(kind)s::text[], %(occurrence)s::int[], %(mixed)s::text[],
        %(members)s::bytea[], %(size)s::int[], %(due_at)s::timestamptz[],
        %(not_before)s::timestamptz[]
    ) AS one (step, kind, occurrence, mixed, members, size, due_at, not_before)
"""
