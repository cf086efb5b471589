"""Everything that the page of one campaign shows."""

from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from liquid.exceptions import LiquidError
from pyroaring import BitMap

from campaigns import audience, drafts, guards, parting, planning, scarce, transitions
from campaigns.admin import (
    case,
    message,
    money,
    needs,
    outcome,
    plan_facts,
    precedents,
    preview,
    quotes,
    strategy,
    trials,
)
from campaigns.contact import blocked, reasons
from campaigns.models import Audience, Campaign, Message, MessageTemplate, Stop, TemplateRevision
from campaigns.outcomes import evidence, progress
from campaigns.plans.nodes import PlanError
from campaigns.words import revisions
from console import approvals, clock, figures, kept_words, roles
from console.models import Approval, AuditEntry, Project, Vote
from segments.models import Customer, Segment

Status = Campaign.Status
ENTRIES = 40
Ends = Message.Status
TOLD = (Ends.SENT, Ends.DEFERRED, Ends.SKIPPED, Ends.FAILED, Ends.RETRY, Ends.HELD)
ALWAYS = {"sent", "opened", "clicked", "unsubscribed"}  # told even when there is none
# What the audit log's actions are called here; those that say nothing new are left out.
DEEDS: dict[str, Promise] = {
    "campaign.added": gettext_lazy("made it"),
    "campaign.changed": gettext_lazy("changed it"),
    "campaign.submitted": gettext_lazy("asked for approval"),
    "campaign.draft": gettext_lazy("took it back to draft"),
    "campaign.approved": gettext_lazy("approved it"),
    "campaign.sending": gettext_lazy("started sending"),
    "campaign.paused": gettext_lazy("paused it"),
    "campaign.stopped": gettext_lazy("stopped it because of a problem"),
    "campaign.sent": gettext_lazy("finished sending"),
    "campaign.cancelled": gettext_lazy("cancelled it"),
    "campaign.winner": gettext_lazy("chose the winner"),
    "campaign.closed": gettext_lazy("let nobody in any more"),
    "campaign.not_started": gettext_lazy("could not start it at its time"),
}
# It became a draft again by what came of the asking; a no is told by who said it.
AFTER: dict[str | None, Promise | None] = {
    Approval.Status.REJECTED: None,
    Approval.Status.CHANGES: None,
    Approval.Status.VOID: gettext_lazy("made the approval void; it is a draft again"),
    Approval.Status.EXPIRED: gettext_lazy("got no decision in time; it is a draft again"),
}
VOTES: dict[str, Promise] = {
    Vote.Decision.APPROVE: gettext_lazy("said yes"),
    Vote.Decision.REJECT: gettext_lazy("rejected it"),
    Vote.Decision.CHANGES: gettext_lazy("asked for changes"),
}


@dataclass(frozen=True)
class Step:
    """One station of the way from draft to sent."""

    label: str
    state: str  # done, now or later


@dataclass(frozen=True)
class Bar:
    """A number with its share of the largest, to be drawn."""

    label: str | Promise
    count: int
    share: float
    kind: str = ""

    @property
    def number(self) -> str:
        return figures.whole(self.count)

    @property
    def percent(self) -> str:
        """For a style sheet, which knows no decimal comma."""
        return f"{self.share * 100:.2f}"


@dataclass(frozen=True)
class Counted:
    """How many messages something is true of, and how the list of messages is asked for them."""

    name: str
    label: str
    count: int
    query: str

    @property
    def is_shown(self) -> bool:
        return bool(self.count) or self.name in ALWAYS


def context(campaign: Campaign, staff: Any) -> dict[str, Any]:
    frozen = Audience.objects.filter(campaign=campaign).first()
    now = progress.of(campaign)
    project, would = clock.project(), _would(campaign, frozen)
    # Those whom an event lets in are nobody yet: guards and stores look at all of its segment.
    reached = would.kept if would and campaign.entry != Campaign.Entry.EVENT else None
    return {
        "campaign": campaign,
        "is_recorded": campaign.kind == Campaign.Kind.RECORDED,
        "stations": stations(campaign),
        "open": transitions.open_steps(campaign, staff),
        "mismatches": guards.mismatches(campaign, reached) if campaign.is_draft else [],
        "may_justify": campaign.is_draft and roles.may_change(staff, campaign, "campaigns.change"),
        "may_edit": campaign.is_draft and roles.may_change(staff, campaign, "campaigns.change"),
        "may_repeat": drafts.is_repeatable(campaign) and roles.allows(staff, drafts.ACTION),
        "waits_for": waits_for(campaign, staff),
        **_asked(campaign, staff),
        "frozen": frozen,
        "progress": now,
        "progress_rows": progress_rows(now),
        "totals": blocked.of_campaign(campaign) if now.skipped or now.deferred else [],
        "mail": mail(campaign, frozen, staff),
        **outcome.context(campaign),
        **case.of_campaign(campaign, staff),
        "history": history(campaign),
        **plan_facts.context(campaign),
        **strategy.context(campaign),
        **trials.context(campaign, staff),
        "may_see_messages": roles.allows(staff, "messages.view"),
        **_audience(campaign, frozen, would, project),
        "shortages": _shortages(campaign, reached),
        **_evidence(campaign, frozen),
        **money.of(campaign, staff),
        **needs.context(campaign, staff),
    }


