"""Whose turn it is: which of a playbook's plays each customer gets, if any."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from pyroaring import BitMap

from campaigns import assignment, exposure
from campaigns.journeys import entering, intakes, waves
from campaigns.journeys.intakes import Room
from campaigns.journeys.stepping import Stuck
from campaigns.models import Campaign, Play, Playbook, Turn
from console import clock, kept_words
from segments import bitmaps
from segments.models import Segment

OTHER_PLAY, RESTING, BUDGET, PAUSED = "other_play", "resting", "budget", "paused"
Status = Playbook.Status


class Strayed(Stuck):
    """A play whose segment is no longer what was approved, in words; its campaign has to stop."""

    def __init__(self, campaign: Campaign, words: str) -> None:
        super().__init__(words)
        self.campaign = campaign


@dataclass(frozen=True)
class Coming:
    """Who came into a play's segment and may get it, and who not, by the first reason."""

    members: BitMap
    left_out: dict[str, BitMap]


@transaction.atomic
def look(playbook: Playbook, *, at: dt.datetime) -> int:
    """Give whoever came since the last look the first play that fits; how many came in.

    Looked at twice, the second time nobody has come. While the night computes the segments one
    by one nobody is looked at: somebody would get a lower play before the higher one is known.

    Raises:
        Strayed: a play's segment is not what was approved; nobody came in anywhere.
    """
    held = Playbook.objects.select_for_update().filter(pk=playbook.pk, status=Status.ACTIVE).first()
    if held is None:
        return 0
    plays = list(held.plays.select_related("campaign").order_by("place"))
    segments = Segment.objects.in_bulk([one.campaign.segment_id for one in plays])
    if not _are_of_one_day(segments.values()):
        return 0
    came, above = 0, BitMap()
    for play in plays:
        segment = segments[play.campaign.segment_id or 0]
        if segment.computed_at is None:
            continue
        if segment.computed_at != play.seen_at:
            came += _turn(held, play, segment, above, at)
        above = above | segment.members
    return came


def take_for_granted(playbook: Playbook) -> None:
    """Whoever is in a segment now does not come into it any more."""
    for play in playbook.plays.select_related("campaign__segment"):
        segment = play.campaign.segment
        if segment is not None:
            fields = {"seen": segment.members, "seen_at": segment.computed_at}
            Play.objects.filter(pk=play.pk).update(**fields)


def _are_of_one_day(segments: Collection[Segment]) -> bool:
    """Whether the segments tell of the same day; those that cannot be computed do not count."""
    return len({one.data_as_of for one in segments if not one.failure}) <= 1


def _turn(playbook: Playbook, play: Play, segment: Segment, above: BitMap, at: dt.datetime) -> int:
    """One play's turn: let in whose it is, all but the control."""
    came = segment.members - play.seen
    Play.objects.filter(pk=play.pk).update(seen=segment.members, seen_at=segment.computed_at)
    if not came:
        return 0
    campaign = _under_way(play, at)
    coming = sift(came, {OTHER_PLAY: above, RESTING: resting(play, clock.day_of(at))})
    coming = _reached(campaign, coming) if campaign else coming
    control = controlled(playbook, coming.members)
    treated = coming.members - control
    counts = {reason: len(those) for reason, those in coming.left_out.items() if those}
    if campaign is None:
        counts[PAUSED], treated, control = len(coming.members), BitMap(), BitMap()
    elif (room := _room(playbook, campaign, at)) and len(treated) > room.count:
        counts[room.reason] = len(treated) - room.count
        treated, control = fewer(treated, control, room.count, salt=f"room {play.pk} {at}")
    turn = Turn.objects.create(
        play=play,
        day=clock.day_of(at),
        at=at,
        members=treated,
        control=control,
        left_out=counts,
    )
    if campaign is not None and treated:
        intakes.let_in(campaign, key(turn.pk), treated, at=at, left_out=counts)
    return len(treated)


def _room(playbook: Playbook, campaign: Campaign, at: dt.datetime) -> Room | None:
    """For how many the playbook's budget and the play's own limits leave room."""
    affordable = exposure.room(playbook, campaign, at=at)
    found = [] if affordable is None else [Room(affordable, BUDGET)]
    if within := intakes.room(campaign, clock.day_of(at)):
        found.append(within)
    return min(found, key=lambda one: one.count, default=None)


def key(turn: int) -> str:
    """What a turn's intake is known by."""
    return f"turn {turn}"


def _under_way(play: Play, at: dt.datetime) -> Campaign | None:
    """The play's campaign, held, if it lets anybody in."""
    campaign = waves.hold(play.campaign)
    if campaign is None or not entering.is_open(campaign, at):
        return None
    try:
        entering.approved_segment(campaign)
    except Stuck as problem:
        raise Strayed(campaign, kept_words.of(problem)) from problem
    return campaign


def _reached(campaign: Campaign, coming: Coming) -> Coming:
    """Without those who would certainly get nothing: they would hold money that others need."""
    try:
        division = entering.divided(campaign, coming.members)
    except Stuck as problem:
        raise Strayed(campaign, kept_words.of(problem)) from problem
    return Coming(division.kept, coming.left_out | division.left_out)


def sift(came: BitMap, reasons: Mapping[str, BitMap]) -> Coming:
    """Take out whom a reason concerns; the first one counts."""
    left_out: dict[str, BitMap] = {}
    rest = came
    for reason, those in reasons.items():
        left_out[reason] = rest & those
        rest = rest - those
    return Coming(rest, left_out)


def controlled(playbook: Playbook, members: BitMap) -> BitMap:
    """The share that gets nothing of the whole playbook: in each play the same customers."""
    part = round(playbook.control_share * assignment.WHOLE)
    return assignment.share(members, part, salt=f"playbook {playbook.pk}")


def fewer(treated: BitMap, control: BitMap, room: int, *, salt: str) -> tuple[BitMap, BitMap]:
    """So many of the treated, by chance, and as large a part of the control."""
    part = room * assignment.WHOLE // len(treated)
    some = assignment.some(treated, room, salt=salt)
    return some, assignment.share(control, part, salt=salt)


def resting(play: Play, on: dt.date) -> BitMap:
    """Who had a turn lately, in any playbook: of this one only in a play as urgent or more so."""
    since = on - dt.timedelta(days=play.playbook.rest_days)
    lately = Turn.objects.filter(day__gt=since)
    theirs = lately.exclude(play__playbook=play.playbook_id)
    ours = lately.filter(play__playbook=play.playbook_id, play__place__lte=play.place)
    return _together(theirs) | _together(ours)


def _together(turns: QuerySet[Turn]) -> BitMap:
    rows = turns.values_list("members", "control")
    return bitmaps.union([members | control for members, control in rows])


def left_out(playbook: Playbook, since: dt.date) -> dict[str, int]:
    """How many were left out since a day, by reason."""
    sums: dict[str, int] = {}
    turns = Turn.objects.filter(play__playbook=playbook, day__gte=since)
    for counts in turns.values_list("left_out", flat=True):
        for reason, count in counts.items():
            sums[reason] = sums.get(reason, 0) + count
    return sums


def active() -> list[int]:
    """The playbooks that are in force."""
    return list(Playbook.objects.filter(status=Status.ACTIVE).values_list("pk", flat=True))


def campaigns(playbook: Playbook) -> list[Campaign]:
    """What its plays say and give, in their order."""
    return [one.campaign for one in playbook.plays.select_related("campaign").order_by("place")]
