"""What is said about a stage set: who stands where, who moved, its versions, as screens show it."""

import datetime as dt
import itertools
from collections.abc import Mapping
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console import charts, figures
from segments import formulas, layering, matrix, stage_drafts, stage_sets, stages, taxonomies
from segments.models import Stage, StageSet
from segments.rules.vocabulary import Vocabulary

DAYS = stages.MONTH.days
VERSIONS = 10
OUTSIDE = "#94a3b8"


def as_of(stage_set: StageSet, day: dt.date) -> SafeString:
    """For which day the stages stand, with a mark when that is not today's or not as edited."""
    if stage_set.failure:
        return format_html('<span class="badge warn">{}</span>', _("failed"))
    if stage_set.data_as_of is None:
        return format_html('<span class="badge warn">{}</span>', _("not computed yet"))
    said = _("as of %(day)s") % {"day": date_format(stage_set.data_as_of, "Y-m-d")}
    if stage_set.data_as_of >= day and stage_set.computed_version == stage_set.version:
        return format_html("<span>{}</span>", said)
    return format_html('{} <span class="badge warn">{}</span>', said, _("stale"))


def page(stage_set: StageSet, today: dt.date) -> dict[str, Any]:
    """Everything on the page of a set."""
    known = stages.known()
    standing, written = stages.standings(stage_set), taxonomies.written(stage_set)
    until = stage_set.data_as_of or today
    found = matrix.between(stage_set, since=until - dt.timedelta(days=DAYS), until=until)
    return {
        "freshness": as_of(stage_set, today),
        "chart": chart(standing),
        "rows": described(standing, known),
        "statics": layering.rests_on_statics([one["rule"] for one in written], known),
        "static": stage_sets.static_only(written, known),
        "weeks": weeks(stage_set, until),
        "days": DAYS,
        "rates": rates(found.rates),
        "versions": versions(stage_set, known),
        "users": stage_sets.users(stage_set),
    }


def chart(standing: list[stages.Standing]) -> charts.Chart:
    """A bar a stage, in the stage's own colour."""
    return charts.Chart(
        id="stages-now",
        title=_("Customers by stage"),
        option=charts.bars(
            [str(one.stage) for one in standing],
            [one.customers for one in standing],
            name=_("customers"),
            unit=charts.unit("count"),
            lying=True,
            colors=[one.stage.color for one in standing],
        ),
        columns=[_("Stage"), _("Customers"), _("Share")],
        rows=[
            [str(one.stage), figures.whole(one.customers), figures.share(one.share)]
            for one in standing
            if any(other.customers for other in standing)
        ],
        empty=_("Customers stand here once the first recompute has run."),
    )


def described(standing: list[stages.Standing], known: Vocabulary) -> list[dict[str, Any]]:
    """Each stage with its rule in words, and the events that it waits for."""
    return [
        {
            "stage": one.stage,
            "customers": figures.whole(one.customers),
            "share": figures.share(one.share),
            "missing": missing,
            "rule": "" if missing else stage_drafts.in_words(one.stage.rule, known),
        }
        for one in standing
        for missing in [stages.missing_events(one.stage.rule, known)]
    ]


def versions(stage_set: StageSet, known: Vocabulary) -> list[dict[str, Any]]:
    """The newest versions, each with what it changed."""
    kept = list(stage_set.versions.select_related("by")[: VERSIONS + 1])
    return [
        {
            "version": one,
            "changes": stage_drafts.difference(before.stages, one.stages, known) if before else [],
        }
        for one, before in list(itertools.pairwise([*kept, None]))[:VERSIONS]
        if one
    ]


# --- moves ------------------------------------------------------------------------


def weeks(stage_set: StageSet, until: dt.date) -> charts.Chart:
    """Which share went forward and back, week by week."""
    found = matrix.weeks(stage_set, until=until)
    days = [one.until for one in found]
    return charts.Chart(
        id="stage-weeks",
        title=_("Moves by week"),
        definition=_(
            "The share of those who stood in a stage at the beginning of the week and stood in "
            "one of a higher (lower) level at its end."
        ),
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
        note=_("Also a week in which nothing was computed shows that nobody moved."),
        size="low",
        empty=_("A line appears once stages were computed on days a week apart."),
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


def days(
    given: Mapping[str, str], stage_set: StageSet, today: dt.date
) -> tuple[dt.date, dt.date, str]:
    """The two days that somebody asks for, and what was wrong with them."""
    last = stage_set.data_as_of or today
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


def moves(found: matrix.Matrix) -> dict[str, Any]:
    """The page of a matrix: the table, the streams, and the sums."""
    return {
        "matrix": found,
        "chart": streams(found),
        "rates": rates(found.rates),
        "columns": [_name(one) for one in found.stages],
        "table": [_line(found, was) for was in found.stages],
        "sums": [figures.whole(found.after(now)) for now in found.stages],
        "in_all": figures.whole(sum(found.cells.values())),
    }


def _line(found: matrix.Matrix, was: Stage | None) -> dict[str, Any]:
    total = found.before(was)
    return {
        "stage": _name(was),
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


def _way(was: Stage | None, now: Stage | None) -> str:
    if was is None or now is None or was.level == now.level:
        return ""
    return "forward" if now.level > was.level else "back"


def _name(stage: Stage | None) -> str:
    if stage is None:
        return _("in no stage")
    return _("%(stage)s (retired)") % {"stage": stage} if stage.retired_at else str(stage)


def streams(found: matrix.Matrix) -> charts.Chart:
    """Everybody as streams from where they stood to where they stand."""
    left, right = (
        [
            charts.Node(f"{side}{one.pk if one else ''}", _name(one), one.color if one else OUTSIDE)
            for one in found.stages
        ]
        for side in "ab"
    )
    ends = {(one.pk if one else None): str(one.pk if one else "") for one in found.stages}
    rows = [
        [_name(was), _name(now), figures.whole(many)]
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
        columns=[_("From stage"), _("To stage"), _("Customers")],
        rows=rows,
        size="tall",
        empty=_("Nobody stood in a stage on either of these days."),
    )


def sheet(found: matrix.Matrix) -> list[list[Any]]:
    """The matrix as rows of a file; names that a spreadsheet would calculate are made harmless."""
    names = [formulas.escaped(_name(one)) for one in found.stages]
    span = {"since": found.since.isoformat(), "until": found.until.isoformat()}
    return [
        [_("from %(since)s to %(until)s") % span, *names],
        *(
            [name, *(found.count(was, now) for now in found.stages)]
            for name, was in zip(names, found.stages, strict=True)
        ),
    ]
