"""Opening CSV, gzipped CSV and Parquet, and reading them in batches of bounded size."""

import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from segments.reading.problems import BadFile
from segments.reading.problems import gettext_noop as _

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_A_TIME = 20_000
ENCODINGS = {"utf-8": "UTF-8", "gb18030": "GB 18030 (GBK)"}
DELIMITERS = ",\t;|"
GZIP = b"\x1f\x8b"
# The first bytes of what people send instead, and what to tell them.
OTHERS = {
    b"PK\x03\x04": _("This is an Excel workbook or a zip archive; save the sheet as CSV UTF-8."),
    b"\xd0\xcf\x11\xe0": _("This is an Excel workbook; save the sheet as CSV UTF-8."),
    b"\xff\xfe": _("This is UTF-16 text; save it as CSV UTF-8."),
    b"\xfe\xff": _("This is UTF-16 text; save it as CSV UTF-8."),
    b"BZh": _("This is compressed with bzip2; use gzip, or do not compress it."),
    b"\x28\xb5\x2f\xfd": _("This is compressed with zstd; use gzip, or do not compress it."),
}


@dataclass(frozen=True)
class Batch:
    """Some rows by column, and the line (of Parquet: the row) where each stands in the file."""

    numbers: Sequence[int]
    columns: "dict[str, pa.Array]"
    done: float  # how much of the file is read, 0 to 1


def opened(path: Path, *, encoding: str = "utf-8") -> "CsvFile | ParquetFile":
    """The file as what its first bytes say that it is.

    Raises:
        BadFile: it cannot be opened, or is something else.
    """
    try:
        with path.open("rb") as file:
            first = file.read(8)
    except OSError as problem:
        raise BadFile(
            _("%(path)s cannot be read: %(problem)s."), path=path, problem=problem.strerror
        ) from problem
    if not first:
        raise BadFile(_("The file is empty."))
    for magic, words in OTHERS.items():
        if first.startswith(magic):
            raise BadFile(words)
    if first.startswith(b"PAR1"):
        return ParquetFile(path)
    return CsvFile(path, encoding=encoding, is_gzip=first.startswith(GZIP))


