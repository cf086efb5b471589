"""Stored sets as they are read: kept by this process, then by this host, then in the database.

A set is known by its digest, so that a copy is never an old one. What is handed out belongs to
all who ask: nobody changes it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from django.conf import settings
from django.db import connection, models
from pyroaring import BitMap

from segments import bitmaps, local, planes
from segments.asking import Question
from segments.kept import Kept
from segments.planes import Plane

SMALL = 4096  # bytes that come from the database as fast as from a file
kept = Kept(settings.BYTES_KEPT)

Row = tuple[int, bytes]  # of a table with sets: its number and the digest of its members


class Gone(Exception):
    """A row was replaced since its digest was read: ask for the digests anew."""


def steadily(read: Callable[[], Any]) -> Any:
    """What `read` reads, anew when rows were replaced while it did."""
    for _time in range(10):
        with suppress(Gone):
            return read()
    return read()


def digests(model: type[models.Model], pks: Iterable[int]) -> Question:
    """What asks for the number and the digest of these rows."""
    table = model._meta.db_table
    return Question(f"SELECT id, digest FROM {table} WHERE id = ANY(%s)", (list(pks),))  # noqa: S608


def one(model: type[models.Model], pk: int, digest: bytes | None = None) -> tuple[BitMap, bytes]:
    """The set of one row, empty when there is no such row, and its digest, if not known yet."""
    if digest and (held := kept.get(("set", digest))) is not None:
        return held, digest

    def read() -> tuple[BitMap, bytes]:
        # Without the table's order, whose columns would be looked up for nothing.
        found = model._default_manager.filter(pk=pk).order_by()
        rows = list(found.values_list("pk", "digest"))
        sets = many(model, rows)
        return (sets[0], bytes(rows[0][1])) if sets else (BitMap(), b"")

    return cast(tuple[BitMap, bytes], steadily(read))


def many(model: type[models.Model], rows: Iterable[Row]) -> list[BitMap]:
    """The sets of these rows, in their order.

    Raises:
        Gone: one of them is no more what it was.
    """
    return _each(model, rows, "set", lambda members, stored: (members, stored))


def as_planes(model: type[models.Model], rows: Iterable[Row]) -> list[Plane]:
    """The same as bits in a row.

    Raises:
        Gone: one of them is no more what it was.
    """

    def make(members: BitMap, _stored: int) -> tuple[Plane, int]:
        plane = planes.of(members)
        return plane, plane.nbytes

    return _each(model, rows, "plane", make)


def _each(
    model: type[models.Model],
    rows: Iterable[Row],
    form: str,
    make: Callable[[BitMap, int], tuple[Any, int]],
) -> list[Any]:
    """The sets in a form, which `make` makes of a set and its stored size, and tells its size."""
    wanted = [(pk, bytes(digest)) for pk, digest in rows]
    found = {digest: kept.get((form, digest)) for _pk, digest in wanted}
    missing = {digest: pk for pk, digest in wanted if found[digest] is None}
    for digest, data in _stored(model, missing).items():
        found[digest], size = make(bitmaps.load(data), len(data))
        kept.put((form, digest), found[digest], size)
    return [found[digest] for _pk, digest in wanted]


def _stored(model: type[models.Model], wanted: Mapping[bytes, int]) -> dict[bytes, bytes]:
    """The sets as bytes, by digest."""
    found = {digest: local.read(file(digest)) for digest in wanted}
    missing = [pk for digest, pk in wanted.items() if found[digest] is None]
    for digest, data in _fetched(model, missing):
        found[digest] = data
        if len(data) >= SMALL:
            local.write(file(digest), data)
    if any(found.get(digest) is None for digest in wanted):
        raise Gone
    return {digest: found[digest] or b"" for digest in wanted}


def _fetched(model: type[models.Model], pks: Sequence[int]) -> Iterable[tuple[bytes, bytes]]:
    if not pks:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT digest, members FROM {model._meta.db_table} WHERE id = ANY(%s)",  # noqa: S608
            [list(pks)],
        )
        for digest, members in cursor:
            yield bytes(digest), bytes(members)


def file(digest: bytes) -> str:
    """The name of the local copy."""
    return f"set-{digest.hex()}"