def _would(campaign: Campaign, frozen: Audience | None) -> audience.Division | None:
    """Who would get it if it were submitted now; None where it was, or nobody is counted yet."""
    segment = campaign.segment
    if (frozen and not campaign.is_draft) or segment is None or segment.size is None:
        return None
    return audience.divided(campaign, planning.of(campaign), segment.members)


def _shortages(campaign: Campaign, reached: BitMap | None) -> list[scarce.Shortage]:
    """What a draft asks for beyond what there is, of those whom it would reach."""
    if not campaign.is_draft or campaign.kind == Campaign.Kind.RECORDED:
        return []
    members = reached
    if members is None:
        members = campaign.segment.members if campaign.segment else BitMap()
    try:
        return scarce.of(campaign, members, at=clock.now())
    except (PlanError, LiquidError):  # said beside the plan, and on the template's page
        return []


def stations(campaign: Campaign) -> list[Step]:
    """The way to sent, and where on it the campaign is."""
    way = [Status.DRAFT, Status.SUBMITTED, Status.APPROVED, Status.SENDING, Status.SENT]
    here = campaign.status
    if here == Status.CANCELLED:
        return [Step(str(Status.CANCELLED.label), "now")]
    if here == Status.PAUSED:
        way[way.index(Status.SENDING)] = Status.PAUSED
    position = way.index(Status(here))
    return [
        Step(
            str(status.label),
            "done"
            if at < position or here == Status.SENT
            else "now"
            if at == position
            else "later",
        )
        for at, status in enumerate(way)
    ]


def waits_for(campaign: Campaign, staff: Any) -> str:
    """Whose turn it is, for somebody who has no button to press."""
    if campaign.status == Status.SUBMITTED:
        return _("Waiting for somebody with the right to decide.")
    if campaign.kind == Campaign.Kind.OURS and campaign.status == Status.APPROVED:
        return _("Approved. The owner's team starts it.")
    return ""


def progress_rows(now: progress.Progress) -> list[Counted]:
    """How many messages ended how, and what came of those that left, by their names."""
    asked = [(f"status__exact={one}", str(one), str(one.label)) for one in TOLD]
    asked += [(f"came={one}", one, str(message.DEEDS[one])) for one in progress.DEEDS]
    return [Counted(name, label, getattr(now, name), query) for query, name, label in asked]


def bars(funnel: audience.Funnel, *, control: int = 0) -> list[Bar]:
    """From the segment to those who get it; the control is frozen with them, and gets nothing."""
    of, gets_it = funnel.segment_size or 1, funnel.size - control
    left_out = [Bar(label, count, count / of, "minus") for label, count in funnel.left_out if count]
    return [
        Bar(_("in the segment"), funnel.segment_size, 1.0),
        *left_out,
        *([Bar(_("Control"), control, control / of, "minus")] if control else []),
        Bar(_("get it"), gets_it, gets_it / of, "kept"),
    ]


def mail(campaign: Campaign, frozen: Audience | None, staff: Any) -> dict[str, Any] | None:
    """The mail for one customer of the audience; None where there is none to show."""
    words = words_of(campaign, frozen)
    if words is None:
        return None
    members = members_of(campaign, frozen)
    number = members[0] if members else None
    customer = (
        Customer.objects.filter(pk=number).first() if number is not None else preview.anybody()
    )
    if customer is None:
        return None
    return preview.of(
        customer,
        words,
        campaign_name=campaign.name,
        staff=staff,
        theme="light",
        batch=preview.promised(campaign, words),
    ) | {
        "url": reverse("admin:campaigns_campaign_mail", args=[campaign.pk]),
        "messages": _named(wordings(campaign)),
    }


def members_of(campaign: Campaign, frozen: Audience | None) -> BitMap | None:
    """The frozen audience, or the segment's members while it is a draft."""
    if frozen and not campaign.is_draft:
        return frozen.members
    return campaign.segment.members if campaign.segment else None


def wordings(campaign: Campaign) -> list[int]:
    """The templates that it may say, in the order of its plan; none where that makes no sense."""
    if not campaign.plan:
        return [campaign.template_id] if campaign.template_id else []
    try:
        steps = planning.of(campaign).messages()
    except PlanError:
        return []
    return list(dict.fromkeys(one for step in steps for one in step.templates))


def _named(templates: list[int]) -> list[tuple[int, str]]:
    """What one chooses from; nothing where there is no choice."""
    if len(templates) < 2:
        return []
    found = MessageTemplate.objects.in_bulk(templates)
    return [(number, str(found[number])) for number in templates if number in found]


def words_of(
    campaign: Campaign, frozen: Audience | None, *, chosen: str = ""
) -> TemplateRevision | None:
    """The frozen words, or the templates' while it is a draft; its first message's if none is
    chosen."""
    said = wordings(campaign)
    number = next((one for one in said if str(one) == chosen), said[0] if said else None)
    if frozen and not campaign.is_draft:
        if not frozen.body:
            return None
        if number is None or not campaign.plan:
            return revisions.frozen(frozen)
        return revisions.frozen_of(frozen, number)
    template = MessageTemplate.objects.filter(pk=number or 0).first()
    return revisions.unsaved(template) if template else None


