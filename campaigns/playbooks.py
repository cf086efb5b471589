"""Playbooks: made, filled with plays, put in force, and ended."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from campaigns import drafts, exposure, plays, transitions
from campaigns.models import Campaign, CouponBatch, MessageTemplate, Play, Playbook
from console import audit, clock, kept_words, roles, states
from console import seen as marks
from console.models import Staff, Team
from console.states import NotAllowed
from segments import collection, membership
from segments.models import EventType, Segment
from segments.models.event import SHIPPED_TITLES

VIEW, ACTION, RUN = "playbooks.view", "playbooks.change", "playbooks.run"
SETTINGS = (
    *("name", "goal", "control_share", "rest_days", "budget", "budget_minor"),
    *("wake_event", "wake_days", "takes_present"),
)
# What may change while it runs: the rest decides how it is measured.
WHILE_RUNNING = {"name", "goal", "budget_minor"}
MOST_PLAYS = 24
Status, Way = Playbook.Status, Campaign.Status
OPEN = {Way.DRAFT, Way.CANCELLED}  # nobody was asked about these


@dataclass(frozen=True)
class Offer:
    """What a play says and gives: a message, perhaps a coupon, perhaps work for somebody."""

    template: MessageTemplate | None = None
    coupon: CouponBatch | None = None
    task: str = ""
    task_days: int = 3
    duty: str = ""  # what kind of work it is, whose form is then answered
    owner: Staff | None = None
    team: Team | None = None
    limit_minor: int | None = None  # of the playbook's budget; None: an equal part of the rest


@transaction.atomic
def add(*, by: Staff, **settings: Any) -> Playbook:
    """A new playbook without plays; it belongs to its maker and the maker's team."""
    roles.require(by, ACTION)
    _require_sense(settings)
    playbook = Playbook.objects.create(owner=by, team=by.team, **settings)
    audit.log("playbook.added", playbook, by=by, **_told(settings))
    return playbook


@transaction.atomic
def edit(playbook: Playbook, *, by: Staff, seen: str = "", **settings: Any) -> None:
    """Change its settings; of one in force only what it may cost and what it is called.

    Raises:
        NotAllowed: the role, the team, or it is in force.
        Stale: somebody else changed it since it was `seen`.
    """
    kept = _held(playbook, by=by, action=ACTION)
    marks.require(kept, SETTINGS, seen)
    changed = {name: value for name, value in settings.items() if getattr(kept, name) != value}
    if {*changed} - WHILE_RUNNING:
        _require_open(kept)
    _require_sense(changed)
    for name, value in changed.items():
        setattr(kept, name, value)
    if changed:
        kept.save(update_fields=list(changed))
        if "budget" in changed:
            _pay_out_of(kept, by=by)
        audit.log("playbook.changed", kept, by=by, **_told(changed))
    playbook.refresh_from_db()


def is_open(playbook: Playbook) -> bool:
    """Whether nobody was asked about any of it yet, so that all of it can change."""
    return playbook.is_draft and all(one.status in OPEN for one in plays.campaigns(playbook))


def _require_open(playbook: Playbook) -> None:
    """Whom its plays reach, and by what they are measured, is part of what they are approved as."""
    if not playbook.is_draft:
        raise NotAllowed(_("It is in force: what it is measured by stays. Make another one."))
    _require_drafts(plays.campaigns(playbook))


def _require_drafts(campaigns: Iterable[Campaign]) -> None:
    """Whoever would not get another play any more would get these."""
    for campaign in campaigns:
        if campaign.status not in OPEN:
            words = _("Only a draft can be changed; take it back to draft first.")
            raise NotAllowed(_("“%(name)s”: %(words)s") % {"name": campaign, "words": words})


def _require_sense(settings: dict[str, Any]) -> None:
    if not 0 <= settings.get("control_share", 0) <= 0.5:
        raise NotAllowed(_("The control is at most half of the customers."))
    woken = settings.get("wake_event", "")
    if woken and not (woken in SHIPPED_TITLES or EventType.objects.filter(name=woken).exists()):
        raise NotAllowed(_("There is no event “%(name)s”.") % {"name": woken})
    if not 1 <= settings.get("wake_days", 30) <= 90:
        raise NotAllowed(_("Coming back is counted for 1 to 90 days."))
    if settings.get("rest_days", 30) > 365:
        raise NotAllowed(_("A rest is at most a year."))


def _told(settings: dict[str, Any]) -> dict[str, Any]:
    """As the audit log keeps them: a budget by its number."""
    return {
        name: value.pk if name == "budget" and value else value for name, value in settings.items()
    }


