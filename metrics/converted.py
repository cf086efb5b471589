"""Who did what a campaign aims at after its message comes back as an event, once each.

So a segment can ask who converted after a campaign, or who never did. The purchase itself is
another event, which alone counts as activity and as revenue: this one has no amount of its own.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from pyroaring import BitMap

from campaigns.models import Campaign, Message
from console import clock, figures
from metrics.models import ResultBasis
from metrics.queries.conversions import Firsts, Windows
from segments import history, ingest, merging
from segments.lake import questions
from segments.lake.properties import Condition

NAME = "campaign_converted"
AT_A_TIME = 5_000
Deed = tuple[int, dt.datetime, int | None]


@transaction.atomic
def tell(campaign: Campaign, inside: Windows, found: Firsts) -> int:
    """Tell of everybody's first deed within their windows that was not told; how many were new.

    Who is not remembered is looked for in the lake: whoever was merged since has another number,
    and the inbox forgets its keys before a long campaign is over.
    """
    if not found.customers:
        return 0
    basis, _made = ResultBasis.objects.select_for_update().get_or_create(campaign=campaign)
    new = BitMap(found.customers) - basis.converted
    # Of who was merged since, the event may still be on its way.
    new -= BitMap(merging.became(basis.converted).values())
    if not new:
        return 0
    basis.converted = basis.converted | new
    basis.save(update_fields=["converted"])
    new -= _told(campaign, inside)
    deeds = zip(found.customers, found.times, found.amounts, strict=True)
    fresh = [deed for deed in deeds if deed[0] in new]
    return sum(
        ingest.receive(_events(campaign, fresh[start : start + AT_A_TIME]))
        for start in range(0, len(fresh), AT_A_TIME)
    )


def _told(campaign: Campaign, inside: Windows) -> BitMap:
    since, until = inside.days
    ours = [Condition("campaign", "=", campaign.pk)]
    with history.opened() as lake:
        found = questions.who_did(lake, event=NAME, since=since, until=until, where=ours)
    return BitMap(found["customer"].to_numpy())


def _events(campaign: Campaign, deeds: Sequence[Deed]) -> Iterator[ingest.IncomingEvent]:
    messages = _messages(campaign, deeds)
    for customer, at, amount in deeds:
        yield ingest.IncomingEvent(
            key=f"campaign-{campaign.pk}-converted-{customer}",
            customer=customer,
            name=NAME,
            time=at,
            properties={
                "campaign": campaign.pk,
                "event": campaign.conversion_event,
                **messages.get(customer, {}),
                **_value(amount),
            },
        )


def _messages(campaign: Campaign, deeds: Sequence[Deed]) -> Mapping[int, dict[str, Any]]:
    """By customer, what the last message before the deed was."""
    when = {customer: at for customer, at, _amount in deeds}
    mine = Message.objects.filter(campaign=campaign, status=Message.Status.SENT)
    now = mine.annotate(who=merging.number_of_today("customer"))
    sent = now.filter(who__in=when).order_by("sent_at", "pk")
    found: dict[int, dict[str, Any]] = {}
    for customer, at, *what in sent.values_list(
        "who", "sent_at", "channel", "step", "variant"
    ).iterator():
        if at is not None and at <= when[customer]:
            found[customer] = dict(zip(("channel", "step", "variant"), what, strict=True))
    return found


def _value(amount: int | None) -> dict[str, float]:
    """What the deed came to, as people write it in a rule."""
    if amount is None:
        return {}
    return {"value": float(figures.major(amount, clock.project().currency))}