class CsvFile:
    """A CSV file, gzipped or not; every value is text."""

    kind = "CSV"
    counts_lines = True

    def __init__(self, path: Path, *, encoding: str, is_gzip: bool) -> None:
        self.path, self.encoding, self.is_gzip = path, encoding, is_gzip
        self.size = path.stat().st_size

    @cached_property
    def columns(self) -> list[str]:
        """The header's names.

        Raises:
            BadFile: there is no header, or it names a column twice.
        """
        with self.path.open("rb") as raw:
            _line, header = next(self._rows(raw), (1, []))
        names = [name.strip() for name in header]
        if not any(names):
            raise BadFile(_("The file has no header that names its columns."), line=1)
        _refuse_doubles(names)
        return names

    @cached_property
    def types(self) -> dict[str, str]:
        return dict.fromkeys(self.columns, "text")

    def batches(self, wanted: Sequence[str], size: int = ROWS_AT_A_TIME) -> Iterator[Batch]:
        """The rows of the wanted columns.

        Raises:
            BadFile: what cannot be read, with its line.
        """
        width = len(self.columns)
        with self.path.open("rb") as raw:
            rows = self._rows(raw)
            next(rows)  # the header
            numbers: list[int] = []
            values: list[list[str]] = []
            for number, row in rows:
                if len(row) != width:
                    raise _ragged(number, len(row), width)
                numbers.append(number)
                values.append(row)
                if len(values) == size:
                    yield self._batch(wanted, numbers, values, raw.tell() / self.size)
                    numbers, values = [], []
            if values:
                yield self._batch(wanted, numbers, values, 1.0)

    def _batch(
        self, wanted: Sequence[str], numbers: list[int], values: list[list[str]], done: float
    ) -> Batch:
        import pyarrow as pa  # heavy: not in the web process

        places = {name: self.columns.index(name) for name in wanted}
        columns = {
            name: pa.array([row[place] for row in values], pa.string())
            for name, place in places.items()
        }
        return Batch(numbers, columns, done)

    def _rows(self, raw: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
        """Each row with the line where it begins, the header first; empty lines are passed by."""
        text = self._text(raw)
        try:
            first = text.readline()
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as problem:
            raise self._unreadable(problem, 1) from problem
        delimiter = max(DELIMITERS, key=first.count)
        lines = _without_zero(itertools.chain([first] if first else [], text))
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            number = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as problem:
                raise self._unreadable(problem, reader.line_num + 1) from problem
            except csv.Error as problem:
                raise BadFile(
                    _("a quotation mark or a field does not end where it should (%(problem)s)."),
                    line=number,
                    problem=problem,
                ) from problem
            if row:
                yield number, row

    def _text(self, raw: IO[bytes]) -> io.TextIOWrapper:
        codec = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        return io.TextIOWrapper(self._binary(raw), encoding=codec, newline="")

    def _binary(self, raw: IO[bytes]) -> IO[bytes]:
        return gzip.GzipFile(fileobj=raw) if self.is_gzip else raw  # type: ignore[return-value]

    def _unreadable(self, problem: Exception, line: int) -> BadFile:
        """The words for a file that breaks off, or for text in another encoding."""
        if not isinstance(problem, UnicodeDecodeError):
            return BadFile(
                _("the compressed file is damaged or breaks off here; send it again."), line=line
            )
        # The decoder reads ahead, so the line is looked for in the bytes.
        with self.path.open("rb") as raw:
            for number, content in enumerate(self._binary(raw), start=1):
                try:
                    content.decode(self.encoding)
                except UnicodeDecodeError as bad:
                    return BadFile(
                        _("the bytes %(bytes)s are not %(encoding)s text; save as CSV UTF-8."),
                        line=number,
                        bytes=content[bad.start : bad.start + 4].hex(" "),
                        encoding=ENCODINGS[self.encoding],
                    )
        return BadFile(_("the text is not %(encoding)s."), encoding=ENCODINGS[self.encoding])


class ParquetFile:
    """A Parquet file; its columns have types."""

    kind = "Parquet"
    counts_lines = False

    def __init__(self, path: Path) -> None:
        import pyarrow as pa  # heavy: not in the web process
        import pyarrow.parquet as pq  # heavy: not in the web process

        try:
            self.file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as problem:
            raise BadFile(_("The Parquet file is damaged or not complete.")) from problem

    @cached_property
    def columns(self) -> list[str]:
        names = list(self.file.schema_arrow.names)
        _refuse_doubles(names)
        return names

    @cached_property
    def types(self) -> dict[str, str]:
        return {field.name: str(field.type) for field in self.file.schema_arrow}

    def batches(self, wanted: Sequence[str], size: int = ROWS_AT_A_TIME) -> Iterator[Batch]:
        """The rows of the wanted columns.

        Raises:
            BadFile: the file is damaged after this row.
        """
        import pyarrow as pa  # heavy: not in the web process

        total, start = self.file.metadata.num_rows, 0
        batches = self.file.iter_batches(batch_size=size, columns=list(wanted))
        while True:
            try:
                batch = next(batches)
                columns = {name: _plain(batch.column(name)) for name in wanted}
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as problem:
                raise BadFile(_("the file is damaged here."), row=start + 1) from problem
            end = start + batch.num_rows
            yield Batch(range(start + 1, end + 1), columns, end / max(total, 1))
            start = end


def _plain(column: "pa.Array") -> "pa.Array":
    """A column of the plainest type that holds the same values.

    Raises:
        ArrowException: its texts are not UTF-8.
    """
    import pyarrow as pa  # heavy: not in the web process

    if pa.types.is_dictionary(column.type):  # which only saves room
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column.validate(full=True)
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column


def _refuse_doubles(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1 and name:
            raise BadFile(_("The file has two columns named “%(name)s”."), name=name)


def _ragged(number: int, found: int, expected: int) -> BadFile:
    return BadFile(
        _("%(found)d values where the header names %(expected)d columns."),
        line=number,
        found=found,
        expected=expected,
    )


def _without_zero(lines: Iterable[str]) -> Iterator[str]:
    """The lines; a zero byte means that this is no text.

    Raises:
        BadFile: with the line.
    """
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise BadFile(_("there is a zero byte, so this is no text file."), line=number)
        yield line
