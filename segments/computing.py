"""Computing the traits: from the lake and the day sets into columns."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from console import jobs
from segments import activity, arrays, bitmaps, columns, definitions, history, identity, sheet
from segments import traits as registry
from segments.arrays import Array
from segments.models import Trait
from segments.sheet import Fresh


@transaction.atomic
def recompute(day: dt.date, progress: jobs.Progress = jobs.silent) -> int:
    """Write everybody's traits as they are at the end of a day; tells how many blocks changed.

    Blocks that stay the same are not touched, so a second run writes nothing.
    """
    living = columns.ids(f"SELECT id FROM segments_customer WHERE {identity.LIVING_SQL}")  # noqa: S608
    mask = arrays.mask(living, living.max() + 1 if living else 0)
    found = _orders(day, mask)
    progress(1, 3)
    found["active_days_30d"] = _active_days(day, mask)
    progress(2, 3)
    changed = sheet.write({key: Fresh(values) for key, values in found.items()}, day=day)
    _note(found, day)
    progress(3, 3)
    return changed


def _orders(day: dt.date, living: Array) -> dict[str, Array]:
    from segments.lake import questions  # heavy: not in the web process

    paid = definitions.events(definitions.PAID)
    with history.opened() as lake:
        totals = questions.order_totals(lake, events=paid, day=day)
    raw = {name: totals[name].to_numpy() for name in totals.column_names}
    here = (raw["customer"] < len(living)) & np.isin(raw["customer"], np.flatnonzero(living))
    who = raw["customer"][here]
    counts = {"orders": "orders", "orders_30d": "orders_30d", "orders_90d": "orders_90d"}
    sums = {"monetary_minor": "amount", "monetary_90d_minor": "amount_90d"}
    found: dict[str, Array] = {}
    for key, name in (counts | sums).items():
        kind = np.int32 if key in counts else np.int64
        values = np.where(living, kind(0), arrays.nothing(kind))
        values[who] = raw[name][here]
        found[key] = values
    for key, name in (("first_order_on", "first_day"), ("last_order_on", "last_day")):
        days = raw[name][here].astype("datetime64[D]").astype(np.int32)
        found[key] = arrays.spread(who, days, len(living))
    ordered = np.rint(raw["amount"][here] / raw["orders"][here]).astype(np.int64)
    found["average_order_minor"] = arrays.spread(who, ordered, len(living))
    return found


def _active_days(day: dt.date, living: Array) -> Array:
    """On how many of the last 30 days each customer was active."""
    counts = np.where(living, np.int32(0), arrays.nothing(np.int32))
    for members in activity.daily_active(day - dt.timedelta(days=29), day).values():
        ids = bitmaps.to_array(members)
        ids = ids[: np.searchsorted(ids, len(living))]
        counts[ids[living[ids]]] += 1
    return counts


def _note(found: Mapping[str, Array], day: dt.date) -> None:
    """How fresh each trait is, and of how many customers it is known."""
    registry.install()
    values: dict[str, Any] = {"computed_at": timezone.now(), "data_as_of": day, "failure": ""}
    for one in registry.SHIPPED.values():
        if one.column in found:
            known = int(arrays.known(found[one.column]).sum())
            Trait.objects.filter(key=one.key).update(**values, known=known)
