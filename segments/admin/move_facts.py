"""Who moved between stages, or between tiers of value, as screens and files show it."""

import csv
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import charts, figures
from segments import formulas, matrix
from segments.matrix import Matrix, Place

DAYS = 30  # that are looked at unless one asks for others
OUTSIDE = "#94a3b8"


@dataclass(frozen=True)
class Words:
    """What places are called where they are stages, or tiers."""

    outside: Promise
    came_from: Promise
    went_to: Promise
    by_week: Promise
    nobody: Promise
    weekly: Promise
    never: Promise
    who: Promise
    row: Promise


STAGES = Words(
    gettext_lazy("in no stage"),
    gettext_lazy("From stage"),
    gettext_lazy("To stage"),
    gettext_lazy(
        "The share of those who stood in a stage at the beginning of the week and stood in "
        "one of a higher (lower) level at its end."
    ),
    gettext_lazy("Nobody stood in a stage on either of these days."),
    gettext_lazy("Moves by week"),
    gettext_lazy("A line appears once stages were computed on days a week apart."),
    gettext_lazy("Who moved from where to where"),
    gettext_lazy(
        "A row is where somebody stood on the first day, a column where on the second. Shares are "
        "of the row. Whoever moved several times between the two days counts once."
    ),
)
TIERS = Words(
    gettext_lazy("not scored"),
    gettext_lazy("From tier"),
    gettext_lazy("To tier"),
    gettext_lazy(
        "The share of those who were scored at the beginning of the week and stood in a better "
        "(lower) tier at its end."
    ),
    gettext_lazy("Nobody was scored on either of these days."),
    gettext_lazy("Moves between tiers by week"),
    gettext_lazy("A line appears once everybody was scored on days a week apart."),
    gettext_lazy("Who moved between which tiers"),
    gettext_lazy(
        "A row is the tier on the first day, a column that on the second. Shares are of the row. "
        "Whoever moved several times between the two days counts once."
    ),
)


def weeks(ledger: matrix.Ledger, until: dt.date, words: Words = STAGES) -> charts.Chart:
    """Which share went forward and back, week by week."""
    found = matrix.weeks(ledger, until=until)
    days = [one.until for one in found]
    return charts.Chart(
        id="stage-weeks",
        title=str(words.weekly),
        definition=str(words.by_week),
        option=charts.lines(
            days,
            {
                _("forward"): [one.rates.share(one.rates.up) for one in found],
                _("back"): [one.rates.share(one.rates.down) for one in found],
            },
            unit=charts.unit("share"),
        ),
        columns=[_("Week until"), _("forward"), _("back"), _("stayed"), _("came"), _("left")],
        rows=[
            [
                one.until.isoformat(),
                *(
                    figures.share(one.rates.share(many))
                    for many in (one.rates.up, one.rates.down, one.rates.stayed)
                ),
                figures.whole(one.rates.came),
                figures.whole(one.rates.out),
            ]
            for one in reversed(found)
        ],
        note=_("Weeks in which nothing was computed are left out."),
        size="low",
        empty=str(words.never),
    )


def rates(found: matrix.Rates) -> list[dict[str, str]]:
    """The sums of a matrix, in the order of their weight."""
    said = [
        (_("forward"), found.up),
        (_("back"), found.down),
        (_("stayed"), found.stayed),
        (_("to another of the same level"), found.aside),
        (_("left every stage"), found.out),
    ]
    shown = [
        {"name": name, "customers": figures.whole(many), "share": figures.share(found.share(many))}
        for name, many in said
        if many or name in {said[0][0], said[1][0], said[2][0]}
    ]
    return [*shown, {"name": _("came"), "customers": figures.whole(found.came), "share": "–"}]


