"""Where customers stand becomes a column, and their moves become sets by day."""

from hashlib import blake2b
from typing import Any

import numpy as np
from django.db import migrations, models
from pyroaring import BitMap

ROWS = 1 << 16  # customers in a block, as `segments.sheet` has them
NOTHING = np.iinfo(np.int32).min

# Of several moves on one day the first origin and the last goal count. Where somebody stands
# elsewhere than their last move led to (who was merged left without a move), that is a move of
# the last day.
MOVES = """
    WITH told AS (
        SELECT id, customer_id, from_stage_id, to_stage_id, "on" FROM segments_stagemove
        WHERE stage_set_id = %(set)s
    ), last AS (
        SELECT DISTINCT ON (customer_id) customer_id, to_stage_id FROM told
        ORDER BY customer_id, "on" DESC, id DESC
    ), untold AS (
        SELECT 9223372036854775807, coalesce(last.customer_id, now.customer_id),
            last.to_stage_id, now.stage_id, greatest(%(day)s, (SELECT max("on") FROM told))
        FROM last FULL JOIN (
            SELECT customer_id, stage_id FROM segments_customerstage WHERE stage_set_id = %(set)s
        ) now USING (customer_id)
        WHERE last.to_stage_id IS DISTINCT FROM now.stage_id
    ), by_day AS (
        SELECT DISTINCT ON (customer_id, "on") customer_id, "on",
            first_value(from_stage_id) OVER day AS was, last_value(to_stage_id) OVER day AS now
        FROM (SELECT * FROM told UNION ALL SELECT * FROM untold) every
        WINDOW day AS (PARTITION BY customer_id, "on" ORDER BY id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    )
    SELECT "on", was, now, array_agg(customer_id) FROM by_day
    WHERE was IS DISTINCT FROM now GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
NOW = """
    SELECT array_agg(customer_id), array_agg(stage_id), array_agg(since_on - DATE '1970-01-01')
    FROM segments_customerstage WHERE stage_set_id = %(set)s
"""


def convert(apps: Any, editor: Any) -> None:
    """Each set's rows of moves and standings as sets and columns."""
    sets = apps.get_model("segments", "StageSet").objects.exclude(data_as_of=None)
    for stage_set in sets:
        names = {"set": stage_set.pk, "day": stage_set.data_as_of}
        with editor.connection.cursor() as cursor:
            cursor.execute(MOVES, names)
            moves = cursor.fetchall()
            cursor.execute(NOW, names)
            ((customers, stages, since),) = cursor.fetchall()
        _keep_flows(apps.get_model("segments", "StageFlow"), stage_set, moves)
        for key, values in (("stage", stages), ("since", since)):
            _keep_column(apps, editor, f"{key}:{stage_set.pk}", customers, values, stage_set)
        stage_set.computed_version = stage_set.version
        stage_set.save(update_fields=["computed_version"])


def _keep_flows(model: Any, stage_set: Any, moves: list[Any]) -> None:
    for on, was, now, customers in moves:
        members = BitMap(customers)
        model.objects.create(
            stage_set=stage_set, on=on, from_stage_id=was, to_stage_id=now,
            members=members, size=len(members),
        )  # fmt: skip


def _keep_column(
    apps: Any, editor: Any, key: str, customers: list[int] | None, values: Any, stage_set: Any
) -> None:
    column = np.full(max(customers or [-1]) + 1, NOTHING, "<i4")
    if customers:
        column[customers] = values
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT nextval('segments_column_version')")
        (version,) = cursor.fetchone()
    kept = apps.get_model("segments", "Column").objects.create(
        key=key, dtype="<i4", length=len(column), version=version,
        data_as_of=stage_set.data_as_of, computed_at=stage_set.computed_at,
    )  # fmt: skip
    for number, start in enumerate(range(0, len(column), ROWS)):
        raw = column[start : start + ROWS].tobytes()
        apps.get_model("segments", "Block").objects.create(
            column=kept, number=number, version=version,
            digest=blake2b(raw, digest_size=16).digest(), values=raw,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("segments", "0009_live_sets_by_hand")]
    operations = [
        migrations.AddField("stageset", "computed_version", models.PositiveIntegerField(null=True)),
        migrations.RunPython(convert, migrations.RunPython.noop),
    ]
