"""A round through a campaign under way: who comes in, who leaves, who takes the next step."""

import datetime as dt

from django.db.models import Q
from django.db.models.functions import Now

from campaigns.journeys import entering, gathering, waves
from campaigns.models import Campaign, Message, Wave
from segments import heard

Entry, Status = Campaign.Entry, Campaign.Status
OVER = (Status.SENT, Status.CANCELLED)


def to_go(*, at: dt.datetime) -> list[int]:
    """The campaigns in which somebody may move at this moment, or that may be over; by priority."""
    sending = Campaign.objects.filter(status=Status.SENDING)
    steps = Wave.objects.filter(waves.due(), status=Wave.Status.WAITING)
    put_off = Message.objects.filter(status=Message.Status.DEFERRED, due_at__lte=Now())
    open_ = Wave.objects.exclude(status=Wave.Status.DONE)
    is_closing = Q(entry=Entry.ONCE) | Q(closed_at__isnull=False) | Q(ends_at__lte=at)
    found = {
        *sending.filter(
            Q(pk__in=steps.exclude(kind=waves.MESSAGE).values("campaign"))
            | Q(pk__in=put_off.values("campaign"))
            | Q(entry__in=[Entry.RECURRING, Entry.SEGMENT])
        ).values_list("pk", flat=True),
        *sending.filter(is_closing)
        .exclude(pk__in=open_.values("campaign"))
        .values_list("pk", flat=True),
        *(int(who.partition(":")[2]) for who in heard.waiting() if who.startswith("campaign:")),
    }
    ordered = Campaign.objects.filter(pk__in=found).order_by("-priority", "pk")
    return [*ordered.values_list("pk", flat=True)]


def go(campaign: Campaign, *, at: dt.datetime) -> bool:
    """One round; whether anybody moved. Nothing of it is lost or done twice by a second one.

    Raises:
        stepping.Stuck: a step cannot be taken; says why in words.
    """
    if campaign.status in OVER:  # an intake that was at it heard something after the end
        heard.stop(entering.ear(campaign))
        return False
    moved = entering.hear(campaign, at=at) is not None
    if campaign.status != Status.SENDING:
        return moved
    if campaign.entry == Entry.RECURRING:
        moved |= entering.strike(campaign, at=at) is not None
    elif campaign.entry == Entry.SEGMENT:
        moved |= entering.look(campaign, at=at) is not None
    moved |= waves.recall(campaign) > 0
    moved |= waves.advance(campaign) > 0
    gathering.gather(campaign)
    return moved
