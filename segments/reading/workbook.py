"""XLSX workbooks: the first visible sheet, read row by row, with limits against zip bombs."""

import datetime as dt
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from segments.reading.batch import ROWS_AT_A_TIME, START, Batch, Position, Refuse, column, stop
from segments.reading.problems import BadFile, refuse_columns
from segments.reading.problems import gettext_noop as _

# What a workbook may have, unpacked. A full sheet of a million rows and ten columns has 0.5 GB.
LARGEST = 1 << 30  # bytes in all
LARGEST_IN_MEMORY = 128 << 20  # bytes of the texts and styles, which have to be held in memory
MOST_PARTS = 2_000
MOST_ROWS = 1 << 20
SHEETS = "xl/worksheets/"


class XlsxFile:
    """A workbook's first visible sheet; its first row that is not empty names the columns."""

    kind = "Excel"
    counts_lines = is_open = False
    has_types = True

    def __init__(self, path: Path) -> None:
        self.path = path
        _check_size(path)

    @cached_property
    def columns(self) -> list[str]:
        """The header's names.

        Raises:
            BadFile: there is no header, or it names a column twice.
        """
        with self._rows() as (rows, _total):
            _number, header = next(rows, (1, ()))
        names = ["" if value is None else str(value).strip() for value in header]
        while names and not names[-1]:  # columns that only have a width
            names.pop()
        if not names:
            raise BadFile(_("The file has no header that names its columns."), row=1)
        refuse_columns(names)
        return names

    @cached_property
    def types(self) -> dict[str, str]:
        return dict.fromkeys(self.columns, "cell")

    def batches(
        self,
        wanted: Sequence[str],
        size: int = ROWS_AT_A_TIME,
        *,
        after: Position = START,
        refuse: Refuse = stop,
    ) -> Iterator[Batch]:
        places = {name: self.columns.index(name) for name in wanted}
        with self._rows() as (rows, total):
            next(rows, None)  # the header
            left = itertools.dropwhile(lambda row: row[0] <= after.number, rows)
            while some := list(itertools.islice(left, size)):
                numbers = [number for number, _values in some]
                columns = {
                    name: column([_plain(values, place) for _number, values in some])
                    for name, place in places.items()
                }
                yield Batch(numbers, columns, min(1.0, numbers[-1] / total), Position(numbers[-1]))

    @contextmanager
    def _rows(self) -> Iterator[tuple[Iterator[tuple[int, tuple[Any, ...]]], int]]:
        """The rows that are not empty, each with its number; and how many the sheet says it has."""
        import openpyxl  # heavy: not in the web process

        # A handle of our own: openpyxl would leave the file open when its content is damaged.
        with self.path.open("rb") as file, _in_words():
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
                if sheet is None:
                    raise BadFile(_("The workbook has no sheet that can be seen."))
                total = max(sheet.max_row or 1, 1)
                sheet.reset_dimensions()  # what a workbook says of its size is not always so
                rows = enumerate(sheet.iter_rows(values_only=True), start=1)
                yield _filled(rows), total
            finally:
                with suppress(Exception):
                    book.close()


def _filled(rows: Iterator[tuple[int, tuple[Any, ...]]]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The rows that have a value; a forged number of a row could make the sheet endless."""
    for number, row in rows:
        if number > MOST_ROWS:
            raise BadFile(_("the sheet has more rows than Excel allows."), row=number)
        if any(value is not None for value in row):
            yield number, row


def _plain(values: tuple[Any, ...], place: int) -> Any:
    """A cell; a whole float is an integer, as all numbers in a workbook are floats."""
    value = values[place] if place < len(values) else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta | str | int | float):
        return value
    return None if value is None else str(value)


@contextmanager
def _in_words() -> Iterator[None]:
    """Say in words what is wrong with a workbook; the library has many kinds of complaints."""
    try:
        yield
    except (BadFile, GeneratorExit):
        raise
    except Exception as problem:
        raise BadFile(_("The Excel workbook is damaged; save it again, or as CSV.")) from problem


def _check_size(path: Path) -> None:
    """Refuse what would unpack to more than anybody's sheet; the archive's own words bound it.

    Python's zipfile reads no further than a part's declared size, so the words can be trusted.

    Raises:
        BadFile: it is no workbook, damaged, or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise BadFile(_("The Excel workbook is damaged; save it again, or as CSV.")) from problem
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise BadFile(_("This is a zip archive; unpack it, or compress the file with gzip."))
    held = sum(part.file_size for part in parts if not part.filename.startswith(SHEETS))
    whole = sum(part.file_size for part in parts)
    if whole > LARGEST or held > LARGEST_IN_MEMORY or len(parts) > MOST_PARTS:
        raise BadFile(_("The Excel workbook is too large when unpacked; save the sheet as CSV."))
