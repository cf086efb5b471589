"""Every Monday: each segment's week with its KPIs, kept as it was, and mailed (R212).

A segment's KPIs are the goals of metrics that are measured for this segment alone.
"""

import datetime as dt
import logging
from collections import defaultdict
from decimal import Decimal
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import audit, figures, kept_words
from console.models import Staff
from metrics import goals
from metrics.models import Goal, SegmentReader, SegmentWeek
from metrics.stats import attainment
from segments import crossings, reports
from segments.models import Segment

DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
MAILED = 12  # segments that a mail names; the page has all
log = logging.getLogger(__name__)


# --- making one ---------------------------------------------------------------------


def under_served(most: int) -> list[dict[str, Any]] | None:
    """Who heard too little in the last week that was written down; None while there is none."""
    week = SegmentWeek.objects.first()
    if week is None:
        return None
    return [one for one in week.data["lines"] if one["is_under_served"]][:most]


def due(today: dt.date) -> dt.date:
    """The Monday of the last week that is over."""
    return today - DAY * (today.weekday() + 7)


def make_due(*, today: dt.date) -> SegmentWeek | None:
    """Write last week's report, unless it is there; None where there is no segment."""
    monday = due(today)
    if SegmentWeek.objects.filter(monday=monday).exists():
        return None
    found = gather(monday, today=today)
    if not found["lines"]:
        return None
    with transaction.atomic():
        week, is_new = SegmentWeek.objects.get_or_create(monday=monday, defaults={"data": found})
        if is_new:
            audit.log("segment_week.made", week, segments=len(found["lines"]))
    return week if is_new else None


def gather(monday: dt.date, *, today: dt.date) -> dict[str, Any]:
    """What the report says: everybody, then the segments in the order of who waits for care."""
    found, sunday = reports.report(today), monday + WEEK - DAY
    kpis = _kpis(monday, sunday)
    return {
        "everyone": _doing(found.everyone),
        "lines": [
            _doing(one.doing)
            | _crossed(one.segment, monday - DAY, sunday)
            | {
                "segment": one.segment.pk,
                "name": kept_words.each(one.segment.__str__),
                "is_under_served": one.is_under_served,
                "kpis": kpis.get(one.segment.pk, []),
            }
            for one in found.lines
        ],
    }


def _doing(doing: reports.Doing) -> dict[str, Any]:
    return {
        "size": doing.size,
        "conversion": doing.conversion,
        "spent": doing.spent_each,
        "campaigns": doing.campaigns_each,
        "touches": doing.touches_each,
    }


def _crossed(segment: Segment, first: dt.date, last: dt.date) -> dict[str, Any]:
    """Who came and who left in the week; nothing where its members were not kept on both days."""
    crossing = crossings.between(segment, first, last)
    if crossing is None:
        return {"came": None, "left": None, "rule_changed": False}
    return {
        "came": len(crossing.entered),
        "left": len(crossing.left),
        "rule_changed": crossing.rule_changed,
    }


def _kpis(monday: dt.date, sunday: dt.date) -> dict[int, list[dict[str, Any]]]:
    """How each goal of a segment stood at the end of the week, by the segment's number."""
    rows = Goal.objects.filter(
        archived_at=None, slice__startswith="segment=", since__lte=sunday, until__gte=monday
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in goals.standings(rows.select_related("metric"), last=sunday):
        number = one.goal.slice.partition("=")[2]
        if number.isdecimal():
            found[int(number)].append(
                {
                    "goal": one.goal.pk,
                    "metric": one.goal.metric.pk,
                    "actual": _plain(one.attained.actual),
                    "target": _plain(one.goal.target),
                    "forecast": _plain(one.forecast.actual),
                    "light": one.light,
                }
            )
    return found


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


# --- who gets it --------------------------------------------------------------------


@transaction.atomic
def subscribe(staff: Staff) -> None:
    """Mail it from the next Monday on."""
    _row, is_new = SegmentReader.objects.get_or_create(staff=staff)
    if is_new:
        audit.log("segment_week.subscribed", None, by=staff)


@transaction.atomic
def unsubscribe(staff: Staff) -> None:
    if SegmentReader.objects.filter(staff=staff).delete()[0]:
        audit.log("segment_week.unsubscribed", None, by=staff)


def send_due(*, today: dt.date) -> int:
    """Mail last week's report to everybody who wants it and has not got it; how many got it."""
    week = SegmentWeek.objects.filter(monday=due(today)).first()
    if week is None:
        return 0
    readers = SegmentReader.objects.filter(staff__is_active=True).exclude(mailed_for=week.monday)
    return sum(_send(one.pk, week) for one in readers.order_by("pk"))


@transaction.atomic
def _send(reader: int, week: SegmentWeek) -> int:
    """The mark and the mail together: what the mail server refuses is tried again."""
    rows = SegmentReader.objects.select_for_update(of=("self",)).select_related("staff")
    one = rows.filter(pk=reader).exclude(mailed_for=week.monday).first()
    if one is None or not one.staff.email:
        return 0
    try:
        with translation.override(settings.LANGUAGE_CODE):
            subject, *body = words(week)
            send_mail(subject, "\n\n".join([subject, *body]), None, [one.staff.email])
    except (SMTPException, OSError):
        log.exception("the weekly report on segments could not be sent to %s", one.staff.pk)
        return 0
    one.mailed_for = week.monday
    one.save(update_fields=["mailed_for"])
    return 1


def words(week: SegmentWeek) -> list[str]:
    """Subject and paragraphs: a line a segment, its KPIs, and where all of it is."""
    lines = week.data["lines"]
    subject = _("Segments in the week of %(day)s") % {"day": week.monday.isoformat()}
    said = [_line(one) for one in lines[:MAILED]]
    if len(lines) > MAILED:
        rest = len(lines) - MAILED
        said.append(ngettext("and %(n)d more", "and %(n)d more", rest) % {"n": rest})
    page = reverse("admin:metrics_segmentweek_change", args=[week.pk])
    return [subject, "\n".join(said), settings.PUBLIC_URL + page]


def _line(one: dict[str, Any]) -> str:
    said = _("%(name)s: %(size)s customers, ordered within 30 days: %(share)s") % {
        "name": kept_words.said(one["name"]),
        "size": figures.whole(one["size"]),
        "share": figures.share(one["conversion"]),
    }
    if one["came"] is not None:
        came = {"came": figures.whole(one["came"]), "left": figures.whole(one["left"])}
        said += _("; %(came)s came, %(left)s left") % came
    met = sum(kpi["light"] == attainment.GOOD for kpi in one["kpis"])
    if one["kpis"]:
        said += _("; KPIs on the way: %(met)d of %(all)d") % {"met": met, "all": len(one["kpis"])}
    return said
