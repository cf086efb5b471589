"""The home page: which cards, lists and charts each role sees, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from console.charts import Chart
from console.dashboard import cards, charts, duties, panels
from console.dashboard.page import Page
from console.dashboard.panels import Panel
from console.models import Staff
from segments.models import EventType

Role = Staff.Role


@dataclass(frozen=True)
class Layout:
    """One role's page: keys of cards, and parts with their width, from top to bottom."""

    cards: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]


LISTS: dict[str, Callable[[Page, HttpRequest], Panel]] = {
    "approvals": panels.approvals,
    "audit": panels.audit_tail,
    "campaigns": panels.campaigns,
    "failed_jobs": panels.failed_jobs,
    "health": panels.health_now,
    "imports": panels.imports,
    "my_campaigns": panels.my_campaigns,
    "my_work": duties.my_work,
    "newest_values": panels.newest_values,
    "search": panels.search,
    "segments": panels.segments,
    "suppressions": panels.suppressions,
    "warnings": duties.warnings,
    "watched": duties.watched,
}
CHARTS: dict[str, Callable[[Page], Chart]] = {
    "activity": charts.activity,
    "months": charts.months,
    "revenue": charts.revenue,
    "stages": charts.stages,
}
# What the charts read of each day; months are read by themselves.
CHART_KEYS = {
    "activity": ("dau", "mau"),
    "revenue": ("revenue",),
    "stages": ("stage_customers",),
}

LAYOUTS: dict[str, Layout] = {
    Role.OPERATOR: Layout(
        cards=("dau", "mau", "stickiness", "revenue", "orders", "new_customers"),
        parts=(
            ("warnings", "half"),
            ("my_work", "half"),
            ("my_campaigns", "half"),
            ("segments", "half"),
            ("campaigns", "full"),
            ("activity", "full"),
            ("revenue", "half"),
            ("stages", "half"),
            ("months", "full"),
        ),
    ),
    Role.MANAGER: Layout(
        cards=("revenue", "orders", "average_order", "dau", "mau", "new_customers"),
        parts=(
            ("warnings", "half"),
            ("my_work", "half"),
            ("approvals", "half"),
            ("watched", "half"),
            ("revenue", "full"),
            ("campaigns", "full"),
            ("activity", "full"),
            ("stages", "third"),
            ("months", "wide"),
        ),
    ),
    Role.ANALYST: Layout(
        cards=("dau", "mau", "stickiness", "revenue", "average_order", "retention_d7"),
        parts=(
            ("warnings", "half"),
            ("my_work", "half"),
            ("activity", "full"),
            ("months", "full"),
            ("newest_values", "half"),
            ("stages", "half"),
            ("revenue", "full"),
            ("campaigns", "full"),
        ),
    ),
    Role.PRODUCT: Layout(
        cards=("dau", "wau", "mau", "stickiness", "new_customers", "retention_d7"),
        parts=(
            ("warnings", "half"),
            ("my_work", "half"),
            ("activity", "full"),
            ("months", "wide"),
            ("stages", "third"),
        ),
    ),
    Role.SUPPORT: Layout(
        cards=("dau", "mau", "new_customers"),
        parts=(
            ("warnings", "half"),
            ("my_work", "half"),
            ("search", "half"),
            ("suppressions", "half"),
            ("stages", "half"),
            ("activity", "half"),
        ),
    ),
    Role.ADMIN: Layout(
        cards=("dau", "mau", "revenue", "orders"),
        parts=(
            ("warnings", "half"),
            ("my_work", "half"),
            ("health", "third"),
            ("failed_jobs", "third"),
            ("imports", "third"),
            ("audit", "half"),
            ("activity", "half"),
        ),
    ),
}


def context(request: HttpRequest, given: dict[str, Any]) -> dict[str, Any]:
    """Called by the admin site for its first page."""
    assert isinstance(request.user, Staff)  # the site lets nobody else in
    layout = LAYOUTS[request.user.role]
    page = Page(request.user, _keys(layout))
    parts = [_part(page, request, name, width) for name, width in layout.parts]
    return given | {
        "page": page,
        "cards": [card for key in layout.cards if (card := cards.card(page, key))],
        "parts": [part for part in parts if part],
        "nothing": None if page.is_measured else _nothing(page),
    }


def _keys(layout: Layout) -> set[str]:
    """Everything that has to be read for this page, so that it is read at once."""
    keys = set(layout.cards)
    for name, _ in layout.parts:
        keys |= {*CHART_KEYS.get(name, ()), *(cards.HOW if name == "newest_values" else ())}
    return keys


def _part(page: Page, request: HttpRequest, name: str, width: str) -> dict[str, Any] | None:
    """A list always; a chart only once there are numbers."""
    if name in LISTS:
        return {"name": name, "width": width, "panel": LISTS[name](page, request)}
    if not page.is_measured:
        return None
    return {"name": name, "width": width, "chart": CHARTS[name](page)}


def _nothing(page: Page) -> dict[str, Any]:
    """What this person can do so that numbers appear."""
    return {
        "has_events": EventType.objects.filter(volume__gt=0).exists(),
        "import": page.link("admin:segments_eventimport_changelist", needs="imports.run"),
        "compute": page.link("admin:metrics_metric_compute", needs="pipeline.run"),
    }