def history(campaign: Campaign) -> list[dict[str, Any]]:
    """Who did what with it, newest first, with what approvers wrote."""
    entries = AuditEntry.objects.filter(
        subject_type=ContentType.objects.get_for_model(Campaign),
        subject_id=str(campaign.pk),
        action__in=DEEDS,
    ).select_related("staff")[:ENTRIES]
    lines = [
        {
            "at": entry.at,
            "who": entry.staff,
            "deed": deed,
            "words": reasons.said(kept_words.said(entry.details.get("reason", ""))),
        }
        for entry in entries
        if (deed := AFTER.get(entry.details.get("after"), DEEDS[entry.action]))
    ]
    asked = Approval.objects.filter(
        subject_type=ContentType.objects.get_for_model(Campaign), subject_id=campaign.pk
    ).prefetch_related("votes__by")
    lines += [
        {"at": vote.at, "who": vote.by, "deed": VOTES[vote.decision], "words": vote.comment}
        for approval in asked
        for vote in approval.votes.all()
        if vote.comment
    ]
    lines += [
        {"at": one.decided_at, "who": one.decided_by, "deed": _decision(one), "words": one.reason}
        for one in campaign.stops.filter(decided_at__isnull=False).select_related("decided_by")
    ]
    return sorted(lines, key=lambda line: line["at"], reverse=True)


def _decision(stop: Stop) -> str:
    return _("decided that it goes on") if stop.goes_on else _("decided that it ends")


def _asked(campaign: Campaign, staff: Any) -> dict[str, Any]:
    """The newest asking, and what the console had to say against it then."""
    found = approvals.latest_for(campaign)
    if found is None:
        return {}
    against = [] if campaign.is_draft else found.summary.get("mismatches", [])
    return {
        "approval": _approval(found, campaign, staff),
        "misfits": kept_words.said_all(against),
    }


def _approval(found: Approval, campaign: Campaign, staff: Any) -> dict[str, Any]:
    """The newest asking, with its link for those who may see approvals."""
    link = ""
    if roles.allows(staff, "approvals.view"):
        link = reverse("admin:console_approval_change", args=[found.pk])
    may_decide = roles.allows(staff, "approvals.decide") and found.requested_by_id != staff.pk
    is_open = found.status == Approval.Status.PENDING
    given_back = {Approval.Status.REJECTED, Approval.Status.CHANGES}
    no = found.status in given_back and campaign.is_draft
    return {
        "approval": found,
        "link": link,
        "may_decide": may_decide and is_open,
        "rejection": found.votes.select_related("by").last() if no else None,
    }


def _evidence(campaign: Campaign, frozen: Audience | None) -> dict[str, Any]:
    """Precedents and price as they were when it was asked for; of a draft, as they would be."""
    if not campaign.is_draft:
        return precedents.kept(campaign) | quotes.kept(campaign)
    if campaign.kind == Campaign.Kind.RECORDED:
        return {}
    members = members_of(campaign, frozen) or BitMap()
    would_get_it = audience.divided(campaign, planning.of(campaign), members).kept
    found = evidence.made(campaign, would_get_it, at=clock.now())
    return {"evidence": precedents.shown(found)} | quotes.now(campaign, would_get_it, found)


def _audience(
    campaign: Campaign,
    frozen: Audience | None,
    would: audience.Division | None,
    project: Project,
) -> dict[str, Any]:
    """Who gets it: frozen, or for a draft who would if it were submitted now."""
    segment = campaign.segment
    if frozen and campaign.kind == Campaign.Kind.RECORDED:
        return {"funnel": [Bar(_("reached"), frozen.size, 1.0, "kept")]}
    if frozen and not campaign.is_draft:
        shown = audience.funnel(frozen)
        difference = audience.since_frozen(frozen, segment) if segment else None
        return who_gets_it(shown, campaign, frozen.members) | {"difference": difference}
    if segment is None or would is None:
        return {"problem": segment and _problem(campaign, segment, project)}
    shown = audience.shown(would, segment.members)
    problem = _problem(campaign, segment, project)
    if problem is None and not shown.size and not campaign.is_lasting:
        problem = _("Nobody of “%(segment)s” can be written to.") % {"segment": segment}
    return who_gets_it(shown, campaign, would.kept) | {"problem": problem}


def who_gets_it(funnel: audience.Funnel, campaign: Campaign, members: BitMap) -> dict[str, Any]:
    """The way to those who get it, and how many they are: all but the control."""
    control = len(parting.control(campaign, members)) if campaign.control_share else 0
    return {"funnel": bars(funnel, control=control), "gets_it": funnel.size - control}


def _problem(campaign: Campaign, segment: Segment, project: Project) -> str | None:
    """Why the segment cannot be frozen; whoever comes later need not be there yet."""
    today = clock.today(project)
    return audience.problem_with(segment, today, lasting=campaign.is_lasting)