def _pay_out_of(playbook: Playbook, *, by: Staff) -> None:
    """Its plays are paid out of its budget."""
    if playbook.budget is None and playbook.plays.filter(campaign__limit_minor__gt=0).exists():
        raise NotAllowed(_("Its plays may spend money of the budget; choose another one."))
    for campaign in plays.campaigns(playbook):
        drafts.edit(campaign, by=by, budget=playbook.budget)


# --- plays ----------------------------------------------------------------------


@transaction.atomic
def add_play(
    playbook: Playbook, level: Segment, value: Segment | None, offer: Offer, *, by: Staff
) -> Play:
    """A play behind the others: its campaign is a draft, to be looked at and submitted.

    Raises:
        NotAllowed: the role, the team, it is in force, or the play does nothing.
    """
    held = _held(playbook, by=by, action=ACTION)
    _require_draft(held)
    if held.plays.count() >= MOST_PLAYS:
        raise NotAllowed(_("A playbook has at most %(most)d plays.") % {"most": MOST_PLAYS})
    _require_bounded(held, offer.coupon)
    segment = level if value is None else both(level, value, by=by)
    campaign = drafts.add(
        name=kept_words.name(lambda: _("%(name)s: %(value)s") % {"name": held, "value": segment}),
        goal=kept_words.as_kept(held.goal),
        segment=segment,
        entry=Campaign.Entry.PLAYBOOK,
        plan=plan(offer),
        conversion_event=held.wake_event or "order_paid",
        conversion_days=held.wake_days,
        budget=held.budget,
        limit_minor=offer.limit_minor,
        by=by,
    )
    last = held.plays.aggregate(last=Max("place"))["last"] or 0
    play = Play.objects.create(
        playbook=held, place=last + 1, level=level, value=value, campaign=campaign
    )
    audit.log("playbook.play_added", held, by=by, campaign=campaign.pk, place=play.place)
    return play


def plan(offer: Offer) -> list[dict[str, Any]]:
    """The steps of a play: work first, so that a person knows before the customer hears."""
    steps: list[dict[str, Any]] = []
    if offer.task.strip():
        task: dict[str, Any] = {"key": "task", "kind": "task", "title": offer.task.strip()}
        who = {"owner": offer.owner.pk} if offer.owner else {}
        team = {"team": offer.team.pk} if offer.team else {}
        duty = {"duty": offer.duty} if offer.duty else {}
        steps.append(task | {"days": offer.task_days} | duty | who | team)
    if offer.template:
        message: dict[str, Any] = {"key": "message", "kind": "message"}
        message |= {"channel": offer.template.channel, "template": offer.template.pk}
        steps.append(message | ({"coupon": offer.coupon.pk} if offer.coupon else {}))
    elif offer.coupon:
        raise NotAllowed(_("A coupon needs a message that tells of it."))
    if not steps:
        raise NotAllowed(_("A play needs a message or a work item."))
    return steps


def both(level: Segment, value: Segment, *, by: Staff) -> Segment:
    """The segment of those who are in both, made if there is none."""
    rule = {"all": [{"segment": level.pk}, {"segment": value.pk}]}
    found = Segment.objects.filter(rule=rule, archived_at=None).first()
    if found is None:
        name = kept_words.name(lambda: f"{level} × {value}")
        found = collection.add(name=name, rule=rule, by=by, note=_("from a playbook"))
    if found.size is None:
        membership.recompute(found, day=clock.today())
        found.refresh_from_db()
    return found


@transaction.atomic
def remove_play(play: Play, *, by: Staff) -> None:
    """Take a play out; its campaign is cancelled where that is still possible.

    Raises:
        NotAllowed: the role, the team, or the playbook is in force.
    """
    held = _held(play.playbook, by=by, action=ACTION)
    _require_draft(held)
    campaign = play.campaign
    if campaign.status == Way.SUBMITTED:
        raise NotAllowed(_("Its campaign waits for approval; take that back first."))
    _require_drafts(one.campaign for one in held.plays.filter(place__gt=play.place))
    play.delete()
    if states.can_move(campaign, to=Way.CANCELLED):
        transitions.cancel(campaign, by=by)
    audit.log("playbook.play_removed", held, by=by, campaign=campaign.pk)


@transaction.atomic
def move_play(play: Play, *, up: bool, by: Staff) -> None:
    """Make a play more urgent, or less: it changes places with its neighbour."""
    held = _held(play.playbook, by=by, action=ACTION)
    _require_draft(held)
    _require_open(held)  # whom each reaches follows from their order
    rows = list(held.plays.order_by("place"))
    at = next(number for number, one in enumerate(rows) if one.pk == play.pk)
    other = at - 1 if up else at + 1
    if not 0 <= other < len(rows):
        return
    first, second = rows[at], rows[other]
    Play.objects.filter(pk=first.pk).update(place=second.place)
    Play.objects.filter(pk=second.pk).update(place=first.place)
    audit.log("playbook.play_moved", held, by=by, campaign=first.campaign_id, place=second.place)


