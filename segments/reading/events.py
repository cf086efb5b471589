"""Reading a whole file as events, every value checked, in batches of bounded size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from segments.reading import files, values
from segments.reading.files import Batch, CsvFile, ParquetFile
from segments.reading.mapping import LONGEST_NAME, Mapping
from segments.reading.problems import BadFile, BadValue
from segments.reading.problems import gettext_noop as _

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_IDENTIFIER = LONGEST_KEY = 200


@dataclass(frozen=True)
class Checked:
    """A batch of good events, the rows left out for want of a customer, and the progress."""

    events: "pa.RecordBatch"
    skipped: int
    done: float  # how much of the file is read, 0 to 1


def schema() -> "pa.Schema":
    """`row` is the line; `same` is equal for rows that are one event, null when none are."""
    import pyarrow as pa  # heavy: not in the web process

    return pa.schema(
        [
            ("row", pa.int64()),
            ("customer", pa.string()),
            ("time", pa.timestamp("us", "UTC")),
            ("event", pa.string()),
            ("key", pa.string()),
            ("same", pa.string()),
            ("amount", pa.int64()),
            ("properties", pa.string()),
        ]
    )


def read(path: Path, mapping: Mapping, *, zone: ZoneInfo, decimals: int) -> Iterator[Checked]:
    """Every event of the file, checked; the first that is bad ends the reading.

    Times that name no zone are in `zone`; amounts become minor units of a currency with
    so many decimals.

    Raises:
        BadFile: with the line and the column.
    """
    file = files.opened(path, encoding=mapping.encoding)
    mapping.check(file.columns)
    reader = Reader(file, mapping, zone, decimals)
    has_rows = False
    for batch in file.batches(mapping.columns):
        has_rows = True
        yield reader.check(batch)
    if not has_rows:
        raise BadFile(_("The file has columns, but no rows."))


@dataclass(frozen=True)
class Reader:
    """What a file's values are read under, and the reading of them."""

    file: CsvFile | ParquetFile
    mapping: Mapping
    zone: ZoneInfo
    decimals: int

    def check(self, batch: Batch) -> Checked:
        """The batch as events.

        Raises:
            BadFile: with the line and the column.
        """
        customers = self._customers(batch)
        kept = [index for index, customer in enumerate(customers) if customer]
        skipped = len(customers) - len(kept)
        if skipped:
            batch = _only(batch, kept)
        return Checked(self._events(batch, list(filter(None, customers))), skipped, batch.done)

    def _customers(self, batch: Batch) -> list[str]:
        empty = "" if self.mapping.skip_without_customer else _("the customer is empty.")
        return self._names(batch, self.mapping.customer, LONGEST_IDENTIFIER, empty)

    def _events(self, batch: Batch, customers: list[str]) -> "pa.RecordBatch":
        import pyarrow as pa  # heavy: not in the web process

        rows, mapping = len(batch.numbers), self.mapping
        nothing = [None] * rows
        columns = {
            "row": list(batch.numbers),
            "customer": customers,
            "time": self._read(batch, mapping.time, lambda c: values.moments(c, self.zone)),
            "event": self._names(batch, mapping.name, LONGEST_NAME, _("the event's name is empty."))
            or [mapping.event] * rows,
            "key": self._names(batch, mapping.key, LONGEST_KEY, _("the event's own id is empty."))
            or nothing,
            "same": self._same(batch) or nothing,
            "amount": self._read(batch, mapping.amount, lambda c: values.amounts(c, self.decimals))
            or nothing,
            "properties": values.properties(
                {name: batch.columns[name] for name in mapping.properties}, rows
            ),
        }
        return pa.RecordBatch.from_pydict(columns, schema=schema())

    def _names(self, batch: Batch, column: str, longest: int, empty: str) -> list[str]:
        return self._read(batch, column, lambda c: values.names(c, longest=longest, empty=empty))

    def _read(self, batch: Batch, column: str, read: "Callable[[pa.Array], Any]") -> Any:
        """The column's values; none at all where the mapping names no column."""
        if not column:
            return []
        try:
            return read(batch.columns[column])
        except BadValue as bad:
            number = batch.numbers[bad.index]
            where = {"line": number} if self.file.counts_lines else {"row": number}
            raise BadFile(bad.words, column=column, **where, **bad.params) from bad

    def _same(self, batch: Batch) -> list[str]:
        if not self.mapping.distinct_by:
            return []
        return values.joined([batch.columns[name] for name in self.mapping.distinct_by])


def _only(batch: Batch, kept: list[int]) -> Batch:
    """Some rows of a batch."""
    return Batch(
        [batch.numbers[index] for index in kept],
        {name: column.take(kept) for name, column in batch.columns.items()},
        batch.done,
    )


# --- a first look -----------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """What a person needs to see before naming the columns."""

    kind: str
    columns: list[str]
    types: dict[str, str]
    rows: list[list[str]]


def look(path: Path, *, encoding: str = "utf-8", rows: int = 5) -> Look:
    """The columns and the first rows.

    Raises:
        BadFile: it is no file of rows, or one of its first rows is bad.
    """
    file = files.opened(path, encoding=encoding)
    first = next(file.batches(file.columns, size=rows), None)
    lists = [first.columns[name].to_pylist() for name in file.columns] if first else []
    shown = [
        ["" if value is None else str(value) for value in row] for row in zip(*lists, strict=True)
    ]
    return Look(file.kind, file.columns, file.types, shown)
