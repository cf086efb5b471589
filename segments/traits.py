"""What we know about each customer: the registry of traits, and reading their values.

Most are columns of the sheet. Days since a date move with the calendar alone: they are not
stored, but taken from the date when somebody reads them.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from django.db.models import Max, Q
from django.utils import timezone

from segments import arrays, sheet
from segments.acquired import ACQUIRED
from segments.arrays import Array
from segments.described import CHOICE, DATE, MONEY, NUMBER, WHOLE, Trait
from segments.foretold import FORETOLD
from segments.models import Column
from segments.models import Trait as Row
from segments.recipes import reading
from segments.shipped import SHIPPED

__all__ = ["CHOICE", "DATE", "MONEY", "NUMBER", "SHIPPED", "WHOLE", "Trait"]

LATER = FORETOLD | ACQUIRED  # ours too, and there from the first time they are kept
OURS = SHIPPED | LATER
EPOCH = dt.date(1970, 1, 1)
FEW = 200  # customers, of whom one asks for their bytes and not for whole columns
DTYPES = {WHOLE: "<i4", NUMBER: "<f8", MONEY: "<i8", DATE: "<i4", CHOICE: "<i4"}
Value = int | float | str | dt.date | None


# --- the registry -------------------------------------------------------------


def registry() -> dict[str, Trait]:
    """Everything in use by its key: what ships, then what people added and is kept since."""
    more = Row.objects.filter(Q(is_shipped=False) | Q(key__in=LATER), archived_at=None)
    return SHIPPED | {row.key: of_row(row) for row in more.order_by("pk")}


def some(keys: Iterable[str]) -> dict[str, Trait]:
    """Those of the registry with these keys; asks the database for people's own alone."""
    wanted = list(keys)
    if all(key in SHIPPED for key in wanted):
        return {key: SHIPPED[key] for key in wanted}
    known = registry()
    return {key: known[key] for key in wanted if key in known}


def of_row(row: Row) -> Trait:
    """A row of the table as the registry has it."""
    if row.is_shipped and row.key in OURS:
        return OURS[row.key]
    recipe = reading.read(row.recipe)
    return Trait(row.key, row.title, row.description, recipe, row.kind, row.unit, False)


# --- reading ------------------------------------------------------------------


def read(*keys: str, day: dt.date) -> dict[str, sheet.Known]:
    """The whole columns of these traits on a day; one that was never computed is left out."""
    wanted = some(keys)
    columns = sheet.read(*{one.column for one in wanted.values()})
    return {
        key: _on(one, columns[one.column], day)
        for key, one in wanted.items()
        if one.column in columns
    }


def values(key: str, day: dt.date) -> Array:
    """The trait of every customer by number; `arrays.nothing` where it is not known."""
    found = read(key, day=day)
    return found[key].values if key in found else np.empty(0, np.int32)


def _on(trait: Trait, column: sheet.Known, day: dt.date) -> sheet.Known:
    if not trait.is_derived:
        return column
    dates = column.values
    days = np.where(arrays.known(dates), _number(day) - dates, dates)
    return replace(column, key=trait.key, stored=days, dtype="")


def of(
    customers: Collection[int], keys: Collection[str] | None = None, *, day: dt.date | None = None
) -> dict[int, dict[str, Any]]:
    """What is known of some customers; by default everything, as of the last computation.

    A trait that is not known of a customer is left out.
    """
    wanted = registry() if keys is None else some(keys)
    if not wanted:
        return {customer: {} for customer in customers}
    columns = {one.column for one in wanted.values()}
    if day is None and any(one.is_derived for one in wanted.values()):
        day = as_of()
    found = sheet.of(customers, columns) if len(customers) <= FEW else _mapped(customers, columns)
    return {
        customer: {
            key: _said(one, theirs[one.column], day)
            for key, one in wanted.items()
            if one.column in theirs
        }
        for customer, theirs in found.items()
    }


def _mapped(customers: Collection[int], columns: Collection[str]) -> dict[int, dict[str, Any]]:
    """The same as `sheet.of` for many, whose columns are mapped anyway."""
    ids = np.fromiter(customers, np.int64, len(customers))
    found: dict[int, dict[str, Any]] = {customer: {} for customer in customers}
    for key, column in sheet.read(*columns).items():
        inside = ids[ids < len(column.values)]
        theirs = column.values[inside]
        is_known = arrays.known(theirs)
        pairs = zip(inside[is_known].tolist(), theirs[is_known].tolist(), strict=True)
        for customer, value in pairs:
            found[customer][key] = column.words[value] if column.words else value
    return found


def _said(trait: Trait, value: Any, day: dt.date | None) -> Value:
    if trait.is_derived:
        return _number(day) - int(value) if day else None
    return EPOCH + dt.timedelta(days=value) if trait.kind == DATE else value


def _number(day: dt.date) -> int:
    return (day - EPOCH).days


def as_of() -> dt.date | None:
    """The day of the last computation; None before the first."""
    found: dt.date | None = Column.objects.filter(key__in=_STORED).aggregate(
        found=Max("data_as_of")
    )["found"]
    return found


_STORED = [one.key for one in SHIPPED.values() if not one.is_derived]


def forget(key: str) -> None:
    """Let the values of a trait go."""
    sheet.drop([key])


# --- rows ---------------------------------------------------------------------


def install() -> int:
    """A row for each trait that ships, so that it has a freshness; tells how many were new."""
    rows = {row.key: row for row in Row.objects.filter(is_shipped=True)}
    written = {key: reading.write(one.recipe) for key, one in SHIPPED.items()}
    fresh = [
        Row(key=key, kind=one.kind, recipe=written[key], is_shipped=True)
        for key, one in SHIPPED.items()
        if key not in rows
    ]
    Row.objects.bulk_create(fresh, ignore_conflicts=True)
    for key, row in rows.items():  # what a newer release computes in another way
        if key in written and row.recipe != written[key]:
            Row.objects.filter(pk=row.pk).update(
                recipe=written[key], kind=SHIPPED[key].kind, version=row.version + 1
            )
    return len(fresh)


def keep(columns: Mapping[str, sheet.Fresh], *, day: dt.date) -> int:
    """Keep what was found out of everybody on a day, with how fresh it is; from the first time
    on these traits are in the registry. Tells how many blocks changed."""
    fresh = {}
    for key, values in columns.items():
        says = {
            "kind": LATER[key].kind,
            "recipe": reading.write(LATER[key].recipe),
            "is_shipped": True,
        }
        row, _is_new = Row.objects.get_or_create(key=key, defaults=says)
        if not row.is_shipped:  # people had one of this name before there was a model
            continue
        fresh[key] = values
        row.known, row.failure = int(arrays.known(values.values).sum()), ""
        row.computed_at, row.data_as_of = timezone.now(), day
        row.computed_version = row.version
        row.save()
    return sheet.write(fresh, day=day)
