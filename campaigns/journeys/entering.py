"""Who comes into a campaign that lasts: again and again, when something happens, into a segment.

Each of these runs as often as one likes: what was taken is gone or has its key, and what was
missed, because nobody ran or the campaign was paused, is not made up for.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from pyroaring import BitMap

from campaigns import audience, guards, planning
from campaigns.journeys import intakes, waves
from campaigns.journeys.stepping import Stuck, not_approved
from campaigns.models import Audience, Campaign, Exclusion, Intake, Lookout
from campaigns.plans import moments, triggers
from console import clock, kept_words
from segments import bitmaps, heard, membership
from segments.heard import Heard
from segments.models import Segment
from segments.rules.nodes import Did
from segments.rules.vocabulary import Vocabulary

GRACE = dt.timedelta(hours=1)  # after which a missed hour, or an event, lets nobody in any more
Entry, Status = Campaign.Entry, Campaign.Status


def begin(campaign: Campaign) -> None:
    """Listen, and look at who is in the segment already: they do not come into it any more."""
    names = set(campaign.exit_events)
    if campaign.entry == Entry.EVENT:
        names.add(campaign.trigger["event"])
    if names:
        heard.listen(ear(campaign), names)
    look_anew(campaign)


def look_anew(campaign: Campaign) -> None:
    """Take who is in the segment now for granted; at the start, unless they are to come in too."""
    if campaign.entry != Entry.SEGMENT or campaign.segment is None:
        return
    is_start = not Lookout.objects.filter(campaign=campaign).exists()
    if is_start and campaign.trigger.get("present"):
        seen: dict[str, Any] = {"members": BitMap(), "seen_at": None}
    else:
        seen = {"members": campaign.segment.members, "seen_at": campaign.segment.computed_at}
    Lookout.objects.update_or_create(campaign=campaign, defaults=seen)


def end(campaign: Campaign) -> None:
    """Listen and look no more."""
    heard.stop(ear(campaign))
    Lookout.objects.filter(campaign=campaign).delete()


def ear(campaign: Campaign) -> str:
    """The campaign's name as a listener."""
    return f"campaign:{campaign.pk}"


def is_open(campaign: Campaign, at: dt.datetime) -> bool:
    """Whether anybody can come in at this moment."""
    is_over = campaign.ends_at is not None and campaign.ends_at <= at
    return campaign.status == Status.SENDING and not is_over and campaign.closed_at is None


# --- again and again --------------------------------------------------------


def strike(campaign: Campaign, *, at: dt.datetime) -> Intake | None:
    """Let the segment's members in, if the timetable's hour has come.

    An hour that was missed for longer than `GRACE` is written down as missed.

    Raises:
        Stuck: the segment is not what was approved, or its members cannot be computed.
    """
    if not is_open(campaign, at) or (hour := _struck(campaign, at)) is None:
        return None
    key = f"at {hour.isoformat()}"
    if Intake.objects.filter(campaign=campaign, key=key).exists():
        return None
    if at - hour > GRACE:
        return _let_in(campaign, key, BitMap(), at=at, left_out={"missed": 1})
    members = _members(campaign, at)
    division = divided(campaign, members)
    left_out = {reason: len(found) for reason, found in division.left_out.items() if found}
    return _let_in(campaign, key, division.kept, at=at, left_out=left_out)


def _struck(campaign: Campaign, at: dt.datetime) -> dt.datetime | None:
    """The last hour of the timetable since the campaign started."""
    hour = moments.latest(moments.read(campaign.timetable), at, clock.zone())
    begins = max(filter(None, (campaign.started_at, campaign.starts_at)), default=None)
    return hour if begins is None or hour >= begins else None


def _members(campaign: Campaign, at: dt.datetime) -> BitMap:
    """The segment's members of today, computed now if they are older.

    Raises:
        Stuck: they cannot be had.
    """
    segment = approved_segment(campaign)
    if membership.is_stale(segment, clock.day_of(at)):
        membership.recompute(segment, day=clock.day_of(at))
        segment.refresh_from_db()
    today = clock.day_of(at)
    if audience.problem_with(segment, today, lasting=True):
        words = kept_words.each(lambda: audience.problem_with(segment, today, lasting=True) or "")
        raise Stuck(words)
    return segment.members


def approved_segment(campaign: Campaign) -> Segment:
    """Its segment, for whoever lets customers in by it.

    Raises:
        Stuck: its rule is not the one that was approved.
    """
    segment = campaign.segment
    assert segment is not None
    approved = Audience.objects.filter(campaign=campaign).values_list("segment_rule", flat=True)
    is_other = segment.rule != approved.first()
    if other := segment if is_other else audience.strayed(campaign, segment.rule):
        raise Stuck(not_approved(other))
    return segment


def misfits(campaign: Campaign) -> BitMap:
    """Whom guards keep what it offers from, for whoever lets customers in.

    Raises:
        Stuck: who they are cannot be told any more.
    """
    try:
        return guards.left_out(campaign)
    except guards.Strayed as problem:
        raise Stuck(not_approved(problem.segment)) from problem


