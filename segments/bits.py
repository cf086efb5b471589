"""Taking customers out of stored sets, in every table that keeps such sets."""

from collections.abc import Collection, Iterator

from django.apps import apps
from django.db import connection, models, transaction
from pyroaring import BitMap

from segments import bitmaps
from segments.models.fields import BitmapField, DaysField

ROWS_AT_A_TIME = 2_000  # of which the heads are looked at
OURS = ("console", "segments", "campaigns", "metrics")


def columns() -> list[tuple[type[models.Model], str]]:
    """Every column that keeps a set of customers, with its table."""
    return [
        (model, field.name)
        for name in OURS
        for model in apps.get_app_config(name).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BitmapField) and not isinstance(field, DaysField)
    ]


def find(model: type[models.Model], column: str, ids: Collection[int]) -> list[int]:
    """The rows whose set has one of the customers; reads a few bytes of each set."""
    found: set[int] = set()
    for customer in ids:
        for rows in _heads(model, column):
            places = {pk: bitmaps.locate(head, customer) for pk, head in rows}
            found |= {pk for pk, place in places.items() if place is True}
            further = {pk: one for pk, one in places.items() if isinstance(one, bitmaps.Place)}
            found |= _having(model, column, further) if further else set()
    return sorted(found)


def clear(model: type[models.Model], column: str, ids: Collection[int]) -> int:
    """Take the customers out of every set; how many sets had one of them."""
    gone = bitmaps.from_ids(ids)
    rows = find(model, column, ids)
    for pk in rows:
        _clear_one(model, column, pk, gone)
    return len(rows)


@transaction.atomic
def _clear_one(model: type[models.Model], column: str, pk: int, gone: BitMap) -> None:
    row = model._default_manager.select_for_update().only("pk", column).filter(pk=pk).first()
    if row is None:
        return
    members = getattr(row, column) - gone
    also = {"size": len(members)} if column == "members" and _has_size(model) else {}
    model._default_manager.filter(pk=pk).update(**{column: members, **also})


def _has_size(model: type[models.Model]) -> bool:
    return any(field.name == "size" for field in model._meta.concrete_fields)


def _heads(model: type[models.Model], column: str) -> Iterator[list[tuple[int, bytes]]]:
    """The heads of all sets of a column, some rows at a time."""
    table, key, last = model._meta.db_table, _key(model), 0
    query = (
        f'SELECT "{key}", {bitmaps.head_sql(column)} FROM "{table}" '  # noqa: S608  (names of ours)
        f'WHERE "{key}" > %s ORDER BY "{key}" LIMIT %s'
    )
    with connection.cursor() as cursor:
        while True:
            cursor.execute(query, [last, ROWS_AT_A_TIME])
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield rows


def _key(model: type[models.Model]) -> str:
    """The column of its primary key: a table that belongs to another's rows has no id."""
    return str(model._meta.pk.column)


def _having(model: type[models.Model], column: str, places: dict[int, bitmaps.Place]) -> set[int]:
    """Of the rows for which the head was not enough, those that have the customer."""
    query = (
        f"SELECT one.id, substr(t.{column}, one.at, one.length) "  # noqa: S608  (names of ours)
        "FROM unnest(%s::int8[], %s::int[], %s::int[]) AS one (id, at, length) "
        f'JOIN "{model._meta.db_table}" t ON t."{_key(model)}" = one.id'
    )
    asked = [
        list(places),
        [place.offset + 1 for place in places.values()],
        [place.length for place in places.values()],
    ]
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        return {pk for pk, part in cursor.fetchall() if bitmaps.has(places[pk], part)}
