"""Conversions as events: what a campaign aims at, done after its message, told to the lake once."""

from pyroaring import BitMap

from campaigns.models import Campaign
from metrics.models import ResultBasis
from metrics.queries import conversions
from metrics.queries.conversions import Windows
from segments import catalogue, ingest

NAME = "campaign_converted"


def tell(campaign: Campaign, inside: Windows, *, count: int) -> int:
    """Tell of those who were not told of yet, when they did it for the first time; how many.

    `count` is of all who did it: where so many are told of, nothing is asked. Part of the caller's
    transaction, in which the campaign's result is written.
    """
    basis, _made = ResultBasis.objects.select_for_update().get_or_create(campaign=campaign)
    if count <= len(basis.converted):
        return 0
    aim = catalogue.canonical(campaign.conversion_event)
    found = conversions.first(aim, inside)
    fresh = BitMap(found) - basis.converted
    told = ingest.receive(
        ingest.IncomingEvent(
            key=f"conv-{campaign.pk}-{customer}",
            customer=customer,
            name=NAME,
            time=found[customer],
            properties={"campaign": campaign.pk, "event": aim},
        )
        for customer in fresh
    )
    basis.converted = basis.converted | fresh
    basis.save(update_fields=["converted"])
    return told
