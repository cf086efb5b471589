"""The report over all segments, as a page and as a file, and how much they have in common."""

import csv
import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from console import audit, charts, clock, figures, kept_words, roles
from segments import formulas, overlap, reports, small_workbook, traits
from segments.admin import segment_facts, segment_pages
from segments.models import Segment

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def urls() -> list[URLPattern]:
    """The addresses, to stand before those of the admin itself."""
    view = admin.site.admin_view
    return [
        path("report/", view(show), name="segments_report"),
        path("report/<str:kind>/", view(download), name="segments_report_file"),
        path("overlap/", view(show_overlap), name="segments_overlap"),
    ]


def show(request: HttpRequest) -> HttpResponse:
    roles.require(request.user, segment_pages.VIEW)
    today, currency = clock.today(), clock.project().currency
    found, computed = reports.report(today), traits.as_of()
    context = {
        **admin.site.each_context(request),
        "opts": Segment._meta,
        "title": _("Report on segments"),
        "rows": [
            {
                "line": one,
                "freshness": segment_facts.freshness(one.segment, today),
                **_shown(one.doing, found.everyone, currency),
                "trend": figures.signed_share(one.trend),
            }
            for one in found.lines
        ],
        "everyone": _shown(found.everyone, found.everyone, currency),
        "waiting": [one for one in found.lines if one.is_under_served],
        "chart": _conversions(found),
        "left_out": reports.orders_left_out(),
        "days": reports.TREND_DAYS,
        "ordered_since": computed and computed - dt.timedelta(days=29),
        "ordered_until": computed,
    }
    return TemplateResponse(request, "segments/segment/report.html", context)


def _shown(doing: reports.Doing, everyone: reports.Doing, currency: str) -> dict[str, str]:
    return {
        "size": figures.whole(doing.size),
        "share": segment_facts.share_of(doing.size, everyone.size),
        "conversion": figures.share(doing.conversion),
        "orders": _decimal(doing.orders_each),
        "spent": figures.money(
            None if doing.spent_each is None else round(doing.spent_each), currency
        ),
        "campaigns": _decimal(doing.campaigns_each),
        "touches": _decimal(doing.touches_each),
        "reached": segment_facts.share_of(doing.reached, doing.size),
    }


def _decimal(value: float | None) -> str:
    return figures.NOTHING if value is None else f"{value:.1f}"


def _conversions(found: reports.Report) -> charts.Chart:
    lines = sorted(found.lines, key=lambda one: -(one.doing.conversion or 0))
    named = [(_("all customers"), found.everyone), *((str(x.segment), x.doing) for x in lines)]
    return charts.Chart(
        id="segment-conversions",
        title=_("Ordered within 30 days"),
        option=charts.bars(
            [name for name, _doing in named],
            [doing.conversion for _name, doing in named],
            name=_("share of customers"),
            unit=charts.unit("share"),
            lying=True,
        ),
        columns=[_("Segment"), _("Ordered within 30 days")],
        rows=[[name, figures.share(doing.conversion)] for name, doing in named] if lines else [],
        size="tall" if len(named) > 8 else "",
    )


def download(request: Any, kind: str) -> HttpResponse:
    """The same as a file for a spreadsheet."""
    roles.require(request.user, segment_pages.VIEW)
    if kind not in {"csv", "xlsx"}:
        return HttpResponse(status=404)
    today = clock.today()
    rows = _rows(reports.report(today), clock.project().currency)
    audit.log("segment.reported", by=request.user, format=kind, segments=len(rows) - 1)
    return file(rows, f"segments-{today}", kind)


