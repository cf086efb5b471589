"""The timeline: when each request began, what was promised first, and what moved it since."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Prefetch
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from console.admin.team_requests.dates_part import days_words
from console.admin.team_requests.filters import Filters
from console.admin.team_requests.listing import without
from console.modeladmin import CappedPaginator
from console.models import RequestSlip, TeamRequest

A_PAGE = 40
BEFORE, AFTER = dt.timedelta(days=120), dt.timedelta(days=240)  # from today, at most
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Span:
    """The days that are drawn, from left to right."""

    first: dt.date
    last: dt.date

    def at(self, day: dt.date) -> float:
        """The place of a day in per cent; what is outside stands at the edge."""
        share = (day - self.first) / (self.last - self.first)
        return round(min(max(share, 0.0), 1.0) * 100, 2)

    def ticks(self) -> list[dict[str, str]]:
        """Mondays, as many as there is room for."""
        monday = self.first + dt.timedelta(days=-self.first.weekday() % 7)
        weeks = max(1, -(-(self.last - self.first).days // 7 // 10))
        found = []
        while monday <= self.last:
            found.append({"x": _percent(self.at(monday)), "words": date_format(monday, "m-d")})
            monday += weeks * WEEK
        return found


@dataclass(frozen=True)
class Piece:
    """A stretch of a line: planned work, or a promise that moved."""

    x: str
    width: str
    kind: str  # `plan`, `late`, `earlier`, or the cause of a slip
    words: str


def context(filters: Filters, *, asked: QueryDict) -> dict[str, Any]:
    """What was found and has a promise, the earliest promise first."""
    slips = Prefetch("slips", RequestSlip.objects.order_by("pk"))
    rows = filters.found().exclude(promised_on=None)
    rows = rows.select_related("from_team", "to_team", "owner").prefetch_related(slips)
    rows = rows.defer("spec", "why", "details", "baseline")
    pages = CappedPaginator(rows.order_by(F("promised_on").asc(), "-id"), A_PAGE)
    page = pages.get_page(asked.get("page"))
    requests = list(page)
    span = _span(requests, filters.today)
    return {
        "page": page,
        "kept": without(asked, "page"),
        "ticks": span.ticks(),
        "today_at": _percent(span.at(filters.today)),
        "lines": [_line(one, span, filters.today) for one in requests],
        "causes": [(one.value, one.label) for one in RequestSlip.Cause],
    }


def _span(requests: list[TeamRequest], today: dt.date) -> Span:
    days = [today - WEEK, today + 2 * WEEK]
    for one in requests:
        days += filter(None, [_begin(one), one.first_promised_on, one.promised_on])
    first = max(min(days), today - BEFORE)
    return Span(first, max(min(max(days) + WEEK, today + AFTER), first + WEEK))


def _begin(request: TeamRequest) -> dt.date | None:
    return request.accepted_on or request.asked_on


def _line(request: Any, span: Span, today: dt.date) -> dict[str, Any]:
    slips = list(request.slips.all())
    return {
        "request": request,
        "is_late": request.is_late(today),
        "pieces": _pieces(request, slips, span, today),
        "promise_at": _percent(span.at(request.promised_on)),
        "delivered_at": _percent(span.at(request.delivered_on)) if request.delivered_on else "",
        "slips": [(one, days_words(one.days)) for one in slips],
        "slipped": sum(one.days for one in slips),
    }


def _pieces(
    request: TeamRequest, slips: list[RequestSlip], span: Span, today: dt.date
) -> list[Piece]:
    assert request.promised_on
    first = request.first_promised_on or request.promised_on
    begin = _begin(request) or first
    found = [_piece(span, begin, first, "plan", _("promised first: %(day)s") % {"day": first})]
    for one in slips:
        words = f"{one.was} → {one.to}, {days_words(one.days)}: {one.get_cause_display()}"
        kind = one.cause if one.to > one.was else "earlier"
        found.append(_piece(span, min(one.was, one.to), max(one.was, one.to), kind, words))
    if request.is_late(today):
        found.append(_piece(span, request.promised_on, today, "late", _("late since then")))
    return found


def _piece(span: Span, first: dt.date, last: dt.date, kind: str, words: str) -> Piece:
    start = span.at(first)
    return Piece(_percent(start), _percent(max(span.at(last) - start, 0.0)), kind, words)


def _percent(number: float) -> str:
    return f"{number:.2f}%"
