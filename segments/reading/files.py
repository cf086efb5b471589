"""Opening a file as what its first bytes say that it is: CSV, JSON lines, Parquet or XLSX."""

from pathlib import Path

from segments.reading import lines
from segments.reading.batch import RowFile
from segments.reading.delimited import CsvFile
from segments.reading.json_lines import JsonLinesFile
from segments.reading.lines import ENCODINGS, GZIP
from segments.reading.parquet import ParquetFile
from segments.reading.problems import BadFile
from segments.reading.problems import gettext_noop as _
from segments.reading.workbook import XlsxFile

__all__ = ["ENCODINGS", "ENDINGS", "opened"]

# What a person may choose in a browser; the content decides all the same.
ENDINGS = [".csv", ".tsv", ".txt", ".gz", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx"]
ZIP = b"PK\x03\x04"
# The first bytes of what people send instead, and what to tell them.
OTHERS = {
    b"\xd0\xcf\x11\xe0": _("This is an old Excel workbook; save it as XLSX or CSV UTF-8."),
    b"\xff\xfe": _("This is UTF-16 text; save it as CSV UTF-8."),
    b"\xfe\xff": _("This is UTF-16 text; save it as CSV UTF-8."),
    b"BZh": _("This is compressed with bzip2; use gzip, or do not compress it."),
    b"\x28\xb5\x2f\xfd": _("This is compressed with zstd; use gzip, or do not compress it."),
}


def opened(path: Path, *, encoding: str = "utf-8") -> RowFile:
    """The file, ready to give its columns and rows.

    Raises:
        BadFile: it cannot be opened, or is something else.
    """
    first = _first_bytes(path)
    for magic, words in OTHERS.items():
        if first.startswith(magic):
            raise BadFile(words)
    if first.startswith(ZIP):
        return XlsxFile(path)
    if first.startswith(b"PAR1"):
        return ParquetFile(path)
    text = lines.beginning(path) if first.startswith(GZIP) else first
    return _text(path, encoding, text.removeprefix(b"\xef\xbb\xbf").lstrip())


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            first = file.read(4096)
    except OSError as problem:
        raise BadFile(
            _("%(path)s cannot be read: %(problem)s."), path=path, problem=problem.strerror
        ) from problem
    if not first:
        raise BadFile(_("The file is empty."))
    return first


def _text(path: Path, encoding: str, text: bytes) -> RowFile:
    if text.startswith((b"[{", b"[\n", b"[\r\n", b"[ ")):
        raise BadFile(_("This is one JSON list; write one object a line (JSON lines)."))
    if text.startswith(b"{"):
        return JsonLinesFile(path, encoding=encoding)
    return CsvFile(path, encoding=encoding)
