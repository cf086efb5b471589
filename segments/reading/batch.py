"""What every kind of file gives: rows in batches by column, and the place where each ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from segments.reading.problems import BadFile

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_A_TIME = 20_000
# Values of one type as Arrow has them; of several types (JSON, workbooks) as they are.
Column = "pa.Array | list[Any]"
Refuse = Callable[[BadFile], None]


def stop(bad: BadFile) -> None:
    """The stricter way with a row that cannot be read: the file ends here."""
    raise bad


@dataclass(frozen=True)
class Position:
    """Between two rows: the lines (of Parquet and workbooks: the rows) before it, and the bytes.

    The bytes are those of the text, decompressed; zero where they are of no use.
    """

    number: int = 0
    offset: int = 0


START = Position()


@dataclass(frozen=True)
class Batch:
    """Some rows by column, and the line (of Parquet: the row) where each stands in the file."""

    numbers: Sequence[int]
    columns: "dict[str, pa.Array | list[Any]]"
    done: float  # how much of the file is read, 0 to 1
    position: Position  # after its last row: where another run would go on


class RowFile(Protocol):
    """A file of rows, of any kind."""

    kind: str
    counts_lines: bool  # or rows
    is_open: bool  # a row may have columns that no header announced
    has_types: bool  # a text that looks like a number is meant as a text

    @property
    def columns(self) -> list[str]: ...

    @property
    def types(self) -> dict[str, str]: ...

    def batches(
        self,
        wanted: Sequence[str],
        size: int = ROWS_AT_A_TIME,
        *,
        after: Position = START,
        refuse: Refuse = stop,
    ) -> Iterator[Batch]:
        """The wanted columns of the rows after a position.

        Rows that cannot be read are given to `refuse`, which may let the others come.

        Raises:
            BadFile: the file cannot be read any further.
        """
        ...


def column(values: list[Any]) -> "pa.Array | list[Any]":
    """The values as Arrow's texts where all of them are texts, which is read much faster."""
    import pyarrow as pa  # heavy: not in the web process

    try:
        return pa.array(values, pa.string())
    except (pa.ArrowException, TypeError, UnicodeError):
        return values
