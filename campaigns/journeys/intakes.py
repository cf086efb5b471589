"""Letting customers into a campaign together: each intake once, without its control group."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from pyroaring import BitMap

from campaigns import assignment, parting, planning
from campaigns.journeys import waves
from campaigns.journeys.stepping import Place
from campaigns.models import Campaign, Entrance, Intake
from console import audit, clock
from segments import bitmaps, live_sets
from segments.models import Customer

Contexts = Mapping[int, Mapping[str, Any]]
START = "start"  # the key of the only intake of a campaign that runs once
FULL, FULL_TODAY = "full", "full_today"  # why somebody is turned away


@transaction.atomic
def let_in(
    campaign: Campaign,
    key: str,
    members: BitMap,
    *,
    at: dt.datetime,
    left_out: Mapping[str, int] | None = None,
    contexts: Contexts | None = None,
) -> Intake | None:
    """Let them in and put them before the first step; None when this key came in already.

    For whom the campaign's limits leave no room is turned away, by chance, and counted. The caller
    holds the campaign, so that no two do it at once.
    """
    if Intake.objects.filter(campaign=campaign, key=key).exists():
        return None
    day = clock.day_of(at)
    members, turned_away = _within_limits(campaign, members, day, salt=key)
    control = parting.control(campaign, members)
    intake = Intake.objects.create(
        campaign=campaign,
        number=_next_number(campaign),
        key=key,
        members=members,
        control=control,
        left_out={**(left_out or {}), **turned_away},
        contexts={str(one): dict(said) for one, said in (contexts or {}).items() if one in members},
        at=at,
    )
    first = planning.of(campaign).first
    assert first is not None
    waves.arrive(campaign, [Place(first, intake.number, members - control)])
    _note(campaign, members, day)
    if (left := room(campaign, day)) and left == Room(0, FULL):
        _close(campaign, at)
    return intake


# --- how many may come in -----------------------------------------------------


@dataclass(frozen=True)
class Room:
    """How many more may come in, and the reason for which others may not."""

    count: int
    reason: str


def room(campaign: Campaign, on: dt.date) -> Room | None:
    """What the campaign's limits leave on a day; None: whoever comes may come in.

    True until the transaction ends for whoever holds the campaign.
    """
    if not campaign.is_lasting:  # its audience is frozen
        return None
    if campaign.most_a_day is None and campaign.most_in_all is None:
        return None
    that_day, in_all = came(campaign, on)
    limits = ((campaign.most_in_all, in_all, FULL), (campaign.most_a_day, that_day, FULL_TODAY))
    found = [Room(max(0, most - so_far), why) for most, so_far, why in limits if most is not None]
    return min(found, key=lambda one: one.count)


def came(campaign: Campaign, on: dt.date) -> tuple[int, int]:
    """How often somebody came in on a day, and in all."""
    by_day = dict(Entrance.objects.filter(campaign=campaign).values_list("day", "times"))
    return by_day.get(on, 0), sum(by_day.values())


def _within_limits(
    campaign: Campaign, members: BitMap, day: dt.date, *, salt: str
) -> tuple[BitMap, dict[str, int]]:
    """Those for whom there is room, and how many there is none for, by reason."""
    left = room(campaign, day) if members else None
    if left is None or len(members) <= left.count:
        return members, {}
    kept = assignment.some(members, left.count, salt=f"room {campaign.pk} {salt}")
    return kept, {left.reason: len(members) - left.count}


def _close(campaign: Campaign, at: dt.datetime) -> None:
    """As many came in as were approved: it goes on to its end with those who are in."""
    if Campaign.objects.filter(pk=campaign.pk, closed_at=None).update(closed_at=at):
        campaign.closed_at = at
        audit.log("campaign.closed", campaign, reason=FULL)


# --- who came in --------------------------------------------------------------


def context(campaign: Campaign, occurrence: int, customer: int) -> dict[str, Any]:
    """What the event that let a customer in said; nothing where none did."""
    said = Intake.objects.filter(campaign=campaign, number=occurrence).values_list(
        f"contexts__{customer}", flat=True
    )
    return said.first() or {}


def not_again(campaign: Campaign, on: dt.date) -> BitMap:
    """Who may not come in on a day, because they came in too lately before it.

    Who came in as somebody who was merged into them since is the same person.
    """
    found = Entrance.objects.filter(campaign=campaign)
    if (days := campaign.again_after_days) is not None:
        found = found.filter(day__gt=on - dt.timedelta(days=days))
    entered = bitmaps.union([BitMap(one) for one in found.values_list("members", flat=True)])
    gone = entered - live_sets.everyone()
    if not gone:
        return entered
    became = Customer.objects.filter(pk__in=list(gone), merged_into__isnull=False)
    return entered | bitmaps.from_ids({one.merged_into_id or 0 for one in became})


def _next_number(campaign: Campaign) -> int:
    last = Intake.objects.filter(campaign=campaign).aggregate(last=Max("number"))["last"]
    return 0 if last is None else last + 1


def _note(campaign: Campaign, members: BitMap, day: dt.date) -> None:
    """Remember who came in that day."""
    found, _is_new = Entrance.objects.get_or_create(
        campaign=campaign, day=day, defaults={"members": BitMap(), "size": 0, "times": 0}
    )
    found.members = found.members | members
    found.size = len(found.members)
    found.times += len(members)
    found.save(update_fields=["members", "size", "times"])
