"""What is said about a segment beside its rule: freshness, history, where it is used."""

import datetime as dt
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console import charts, figures
from console.models import Job
from segments import membership, tasks, usage
from segments.models import Segment, SegmentSnapshot, Tag

DAYS_OF_HISTORY = 180
DAYS_OF_COURSE = 30  # of those that were kept
A_WEEK = dt.timedelta(days=7)
_KEPT = SegmentSnapshot.objects.filter(segment=OuterRef("pk")).order_by("-day")
COURSE = ArraySubquery(_KEPT.values(kept=JSONObject(day="day", size="size"))[:DAYS_OF_COURSE])
EVERYONE = RawSQL(
    "SELECT count(*) FROM segments_customer WHERE merged_into_id IS NULL AND erased_at IS NULL", []
)  # how many customers there are, once a query


def freshness(segment: Segment, day: dt.date) -> SafeString:
    """When the members were computed and for which day, with a mark when that is not today's."""
    if segment.computed_at is None:
        mark = _("failed") if segment.failure else _("being computed")
        return format_html('<span class="badge warn">{}</span>', mark)
    words = figures.fresh(segment.data_as_of, segment.computed_at)
    if not membership.is_stale(segment, day):
        return format_html("<span>{}</span>", words)
    mark = _("failed") if segment.failure else _("stale")
    return format_html('{} <span class="badge warn">{}</span>', words, mark)


def course(kept: Sequence[Mapping[str, Any]]) -> SafeString:
    """The sizes of the days that were kept, newest first: as a line, and by how much in a week."""
    days = [(dt.date.fromisoformat(one["day"]), one["size"]) for one in reversed(kept)]
    path = charts.spark([size for _day, size in days])
    if not path:
        return format_html("{}", figures.NOTHING)
    newest, now = days[-1]
    since, before = max(
        [one for one in days if one[0] <= newest - A_WEEK], default=days[0], key=itemgetter(0)
    )
    return format_html(
        '<span class="course"><svg viewBox="0 -1 100 32" preserveAspectRatio="none" '
        'aria-hidden="true"><path d="{}"/></svg><span>{} <small>{}</small></span></span>',
        path,
        _by(now, before),
        _("since %(day)s") % {"day": since.isoformat()},
    )


def _by(now: int, before: int) -> str:
    part = figures.change(now, before)
    return figures.signed_share(part) if part is not None else f"+{figures.whole(now)}"


def share_of(part: int | None, whole: int) -> str:
    return figures.share(part / whole) if part is not None and whole else figures.NOTHING


def running_job() -> Job | None:
    """The recompute that is under way or waits for a worker."""
    unfinished = [Job.Status.WAITING, Job.Status.RUNNING]
    return Job.objects.filter(kind=tasks.PIPELINE, status__in=unfinished).first()


def used_elsewhere(segment: Segment) -> Any:
    """Records of other kinds that point at this segment, such as campaigns."""
    for relation in Segment._meta.related_objects:
        model: Any = relation.related_model
        if not admin.site.is_registered(model):
            continue
        found = model._default_manager.filter(**{relation.field.name: segment}).order_by("-pk")
        for record in found[:20]:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
            yield {
                "label": str(record),
                "kind": model._meta.verbose_name,
                "url": reverse(name, args=[record.pk]),
            }


def color(tag: Tag) -> str:
    """The tag's colour, unless somebody put something else there."""
    text = tag.color
    return text if text[:1] == "#" and text[1:].isalnum() else "#64748b"


def linked(uses: list[usage.Use]) -> list[dict[str, str]]:
    """Where something is used, with the way there."""
    return [
        {
            "label": use.label,
            "link": reverse(
                f"admin:segments_{use.record._meta.model_name}_change", args=[use.record.pk]
            ),
        }
        for use in uses
    ]


def history(segment: Segment) -> charts.Chart:
    """The segment's size at the end of each day that was computed."""
    kept = segment.snapshots.order_by("-day").values_list("day", "size")[:DAYS_OF_HISTORY]
    days = [(day, size) for day, size in reversed(kept)]
    return charts.Chart(
        id="segment-history",
        title=_("Size by day"),
        option=charts.lines(
            [day for day, _size in days],
            {_("customers"): [size for _day, size in days]},
            unit=charts.unit("count"),
        ),
        columns=[_("Day"), _("Customers")],
        rows=[[day.isoformat(), figures.whole(size)] for day, size in reversed(days)],
        size="low",
        empty=_("The first day appears once the members are computed."),
    )
