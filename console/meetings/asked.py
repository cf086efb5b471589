"""What teams asked of each other: due, delivered and slipped in the week, with the causes."""

import datetime as dt

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import clock
from console.meetings.pack import MOST, Line, Section, iso
from console.meetings.weeks import DAY, Week
from console.models import RequestSlip, TeamRequest

SIDES = ("from_team", "to_team", "owner")
Status = TeamRequest.Status


def page_of(request_id: int) -> str:
    return reverse("admin:console_teamrequest_change", args=[request_id])


def due(week: Week, *, today: dt.date) -> Section:
    """Promised for the week or the one after it, late already, and delivered in the week."""
    open_ones = TeamRequest.objects.filter(status__in=TeamRequest.OPEN)
    promised = open_ones.filter(promised_on__lte=week.until + DAY * 7)
    delivered = TeamRequest.objects.filter(
        delivered_on__gte=week.since, delivered_on__lte=week.until
    )
    lines = [
        _due(one, today) for one in promised.select_related(*SIDES).order_by("promised_on", "pk")
    ]
    lines += [_delivered(one) for one in delivered.select_related(*SIDES).order_by("delivered_on")]
    return Section(
        "requests",
        _("Requests due and delivered"),
        lines[: MOST * 3],
        _("Nothing is promised for this week or the next."),
    )


def _due(one: TeamRequest, today: dt.date) -> Line:
    is_late = one.is_late(today)
    return Line(
        what=str(one),
        link=page_of(one.pk),
        badge=_("late") if is_late else one.get_status_display(),
        tone="bad" if is_late else ("warn" if one.lane == TeamRequest.Lane.URGENT else ""),
        when=iso(one.promised_on),
        why=sides(one),
        request=one.pk,
    )


def _delivered(one: TeamRequest) -> Line:
    is_on_time = not one.first_promised_on or one.delivered_on <= one.first_promised_on  # type: ignore[operator]
    return Line(
        what=str(one),
        link=page_of(one.pk),
        badge=_("delivered") if is_on_time else _("delivered late"),
        tone="good" if is_on_time else "warn",
        when=iso(one.delivered_on),
        why=sides(one),
        request=one.pk,
    )


def sides(one: TeamRequest) -> str:
    said = f"{one.from_team} → {one.to_team}"
    return f"{said} · {one.owner}" if one.owner else said


def slipped(week: Week) -> Section:
    """Promises that moved in the week, by how much and why; the longest first."""
    zone = clock.zone()
    opens = dt.datetime.combine(week.since, dt.time.min, zone)
    closes = dt.datetime.combine(week.until + DAY, dt.time.min, zone)
    slips = RequestSlip.objects.filter(Q(at__gte=opens), at__lt=closes)
    slips = slips.select_related("request__from_team", "request__to_team").order_by("-days", "pk")
    return Section(
        "slips",
        _("Dates that slipped, and why"),
        [_slip(one) for one in slips[: MOST * 2]],
        _("No promise moved."),
    )


def _slip(one: RequestSlip) -> Line:
    days = ngettext("%(n)+d working day", "%(n)+d working days", abs(one.days)) % {"n": one.days}
    return Line(
        what=str(one.request),
        link=page_of(one.request_id),
        badge=days,
        tone="bad" if one.days > 0 else "good",
        when=f"{iso(one.was)} → {iso(one.to)}",
        why=f"{one.get_cause_display()}: {one.because}",
        request=one.request_id,
    )
