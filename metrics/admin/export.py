"""Measurements as a file for spreadsheets."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.http import StreamingHttpResponse

from console import figures
from metrics.measurements import Figure
from metrics.models import Metric
from segments import formulas

HEADINGS = ["metric", "day", "slice", "value", "unit", "numerator", "denominator"]


def answer(metric: Metric, found: Iterable[Figure], *, currency: str) -> StreamingHttpResponse:
    """The figures as a CSV download. It opens with a mark by which Excel knows UTF-8."""
    rows = (row(metric, figure, currency) for figure in found)
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{metric.key}.csv"'
    return response


def table(name: str, lines: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """Any table as a CSV download; text in it is no formula."""
    rows = ([harmless(one) if isinstance(one, str) else one for one in line] for line in lines)
    text = itertools.chain(["\ufeff"], map(_line, rows))
    response = StreamingHttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def row(metric: Metric, figure: Figure, currency: str) -> list[object]:
    """One figure; money in whole units, because a person reads it."""
    return [
        harmless(metric.key),
        figure.day.isoformat(),
        harmless(figure.slice),
        in_whole(metric, figure.value, currency),
        unit(metric, currency),
        figure.numerator,
        figure.denominator,
    ]


def in_whole(metric: Metric, number: Decimal | float | None, currency: str) -> Decimal | str:
    """A value of this metric: money in whole units, and nothing for what is not known."""
    if number is None:
        return ""
    found = Decimal(number)
    return round(figures.major(found, currency) if metric.unit == Metric.Unit.MONEY else found, 6)


def unit(metric: Metric, currency: str) -> str:
    """Of money, which."""
    return currency if metric.unit == Metric.Unit.MONEY else metric.unit


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return formulas.escaped(text)


def _lines(rows: Iterable[list[object]]) -> Iterator[str]:
    yield "\ufeff"
    yield _line(HEADINGS)
    yield from map(_line, rows)


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
