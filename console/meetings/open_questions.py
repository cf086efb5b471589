"""What waits for a decision: approvals, stops, priorities, capacity, money, and what blocks."""

import datetime as dt
from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Stop
from campaigns.stoploss import words
from console import approvals
from console.meetings.asked import SIDES, page_of, sides
from console.meetings.pack import MOST, Line, Section, iso
from console.models import Approval, RequestDependency, TeamRequest
from console.team_requests.capacity import Load
from metrics import allocation
from metrics.models import Proposal


def section(loads: Mapping[int, Load], *, today: dt.date) -> Section:
    """What the meeting should decide, or see to it that somebody decides."""
    lines = [*_stops(), *_approvals(), *_priorities(), *_over_capacity(loads)]
    lines += [*_blocked(), *_money()]
    return Section("decisions", _("Decisions needed"), lines, _("Nothing waits for a decision."))


def _stops() -> list[Line]:
    rows = Stop.objects.filter(decided_at=None).select_related("campaign").order_by("stopped_on")
    return [
        Line(
            what=_("Does “%(name)s” go on?") % {"name": one.campaign},
            link=reverse("admin:campaigns_stop_change", args=[one.pk]),
            badge=_("stopped"),
            tone="bad",
            when=iso(one.stopped_on),
            why=words.why(one),
            needs="campaigns.view",
        )
        for one in rows[:MOST]
    ]


def _approvals() -> list[Line]:
    rows = Approval.objects.filter(status=approvals.Status.PENDING).select_related("requested_by")
    return [
        Line(
            what=_("Approve “%(what)s”?") % {"what": one.title},
            link=reverse("admin:console_approval_change", args=[one.pk]),
            badge=one.get_status_display(),
            tone="warn",
            when=iso(one.created_at.date()),
            why=_("asked for by %(who)s") % {"who": one.requested_by},
            needs="approvals.view",
        )
        for one in rows.order_by("created_at")[:MOST]
    ]


def _priorities() -> list[Line]:
    """Reopened by one side, or in work although the sides never agreed."""
    taken = TeamRequest.objects.filter(status__in=TeamRequest.OPEN).select_related(*SIDES)
    reopened = list(taken.filter(is_reopened=True).order_by("pk")[:MOST])
    never = taken.filter(priority=None, is_reopened=False, status__in=TeamRequest.TAKEN)
    return [
        Line(
            what=_("Agree on the priority of “%(what)s”") % {"what": one},
            link=page_of(one.pk),
            badge=_("reopened") if one.is_reopened else _("never agreed"),
            tone="bad" if one.is_reopened else "warn",
            when=iso(one.promised_on),
            why=sides(one),
            request=one.pk,
        )
        for one in [*reopened, *never.order_by("pk")[:MOST]]
    ]


def _over_capacity(loads: Mapping[int, Load]) -> list[Line]:
    """What a team cannot keep, by all that stands before it."""
    found = [
        (one, load.ends_on[pk])
        for load in loads.values()
        for pk, one in load.requests.items()
        if one.promised_on and (ends := load.ends_on.get(pk)) and ends > one.promised_on
    ]
    found.sort(key=lambda row: row[0].promised_on or dt.date.max)
    return [
        Line(
            what=_("“%(what)s” does not fit") % {"what": one},
            link=page_of(one.pk),
            badge=_("over capacity"),
            tone="bad",
            when=iso(one.promised_on),
            why=_("by what stands before it, done on %(day)s") % {"day": iso(ends)},
            request=one.pk,
        )
        for one, ends in found[:MOST]
    ]


def _blocked() -> list[Line]:
    """Records such as campaigns that wait for a request, unless somebody waived it."""
    rows = RequestDependency.objects.filter(
        request=None, waived_by=None, needs__status__in=TeamRequest.OPEN
    ).select_related("needs", "subject_type")
    return [
        Line(
            what=_("“%(what)s” waits for “%(request)s”")
            % {"what": one.subject, "request": one.needs},
            link=page_of(one.needs_id),
            badge=_("waits"),
            tone="warn",
            when=iso(one.needs.promised_on),
            why=one.because,
            request=one.needs_id,
        )
        for one in rows.prefetch_related("subject").order_by("needs__promised_on", "pk")[:MOST]
        if one.subject is not None
    ]


def _money() -> list[Line]:
    count = Proposal.objects.filter(status=Proposal.Status.OPEN).count()
    if not count:
        return []
    return [
        Line(
            what=ngettext("%(n)d proposal to move money", "%(n)d proposals to move money", count)
            % {"n": count},
            link=reverse("admin:metrics_proposal_changelist"),
            badge=_("open"),
            tone="warn",
            needs=allocation.VIEW,
        )
    ]
