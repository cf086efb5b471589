"""JSON lines, gzipped or not: one object a line, whose inner values have dotted names."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from segments.reading import lines
from segments.reading.batch import ROWS_AT_A_TIME, START, Batch, Position, Refuse, column, stop
from segments.reading.lines import Lines
from segments.reading.problems import BadFile
from segments.reading.problems import gettext_noop as _

LOOKED_AT = 1_000  # rows from which the columns are known; later rows may have further ones
MOST_COLUMNS, DEEPEST = 400, 4
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
        """The columns of the first rows, an object before what is in it."""
        found: dict[str, str] = {}
        with lines.opened(self.path, self.encoding) as text:
            for _number, row in self._rows(text, stop):
                _add(row, "", found)
                if text.number >= LOOKED_AT or len(found) >= MOST_COLUMNS:
                    break
        return dict(list(_in_order(found))[:MOST_COLUMNS])

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
            if isinstance(row, dict):
                yield text.number, row
            else:
                refuse(BadFile(_("this is no JSON object."), line=text.number))


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
    tops = list(dict.fromkeys(name.split(".")[0] for name in found))
    yield from sorted(found.items(), key=lambda one: tops.index(one[0].split(".")[0]))
