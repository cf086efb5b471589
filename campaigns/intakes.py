"""Letting customers into a campaign together: each intake once, without its control group."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from pyroaring import BitMap

from campaigns import assignment, planning, waves
from campaigns.models import Campaign, Entrance, Intake
from campaigns.stepping import Place
from console import clock
from segments import bitmaps, live_sets
from segments.models import Customer

Contexts = Mapping[int, Mapping[str, Any]]
START = "start"  # the key of the only intake of a campaign that runs once


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

    The caller holds the campaign, so that no two do it at once.
    """
    if Intake.objects.filter(campaign=campaign, key=key).exists():
        return None
    control = controlled(campaign, members)
    intake = Intake.objects.create(
        campaign=campaign,
        number=_next_number(campaign),
        key=key,
        members=members,
        control=control,
        left_out=dict(left_out or {}),
        contexts={str(customer): dict(said) for customer, said in (contexts or {}).items()},
        at=at,
    )
    first = planning.of(campaign).first
    assert first is not None
    waves.arrive(campaign, [Place(first, intake.number, members - control)])
    _note(campaign, members, clock.day_of(at))
    return intake


def controlled(campaign: Campaign, members: BitMap) -> BitMap:
    """The share that gets nothing, the same customers whenever they come in."""
    part = round(campaign.control_share * assignment.WHOLE)
    return assignment.share(members, part, salt=f"control {campaign.pk}")


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
    came = bitmaps.union([BitMap(one) for one in found.values_list("members", flat=True)])
    gone = came - live_sets.everyone()
    if not gone:
        return came
    became = Customer.objects.filter(pk__in=list(gone), merged_into__isnull=False)
    return came | bitmaps.from_ids({one.merged_into_id or 0 for one in became})


def _next_number(campaign: Campaign) -> int:
    last = Intake.objects.filter(campaign=campaign).aggregate(last=Max("number"))["last"]
    return 0 if last is None else last + 1


def _note(campaign: Campaign, members: BitMap, day: dt.date) -> None:
    """Remember who came in that day."""
    found, _is_new = Entrance.objects.get_or_create(
        campaign=campaign, day=day, defaults={"members": BitMap(), "size": 0}
    )
    found.members = found.members | members
    found.size = len(found.members)
    found.save(update_fields=["members", "size"])
