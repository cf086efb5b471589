"""A first look at a file: what a person needs to see before naming its columns."""

import json
from dataclasses import dataclass
from typing import Any

from segments.reading.batch import RowFile
from segments.reading.problems import BadFile, shown
from segments.reading.values import Column

MOST_LETTERS = 200  # of a value: a cell may have megabytes


@dataclass(frozen=True)
class Look:
    """The columns and the first rows that can be read, as texts."""

    kind: str
    columns: list[str]
    types: dict[str, str]
    rows: list[list[str]]


def at(file: RowFile, *, rows: int) -> Look:
    """The columns and the first rows.

    Raises:
        BadFile: it is no file of rows, or its text is in another encoding.
    """
    first = next(file.batches(file.columns, rows, refuse=_refuse), None)
    lists = [_texts(first.columns[name]) for name in file.columns] if first else []
    found = [list(row) for row in zip(*lists, strict=True)]
    return Look(file.kind, file.columns, file.types, found)


def _refuse(bad: BadFile) -> None:
    """Single bad rows are shown in the preview; another encoding makes all of them bad."""
    if "encoding" in bad.params:
        raise bad


def _texts(column: Column) -> list[str]:
    found = column if isinstance(column, list) else column.to_pylist()
    return [_text(value) for value in found]


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else shown(value, most=MOST_LETTERS)
