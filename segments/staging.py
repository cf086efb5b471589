"""Reading a file into checked parts on the disk, which an import that was killed finds again.

A part is finished and on the disk before the checkpoint names it, and the checkpoint has the
place in the file where the next part begins. So a killed import goes on after its last part.
"""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from segments.reading.batch import Position
from segments.reading.events import Checked, Reader, schema
from segments.reading.problems import BadFile, Translate
from segments.reading.problems import gettext_noop as _

if TYPE_CHECKING:
    import pyarrow.parquet as pq

ROWS_IN_A_PART = 500_000
KINDS_LEFT_OUT = 20  # of reasons that are counted each; the others together
CHECKPOINT = "checkpoint.json"


@dataclass
class Progress:
    """What the parts hold, and from where to go on."""

    of: str = ""  # the fingerprint of what was read, and by which mapping
    size: int = 0
    mtime: int = 0
    sha256: str = ""
    position: Position = field(default_factory=Position)
    last: dict[str, str] = field(default_factory=dict)
    parts: int = 0
    rows: int = 0
    skipped: int = 0
    bad: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    done: float = 0.0
    is_whole: bool = False

    @classmethod
    def kept(cls, folder: Path) -> Self:
        """As it was written down; a new one where nothing was, or where it is not ours."""
        try:
            kept = json.loads((folder / CHECKPOINT).read_bytes())
            return cls(**{**kept, "position": Position(**kept["position"])})
        except (OSError, ValueError, TypeError, KeyError):
            return cls()

    def keep(self, folder: Path) -> None:
        """Write it down so that it is there whole or as it was before."""
        there = folder / CHECKPOINT
        new = there.with_suffix(".new")
        with new.open("w") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(there)
        _to_disk(folder)


@dataclass
class Stage:
    """One file's way into its parts."""

    folder: Path
    reader: Reader
    translate: Translate
    # Told after each batch; may raise to end the reading.
    watch: Callable[[Progress], None] = lambda _progress: None
    progress: Progress = field(default_factory=Progress)

    @property
    def parts(self) -> list[Path]:
        return [self._part(number) for number in range(1, self.progress.parts + 1)]

    def open(self) -> None:
        """Find what an earlier run left behind, if it is of the same content and mapping.

        Raises:
            OSError: the file cannot be read.
        """
        kept, stat = Progress.kept(self.folder), self.reader.path.stat()
        now = Progress(self._fingerprint(), stat.st_size, stat.st_mtime_ns)
        is_untouched = (kept.size, kept.mtime) == (now.size, now.mtime) and kept.sha256
        now.sha256 = kept.sha256 if is_untouched else content(self.reader.path)
        is_same = kept.sha256 == now.sha256 and kept.of == now.of
        if is_same and all(self._part(n).exists() for n in range(1, kept.parts + 1)):
            self.progress = kept
            kept.mtime = now.mtime
        else:
            self.drop()
            self.progress = now
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _fingerprint(self) -> str:
        reader = self.reader
        how = [reader.mapping.to_json(), reader.zone.key, reader.decimals]
        return hashlib.sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()

    def read(self) -> None:
        """Read and check what is not read yet, part after part.

        Raises:
            BadFile: what cannot be read, or more bad rows than the mapping allows.
        """
        progress = self.progress
        if progress.is_whole:
            return
        self.reader.last = dict(progress.last)
        batches = self.reader.read(after=progress.position)
        while not progress.is_whole:
            with self._next_part() as (events, bad):
                progress.is_whole = self._fill(batches, events, bad)
            if progress.is_whole:
                self._check_whole()
            progress.keep(self.folder)

    def _fill(self, batches: Iterator[Checked], events: "pq.ParquetWriter", bad: "BadRows") -> bool:
        """Fill one part; whether the file ended."""
        most, _share = self.reader.mapping.most_bad
        rows, progress = 0, self.progress
        self.reader.refuse = bad.refuse if most else bad.stop
        for batch in batches:
            events.write_batch(batch.events)
            self._count(batch, bad.taken())
            if progress.bad > most:
                raise self._too_many(bad)
            self.watch(progress)
            rows += batch.seen
            if rows >= ROWS_IN_A_PART:
                return False
        return True

    def _count(self, batch: Checked, bad: int) -> None:
        progress = self.progress
        progress.rows += batch.seen
        progress.skipped += batch.skipped
        progress.bad += bad
        for reason, count in batch.left_out.items():
            is_known = reason in progress.left_out or len(progress.left_out) < KINDS_LEFT_OUT
            said = reason if is_known else "…"
            progress.left_out[said] = progress.left_out.get(said, 0) + count
        progress.position, progress.last = batch.position, dict(batch.last)
        progress.done = batch.done

    @contextmanager
    def _next_part(self) -> Iterator[tuple["pq.ParquetWriter", "BadRows"]]:
        """The next part and its bad rows: on the disk for good when the block has ended."""
        import pyarrow.parquet as pq  # heavy: not in the web process

        part = self._part(self.progress.parts + 1)
        bad_path = part.with_suffix(".bad")
        with bad_path.open("w", newline="") as bad:
            with pq.ParquetWriter(part, schema(), compression="zstd") as writer:
                yield writer, BadRows(csv.writer(bad), self.translate)
            bad.flush()
        _to_disk(bad_path)
        _to_disk(part)
        self.progress.parts += 1

    def _check_whole(self) -> None:
        """Raises BadFile: the file is another one now, or too large a share of it is bad."""
        progress, stat = self.progress, self.reader.path.stat()
        if (stat.st_size, stat.st_mtime_ns) != (progress.size, progress.mtime):
            raise BadFile(_("The file changed while it was read; load it again."))
        _most, share = self.reader.mapping.most_bad
        if progress.bad > share * progress.rows:
            raise BadFile(
                _("%(count)s of %(rows)s rows are bad, more than the %(most)s that may be."),
                count=f"{progress.bad:,}",
                rows=f"{progress.rows:,}",
                most=self.reader.mapping.leave_out_bad,
            )

    def _too_many(self, bad: "BadRows") -> BadFile:
        most, _share = self.reader.mapping.most_bad
        return BadFile(
            _("More than %(most)s rows are bad; the last one is: %(problem)s"),
            most=f"{most:,}",
            problem=bad.last.said(self.translate) if bad.last else "",
        )

    def bad_rows(self) -> Iterator[list[str]]:
        """The rows that were left out: where, the column, the value shortened, why."""
        for part in self.parts:
            with part.with_suffix(".bad").open(newline="") as file:
                yield from csv.reader(file)

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:05}.parquet"

    def drop(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class BadRows:
    """Writes down the rows that are left out of one part."""

    def __init__(self, writer: Any, translate: Translate) -> None:
        self.writer, self.translate, self.count = writer, translate, 0
        self.last: BadFile | None = None

    def refuse(self, bad: BadFile) -> None:
        self.count += 1
        self.last = bad
        reason = bad.reason(self.translate)
        self.writer.writerow([bad.line or bad.row or "", bad.column, bad.value, reason])

    def stop(self, bad: BadFile) -> None:
        raise bad

    def taken(self) -> int:
        """How many there were since the last time."""
        count, self.count = self.count, 0
        return count


def content(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
