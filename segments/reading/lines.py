"""The lines of a text file, gzipped or not, with the place of each, so that one can go on there."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from segments.reading.batch import START, Position
from segments.reading.problems import BadFile
from segments.reading.problems import gettext_noop as _

ENCODINGS = {"utf-8": "UTF-8", "gb18030": "GB 18030 (GBK)"}
GZIP = b"\x1f\x8b"
LONGEST = 16 << 20  # bytes of one line; what goes on for longer is no text of rows
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)


class Lines:
    """Lines one by one; `position` is always after the last one that was given out.

    A line that is no text is given with its bad bytes replaced, and `bad` says so until
    whoever reads has taken notice.
    """

    def __init__(self, path: Path, encoding: str, raw: IO[bytes], after: Position = START) -> None:
        self.encoding, self.raw = encoding, raw
        self.size = max(path.stat().st_size, 1)
        self.number, self.offset = after.number, after.offset
        self.bad: BadFile | None = None
        self.stream = _decompressed(raw)

    @property
    def position(self) -> Position:
        return Position(self.number, self.offset)

    @property
    def done(self) -> float:
        return min(1.0, self.raw.tell() / self.size)

    def __iter__(self) -> Iterator[str]:
        """Raises BadFile where the file breaks off, or a line has no end."""
        try:
            self.stream.seek(self.offset)
            while line := self.stream.readline(LONGEST):
                self.number += 1
                self.offset += len(line)
                yield self._text(line)
        except DAMAGED as problem:
            raise BadFile(
                _("the compressed file is damaged or breaks off here; send it again."),
                line=self.number + 1,
            ) from problem

    def _text(self, line: bytes) -> str:
        if len(line) == LONGEST:
            raise BadFile(_("the line is longer than 16 MB."), line=self.number)
        if self.number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        try:
            text = line.decode(self.encoding)
        except UnicodeDecodeError as bad:
            self.bad = BadFile(
                _("the bytes %(bytes)s are not %(encoding)s text; save as CSV UTF-8."),
                line=self.number,
                bytes=line[bad.start : bad.start + 4].hex(" "),
                encoding=ENCODINGS[self.encoding],
            )
            return line.decode(self.encoding, "replace").replace("\0", "")
        if "\0" in text:
            self.bad = BadFile(
                _("there is a zero byte, so this is no text file."), line=self.number
            )
            return text.replace("\0", "")
        return text


@contextmanager
def opened(path: Path, encoding: str, after: Position = START) -> Iterator[Lines]:
    """The lines after a position."""
    with path.open("rb") as raw:
        yield Lines(path, encoding, raw, after)


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    is_gzip = raw.read(2) == GZIP
    raw.seek(0)
    if not is_gzip:
        return raw
    return io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 17)


def beginning(path: Path, size: int = 4096) -> bytes:
    """The first bytes of the text; empty where it cannot be decompressed."""
    with path.open("rb") as raw:
        try:
            return _decompressed(raw).read(size)
        except DAMAGED:
            return b""
