"""JSON as it comes: read strictly where it is right, leniently where one item spoils it."""

import json
from typing import Any

import orjson


class NotJson(ValueError):
    """Bytes that are no JSON at all."""


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
    """Something that was read, as JSON that `parse` reads again, whatever is in it."""
    return json.dumps(raw, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace")
