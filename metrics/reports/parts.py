"""What a report shows: tables of plain values, of which a screen makes charts, a file, or JSON."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from console import figures
from console.charts import Chart, Option, Word, plain
from metrics.stats import differences
from metrics.stats.samples import Proportion

TEXT, COUNT, SHARE, NUMBER, DAY = "text", "count", "share", "number", "day"
DIFFERENCE = "difference"  # of two shares, 0.03 for 3 percentage points
Cell = str | int | float | Decimal | dt.date | None


@dataclass(frozen=True)
class Column:
    """What stands in a column of a table."""

    label: str
    unit: str = COUNT


@dataclass(frozen=True)
class Part:
    """One table, and how it is drawn; without an option only the table is shown."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    option: Option | None = None
    definition: str = ""
    note: str = ""
    size: str = ""
    empty: str = ""


def chart(part: Part, *, freshness: str = "", word: Word | None = None, export: str = "") -> Chart:
    """The part as a screen shows it."""
    units = [column.unit for column in part.columns]
    return Chart(
        id=part.key,
        title=part.title,
        option=part.option or {},
        columns=[column.label for column in part.columns],
        rows=[[said(*pair) for pair in zip(row, units, strict=True)] for row in part.rows],
        definition=part.definition,
        freshness=freshness,
        note=part.note,
        size=part.size,
        word=word,
        empty=part.empty,
        export=export,
    )


def said(cell: Cell, unit: str) -> str:
    """A value in the words of its unit."""
    if cell is None:
        return figures.NOTHING
    if isinstance(cell, str):
        return cell
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if unit == SHARE:
        return figures.share(cell)
    if unit == DIFFERENCE:
        return figures.points(float(cell))
    return figures.number(cell) if unit == NUMBER else figures.whole(Decimal(cell))


def counted(many: int, did: int) -> list[Any]:
    """How many there were and how many of them did, the share, and its 95 % bounds (Wilson)."""
    bounds = differences.wilson(Proportion(many, did))
    share = did / many if many else None
    return [many, did, share, bounds.low if bounds else None, bounds.high if bounds else None]


def lines(part: Part) -> Iterator[list[Cell]]:
    """Headings and rows for a file: values as they are, so that one can go on with them."""
    yield [column.label for column in part.columns]
    for row in part.rows:
        yield [cell.isoformat() if isinstance(cell, dt.date) else cell for cell in row]


def as_json(part: Part) -> dict[str, Any]:
    """The same for other programs."""
    return {
        "key": part.key,
        "title": part.title,
        "definition": part.definition,
        "note": part.note,
        "columns": [{"label": one.label, "unit": one.unit} for one in part.columns],
        "rows": [[_json(cell) for cell in row] for row in part.rows],
    }


def _json(cell: Cell) -> str | int | float | None:
    if isinstance(cell, str):
        return cell
    return cell.isoformat() if isinstance(cell, dt.date) else plain(cell)