def divided(campaign: Campaign, members: BitMap) -> audience.Division:
    """Who may come in now, and who would get nothing, each under one reason.

    Raises:
        Stuck: whom guards keep it from cannot be told any more.
    """
    try:
        return audience.divided(campaign, planning.of(campaign), members)
    except guards.Strayed as problem:
        raise Stuck(not_approved(problem.segment)) from problem


@transaction.atomic
def _let_in(
    campaign: Campaign, key: str, members: BitMap, *, at: dt.datetime, left_out: Mapping[str, int]
) -> Intake | None:
    held = waves.hold(campaign)
    if held is None:
        return None
    again = members & intakes.not_again(held, clock.day_of(at))
    counts = {**left_out, "again": len(again)} if again else left_out
    return intakes.let_in(held, key, members - again, at=at, left_out=counts)


# --- into a segment ---------------------------------------------------------


@transaction.atomic
def look(campaign: Campaign, *, at: dt.datetime) -> Intake | None:
    """Let in who came into the segment since the last look.

    Raises:
        Stuck: the segment is not what was approved.
    """
    seen = Lookout.objects.filter(campaign=campaign).values_list("seen_at", flat=True).first()
    computed = Segment.objects.filter(pk=campaign.segment_id or 0, failure="")
    computed_at = computed.values_list("computed_at", flat=True).first()
    if computed_at is None or computed_at == seen or not is_open(campaign, at):
        return None
    held = waves.hold(campaign)
    if held is None:
        return None
    segment, lookout = approved_segment(held), Lookout.objects.get(campaign=held)
    came = segment.members - lookout.members
    lookout.members, lookout.seen_at = segment.members, segment.computed_at
    lookout.save(update_fields=["members", "seen_at"])
    if not came:
        return None
    division = divided(held, came)
    left_out = {reason: len(found) for reason, found in division.left_out.items() if found}
    key = f"seen {segment.computed_at.isoformat()}" if segment.computed_at else "seen"
    return _let_in(held, key, division.kept, at=at, left_out=left_out)


# --- when something happens -------------------------------------------------


@dataclass
class Ears:
    """What was heard, sorted: who leaves through which door, and who may come in by what."""

    doors: dict[str, BitMap] = field(default_factory=dict)
    coming: dict[int, Heard] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


@transaction.atomic
def hear(campaign: Campaign, *, at: dt.datetime) -> Intake | None:
    """Take what was heard: some leave, some come in.

    While the campaign is paused, people leave and nobody comes in.

    Raises:
        Stuck: the segment that one has to be in is not what was approved.
    """
    rows = Campaign.objects.select_for_update(no_key=True)
    held = rows.filter(pk=campaign.pk, status__in=(Status.SENDING, Status.PAUSED)).first()
    events = heard.take(ear(campaign)) if held else []
    if held is None or not events:
        return None
    ears = _sort(held, events, at)
    for door, members in ears.doors.items():
        waves.take_out(held, waves.Gone(door, members))
    came = _admitted(held, ears, at)
    if not came and not ears.left_out:
        return None
    contexts = {customer: ears.coming[customer].properties for customer in came}
    key = "heard " + hashlib.sha256("\n".join(one.key for one in events).encode()).hexdigest()[:32]
    return intakes.let_in(held, key, came, at=at, left_out=dict(ears.left_out), contexts=contexts)


def _sort(campaign: Campaign, events: Sequence[Heard], at: dt.datetime) -> Ears:
    """In the order in which things happened: who left after coming did not come in."""
    ears, wanted = Ears(), _wanted(campaign)
    leaving: dict[str, set[int]] = {}
    for one in events:
        if one.name in campaign.exit_events:
            is_goal = one.name == campaign.conversion_event
            leaving.setdefault(waves.GOAL if is_goal else waves.EXIT, set()).add(one.customer)
            ears.coming.pop(one.customer, None)
        if wanted and triggers.fits(wanted, one.name, one.properties):
            if at - one.time > GRACE:
                ears.left_out["late"] += 1
            else:
                ears.coming[one.customer] = one
    ears.doors = {door: bitmaps.from_ids(who) for door, who in leaving.items()}
    return ears


def _wanted(campaign: Campaign) -> Did | None:
    if campaign.entry != Entry.EVENT:
        return None
    known = Vocabulary(events=frozenset([campaign.trigger["event"]]))
    return triggers.read(campaign.trigger, known)


def _admitted(campaign: Campaign, ears: Ears, at: dt.datetime) -> BitMap:
    """Who of those that came may come in; the others are counted by the first reason."""
    came = bitmaps.from_ids(ears.coming)
    for reason, those in _refused(campaign, came, at):
        if turned_away := came & those:
            ears.left_out[reason] += len(turned_away)
            came = came - turned_away
    return came


def _refused(campaign: Campaign, came: BitMap, at: dt.datetime) -> Iterable[tuple[str, BitMap]]:
    if not came:
        return
    if not is_open(campaign, at):
        yield "paused" if campaign.status == Status.PAUSED else "closed", came
        return
    if campaign.segment:
        yield "segment", came - approved_segment(campaign).members
    yield Exclusion.Reason.MISMATCH, misfits(campaign)
    yield "again", intakes.not_again(campaign, clock.day_of(at))
