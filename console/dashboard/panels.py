"""The lists of the home page: what waits for a person, and what happened."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from campaigns import overdue
from campaigns.models import Campaign, Suppression
from campaigns.outcomes import returns
from console import approvals as asking
from console import figures, health, kept_words
from console.dashboard.page import Page
from console.models import Approval, AuditEntry, Job, Vote
from metrics import segment_weeks
from segments import looks
from segments.models import EventImport, Segment

LINES = 6


@dataclass(frozen=True)
class Line:
    """One line of a list; what is not said is not shown."""

    what: str
    link: str = ""
    badge: str = ""
    tone: str = ""  # good, warn, bad
    when: str = ""
    why: str = ""


@dataclass(frozen=True)
class Panel:
    """A titled box with lines, or with what its template makes of `data`."""

    title: str
    template: str = "console/home/lines.html"
    lines: Sequence[Line] = ()
    link: str = ""
    empty: str = ""
    data: dict[str, Any] = field(default_factory=dict)


CAMPAIGN_TONES = {
    Campaign.Status.SUBMITTED: "warn",
    Campaign.Status.APPROVED: "good",
    Campaign.Status.SENDING: "good",
    Campaign.Status.PAUSED: "warn",
}


def my_campaigns(page: Page, request: HttpRequest) -> Panel:
    """What this person is working on."""
    status = Campaign.Status
    mine = Campaign.objects.filter(
        owner=page.staff,
        status__in=[
            status.DRAFT,
            status.SUBMITTED,
            status.APPROVED,
            status.SENDING,
            status.PAUSED,
        ],
    )[:LINES]
    given_back = _given_back(mine)
    return Panel(
        title=_("My open campaigns"),
        lines=[
            Line(
                what=campaign.name,
                link=page.link(
                    "admin:campaigns_campaign_change", campaign.pk, needs="campaigns.view"
                ),
                badge=campaign.get_status_display(),
                tone=CAMPAIGN_TONES.get(Campaign.Status(campaign.status), ""),
                when=page.moment(campaign.started_at),
                why=given_back.get(campaign.pk, ""),
            )
            for campaign in mine
        ],
        link=page.link("admin:campaigns_campaign_changelist", needs="campaigns.view"),
        empty=_("None of yours is open. A campaign begins with a segment and a template."),
    )


def _given_back(campaigns: Iterable[Campaign]) -> dict[int, str]:
    """What was said about drafts that somebody asked about and got back, by campaign."""
    drafts = [one.pk for one in campaigns if one.is_draft]
    if not drafts:
        return {}
    kind = ContentType.objects.get_for_model(Campaign)
    newest = Approval.objects.filter(subject_type=kind, subject_id__in=drafts).order_by(
        "subject_id", "-pk"
    )
    votes = Vote.objects.filter(
        approval__in=newest.distinct("subject_id").values("pk"),
        approval__status__in=[Approval.Status.REJECTED, Approval.Status.CHANGES],
    ).exclude(decision=Vote.Decision.APPROVE)
    words = _("%(who)s: %(words)s")
    return {
        vote.approval.subject_id: words % {"who": vote.by, "words": vote.comment}
        for vote in votes.select_related("by", "approval")
    }


def approvals(page: Page, request: HttpRequest) -> Panel:
    """What this person could decide now; one's own requests wait for somebody else."""
    return Panel(
        title=_("Waiting for your decision"),
        lines=[
            Line(
                what=approval.title,
                link=page.link(
                    "admin:console_approval_change", approval.pk, needs="approvals.view"
                ),
                when=page.moment(approval.created_at),
                why=_("asked for by %(who)s") % {"who": approval.requested_by},
            )
            for approval in asking.waiting_for(page.staff, most=LINES)
        ],
        link=page.link("admin:console_approval_changelist", needs="approvals.view"),
        empty=_("Nothing waits for you."),
    )


