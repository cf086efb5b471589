"""Parquet files; their columns have types."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from segments.reading.batch import ROWS_AT_A_TIME, START, Batch, Position, Refuse, stop
from segments.reading.problems import BadFile, refuse_columns
from segments.reading.problems import gettext_noop as _

if TYPE_CHECKING:
    import pyarrow as pa


class ParquetFile:
    """A Parquet file; a row of it has a number, not a line."""

    kind = "Parquet"
    counts_lines = is_open = has_types = False

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
        refuse_columns(names)
        return names

    @cached_property
    def types(self) -> dict[str, str]:
        return {field.name: str(field.type) for field in self.file.schema_arrow}

    def batches(
        self,
        wanted: Sequence[str],
        size: int = ROWS_AT_A_TIME,
        *,
        after: Position = START,
        refuse: Refuse = stop,
    ) -> Iterator[Batch]:
        import pyarrow as pa  # heavy: not in the web process

        groups, start = self._groups(after.number)
        batches = self.file.iter_batches(batch_size=size, row_groups=groups, columns=list(wanted))
        total = max(self.file.metadata.num_rows, 1)
        while True:
            try:
                batch = next(batches)
                end, skip = start + batch.num_rows, max(0, after.number - start)
                columns = {name: _plain(batch.column(name).slice(skip)) for name in wanted}
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as problem:
                raise BadFile(_("the file is damaged here."), row=start + 1) from problem
            if skip < batch.num_rows:
                numbers = range(start + skip + 1, end + 1)
                yield Batch(numbers, columns, end / total, Position(end))
            start = end

    def _groups(self, before: int) -> tuple[list[int], int]:
        """The row groups that have rows after so many, and the rows before the first of them."""
        meta, start = self.file.metadata, 0
        for group in range(meta.num_row_groups):
            if start + meta.row_group(group).num_rows > before:
                return list(range(group, meta.num_row_groups)), start
            start += meta.row_group(group).num_rows
        return [], start


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
