"""What is said about a stage set: who stands where, who moved, its versions, as screens show it."""

import datetime as dt
import itertools
from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console import charts, figures
from segments import layering, matrix, stage_drafts, stage_sets, stages, taxonomies
from segments.admin import move_facts
from segments.models import StageSet
from segments.rules.vocabulary import Vocabulary

DAYS = move_facts.DAYS
VERSIONS = 10


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
    ledger = matrix.Stages(stage_set)
    found = matrix.between(ledger, since=until - dt.timedelta(days=DAYS), until=until)
    return {
        "freshness": as_of(stage_set, today),
        "chart": chart(standing),
        "rows": described(standing, known),
        "statics": layering.rests_on_statics([one["rule"] for one in written], known),
        "static": stage_sets.static_only(written, known),
        "weeks": move_facts.weeks(ledger, until),
        "days": DAYS,
        "rates": move_facts.rates(found.rates),
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
