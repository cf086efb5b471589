"""What we know about all customers, one column a thing: workers write it, everybody maps it.

PostgreSQL keeps a column as blocks of 65,536 customers. Who reads a whole column gets a local
copy of it, mapped into memory and shared by the processes of a host; a new version of the
column brings only the blocks that changed. Who reads a few customers asks for their bytes.
Whole numbers are kept in the narrowest type that holds them: comparing a million numbers takes
as long as reading them from memory does.
"""

import datetime as dt
import fcntl
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from django.db import connection, transaction
from django.utils import timezone

from segments import arrays, asking, local
from segments.arrays import Array
from segments.asking import Question
from segments.models import Block, Column

ROWS = 1 << 16  # customers in a block
Value = int | float | str | dt.date | None


@dataclass(frozen=True)
class Fresh:
    """A column to be written: the place in `values` is the customer's number.

    With `words` each value is a place in that list, which may only grow.
    """

    values: Array
    words: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Known:
    """A column as it stands.

    `stored` is what conditions compare: the numbers in the type that they are kept in, which
    cannot be written to. Who computes with them takes `values`, of the type that was written.
    """

    key: str
    stored: Array
    words: tuple[str, ...]
    version: int
    data_as_of: dt.date | None
    dtype: str = ""  # of what was written; empty: as it is stored

    @property
    def values(self) -> Array:
        """The numbers as they were written."""
        return arrays.wide(self.stored, self.dtype or self.stored.dtype)


# --- writing ----------------------------------------------------------------


@transaction.atomic
def write(columns: Mapping[str, Fresh], *, day: dt.date) -> int:
    """Keep these columns as of a day, all or none; tells how many blocks changed.

    Blocks that stay the same are not touched, so a second run writes nothing.
    """
    rows = _held(columns)
    was: dict[int, dict[int, bytes]] = defaultdict(dict)
    for pk, number, digest in Block.objects.filter(column__in=rows).values_list(*_BLOCK):
        was[pk][number] = bytes(digest)
    versions = _next_versions(len(rows))
    return sum(
        _write(column, columns[column.key], day, was[column.pk], version)
        for column, version in zip(rows, versions, strict=True)
    )


def _held(columns: Mapping[str, Fresh]) -> list[Column]:
    """The rows of these columns, in an order in which two writers wait for each other."""
    new = [Column(key=key, dtype=_dtype(one)) for key, one in sorted(columns.items())]
    Column.objects.bulk_create(new, ignore_conflicts=True)
    return list(Column.objects.select_for_update().filter(key__in=columns).order_by("key"))


def _dtype(fresh: Fresh) -> str:
    return fresh.values.dtype.newbyteorder("<").str


