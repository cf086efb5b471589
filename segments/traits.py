"""What we know about each customer: the registry of traits, and how they are recomputed."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console import jobs
from segments import activity, bitmaps, columns, definitions, history, identity
from segments.rules.vocabulary import DATE, MONEY, WHOLE

__all__ = ["DATE", "MONEY", "REGISTRY", "WHOLE", "Trait", "recompute"]

Words = Promise | str


@dataclass(frozen=True)
class Trait:
    """One thing that we know: its name for people, its meaning, and its column."""

    key: str  # the column of CustomerTraits, and the name in rules
    label: Words
    definition: Words
    kind: str = WHOLE
    unit: Words = ""


_DAYS = _("days")

REGISTRY: dict[str, Trait] = {
    trait.key: trait
    for trait in (
        Trait(
            "recency_days",
            _("days since the last order"),
            _("Whole days from the day of the last order to the day of the computation."),
            unit=_DAYS,
        ),
        Trait(
            "tenure_days",
            _("days since the first order"),
            _("Whole days from the day of the first order to the day of the computation."),
            unit=_DAYS,
        ),
        Trait("orders", _("orders"), _("Paid orders in all.")),
        Trait(
            "orders_30d",
            _("orders in 30 days"),
            _("Paid orders in the 30 days that end with the day of the computation."),
        ),
        Trait(
            "orders_90d",
            _("orders in 90 days"),
            _("Paid orders in the 90 days that end with the day of the computation."),
        ),
        Trait(
            "monetary_minor",
            _("spent in all"),
            _("The amounts of all paid orders together."),
            MONEY,
        ),
        Trait(
            "monetary_90d_minor",
            _("spent in 90 days"),
            _("The amounts of the orders paid in the 90 days that end with the day."),
            MONEY,
        ),
        Trait(
            "average_order_minor",
            _("average order"),
            _("Spent in all, divided by the number of orders."),
            MONEY,
        ),
        Trait(
            "active_days_30d",
            _("active days in 30"),
            _("Days, of the 30 that end with the day, with an event that counts as active."),
            unit=_DAYS,
        ),
        Trait(
            "first_order_on",
            _("first order"),
            _("The project's date of the first paid order."),
            DATE,
        ),
        Trait(
            "last_order_on",
            _("last order"),
            _("The project's date of the last paid order."),
            DATE,
        ),
        Trait(
            "r_score",
            _("recency score"),
            _("1 to 5 by fifths of the customers with an order; 5 ordered most recently."),
        ),
        Trait(
            "f_score",
            _("frequency score"),
            _("1 to 5 by fifths of the customers with an order; 5 ordered most often."),
        ),
        Trait(
            "m_score",
            _("monetary score"),
            _("1 to 5 by fifths of the customers with an order; 5 spent most."),
        ),
    )
}


@transaction.atomic
def recompute(day: dt.date, progress: jobs.Progress = jobs.silent) -> int:
    """Write every customer's traits as they are at the end of a day; tells how many changed.

    Rows that stay the same are not touched, so a second run writes nothing.
    """
    orders = _orders(day)
    progress(1, 3)
    active = _active_days(day)
    progress(2, 3)
    with (
        connection.cursor() as cursor,
        columns.temporary(cursor, "fresh_orders", _FRESH_ORDERS, orders),
        columns.temporary(cursor, "fresh_active", _FRESH_ACTIVE, active),
    ):
        cursor.execute(_UPSERT, {"day": day})
        changed = int(cursor.rowcount)
    progress(3, 3)
    return changed


def _orders(day: dt.date) -> dict[str, Any]:
    """Order totals of the customers who ever ordered, as columns of arrays."""
    from segments.lake import questions  # heavy: not in the web process

    paid = definitions.events(definitions.PAID)
    with history.opened() as lake:
        totals = questions.order_totals(lake, events=paid, day=day)
    found = {name: totals[name].to_numpy() for name in totals.column_names}
    counts = ("customer", "orders", "orders_30d", "orders_90d")
    return {
        **{name: found[name].astype(np.int32) for name in counts},
        **{name: found[name].astype(np.int64) for name in ("amount", "amount_90d")},
        **{
            name: columns.days_of(found[name].astype("datetime64[D]").astype(np.int32))
            for name in ("first_day", "last_day")
        },
    }


def _active_days(day: dt.date) -> dict[str, Any]:
    """On how many of the last 30 days each customer was active."""
    by_day = activity.daily_active(day - dt.timedelta(days=29), day)
    sets = [bitmaps.to_array(members) for members in by_day.values()]
    counts = np.zeros(1 + max((int(ids[-1]) for ids in sets if len(ids)), default=0), np.int32)
    for ids in sets:
        counts[ids] += 1
    customers = np.flatnonzero(counts).astype(np.int32)
    return {"customer": customers, "days": counts[customers]}


_FRESH_ORDERS = """
    customer integer PRIMARY KEY, orders integer, orders_30d integer, orders_90d integer,
    amount bigint, amount_90d bigint, first_day date, last_day date
"""
_FRESH_ACTIVE = "customer integer PRIMARY KEY, days integer"

_VALUES = {
    "first_order_on": "o.first_day",
    "last_order_on": "o.last_day",
    "recency_days": "%(day)s - o.last_day",
    "tenure_days": "%(day)s - o.first_day",
    "orders": "coalesce(o.orders, 0)",
    "orders_30d": "coalesce(o.orders_30d, 0)",
    "orders_90d": "coalesce(o.orders_90d, 0)",
    "monetary_minor": "coalesce(o.amount, 0)",
    "monetary_90d_minor": "coalesce(o.amount_90d, 0)",
    "average_order_minor": "round(o.amount::numeric / o.orders)::bigint",
    "active_days_30d": "coalesce(a.days, 0)",
}


def _upsert() -> str:
    """Rows that stay the same are left out before the INSERT: a conflict would lock them."""
    names = ", ".join(_VALUES)
    fresh = ", ".join(f"{value} AS {name}" for name, value in _VALUES.items())
    return f"""
        INSERT INTO segments_customertraits (customer_id, computed_on, {names})
        SELECT fresh.id, %(day)s, {", ".join(f"fresh.{name}" for name in _VALUES)}
        FROM (
            SELECT c.id, {fresh}
            FROM segments_customer c
            LEFT JOIN fresh_orders o ON o.customer = c.id
            LEFT JOIN fresh_active a ON a.customer = c.id
            WHERE {identity.LIVING_SQL}
        ) fresh
        LEFT JOIN segments_customertraits old ON old.customer_id = fresh.id
        WHERE old.customer_id IS NULL OR ({", ".join(f"old.{name}" for name in _VALUES)})
            IS DISTINCT FROM ({", ".join(f"fresh.{name}" for name in _VALUES)})
        ON CONFLICT (customer_id) DO UPDATE SET computed_on = excluded.computed_on,
            {", ".join(f"{name} = excluded.{name}" for name in _VALUES)}
    """  # noqa: S608  (built from the names above)


_UPSERT = _upsert()
