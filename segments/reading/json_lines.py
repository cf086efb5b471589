"""JSON lines, gzipped or not: one object a line, whose inner values have dotted names."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from segments.reading import lines
from segments.reading.batch import ROWS_AT_A_TIME, START, Batch, Position, Refuse, column, stop
from segments.reading.lines import Lines
from segments.reading.problems import MOST_COLUMNS, MOST_LETTERS, BadFile, refuse_wide
from segments.reading.problems import gettext_noop as _

LOOKED_AT = 1_000  # rows from which the columns are known; later rows may have further ones
MOST_DEEP = 64  # values in each other; nobody's events have more, and writers fail at hundreds
DEEPEST = 4  # objects in each other; what is further inside is one value
TYPES = {str: "text", bool: "yes or no", int: "number", float: "number", list: "list"}
OBJECT = "object"


class JsonLinesFile:
    """A file of JSON objects; `properties.time` is what `properties` has as `time`."""

    kind = "JSON lines"
    counts_lines = is_open = has_types = True

    def __init__(self, path: Path, *, encoding: str) -> None:
        self.path, self.encoding = path, encoding

    @cached_property
    def types(self) -> dict[str, str]:
        """The columns of the first rows, an object before what is in it.

        Of what is in inner objects, only as much is offered as can be named: such an object
        can be taken whole.

        Raises:
            TooWide: the rows themselves have more columns than can be named.
        """
        found: dict[str, str] = {}
        own: set[str] = set()
        with lines.opened(self.path, self.encoding) as text:
            for _number, row in self._rows(text, stop):
                _add(row, "", found)
                own.update(row)
                if text.number >= LOOKED_AT or len(found) >= MOST_COLUMNS:
                    break
        refuse_wide(list(own))
        short = {name: kind for name, kind in found.items() if len(name) <= MOST_LETTERS}
        return dict(list(_in_order(short))[:MOST_COLUMNS])

    @cached_property
    def columns(self) -> list[str]:
        return list(self.types)

    def batches(
        self,
        wanted: Sequence[str],
        size: int = ROWS_AT_A_TIME,
        *,
        after: Position = START,
        refuse: Refuse = stop,
    ) -> Iterator[Batch]:
        numbers: list[int] = []
        rows: list[dict[str, Any]] = []
        with lines.opened(self.path, self.encoding, after) as text:
            for number, row in self._rows(text, refuse):
                numbers.append(number)
                rows.append(row)
                if len(rows) == size:
                    yield _batch(wanted, numbers, rows, text.done, text.position)
                    numbers, rows = [], []
            yield _batch(wanted, numbers, rows, 1.0, text.position)

    def _rows(self, text: Lines, refuse: Refuse) -> Iterator[tuple[int, dict[str, Any]]]:
        for line in text:
            if text.bad:
                refuse(text.bad)
                text.bad = None
                continue
            if line.isspace():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as problem:
                refuse(
                    BadFile(_("this is no JSON: %(problem)s."), line=text.number, problem=problem)
                )
                continue
            if not isinstance(row, dict):
                refuse(BadFile(_("this is no JSON object."), line=text.number))
            elif line.count("{") + line.count("[") > MOST_DEEP and _is_deep(row, MOST_DEEP):
                words = _("more than %(count)d values are nested in each other.")
                refuse(BadFile(words, line=text.number, count=MOST_DEEP))
            else:
                yield text.number, row


def _is_deep(value: Any, most: int) -> bool:
    """Whether there are more than so many objects and lists in each other."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return most == 0 or any(_is_deep(one, most - 1) for one in inner)


def _batch(
    wanted: Sequence[str],
    numbers: list[int],
    rows: list[dict[str, Any]],
    done: float,
    position: Position,
) -> Batch:
    columns = {name: column([at(row, name) for row in rows]) for name in wanted}
    return Batch(numbers, columns, done, position)


def at(row: dict[str, Any], path: str) -> Any:
    """What an object has under a dotted name; a name may have dots of its own."""
    if path in row:
        return row[path]
    dot = path.find(".")
    while dot > 0:
        inner = row.get(path[:dot])
        if isinstance(inner, dict):
            return at(inner, path[dot + 1 :])
        dot = path.find(".", dot + 1)
    return None


def _add(row: dict[str, Any], start: str, found: dict[str, str], depth: int = 1) -> None:
    """Note the type of each value, under its dotted name."""
    for key, value in row.items():
        name = start + key
        if isinstance(value, dict):
            found[name] = OBJECT
            if depth < DEEPEST:
                _add(value, name + ".", found, depth + 1)
        elif value is not None or name not in found:
            found[name] = TYPES.get(type(value), found.get(name, "empty"))


def _in_order(found: dict[str, str]) -> Iterator[tuple[str, str]]:
    """As they were found, but what is in an object directly after it."""
    tops: dict[str, int] = {}
    for name in found:
        tops.setdefault(name.split(".")[0], len(tops))
    yield from sorted(found.items(), key=lambda one: tops[one[0].split(".")[0]])
