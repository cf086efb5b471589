"""What is seen piece by piece: articles, videos or products, by a property that names them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segments import history
from segments.lake import properties

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import BooleanValue, IntegerScalar, Table

COUNTS = ("readers", "views", "doers", "deeds")
# Told one by one: the pieces with the most readers, and the places of which most is seen.
MOST = 500


@dataclass(frozen=True)
class Pieces:
    """The pieces with the most readers, each a row, and what all of them came to by day."""

    # piece, column, readers, views, doers, deeds, before (how often it was seen before the days)
    rows: Sequence[tuple[Any, ...]]
    # day, readers, doers: the customers who saw any piece, and of those who also did something
    days: Sequence[tuple[Any, ...]]
    # column, pieces, new, readers, views, doers, deeds; a reader counts with each piece
    columns: Sequence[tuple[Any, ...]]
    # columns, pieces and views, also of those that are not told one by one
    whole: tuple[int, int, int]


def read(
    seen: str,
    names: Sequence[str],
    piece: str,
    column: str,
    *,
    since: dt.date,
    until: dt.date,
    before: dt.date,
) -> Pieces:
    """Who saw each piece from `since` to `until`, and who did something else with it.

    Args:
        seen: the event of somebody who sees a piece.
        names: every event that may name a piece, `seen` among them.
        piece: the property that names it.
        column: a property that says where it belongs; none: all belong together.
        before: the first day on which a piece that is seen is not new in these days.
    """
    with history.opened() as lake:
        rows = lake.events(before, until)
        rows = rows.filter(rows.event.isin(list(names)))
        named = properties.text(rows, piece)
        belongs = properties.text(rows, column) if column else named.nullif(named)
        said = rows.select("customer", "day", "event", piece=named, column=belongs)
        said = said.filter(said.piece.notnull() & (said.piece != ""))
        is_now = said.day >= since
        each = said.group_by(["piece", "customer"]).agg(
            column=said.column.max(),
            views=_count((said.event == seen) & is_now),
            deeds=_count((said.event != seen) & is_now),
            before=_count((said.event == seen) & (said.day < since)),
        )
        pieces = each.group_by("piece").agg(column=each.column.max(), **_sums(each))
        pieces = pieces.filter(pieces.readers > 0)
        columns = pieces.group_by("column").agg(
            pieces=pieces.count(),
            new=_count(pieces.before == 0),
            **{name: pieces[name].sum() for name in COUNTS},
        )
        now = said.filter(is_now)
        daily = now.group_by(["day", "customer"]).agg(
            views=_count(now.event == seen), deeds=_count(now.event != seen)
        )
        readers = daily.filter(daily.views > 0)
        days = readers.group_by("day").agg(readers=readers.count(), doers=_count(readers.deeds > 0))
        most = pieces.order_by([pieces.readers.desc(), pieces.views.desc(), "piece"])
        # A property with a value of its own for each event would make as many rows.
        places = columns.order_by([columns.views.desc(), "column"]).limit(MOST)
        whole = columns.agg(
            places=columns.count(), pieces=columns.pieces.sum(), views=columns.views.sum()
        )
        ((at, many, views),) = _rows(lake.ask(whole))
        return Pieces(
            _rows(lake.ask(most.limit(MOST))),
            _rows(lake.ask(days.order_by("day"))),
            _rows(lake.ask(places)),
            (at, many or 0, views or 0),
        )


def _sums(each: "Table") -> dict[str, Any]:
    """Of a piece, over the customers; who did something with it and never saw it counts nowhere."""
    saw = each.views > 0
    return {
        "readers": _count(saw),
        "views": each.views.sum(),
        "doers": _count(saw & (each.deeds > 0)),
        "deeds": saw.ifelse(each.deeds, 0).sum(),
        "before": each.before.sum(),
    }


def _count(holds: "BooleanValue") -> "IntegerScalar":
    return holds.ifelse(1, 0).sum()


def _rows(table: "pa.Table") -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
