"""Moves whole columns between PostgreSQL and arrays, in PostgreSQL's binary formats."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection
from pyroaring import BitMap

from segments import bitmaps

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
ROWS_A_PIECE = 200_000
Column = np.ndarray[Any, Any]
_SENT = {"i": "int", "f": "float"}


def ids(query: str, params: Sequence[Any] = ()) -> BitMap:
    """The set of the ids that a query of one integer column finds."""
    return bitmaps.from_array(read(query, params, id="i4")["id"])


def read(query: str, params: Sequence[Any] = (), /, **columns: str) -> Column:
    """The rows of a query without nulls, as one structured array.

    `columns` gives each its NumPy type in the query's order: i2, i4, i8, f8 for PostgreSQL's
    smallint, integer, bigint and double precision. PostgreSQL sends them as one value: a
    million rows cost Python a few milliseconds instead of a loop.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    sent = " || ".join(
        f'{_SENT[kind[0]]}{kind[1:]}send("{name}")' for name, kind in columns.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT string_agg({sent}, ''::bytea) FROM ({query}) AS found ({names})",  # noqa: S608
            params,
        )
        (data,) = cursor.fetchone()
    return np.frombuffer(data or b"", dtype=[(name, f">{kind}") for name, kind in columns.items()])


def write(cursor: Any, table: str, columns: Mapping[str, Column]) -> None:
    """Append rows to a table, in pieces; a date column is given as `days_of` makes it."""
    row = _row({name: column.dtype.str[1:] for name, column in columns.items()})
    total = len(next(iter(columns.values())))
    names = ", ".join(f'"{name}"' for name in columns)
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(HEADER)
        for start in range(0, total, ROWS_A_PIECE):
            copy.write(_piece(row, columns, slice(start, start + ROWS_A_PIECE)))
        copy.write(TRAILER)


@contextmanager
def temporary(
    cursor: Any, table: str, definition: str, columns: Mapping[str, Column]
) -> Iterator[None]:
    """A table of these columns that is there inside the block, within a transaction."""
    cursor.execute(f"CREATE TEMPORARY TABLE {table} ({definition}) ON COMMIT DROP")
    write(cursor, table, columns)
    cursor.execute(f"ANALYZE {table}")  # without it large joins are planned for a handful of rows
    yield
    cursor.execute(f"DROP TABLE {table}")


def days_of(days_since_1970: Column) -> Column:
    """Dates as PostgreSQL counts them, from 2000-01-01."""
    epoch = (dt.date(2000, 1, 1) - dt.date(1970, 1, 1)).days
    return (days_since_1970.astype(np.int32) - epoch).astype(np.int32)


def _row(columns: Mapping[str, str]) -> np.dtype[Any]:
    """One row as it stands on the wire: the number of fields, then length and value of each."""
    fields = [("fields", ">i2")]
    for name, kind in columns.items():
        fields += [(f"{name} length", ">i4"), (name, f">{kind}")]
    return np.dtype(fields)


def _piece(row: np.dtype[Any], columns: Mapping[str, Column], part: slice) -> bytes:
    rows = np.empty(len(next(iter(columns.values()))[part]), dtype=row)
    rows["fields"] = len(columns)
    for name, column in columns.items():
        rows[f"{name} length"] = column.dtype.itemsize
        rows[name] = column[part]
    return rows.tobytes()
