"""CSV files, gzipped or not; every value is text."""

import csv
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from segments.reading import lines
from segments.reading.batch import ROWS_AT_A_TIME, START, Batch, Position, Refuse, stop
from segments.reading.lines import Lines
from segments.reading.problems import BadFile, refuse_columns
from segments.reading.problems import gettext_noop as _

DELIMITERS = ",\t;|"
LONE_RETURN = "new-line character"  # as Python tells of one outside of quotation marks


class CsvFile:
    """A file of rows whose header names the columns."""

    kind = "CSV"
    counts_lines = True
    is_open = has_types = False

    def __init__(self, path: Path, *, encoding: str) -> None:
        self.path, self.encoding = path, encoding

    @cached_property
    def _header(self) -> tuple[list[str], str, Position]:
        """The names, the delimiter, and where the rows begin."""
        with lines.opened(self.path, self.encoding) as text:
            first = next(iter(text), "")
            if text.bad:
                raise text.bad
            delimiter = max(DELIMITERS, key=first.count)
        with lines.opened(self.path, self.encoding) as text:
            _line, names = next(_rows(text, delimiter), (1, []))
            return [name.strip() for name in names], delimiter, text.position

    @cached_property
    def columns(self) -> list[str]:
        """The header's names.

        Raises:
            BadFile: there is no header, or it names a column twice.
        """
        names, _delimiter, _after = self._header
        if not any(names):
            raise BadFile(_("The file has no header that names its columns."), line=1)
        refuse_columns(names)
        return names

    @cached_property
    def types(self) -> dict[str, str]:
        return dict.fromkeys(self.columns, "text")

    def batches(
        self,
        wanted: Sequence[str],
        size: int = ROWS_AT_A_TIME,
        *,
        after: Position = START,
        refuse: Refuse = stop,
    ) -> Iterator[Batch]:
        width = len(self.columns)
        _names, delimiter, first = self._header
        numbers: list[int] = []
        rows: list[list[str]] = []
        with lines.opened(self.path, self.encoding, max(first, after, key=_offset)) as text:
            for number, row in _rows(text, delimiter):
                if text.bad or len(row) != width:
                    refuse(text.bad or _ragged(number, len(row), width))
                    text.bad = None
                    continue
                numbers.append(number)
                rows.append(row)
                if len(rows) == size:
                    yield self._batch(wanted, numbers, rows, text)
                    numbers, rows = [], []
            yield self._batch(wanted, numbers, rows, text, done=1.0)

    def _batch(
        self,
        wanted: Sequence[str],
        numbers: list[int],
        rows: list[list[str]],
        text: Lines,
        done: float = 0,
    ) -> Batch:
        import pyarrow as pa  # heavy: not in the web process

        places = {name: place for place, name in enumerate(self.columns)}
        columns = {
            name: pa.array([row[places[name]] for row in rows], pa.string()) for name in wanted
        }
        return Batch(numbers, columns, done or text.done, text.position)


def _offset(position: Position) -> int:
    return position.offset


def _rows(text: Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line where it begins, the header first; empty lines are passed by."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        number = text.number + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if LONE_RETURN in str(problem):
                raise BadFile(
                    _("a carriage return alone ends no line; save the file as CSV UTF-8 again."),
                    line=number,
                ) from problem
            raise BadFile(
                _("a quotation mark or a field does not end where it should (%(problem)s)."),
                line=number,
                problem=problem,
            ) from problem
        if row:
            yield number, row


def _ragged(number: int, found: int, expected: int) -> BadFile:
    return BadFile(
        _("%(found)d values where the header names %(expected)d columns."),
        line=number,
        found=found,
        expected=expected,
    )