def _write(
    column: Column, fresh: Fresh, day: dt.date, was: Mapping[int, bytes], version: int
) -> int:
    dtype = _dtype(fresh)
    # Never narrower than before, or a number at the edge would rewrite everything every night.
    least = np.dtype(column.block_type).itemsize if column.length else 1
    values = arrays.narrow(fresh.values.astype(dtype, copy=False), at_least=least)
    stored = values.dtype.str
    column.version, before = version, column.version
    changed = _keep_blocks(column, values, was if column.block_type == stored else {})
    if gone := [number for number in was if number >= -(-len(values) // ROWS)]:
        column.blocks.filter(number__in=gone).delete()
    words = column.words if fresh.words is None else list(fresh.words)
    if not (changed or gone or column.length != len(values) or column.words != words):
        column.version = before
    column.dtype, column.stored = dtype, stored
    column.length, column.words = len(values), words
    column.data_as_of, column.computed_at = day, timezone.now()
    column.save()
    return changed


def _keep_blocks(column: Column, values: Array, was: Mapping[int, bytes]) -> int:
    fresh: list[list[Any]] = []
    for number, start in enumerate(range(0, len(values), ROWS)):
        part = np.ascontiguousarray(values[start : start + ROWS])
        digest = blake2b(part.data, digest_size=16).digest()
        if was.get(number) != digest:
            fresh.append([column.pk, number, column.version, digest, part.data])
    if fresh:
        # Past Django's cursor, which would write all bytes into the statement as hexadecimal.
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            cursor.executemany(_UPSERT, fresh)
    return len(fresh)


def _next_versions(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('segments_column_version') FROM generate_series(1, %s)", [count]
        )
        return [int(version) for (version,) in cursor.fetchall()]


def drop(keys: Collection[str]) -> None:
    """Forget whole columns, for example of a trait that is no more."""
    for uid in Column.objects.filter(key__in=keys).values_list("uid", flat=True):
        for file in local.folder().glob(f"{uid}-*"):
            file.unlink(missing_ok=True)
    Column.objects.filter(key__in=keys).delete()


# --- reading whole columns --------------------------------------------------


def read(*keys: str) -> dict[str, Known]:
    """These columns; one that was never written is left out."""
    found = Column.objects.filter(key__in=keys)
    return {column.key: _known(column) for column in found}


def files() -> set[str]:
    """The names that local copies of the columns have, as these are now."""
    return {f"{uid}-{version}" for uid, version in Column.objects.values_list("uid", "version")}


# All but the words, of which there may be thousands and which few conditions look at.
_ABOUT = ("id", "key", "uid", "dtype", "stored", "length", "version", "data_as_of")
_KEY = _ABOUT.index("key")
COLUMNS = Question(f"SELECT {', '.join(_ABOUT)} FROM segments_column")  # noqa: S608


class Sheet:
    """All columns as they stand when the first is asked for, each mapped when it is needed."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Any, ...]] | None = None
        self._read: dict[str, Known] = {}

    @property
    def is_known(self) -> bool:
        """Whether it was asked for."""
        return self._rows is not None

    def take(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """What `COLUMNS` found."""
        self._rows = {row[_KEY]: row for row in rows}

    def read(self, key: str) -> Known | None:
        """The column; None for one that was never written."""
        if self._rows is None:
            self.take(asking.ask([COLUMNS])[0])
        assert self._rows is not None
        if key not in self._read and key in self._rows:
            self._read[key] = _known(Column.from_db(connection.alias, _ABOUT, self._rows[key]))
        return self._read.get(key)


def versions(keys: Iterable[str]) -> dict[str, int]:
    """The version of each column that there is."""
    return dict(Column.objects.filter(key__in=list(keys)).values_list("key", "version"))


_mapped: dict[str, tuple[int, Array]] = {}  # by uid, the version that this process has mapped
_worded: dict[str, tuple[int, tuple[str, ...]]] = {}  # by uid, the words of a version


def _known(column: Column) -> Known:
    return Known(
        key=column.key,
        stored=_values(column),
        words=_words(column),
        version=column.version,
        data_as_of=column.data_as_of,
        dtype=column.dtype,
    )


def _words(column: Column) -> tuple[str, ...]:
    """Of a column of whole numbers; thousands of them are read once a version."""
    held = _worded.get(str(column.uid))
    if held is None or held[0] != column.version:
        held = _worded[str(column.uid)] = (column.version, tuple(column.words))
    return held[1]


def _values(column: Column) -> Array:
    if not column.length:
        return np.empty(0, column.block_type)
    held = _mapped.get(str(column.uid))
    if held is None or held[0] != column.version:  # whatever is mapped needs no file any more
        path = _local(column)
        held = _mapped[str(column.uid)] = (column.version, _map(path, column.block_type))
    return held[1]


def _local(column: Column) -> Path:
    """The local copy of the column, which may have become newer."""
    while not (path := local.folder() / f"{column.uid}-{column.version}").exists():
        if not _copy(column, path):
            column.refresh_from_db()
    return path


def _map(path: Path, dtype: str) -> Array:
    """The file as an array like any other: one that knows its file is slower to cut."""
    return np.memmap(path, dtype, "r").view(np.ndarray)


def _copy(column: Column, path: Path) -> bool:
    """Make the local copy of a version from the last one that is here and what changed since.

    False when the column was written meanwhile: what was read may be of two versions.
    """
    with _alone(path.parent / f"{column.uid}.lock"):
        if path.exists():  # somebody else was faster
            return True
        copies = sorted(path.parent.glob(f"{column.uid}-*"), key=_version_of)
        older = [one for one in copies if _version_of(one) < column.version]
        new = path.parent / f"new-{path.name}"
        since = _begin(new, older[-1] if older else None)
        _fill(new, column, since)
        if versions([column.key]) != {column.key: column.version}:
            new.unlink()
            return False
        new.rename(path)
        for one in older:  # who has it mapped keeps it until they let go
            one.unlink(missing_ok=True)
        return True


def _fill(new: Path, column: Column, since: int) -> None:
    width = np.dtype(column.block_type).itemsize
    found = Block.objects.filter(column=column, version__gt=since).order_by("number")
    with new.open("r+b") as file:
        file.truncate(column.length * width)
        for number, values in found.values_list("number", "values").iterator(chunk_size=16):
            file.seek(number * ROWS * width)
            file.write(values)


def _begin(new: Path, old: Path | None) -> int:
    """Start with the older copy, if there is one, and tell which version that is."""
    # One of another type does no harm: when a type changes, every block is written anew.
    if old is None:
        new.write_bytes(b"")
        return 0
    shutil.copyfile(old, new)
    return _version_of(old)


def _version_of(path: Path) -> int:
    return int(path.name.rpartition("-")[2])


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# --- reading a few customers ------------------------------------------------


def of(customers: Collection[int], keys: Collection[str]) -> dict[int, dict[str, Value]]:
    """What these columns say of a few customers; what is not known is left out.

    Reads a few bytes of each column, whatever its length. Dates come as days since 1970.
    """
    found: dict[int, dict[str, Value]] = {customer: {} for customer in customers}
    coded: list[tuple[int, str, int]] = []
    with connection.cursor() as cursor:
        cursor.execute(_FEW, {"customers": list(customers), "keys": list(keys), "rows": ROWS})
        for customer, key, dtype, is_coded, raw in cursor.fetchall():
            value = np.frombuffer(raw, dtype)
            if not len(value) or not arrays.known(value)[0]:  # beyond the end, or nothing
                continue
            if is_coded:
                coded.append((customer, key, int(value[0])))
            else:
                found[customer][key] = value[0].item()
        cursor.execute(_WORDS, [list(part) for part in zip(*coded, strict=True)] or [[], [], []])
        for customer, key, word in cursor.fetchall():
            found[customer][key] = word
    return found


# --- forgetting -------------------------------------------------------------


def told(customers: Collection[int]) -> int:
    """How many values there are of these customers, whatever they say."""
    keys = list(Column.objects.values_list("key", flat=True))
    return sum(len(one) for one in of(customers, keys).values())


@transaction.atomic
def forget(customers: Collection[int]) -> None:
    """Leave nothing of these customers in any column."""
    by_block: dict[int, list[int]] = {}
    for customer in customers:
        by_block.setdefault(customer // ROWS, []).append(customer % ROWS)
    for column in Column.objects.select_for_update().order_by("pk"):
        version = 0
        for block in column.blocks.filter(number__in=by_block).order_by("number"):
            values = np.frombuffer(bytes(block.values), column.block_type).copy()
            places = [at for at in by_block[block.number] if at < len(values)]
            if not arrays.known(values[places]).any():
                continue
            values[places] = arrays.nothing(values.dtype)
            version = version or _next_versions(1)[0]
            digest = blake2b(values.tobytes(), digest_size=16).digest()
            Block.objects.filter(pk=block.pk).update(
                values=values.tobytes(), digest=digest, version=version
            )
        if version:
            Column.objects.filter(pk=column.pk).update(version=version)


_BLOCK = ("column", "number", "digest")
_UPSERT = """
    INSERT INTO segments_block (column_id, number, version, digest, values)
    VALUES (%s, %s, %s, %b, %b)
    ON CONFLICT (column_id, number) DO UPDATE SET version = excluded.version,
        digest = excluded.digest, values = excluded.values
"""
# `values` is kept uncompressed outside of its row, so that `substr` reads only those bytes.
_FEW = """
    SELECT one.id, c.key, c.kind, c.words <> '[]', substr(b.values,
        (one.id %% %(rows)s) * right(c.kind, 1)::int + 1, right(c.kind, 1)::int)
    FROM unnest(%(customers)s::int[]) AS one (id)
    CROSS JOIN (
        SELECT *, coalesce(nullif(stored, ''), dtype) AS kind FROM segments_column
    ) c
    JOIN segments_block b ON b.column_id = c.id AND b.number = one.id / %(rows)s
    WHERE c.key = ANY(%(keys)s)
"""
_WORDS = """
    SELECT one.id, one.key, c.words ->> one.place
    FROM unnest(%s::int[], %s::text[], %s::int[]) AS one (id, key, place)
    JOIN segments_column c ON c.key = one.key
"""
