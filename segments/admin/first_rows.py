"""The first rows of a sent file as they will become events: a table for the naming screen."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import get_currency_precision
from django.utils.translation import gettext

from console import clock, figures
from segments.models import EventImport
from segments.reading import preview
from segments.reading.events import Reader
from segments.reading.mapping import Mapping
from segments.reading.problems import BadFile

MOST_PROPERTIES = 4  # that are shown of each event


def table(event_import: EventImport, mapping: Mapping) -> dict[str, Any]:
    """Rows for the template: events with their values, or a problem in their place."""
    project = clock.project()
    try:
        zone = ZoneInfo(mapping.time_zone or project.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo(project.time_zone)
    decimals = get_currency_precision(project.currency)
    path = Path(event_import.path)
    found = preview.first_rows(Reader(path, mapping, zone, decimals, project.currency))
    return {
        "problem": found.problem.said(gettext) if found.problem else "",
        "left_out": found.left_out,
        "bad": sum(isinstance(row, BadFile) for _number, row in found.rows),
        "rows": [{"number": number, **_cells(row)} for number, row in found.rows],
    }


def _cells(row: dict[str, Any] | BadFile) -> dict[str, Any]:
    if isinstance(row, BadFile):
        return {"problem": row.reason(gettext), "column": row.column}
    properties = json.loads(row["properties"])
    return {
        "time": row["time"].astimezone(clock.zone()),
        "customer": row["customer"],
        "kind": row["kind"],
        "other": row["other"],
        "event": row["event"],
        "amount": "" if row["amount"] is None else _money(row["amount"]),
        "properties": [(key, _short(value)) for key, value in list(properties.items())],
        "more": max(0, len(properties) - MOST_PROPERTIES),
    }


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:40] + "…"


def _money(minor: int) -> str:
    return figures.money(minor, clock.project().currency)
