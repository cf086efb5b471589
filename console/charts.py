"""Charts as data: what `charts.js` draws with ECharts, each with its table underneath.

Colours, dark mode and the look of numbers are the browser's business; an option says only
what is drawn. `{% include "console/chart.html" with chart=… %}` shows one.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import translation

from console import figures

Value = int | float | Decimal | None
Option = dict[str, Any]
SPARK_WIDTH, SPARK_HEIGHT = 100, 30


@dataclass(frozen=True)
class Word:
    """The defined word that a number rests on: 活跃 v3, what it means, and where it is kept."""

    label: str
    sentence: str
    link: str
    warning: str = ""  # when the number still follows an older version


@dataclass(frozen=True)
class Chart:
    """One chart. The rows are the table that says the same in words and numbers."""

    id: str
    title: str
    option: Option
    columns: Sequence[Any]
    rows: Sequence[Sequence[str]]
    definition: str = ""
    freshness: str = ""
    note: str = ""
    link: str = ""
    size: str = ""  # "", "low" or "tall"
    word: Word | None = field(default=None, kw_only=True)
    empty: str = field(default="", kw_only=True)  # what to do about it when there are no rows
    export: str = field(default="", kw_only=True)  # where its table is as a file


MOST_KEPT = 400  # rows


def frozen(chart: Chart) -> dict[str, Any]:
    """What a chart shows at this moment, as JSON: to be kept with what somebody says of it."""
    said = {name: getattr(chart, name) for name in KEPT}
    rows = [[str(cell) for cell in row] for row in chart.rows[:MOST_KEPT]]
    is_whole = len(rows) == len(chart.rows)
    columns = [str(column) for column in chart.columns]
    option = chart.option if is_whole else {}  # a drawing shows no more than the table below it
    return {name: str(value) for name, value in said.items()} | {
        "option": option,
        "columns": columns,
        "rows": rows,
    }


def thawed(said: Mapping[str, Any], name: str) -> Chart:
    """The chart as it was when it was kept, in the words of the reader's language."""
    said = {**said, **said.get(IN, {}).get(translation.get_language(), {})}
    words: dict[str, Any] = {one: str(said.get(one, "")) for one in KEPT}
    return Chart(
        id=name,
        option=said.get("option") or {},
        columns=said["columns"],
        rows=said["rows"],
        **words,
    )


IN = "in"  # of a kept chart: the same in each language
KEPT = ("title", "definition", "freshness", "note", "size")


def unit(kind: str, currency: str = "") -> Option:
    """How the browser writes the numbers: `money` comes in minor units, `share` from 0 to 1.

    `difference` is one of shares, which people read in percentage points.
    """
    if kind == "money":
        return {"kind": kind, "currency": currency, "decimals": figures.decimals(currency)}
    if kind == "difference":
        return {"kind": kind, "words": translation.gettext("%(change)s points") % {"change": "{}"}}
    return {"kind": kind}


def lines(
    days: Sequence[dt.date],
    series: Mapping[str, Sequence[Value]],
    *,
    unit: Option,
    zoom: bool = False,
) -> Option:
    """A line a series over days; a day without a value is a gap, one between gaps a dot."""
    return {
        "unit": unit,
        "legend": {"show": len(series) > 1},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "time"},
        "yAxis": _scale([value for values in series.values() for value in values], unit),
        "dataZoom": ZOOM if zoom else [],
        "series": [
            {
                "type": "line",
                "name": str(name),
                "showSymbol": has_lonely(values),
                "data": [[day.isoformat(), plain(v)] for day, v in zip(days, values, strict=True)],
            }
            for name, values in series.items()
        ],
    }


def curves(labels: Sequence[str], series: Mapping[str, Sequence[Value]], *, unit: Option) -> Option:
    """A line a series over labels that are not days; what has no value is a gap."""
    return {
        "unit": unit,
        "legend": {"show": len(series) > 1},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": list(labels), "boundaryGap": False},
        "yAxis": {**_scale([v for values in series.values() for v in values], unit), "min": 0},
        "series": [
            {
                "type": "line",
                "name": str(name),
                "showSymbol": len(labels) < 40 or has_lonely(values),
                "data": [plain(value) for value in values],
            }
            for name, values in series.items()
        ],
    }


def stacks(labels: Sequence[str], series: Mapping[str, Sequence[Value]], *, unit: Option) -> Option:
    """A bar a label, in layers; what is below nothing hangs down."""
    return {
        "unit": unit,
        "legend": {"show": True, "type": "scroll"},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": list(labels)},
        "yAxis": {"type": "value"},
        "series": [
            {
                "type": "bar",
                "stack": "all",
                "name": str(name),
                "itemStyle": {"borderRadius": 0},
                "data": [plain(value) for value in values],
            }
            for name, values in series.items()
        ],
    }


def grouped(
    labels: Sequence[str],
    series: Mapping[str, Sequence[Value]],
    *,
    unit: Option,
    most: int | None = None,
    lying: bool = False,
) -> Option:
    """A group of bars a label, a bar in it a series; `most`: where the axis ends."""
    names: Option = {"type": "category", "data": list(labels)}
    scale: Option = {"type": "value"} | ({"max": most, "interval": most / 4} if most else {})
    if lying:
        scale = _scale([value for values in series.values() for value in values], unit)
    return {
        "unit": unit,
        "legend": {"show": len(series) > 1},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": scale if lying else names,
        "yAxis": {**names, "inverse": True} if lying else scale,
        "series": [
            {
                "type": "bar",
                "name": str(name),
                "label": {
                    "show": len(labels) * len(series) <= 12,
                    "position": "right" if lying else "top",
                },
                "data": [_standing(plain(value), lying=lying) for value in values],
            }
            for name, values in series.items()
        ],
    }


