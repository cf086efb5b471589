"""Held messages: nobody knows whether they left, until a person finds out and says so."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns import transitions
from campaigns.contact import contacting
from campaigns.delivery import settling
from campaigns.journeys import waves
from campaigns.journeys.stepping import Place
from campaigns.models import Campaign, Message
from campaigns.money import paying
from console import audit, roles, states
from console.models import Staff
from console.states import NotAllowed
from segments import bitmaps

ACTION = "campaigns.run"
LEFT, AGAIN, GIVEN_UP = "left", "again", "given_up"  # what a person can say of them
ENDS = (LEFT, AGAIN, GIVEN_UP)
Status = Message.Status


def of(campaign: Campaign) -> QuerySet[Message]:
    """What is held, the oldest first."""
    return Message.objects.filter(campaign=campaign, status=Status.HELD).order_by("pk")


@transaction.atomic
def settle(
    campaign: Campaign, ids: Collection[int], end: str, *, by: Staff, at: dt.datetime
) -> int:
    """Take a person's word for what became of held messages; how many were still held.

    Those that are to go again are decided about anew, as everybody's message is when it leaves;
    a campaign that was done is reopened for them.

    Raises:
        NotAllowed: the role or the team, no such end, or the campaign can send nothing more.
    """
    roles.require(by, ACTION, record=campaign)
    if end not in ENDS:
        raise NotAllowed(_("Say what became of them."))
    rows = list(of(campaign).filter(pk__in=ids).select_for_update())
    if not rows:
        return 0
    numbers = [one.pk for one in rows]
    if end == LEFT:
        states.move_many(Message, numbers, frm=Status.HELD, to=Status.SENT, reason="", sent_at=at)
        settling.tell(campaign.pk, numbers, at)
    elif end == GIVEN_UP:
        states.move_many(Message, numbers, frm=Status.HELD, to=Status.FAILED)
        _give_back(campaign, numbers)
    else:
        transitions.reopen(campaign, by=by)
        states.move_many(Message, numbers, frm=Status.HELD, to=Status.RETRY)
        _give_back(campaign, numbers)
        for place in _places(rows):
            waves.stand_again(campaign, place)
    audit.log("messages.settled", campaign, by=by, end=end, count=len(rows))
    return len(rows)


def _give_back(campaign: Campaign, numbers: list[int]) -> None:
    """They did not leave: no cap counts them, and nothing was paid for them."""
    contacting.give_back(numbers)
    paying.give_back(campaign.pk, numbers)


def _places(rows: list[Message]) -> list[Place]:
    """Where their customers stand: before the step whose message is in doubt."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for one in rows:
        found[one.step, one.occurrence].append(one.customer_id)
    return [Place(*step, bitmaps.from_ids(who)) for step, who in found.items()]
