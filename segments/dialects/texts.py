"""JSON as it comes: read strictly where it is right, leniently where one item spoils it."""

import json
from typing import Any

import orjson

MOST_LEVELS = 100  # that are laid down of what is nested beyond all sense


class NotJson(ValueError):
    """Bytes that are no JSON at all."""


class TooDeep(ValueError):
    """Something that is nested deeper than it can be written."""


def parse(data: bytes) -> Any:
    """What stands in JSON.

    A list of events must not be lost because one of them holds half a character, a NaN or a
    number without end, so what the strict reader refuses goes to a lenient one; what nothing
    can keep is found item by item later.

    Raises:
        NotJson: neither reader can make anything of it.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as strict:
        try:
            return json.loads(data.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError) as lenient:
            deep = isinstance(lenient, RecursionError)
            raise NotJson("nested too deeply" if deep else str(strict)[:200]) from lenient


def dump(raw: Any, *, indent: int | None = None) -> bytes:
    """Something that was read, as JSON that `parse` reads again, whatever is in it; of what is
    nested without end the upper levels."""
    try:
        return _written(raw, indent)
    except RecursionError:
        return _written(_cut(raw, MOST_LEVELS), indent)


def size(raw: Any) -> int:
    """How many bytes something takes as JSON.

    Raises:
        TooDeep: it cannot be written.
    """
    try:
        return len(orjson.dumps(raw))
    except (TypeError, ValueError):  # it holds what only the lenient reader lets pass
        pass
    try:
        return len(_written(raw))
    except RecursionError as problem:
        raise TooDeep from problem


def _written(raw: Any, indent: int | None = None) -> bytes:
    return json.dumps(raw, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace")


def _cut(found: Any, levels: int) -> Any:
    if not isinstance(found, dict | list):
        return found
    if not levels:
        return "…"
    if isinstance(found, dict):
        return {name: _cut(value, levels - 1) for name, value in found.items()}
    return [_cut(value, levels - 1) for value in found]


def storable(text: str) -> str:
    """A text without the characters that neither PostgreSQL nor an answer can hold: a zero
    byte, and halves of surrogate pairs."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()