def _standing(value: Any, *, lying: bool) -> Any:
    """A bar that hangs is labelled at its end: above it the sign hides before its neighbour."""
    if lying or not isinstance(value, int | float) or value >= 0:
        return value
    return {"value": value, "label": {"position": "bottom"}}


def bars(
    labels: Sequence[str],
    values: Sequence[Value],
    *,
    name: str,
    unit: Option,
    lying: bool = False,
    colors: Sequence[str] = (),
) -> Option:
    """A bar a label, upright or lying; lying ones have room for long words."""
    names: Option = {"type": "category", "data": [str(label) for label in labels]}
    data: list[Any] = [plain(value) for value in values]
    if colors:
        data = [
            {"value": value, "itemStyle": {"color": color}}
            for value, color in zip(data, colors, strict=True)
        ]
    return {
        "unit": unit,
        "legend": {"show": False},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": _scale(values, unit) if lying else names,
        "yAxis": {**names, "inverse": True} if lying else _scale(values, unit),
        "series": [{"type": "bar", "name": str(name), "label": {"show": lying}, "data": data}],
    }


def _scale(values: Sequence[Value], unit: Option) -> Option:
    """An axis of values; of shares up to all it ends there, and not at 120 %."""
    known = [value for value in values if value is not None]
    is_whole = unit["kind"] == "share" and 0.8 < max(known, default=0) <= 1
    return {"type": "value", "max": 1, "interval": 0.25} if is_whole else {"type": "value"}


def has_lonely(values: Sequence[Value]) -> bool:
    """Whether some value stands between two gaps: no line would show it."""
    known = [False, *(value is not None for value in values), False]
    return any(known[n] and not known[n - 1] and not known[n + 1] for n in range(1, len(known)))


def heatmap(
    columns: Sequence[str],
    rows: Sequence[str],
    cells: Iterable[tuple[int, int, Value]],
    *,
    name: str,
    unit: Option,
) -> Option:
    """A field of cells (column, row, value), the darker the more; the first row on top."""
    cells = list(cells)
    data = [[column, row, plain(value)] for column, row, value in cells if value is not None]
    values = [float(value) for _, _, value in cells if value is not None]
    return {
        "unit": unit,
        "legend": {"show": False},
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "category", "data": list(columns), "position": "top"},
        "yAxis": {"type": "category", "data": list(rows), "inverse": True},
        "visualMap": {"show": False, "min": min(values, default=0), "max": max(values, default=1)},
        "series": [{"type": "heatmap", "name": str(name), "data": data}],
    }


@dataclass(frozen=True)
class Node:
    """One end of the streams of a Sankey chart; the key tells it from others of the same name."""

    key: str
    label: str
    color: str


def sankey(
    left: Sequence[Node],
    right: Sequence[Node],
    streams: Iterable[tuple[str, str, int]],
    *,
    unit: Option,
) -> Option:
    """Streams from the left to the right, as thick as many go; nothing flows where none do."""
    links = [{"source": a, "target": b, "value": many} for a, b, many in streams if many]
    used = {end for link in links for end in (link["source"], link["target"])}
    return {
        "unit": unit,
        "legend": {"show": False},
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "sankey",
                "data": [
                    {
                        "name": node.key,
                        "words": node.label,
                        "depth": depth,
                        "itemStyle": {"color": node.color},
                    }
                    for depth, nodes in enumerate((left, right))
                    for node in nodes
                    if node.key in used
                ],
                "links": links,
            }
        ],
    }


def streams(
    nodes: Sequence[Node],
    depths: Mapping[str, int],
    links: Iterable[tuple[str, str, int]],
    *,
    unit: Option,
) -> Option:
    """Streams over several places from left to right, each node at its depth."""
    option = sankey([], [], links, unit=unit)
    option["series"][0]["data"] = [
        {
            "name": node.key,
            "words": node.label,
            "depth": depths[node.key],
            "itemStyle": {"color": node.color},
        }
        for node in nodes
    ]
    return option


def spark(values: Sequence[Value]) -> str:
    """A course as the path of an SVG of 100 by 30; what has no value is passed over."""
    points = [(n, float(value)) for n, value in enumerate(values) if value is not None]
    if len(points) < 2:
        return ""
    low, high = min(y for _, y in points), max(y for _, y in points)
    across = SPARK_WIDTH / (len(values) - 1)
    up = SPARK_HEIGHT / (high - low) if high > low else 0
    steps = [f"{x * across:.1f},{SPARK_HEIGHT - (y - low) * up:.1f}" for x, y in points]
    return "M" + " L".join(steps)


def plain(value: Value) -> int | float | None:
    """A number as JSON has it; only for drawing, never for adding up."""
    if value is None or isinstance(value, int | float):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


# The wheel scrolls the page, so zooming with it needs Ctrl.
ZOOM = [
    {"type": "inside", "zoomOnMouseWheel": "ctrl", "moveOnMouseMove": True},
    {"type": "slider"},
]