def days(given: Mapping[str, str], last: dt.date) -> tuple[dt.date, dt.date, str]:
    """The two days that somebody asks for, and what was wrong with them."""
    asked = {}
    for key in ("since", "until"):
        try:
            asked[key] = parse_date(given.get(key) or "")
        except ValueError:  # such as the 31st of a short month
            asked[key] = None
    until = asked["until"] or last
    since = asked["since"] or until - dt.timedelta(days=DAYS)
    if since <= until <= last:
        wrong = [key for key in asked if given.get(key) and asked[key] is None]
        return since, until, _("This is not a day; the matrix shows others.") if wrong else ""
    usual = last - dt.timedelta(days=DAYS)
    words = _("The first day comes before the second, and the second at most at %(day)s.")
    return usual, last, words % {"day": last.isoformat()}


def moves(found: Matrix, words: Words = STAGES) -> dict[str, Any]:
    """The page of a matrix: the table, the streams, and the sums."""
    return {
        "matrix": found,
        "words": words,
        "chart": streams(found, words),
        "rates": rates(found.rates),
        "columns": [_name(one, words) for one in found.stages],
        "table": [_line(found, was, words) for was in found.stages],
        "sums": [figures.whole(found.after(now)) for now in found.stages],
        "in_all": figures.whole(sum(found.cells.values())),
    }


def _line(found: Matrix, was: Place | None, words: Words) -> dict[str, Any]:
    total = found.before(was)
    return {
        "stage": _name(was, words),
        "color": was.color if was else OUTSIDE,
        "total": figures.whole(total),
        "cells": [
            {
                "customers": figures.whole(many),
                "share": figures.share(many / total) if total else figures.NOTHING,
                "heat": round(100 * many / total) if total else 0,
                "way": _way(was, now),
                "is_nobody": not many,
            }
            for now in found.stages
            for many in [found.count(was, now)]
        ],
    }


def _way(was: Place | None, now: Place | None) -> str:
    if was is None or now is None or was.level == now.level:
        return ""
    return "forward" if now.level > was.level else "back"


def _name(stage: Place | None, words: Words) -> str:
    if stage is None:
        return str(words.outside)
    return _("%(stage)s (retired)") % {"stage": stage} if stage.retired_at else str(stage)


def streams(found: Matrix, words: Words) -> charts.Chart:
    """Everybody as streams from where they stood to where they stand."""
    left, right = (
        [
            charts.Node(
                f"{side}{one.pk if one else ''}",
                _name(one, words),
                one.color if one else OUTSIDE,
            )
            for one in found.stages
        ]
        for side in "ab"
    )
    ends = {(one.pk if one else None): str(one.pk if one else "") for one in found.stages}
    rows = [
        [_name(was, words), _name(now, words), figures.whole(many)]
        for was in found.stages
        for now in found.stages
        if (many := found.count(was, now))
    ]
    return charts.Chart(
        id="stage-streams",
        title=_("From %(since)s to %(until)s")
        % {"since": found.since.isoformat(), "until": found.until.isoformat()},
        option=charts.sankey(
            left,
            right,
            [(f"a{ends[was]}", f"b{ends[now]}", many) for (was, now), many in found.cells.items()],
            unit=charts.unit("count"),
        ),
        columns=[str(words.came_from), str(words.went_to), _("Customers")],
        rows=rows,
        size="tall",
        empty=str(words.nobody),
    )


def sheet(found: Matrix, words: Words = STAGES) -> list[list[Any]]:
    """The matrix as rows of a file; names that a spreadsheet would calculate are made harmless."""
    names = [formulas.escaped(_name(one, words)) for one in found.stages]
    span = {"since": found.since.isoformat(), "until": found.until.isoformat()}
    return [
        [_("from %(since)s to %(until)s") % span, *names],
        *(
            [name, *(found.count(was, now) for now in found.stages)]
            for name, was in zip(names, found.stages, strict=True)
        ),
    ]


def file(key: str, found: Matrix, words: Words = STAGES) -> HttpResponse:
    """The same for spreadsheets, with a mark by which Excel knows UTF-8."""
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"{key}-{found.since}-{found.until}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(answer).writerows(sheet(found, words))
    return answer
