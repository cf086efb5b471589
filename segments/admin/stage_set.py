"""Stage sets: where the customers stand now, and who moved from where to where lately."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet, Value
from django.db.models.fields import DateField
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console import charts, clock, figures, roles
from console.modeladmin import ReadOnlyAdmin
from segments import layering, stages, vocabulary
from segments.admin import segment_facts
from segments.models import StageSet
from segments.rules import tree, words
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary

DAYS = 30


@admin.register(StageSet)
class StageSetAdmin(ReadOnlyAdmin):
    view_action = "stages.view"
    list_display: ClassVar = ["label", "how_many", "freshness"]
    list_before_template = "segments/segment_list_head.html"
    change_form_template = "segments/stage_set.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StageSet]:
        today = Value(clock.today(), output_field=DateField())
        return super().get_queryset(request).annotate(number=Count("stages"), today=today)

    @display(description=_("name"))
    def label(self, stage_set: StageSet) -> str:
        return str(stage_set)

    @display(description=_("stages"))
    def how_many(self, stage_set: Any) -> int:
        return int(stage_set.number)

    @display(description=_("freshness"))
    def freshness(self, stage_set: Any) -> SafeString:
        return as_of(stage_set, stage_set.today)

    def changelist_view(self, request: Any, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), **running(request)})

    def render_change_form(
        self, request: Any, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        today = clock.today()
        standing = stages.standings(obj)
        since = today - dt.timedelta(days=DAYS - 1)
        context |= {
            "stage_set": obj,
            "freshness": as_of(obj, today),
            "statics": layering.rests_on_statics(
                [one.stage.rule for one in standing],
                vocabulary.current(forbidden=stages.FORBIDDEN),
            ),
            "chart": chart(standing),
            "rows": described(standing),
            "flows": stages.flows(obj, since=since, until=today),
            "days": DAYS,
            **running(request),
        }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


def running(request: Any) -> dict[str, Any]:
    """What the button “Recompute now” needs to know."""
    return {
        "may_run": roles.allows(request.user, "pipeline.run"),
        "running": segment_facts.running_job(),
    }


def as_of(stage_set: StageSet, day: dt.date) -> SafeString:
    """For which day the stages stand, with a mark when that is not today's."""
    if stage_set.data_as_of is None:
        return format_html('<span class="badge warn">{}</span>', _("not computed yet"))
    said = gettext("as of %(day)s") % {"day": date_format(stage_set.data_as_of, "Y-m-d")}
    if stage_set.data_as_of >= day:
        return format_html("<span>{}</span>", said)
    return format_html('{} <span class="badge warn">{}</span>', said, _("stale"))


def chart(standing: list[stages.Standing]) -> charts.Chart:
    """A bar a stage, in the stage's own colour."""
    labels = [str(one.stage) for one in standing]
    return charts.Chart(
        id="stages-now",
        title=gettext("Customers by stage"),
        option=charts.bars(
            labels,
            [one.customers for one in standing],
            name=gettext("customers"),
            unit=charts.unit("count"),
            lying=True,
            colors=[one.stage.color for one in standing],
        ),
        columns=[gettext("Stage"), gettext("Customers"), gettext("Share")],
        rows=[
            [str(one.stage), figures.whole(one.customers), figures.share(one.share)]
            for one in standing
            if any(other.customers for other in standing)
        ],
        empty=gettext("Customers stand here once the first recompute has run."),
    )


def described(standing: list[stages.Standing]) -> list[dict[str, Any]]:
    """Each stage with its rule in words."""
    known = vocabulary.current(forbidden=stages.FORBIDDEN)
    return [
        {
            "stage": one.stage,
            "customers": figures.whole(one.customers),
            "share": figures.share(one.share),
            "rule": in_words(one.stage.rule, known),
        }
        for one in standing
    ]


def in_words(rule: Any, known: Vocabulary) -> str:
    try:
        parsed = tree.parse(rule, known)
    except RuleError as problem:
        return problem.said(gettext)
    if rule == tree.EVERYONE:
        return gettext("everybody else")
    return words.clause(parsed, known, gettext)
