"""Recency, frequency and monetary scores of the customers who ordered."""

import numpy as np
from django.db import connection, transaction

from segments import columns
from segments.scoring import rfm


@transaction.atomic
def recompute() -> int:
    """Score everybody with an order against one another; tells how many scores changed.

    Reads the traits as they stand, so it runs after them.
    """
    found = columns.read(
        "SELECT customer_id, recency_days, orders, monetary_minor FROM segments_customertraits "
        "WHERE recency_days IS NOT NULL",
        customer="i4",
        recency="i4",
        orders="i4",
        monetary="i8",
    )
    scores = {
        "customer": found["customer"].astype(np.int32),
        "r": rfm.less_is_better(found["recency"].astype(np.int32)),
        "f": rfm.more_is_better(found["orders"].astype(np.int32)),
        "m": rfm.more_is_better(found["monetary"].astype(np.int64)),
    }
    with (
        connection.cursor() as cursor,
        columns.temporary(cursor, "fresh_scores", _FRESH_SCORES, scores),
    ):
        cursor.execute(_UPDATE)
        changed = int(cursor.rowcount)
        cursor.execute(_CLEAR)
        return changed + int(cursor.rowcount)


_FRESH_SCORES = "customer integer PRIMARY KEY, r smallint, f smallint, m smallint"
_UPDATE = """
    UPDATE segments_customertraits t SET r_score = s.r, f_score = s.f, m_score = s.m
    FROM fresh_scores s
    WHERE t.customer_id = s.customer
        AND (t.r_score, t.f_score, t.m_score) IS DISTINCT FROM (s.r, s.f, s.m)
"""
# Whose orders are gone has no score either.
_CLEAR = """
    UPDATE segments_customertraits SET r_score = NULL, f_score = NULL, m_score = NULL
    WHERE recency_days IS NULL AND r_score IS NOT NULL
"""