def file(rows: Sequence[Sequence[Any]], name: str, kind: str = "csv") -> HttpResponse:
    """Rows as a file that a spreadsheet opens."""
    answer = HttpResponse(content_type=XLSX if kind == "xlsx" else "text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    if kind == "xlsx":
        answer.write(small_workbook.write(rows))
    else:
        answer.write("\ufeff")  # by which Excel knows that this is UTF-8
        escaped = ([formulas.escaped(x) if isinstance(x, str) else x for x in row] for row in rows)
        csv.writer(answer).writerows(escaped)
    return answer


def _rows(found: reports.Report, currency: str) -> list[list[Any]]:
    headings = [_("Segment"), _("As of"), _("Customers"), _("Change in 30 days")]
    headings += [_("Ordered within 30 days"), _("Orders a customer"), _("Spent a customer")]
    headings += [_("Currency"), _("Campaigns a customer"), _("Messages a customer")]
    headings += [_("Reached"), _("Remark")]
    rows: list[list[Any]] = [headings]
    for line in found.lines:
        one = line.segment
        numbers = _numbers(line.doing, line.trend, currency)
        rows.append([str(one), str(one.data_as_of or ""), *numbers, _remark(line)])
    everyone = _numbers(found.everyone, None, currency)
    return [*rows, [_("all customers"), "", *everyone, ""]]


def _numbers(doing: reports.Doing, trend: float | None, currency: str) -> list[Any]:
    spent = None if doing.spent_each is None else figures.major(round(doing.spent_each), currency)
    reached = doing.reached / doing.size if doing.size else None
    numbers = [trend, doing.conversion, doing.orders_each]
    return [
        doing.size,
        *(None if one is None else round(one, 4) for one in numbers),
        None if spent is None else float(spent),
        currency,
        None if doing.campaigns_each is None else round(doing.campaigns_each, 2),
        None if doing.touches_each is None else round(doing.touches_each, 2),
        None if reached is None else round(reached, 4),
    ]


def _remark(line: reports.Line) -> str:
    if line.is_never_written_to:
        return _("never written to")
    return _("under-served") if line.is_under_served else ""


# --- what they have in common -------------------------------------------------


def show_overlap(request: HttpRequest) -> HttpResponse:
    """Up to twelve segments beside each other: how much of each is in each."""
    roles.require(request.user, segment_pages.VIEW)
    given = [one for one in request.GET.getlist("s") if one.isascii() and one.isdigit()]
    asked = [int(one) for one in given if len(one) < 10]
    segments = reports.chosen(asked, overlap.MOST)
    cells = overlap.matrix(segments)
    today = clock.today()
    if request.GET.get("as") == "csv":
        return file(_pairs(cells), f"overlap-{today}")
    live = (
        Segment.objects.filter(archived_at=None)
        .exclude(size=None)
        .order_by(kept_words.by_name("name"))
    )
    context = {
        **admin.site.each_context(request),
        "opts": Segment._meta,
        "title": _("What segments have in common"),
        "chart": _heat(segments, cells),
        "rows": [
            {
                "segment": one,
                "freshness": segment_facts.freshness(one, today),
                "cells": [
                    {"both": figures.whole(x.both), "share": figures.share(x.of_row, digits=0)}
                    for x in row
                ],
            }
            for one, row in zip(segments, cells, strict=True)
        ],
        "segments": segments,
        "offered": live.only("pk", "name"),
        "chosen": {one.pk for one in segments},
        "most": overlap.MOST,
        "too_many": len(asked) > overlap.MOST,
        "file": f"?{urlencode({'s': [one.pk for one in segments], 'as': 'csv'}, doseq=True)}",
    }
    return TemplateResponse(request, "segments/segment/overlap.html", context)


def _pairs(cells: list[list[overlap.Overlap]]) -> list[list[Any]]:
    """A line a pair, as a file for a spreadsheet."""
    headings = [_("Segment"), _("Other segment"), _("Customers"), _("Customers of the other")]
    headings += [_("In both"), _("Share of the segment"), _("Share of either")]
    lines = [
        [str(x.row), str(x.column), x.row.size, x.column.size, x.both, x.of_row, x.of_either]
        for row in cells
        for x in row
        if x.row != x.column
    ]
    return [headings, *lines]


def _heat(segments: list[Segment], cells: list[list[overlap.Overlap]]) -> charts.Chart:
    # The columns have room for numbers alone; the rows say whose they are.
    numbers = [str(at) for at in range(1, len(segments) + 1)]
    names = [f"{at} {one}" for at, one in zip(numbers, segments, strict=True)]
    field = [
        (at_column, at_row, cell.of_row)
        for at_row, row in enumerate(cells)
        for at_column, cell in enumerate(row)
        if at_row != at_column
    ]
    return charts.Chart(
        id="segment-overlap",
        title=_("How much of the row is in the column"),
        option=charts.heatmap(
            numbers, names, field, name=_("share of the row"), unit=charts.unit("share")
        ),
        columns=["", *numbers],
        rows=[
            [name, *(figures.share(cell.of_row, digits=0) for cell in row)]
            for name, row in zip(names, cells, strict=True)
        ]
        if len(segments) > 1
        else [],
        size="tall",
        empty=_("Two computed segments are needed."),
    )
