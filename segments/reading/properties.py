"""Turning columns into properties: one JSON object a row, written as text."""

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

from segments.reading.values import Column, each, is_nothing

# A number exactly as JSON writes it, which a float holds without loss; 007 and 1e5 stay text.
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII)


Pairs = list[str]  # of one column: `"key":value`, or nothing


def pairs(key: str, column: Column, *, is_typed: bool) -> Pairs:
    """The column as a property; a text that looks like a number is one, unless it is typed."""
    start = json.dumps(key, ensure_ascii=False) + ":"
    return each(column, lambda value: _pair(start, value, is_typed))


def spread(column: Column, besides: frozenset[str]) -> Pairs:
    """The entries of each row's object, or of its list of keys and values, as properties."""
    values = column if isinstance(column, list) else column.to_pylist()
    return [_entries(value, besides) for value in values]


def _entries(value: Any, besides: frozenset[str]) -> str:
    if isinstance(value, list):
        value = {str(one["key"]): _inner(one) for one in value if _is_entry(one)}
    if not isinstance(value, dict):
        return ""
    found = (
        _pair(json.dumps(str(key), ensure_ascii=False) + ":", inner, is_typed=True)
        for key, inner in value.items()
        if key not in besides
    )
    return ",".join(filter(None, found))


def _is_entry(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("key"), str) and "value" in one


def _inner(one: dict[str, Any]) -> Any:
    """What stands in an entry of a list as BigQuery has it: {"string_value": …} and its kin."""
    value = one["value"]
    if not isinstance(value, dict):
        return value
    for kind, inner in value.items():
        if inner is not None and kind.endswith("_value"):
            is_whole = kind == "int_value" and isinstance(inner, str) and _WHOLE.fullmatch(inner)
            return int(inner) if is_whole else inner
    return None


def objects(lists: Sequence[Pairs], rows: int) -> list[str]:
    """One JSON object a row, of the pairs of several columns; what is empty is left out."""
    if not lists:
        return ["{}"] * rows
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*lists, strict=True)]


def _pair(start: str, value: Any, is_typed: bool = False) -> str:
    """`"key":value`, or nothing."""
    if is_nothing(value):
        return ""
    if isinstance(value, str):
        text = value.strip()
        is_number = not is_typed and _JSON_NUMBER.fullmatch(text)
        return start + (text if is_number else json.dumps(text, ensure_ascii=False))
    try:
        return start + json.dumps(value, ensure_ascii=False, default=_simple, allow_nan=False)
    except ValueError:  # an infinity, for which JSON has no word
        return start + json.dumps(str(value), ensure_ascii=False)


def _simple(value: Any) -> str:
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    return str(value)