def segments(page: Page, request: HttpRequest) -> Panel:
    """What waits for somebody's care: segments that are not fresh, and those that hear little."""
    told = segment_weeks.under_served(LINES // 2)
    fine = _("All segments are fresh, and none is under-served.")
    return Panel(
        title=_("Segments that need care"),
        lines=[*_stale(page), *_under_served(page, told or [])],
        link=page.link("admin:segments_report", needs="segments.view"),
        empty=_("All segments are fresh.") if told is None else fine,
    )


def _under_served(page: Page, told: Iterable[dict[str, Any]]) -> Iterator[Line]:
    """Of the last week: half as many campaigns as usual reach them, and they buy less (R89)."""
    words = _(
        "%(campaigns)s campaigns, %(touches)s messages a customer; %(share)s ordered within 30 days"
    )
    for one in told:
        said = {key: figures.number(one.get(key), digits=1) for key in ("campaigns", "touches")}
        said["share"] = figures.share(one["conversion"])
        yield Line(
            what=kept_words.said(one["name"]),
            link=page.link("admin:segments_segment_change", one["segment"], needs="segments.view"),
            badge=_("under-served"),
            tone="warn",
            why=words % said,
        )


def _stale(page: Page) -> Iterator[Line]:
    """Those whose members are not of today's data and rule."""
    stale = (
        Segment.objects.filter(archived_at__isnull=True)
        .filter(
            Q(computed_version__isnull=True)
            | ~Q(computed_version=F("rule_version"))
            | ~Q(failure="")
            | Q(data_as_of__lt=page.today)
        )
        .defer("members", "rule")[:LINES]
    )
    for segment in stale:
        yield Line(
            what=str(segment),
            link=page.link("admin:segments_segment_change", segment.pk, needs="segments.view"),
            badge=_("failed") if segment.failure else _("waiting"),
            tone="bad" if segment.failure else "warn",
            when=segment.data_as_of.isoformat() if segment.data_as_of else "",
            why=segment.failure,
        )


def campaigns(page: Page, request: HttpRequest) -> Panel:
    """What came of the last campaigns."""
    last = (
        Campaign.objects.filter(started_at__isnull=False)
        .select_related("result")
        .order_by("-started_at")[:8]
    )
    return Panel(
        title=_("What came of the last campaigns"),
        template="console/home/campaigns.html",
        link=page.link("admin:campaigns_campaign_changelist", needs="campaigns.view"),
        empty=_("No campaign has started yet."),
        data={"rows": [_campaign_row(page, campaign) for campaign in last]},
    )


def _campaign_row(page: Page, campaign: Campaign) -> dict[str, Any]:
    result = getattr(campaign, "result", None)
    mailed = campaign.kind == Campaign.Kind.OURS
    row: dict[str, Any] = {
        "name": campaign.name,
        "link": page.link("admin:campaigns_campaign_change", campaign.pk, needs="campaigns.view"),
        "kind": campaign.get_kind_display(),
        "day": page.moment(campaign.started_at)[:10],
    }
    if result is None:
        return row | {"cells": [], "revenue": figures.NOTHING}
    base, purchased, revenue = result.told
    counts = [
        result.opened if mailed and result.base else None,
        result.clicked if mailed and result.base else None,
        result.redeemed,
        purchased,
    ]
    cells = [{"count": figures.whole(base), "share": ""}, *(_cell(n, base) for n in counts)]
    return row | {
        "cells": cells,
        "revenue": figures.short_money(revenue, page.currency),
    }


def _cell(count: int | None, base: int) -> dict[str, str]:
    share = count / base if count is not None and base else None
    return {
        "count": figures.whole(count),
        "share": "" if share is None else figures.share(share, digits=0),
    }


def suppressions(page: Page, request: HttpRequest) -> Panel:
    """Who asked lately not to be written to, and why others are on the list."""
    newest = Suppression.objects.select_related("customer").order_by("-id")[:LINES]
    return Panel(
        title=_("Lately on the do-not-contact list"),
        lines=[
            Line(
                what=looks.mask(one.address) or figures.NOTHING,
                link=page.link(
                    "admin:segments_customer_change", one.customer_id, needs="customers.view"
                )
                if one.customer_id
                else "",
                badge=one.get_reason_display(),
                when=page.moment(one.at),
            )
            for one in newest
        ],
        link=page.link("admin:campaigns_suppression_changelist", needs="suppressions.view"),
        empty=_("Nobody is on the list."),
    )


def search(page: Page, request: HttpRequest) -> Panel:
    """The box that finds a customer."""
    return Panel(
        title=_("Find a customer"),
        template="console/home/search.html",
        link=page.link("admin:segments_customer_changelist", needs="customers.view"),
    )


def failed_jobs(page: Page, request: HttpRequest) -> Panel:
    return Panel(
        title=_("Work that failed"),
        lines=[
            Line(
                what=job.label,
                link=page.link("admin:console_job_change", job.pk, needs="jobs.view"),
                badge=job.get_status_display(),
                tone="bad",
                when=page.moment(job.finished_at),
                why=job.error[:300],
            )
            for job in Job.objects.filter(status=Job.Status.FAILED)[:LINES]
        ],
        link=page.link("admin:console_job_changelist", needs="jobs.view"),
        empty=_("Nothing has failed."),
    )


IMPORT_TONES = {EventImport.Status.LOADED: "good", EventImport.Status.FAILED: "bad"}


def imports(page: Page, request: HttpRequest) -> Panel:
    return Panel(
        title=_("Imports"),
        lines=[
            Line(
                what=one.name,
                link=page.link("admin:segments_eventimport_change", one.pk, needs="imports.view"),
                badge=one.get_status_display(),
                tone=IMPORT_TONES.get(EventImport.Status(one.status), ""),
                when=page.moment(one.created_at),
                why=one.error[:300],
            )
            for one in EventImport.objects.all()[:LINES]
        ],
        link=page.link("admin:segments_eventimport_changelist", needs="imports.view"),
        empty=_("No file has been imported."),
    )


def health_now(page: Page, request: HttpRequest) -> Panel:
    """What a load balancer would be told, and how the last night went."""
    names = {"database": _("Database"), "broker": _("Broker (work in the background)")}
    answers = health.checks()
    night = Job.objects.filter(kind="night").first()
    lines = [
        Line(
            what=name,
            badge=_("works") if answers[key] else _("does not answer"),
            tone="good" if answers[key] else "bad",
        )
        for key, name in names.items()
    ]
    lines += [_campaigns_line(page), *_returns_line(page), _night_line(page, night)]
    return Panel(title=_("Health"), lines=lines)


def _campaigns_line(page: Page) -> Line:
    """Whether campaigns move, or since when nobody does what is due."""
    found = overdue.look()
    if found is None:
        return Line(what=_("Campaigns"), badge=_("on time"), tone="good")
    return Line(
        what=_("Campaigns: work that is due is not done"),
        link=page.link("admin:campaigns_campaign_changelist", needs="campaigns.view"),
        badge=_("for %(minutes)s minutes") % {"minutes": found.minutes},
        tone="bad",
        when=page.moment(found.since),
    )


def _returns_line(page: Page) -> list[Line]:
    """Why nobody hears of bounces and complaints; nothing while one does."""
    found = returns.trouble()
    if found is None:
        return []
    return [
        Line(
            what=_("Bounces: the mailbox cannot be read"),
            link=page.link("admin:campaigns_channelaccount_changelist", needs="accounts.view"),
            badge=_("does not answer"),
            tone="bad",
            when=page.moment(found.since),
            why=found.words,
        )
    ]


def _night_line(page: Page, night: Job | None) -> Line:
    if night is None:
        return Line(what=_("Nightly recompute"), badge=_("has not run yet"))
    return Line(
        what=_("Nightly recompute"),
        link=page.link("admin:console_job_change", night.pk, needs="jobs.view"),
        badge=night.get_status_display(),
        tone={Job.Status.DONE: "good", Job.Status.FAILED: "bad"}.get(Job.Status(night.status), ""),
        when=page.moment(night.finished_at or night.started_at),
    )


def audit_tail(page: Page, request: HttpRequest) -> Panel:
    return Panel(
        title=_("Last in the audit log"),
        lines=[
            Line(
                what=f"{entry.action} {entry.subject_label}".strip(),
                link=page.link("admin:console_auditentry_change", entry.pk, needs="audit.view"),
                when=page.moment(entry.at),
                why=str(entry.staff or entry.get_via_display()),
            )
            for entry in AuditEntry.objects.select_related("staff")[:8]
        ],
        link=page.link("admin:console_auditentry_changelist", needs="audit.view"),
        empty=_("Nothing has been done yet."),
    )


def newest_values(page: Page, request: HttpRequest) -> Panel:
    """Every daily metric with its newest value."""
    rows = []
    for key, metric in page.metrics.items():
        found = [f for f in page.figures.get(key, []) if f.value is not None and not f.slice]
        if found:
            value = figures.in_unit(found[-1].value, metric.unit, page.currency)
            day = found[-1].day.isoformat()
            rows.append(
                {"name": metric.label, "link": page.metric_link(key), "value": value, "day": day}
            )
    return Panel(
        title=_("All metrics"),
        template="console/home/metrics.html",
        link=page.link("admin:metrics_metric_changelist", needs="metrics.view"),
        data={"rows": rows},
    )