# --- running it -------------------------------------------------------------------


@transaction.atomic
def submit(playbook: Playbook, *, by: Staff, at: dt.datetime) -> int:
    """Ask for approval of every play that is a draft still; how many those were."""
    held = _held(playbook, by=by, action=RUN)
    drafts_ = [one for one in plays.campaigns(held) if one.status == Way.DRAFT]
    _share_out(held, drafts_, by=by)
    for campaign in drafts_:
        _submit(campaign, by=by, at=at)
    return len(drafts_)


def _submit(campaign: Campaign, *, by: Staff, at: dt.datetime) -> None:
    """Ask for one play's approval; a refusal says of which play it is."""
    try:
        transitions.submit(campaign, by=by, at=at)
    except NotAllowed as problem:
        said = {"name": campaign, "words": problem}
        raise NotAllowed(_("“%(name)s”: %(words)s") % said) from problem


def _share_out(playbook: Playbook, drafts_: list[Campaign], *, by: Staff) -> None:
    """Give plays without a limit of their own equal parts of what the playbook may still cost.

    Raises:
        NotAllowed: the limits come to more than the whole.
    """
    if playbook.budget is None or playbook.budget_minor is None:
        return
    limits = [one.limit_minor or 0 for one in plays.campaigns(playbook)]
    rest = playbook.budget_minor - sum(limits)
    open_ = [one for one in drafts_ if one.limit_minor is None]
    if rest < len(open_):
        raise NotAllowed(_("Its plays may spend more than the playbook costs at most."))
    for campaign in open_:
        drafts.edit(campaign, by=by, limit_minor=rest // len(open_))


@transaction.atomic
def start(playbook: Playbook, *, by: Staff, at: dt.datetime) -> None:
    """Put it in force: from now on whoever comes in gets the first play that fits.

    Raises:
        NotAllowed: the role, the team, no plays, one that nobody approved, or a budget that
            a coupon without an upper bound could break.
    """
    held = _held(playbook, by=by, action=RUN)
    campaigns = plays.campaigns(held)
    if not campaigns:
        raise NotAllowed(_("It has no plays yet."))
    if waiting := [one for one in campaigns if one.status not in {Way.APPROVED, Way.SENDING}]:
        raise NotAllowed(_("“%(name)s” is not approved yet.") % {"name": waiting[0]})
    if held.budget_minor is not None:
        for campaign in campaigns:
            exposure.worst(campaign)
    for campaign in campaigns:
        if campaign.status == Way.APPROVED:
            transitions.start(campaign, by=by, at=at)
    is_first = held.started_at is None
    states.move(held, to=Status.ACTIVE, started_at=held.started_at or at)
    if not (is_first and held.takes_present):
        plays.take_for_granted(held)
    playbook.refresh_from_db()


@transaction.atomic
def pause(playbook: Playbook, *, by: Staff) -> None:
    """Let nobody in; who is on the way goes on, unless one pauses the campaign itself."""
    held = _held(playbook, by=by, action=RUN)
    states.move(held, to=Status.PAUSED)
    playbook.refresh_from_db()


@transaction.atomic
def end(playbook: Playbook, *, by: Staff, at: dt.datetime) -> None:
    """Let nobody in for good; its campaigns finish with those who are on the way."""
    held = _held(playbook, by=by, action=RUN)
    states.move(held, to=Status.ENDED)
    for campaign in plays.campaigns(held):
        if transitions.may_close(campaign):
            transitions.close(campaign, by=by, at=at)
    playbook.refresh_from_db()


def _held(playbook: Playbook, *, by: Staff, action: str) -> Playbook:
    kept = Playbook.objects.select_for_update().get(pk=playbook.pk)
    roles.require(by, action, record=kept)
    return kept


def _require_draft(playbook: Playbook) -> None:
    if not playbook.is_draft:
        raise NotAllowed(_("It is in force: its plays stay as they are. Make another one."))


def _require_bounded(playbook: Playbook, coupon: CouponBatch | None) -> None:
    """Under a budget every coupon says what it costs at most."""
    is_share = coupon is not None and coupon.kind == CouponBatch.Kind.PERCENT
    if playbook.budget_minor is not None and is_share and coupon and coupon.most_minor is None:
        raise NotAllowed(
            _("Under a budget, “%(coupon)s” needs a maximum amount off.") % {"coupon": coupon}
        )
