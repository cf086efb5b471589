"""A campaign's way from draft to sent: who may take which step, and what each step needs."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from campaigns import (
    additions,
    audience,
    expectations,
    guards,
    needs,
    parting,
    planning,
    pricing,
    readiness,
    scarce,
    weight,
)
from campaigns.delivery import outbox
from campaigns.journeys import entering, waves
from campaigns.models import Campaign, Evidence, Quote
from campaigns.money import purse
from campaigns.outcomes import evidence, trials
from console import approvals, audit, clock, kept_words, roles, states, work
from console.models import Approval, Staff
from console.states import NotAllowed, Stale

Status = Campaign.Status


@transaction.atomic
def submit(campaign: Campaign, *, by: Staff, at: dt.datetime) -> Approval:
    """Freeze who gets what, price it, find what similar ones brought, and ask for a yes.

    Raises:
        NotAllowed: role, team, status, nothing to freeze, no budget, or it waits for a request.
        BudgetExceeded: its budget has not so much.
        Stale: somebody else moved it.
    """
    roles.require(by, "campaigns.submit", record=campaign)
    _lock(campaign)
    _require_move(campaign, Status.SUBMITTED)
    readiness.require(campaign)
    needs.require(campaign, by=by)
    frozen = audience.freeze(campaign, at)
    fit = guards.require(campaign, frozen.members)
    short = scarce.require(campaign, frozen.members, at=at)
    found = evidence.gather(campaign, frozen.members, at=at)
    campaign.require_evidence()
    quote = pricing.gather(campaign, frozen.members, found, at=at)
    expectations.agree(campaign, quote)
    amount = purse.require(campaign, quote, by=by)
    summary = _summary(campaign, found, quote) | {"limit_minor": amount}
    summary |= {"mismatches": fit, "reason": campaign.mismatch_reason, "scarce": short}
    facts = weight.facts(campaign, quote, found)
    approval = approvals.request(campaign, by=by, summary=summary, facts=facts)
    purse.reserve(campaign, amount, approval, by=by, on=clock.day_of(at))
    states.move(campaign, to=Status.SUBMITTED)
    audit.log("campaign.frozen", campaign, by=by, size=frozen.size, digest=approval.digest)
    return approval


@transaction.atomic
def withdraw(campaign: Campaign, *, by: Staff) -> None:
    """Back to draft, to be changed; what was asked for or approved counts no longer."""
    roles.require(by, "campaigns.submit", record=campaign)
    _lock(campaign)
    _require_move(campaign, Status.DRAFT)
    if pending := approvals.pending_for(campaign):
        approvals.withdraw(pending, by=by)
    approvals.void(campaign, because="taken back")  # a yes that was given already
    states.move(campaign, to=Status.DRAFT)
    purse.release(campaign, on=clock.today(), by=by)


def asked_about() -> QuerySet[Campaign]:
    """Campaigns that wait for a yes or have one, and have not begun."""
    return Campaign.objects.filter(status__in=[Status.SUBMITTED, Status.APPROVED])


@transaction.atomic
def void_if_changed(campaign: Campaign) -> bool:
    """Back to draft when it is no longer what was asked about; whether it was so."""
    _lock(campaign, fresh=True)
    if campaign.status not in {Status.SUBMITTED, Status.APPROVED}:
        return False
    asked = approvals.latest_for(campaign)
    if asked and asked.digest == campaign.digest() and campaign.audience.is_up_to_date():
        return False
    if voided := approvals.void(campaign, because="changed"):
        campaign.on_rejected(voided)
    return voided is not None


@transaction.atomic
def start(campaign: Campaign, *, by: Staff | None, at: dt.datetime) -> int:
    """Let the audience in, or open the door to whom it is for; how many customers came in.

    Nobody starts it when its time has come.

    Raises:
        NotAllowed: the role, the team, the status, no approval, or it waits for another team.
        Stale: what would be sent is not what was approved.
    """
    if by is not None:
        roles.require(by, "campaigns.run", record=campaign)
    _lock(campaign)
    if campaign.status != Status.APPROVED:
        raise NotAllowed(kept_words.say(gettext_noop("Only an approved campaign can be started.")))
    _require_approval(campaign)
    needs.require(campaign, by=by)
    campaign.audience.require_up_to_date()
    audience.require_as_drawn(campaign)
    states.move(campaign, to=Status.SENDING, started_at=at, stopped_because="")
    entering.begin(campaign)
    trials.begin(campaign, planning.of(campaign))
    if campaign.is_lasting:
        return 0
    outbox.fill(campaign, at=at)
    return campaign.audience.size


def to_start(*, at: dt.datetime) -> QuerySet[Campaign]:
    """Approved campaigns whose time has come, by priority; what is hours late waits for people."""
    times = {"starts_at__lte": at, "starts_at__gt": at - entering.GRACE}
    found = Campaign.objects.filter(status=Status.APPROVED, stopped_because="", **times)
    return found.order_by("-priority", "starts_at", "pk")


@transaction.atomic
def refuse_start(campaign: Campaign, *, reason: str) -> None:
    """Let a person look at what could not start by itself; it is not tried again.

    `reason` is in kept words, as of all that stops by itself.
    """
    _lock(campaign, fresh=True)
    if campaign.status == Status.APPROVED:
        Campaign.objects.filter(pk=campaign.pk).update(stopped_because=reason)
        audit.log("campaign.not_started", campaign, reason=reason)
        _ask_to_look(campaign, reason)


def _ask_to_look(campaign: Campaign, reason: str) -> None:
    """A work item for whoever runs it: at most one a day, however often it stops."""
    today = clock.today()
    work.give(
        "stopped_campaign",
        kept_words.each(
            lambda: (
                _("“%(campaign)s” was stopped; see why, and go on or end it.")
                % {"campaign": campaign}
            )
        ),
        on=today,
        why=reason,
        subject=campaign,
        owner=campaign.owner,
        team=campaign.team,
        due_on=today,
        once=f"stopped {campaign.pk} {today}",
    )


@transaction.atomic
def pause(campaign: Campaign, *, by: Staff) -> None:
    """Stop sending within a group of mails."""
    roles.require(by, "campaigns.run", record=campaign)
    _lock(campaign)
    states.move(campaign, to=Status.PAUSED, stopped_because="", paused_at=timezone.now())


@transaction.atomic
def stop(campaign: Campaign, *, reason: str) -> None:
    """Pause it because something is wrong, and ask its owner to look."""
    if halt(campaign, reason=reason):
        _ask_to_look(campaign, reason)


@transaction.atomic
def halt(campaign: Campaign, *, reason: str) -> bool:
    """Pause it because something is wrong; whether it was sending."""
    _lock(campaign, fresh=True)
    if campaign.status != Status.SENDING:
        return False
    states.move(campaign, to=Status.PAUSED, stopped_because=reason, paused_at=timezone.now())
    audit.log("campaign.stopped", campaign, reason=reason)
    return True


@transaction.atomic
def resume(campaign: Campaign, *, by: Staff) -> None:
    """Go on with what is left; what left already does not leave again.

    What was missed meanwhile is not made up for: nobody comes in late, and waits that ended
    during the pause end later by as much.

    Raises:
        NotAllowed: the role, the team, the status, no approval, or the console stopped it and
            nobody has decided in writing.
    """
    roles.require(by, "campaigns.run", record=campaign)
    go_on(campaign)


@transaction.atomic
def go_on(campaign: Campaign) -> None:
    """The same; who may is asked by the caller."""
    _lock(campaign)
    if campaign.status != Status.PAUSED:
        raise NotAllowed(_("Only a paused campaign can be resumed."))
    if waits_for_decision(campaign):
        raise NotAllowed(
            _("It did not keep what was agreed: it goes on only by a decision in writing.")
        )
    _require_approval(campaign)
    if additions.waiting(campaign):
        raise NotAllowed(_("More money was asked for; it waits until somebody has decided."))
    waves.catch_up(campaign, campaign.paused_at)
    entering.look_anew(campaign)
    states.move(campaign, to=Status.SENDING, stopped_because="", paused_at=None)


def waits_for_decision(campaign: Campaign) -> bool:
    """Whether the console stopped it, and nobody has decided in writing what becomes of it."""
    return campaign.stops.filter(decided_at=None).exists()


@transaction.atomic
def reopen(campaign: Campaign, *, by: Staff) -> None:
    """Make sure that messages which were held can leave; one that is paused stays so."""
    roles.require(by, "campaigns.run", record=campaign)
    _lock(campaign, fresh=True)
    if campaign.status not in {Status.SENDING, Status.PAUSED, Status.SENT}:
        raise NotAllowed(_("This campaign sends nothing more."))
    _require_approval(campaign)
    if campaign.status == Status.SENT:
        states.move(campaign, to=Status.SENDING, finished_at=None)


@transaction.atomic
def cancel(campaign: Campaign, *, by: Staff) -> None:
    """End it for good. What left, left; nothing more will."""
    roles.require(by, "campaigns.run", record=campaign)
    call_off(campaign)


@transaction.atomic
def call_off(campaign: Campaign) -> None:
    """The same; who may is asked by the caller."""
    _lock(campaign)
    states.move(campaign, to=Status.CANCELLED)
    entering.end(campaign)
    waves.call_off(campaign)
    _give_back(campaign)


@transaction.atomic
def close(campaign: Campaign, *, by: Staff, at: dt.datetime) -> None:
    """Let nobody in any more; those who are in go their way to its end."""
    roles.require(by, "campaigns.run", record=campaign)
    _lock(campaign)
    if not may_close(campaign):
        raise NotAllowed(_("This campaign lets nobody in any more."))
    Campaign.objects.filter(pk=campaign.pk).update(closed_at=at)
    campaign.closed_at = at
    audit.log("campaign.closed", campaign, by=by)


def may_close(campaign: Campaign) -> bool:
    """Whether somebody could still come in."""
    is_on = campaign.status in {Status.SENDING, Status.PAUSED}
    return campaign.is_lasting and is_on and campaign.closed_at is None


@transaction.atomic
def finish(campaign: Campaign, *, at: dt.datetime) -> bool:
    """Declare it sent when nobody is on the way nor can come in any more; whether it was."""
    _lock(campaign, fresh=True)
    if campaign.status != Status.SENDING or not waves.is_finished(campaign):
        return False
    if campaign.is_lasting and entering.is_open(campaign, at):
        return False
    states.move(campaign, to=Status.SENT, finished_at=at)
    entering.end(campaign)
    _give_back(campaign)
    return True


def _give_back(campaign: Campaign) -> None:
    """It is over: the money that it did not need is there for others."""
    additions.call_off(campaign, because="the campaign is over")
    purse.release(campaign, on=clock.today())


def open_steps(campaign: Campaign, staff: Any) -> set[str]:
    """The steps that this person could take now, by role, team and status."""
    steps = {
        "submit": ("campaigns.submit", campaign.status == Status.DRAFT),
        "withdraw": (
            "campaigns.submit",
            campaign.status in {Status.SUBMITTED, Status.APPROVED},
        ),
        "start": ("campaigns.run", campaign.status == Status.APPROVED),
        "pause": ("campaigns.run", campaign.status == Status.SENDING),
        "resume": (
            "campaigns.run",
            campaign.status == Status.PAUSED and not waits_for_decision(campaign),
        ),
        "close": ("campaigns.run", may_close(campaign)),
        "cancel": ("campaigns.run", states.can_move(campaign, to=Status.CANCELLED)),
    }
    return {
        step
        for step, (action, is_open) in steps.items()
        if is_open and roles.may_change(staff, campaign, action)
    }


def _lock(campaign: Campaign, *, fresh: bool = False) -> None:
    """Hold the row until the end of the transaction, and see it as it is now.

    Raises:
        Stale: it is in another status than the one that the caller saw.
    """
    seen = campaign.status
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    campaign.refresh_from_db()
    if campaign.status != seen and not fresh:
        words = gettext_noop("%(what)s was changed by somebody else; load the page again.")
        raise Stale(kept_words.say(words, what=campaign))


def _require_move(campaign: Campaign, to: str) -> None:
    """Refuse before anything is done, in the words of `states.move`."""
    if not states.can_move(campaign, to=to):
        states.move(campaign, to=to)


def _require_approval(campaign: Campaign) -> None:
    """Only the newest asking counts, and only for exactly what it was asked for."""
    approvals.require_live(campaign)


def _summary(campaign: Campaign, found: Evidence, quote: Quote) -> dict[str, Any]:
    """What the list of approvals shows without opening the campaign."""
    frozen = campaign.audience
    control = 0 if campaign.is_lasting else len(parting.control(campaign, frozen.members))
    return {
        "size": frozen.size,
        "control": control,
        "entry": kept_words.each(lambda: str(campaign.get_entry_display())),
        "segment": kept_words.each(lambda: str(campaign.segment or "")),
        "template": kept_words.each(lambda: str(campaign.template or "")),
        "plan": kept_words.each_line(lambda: planning.lines(campaign)),
        "subject": frozen.subject,
        "left_out": dict(frozen.exclusions.values_list("reason", "size")),
        "evidence": found.pk,
        "precedents": len(found.precedents),
        "cost_minor": [quote.low_minor, quote.expected_minor, quote.worst_minor],
    }
