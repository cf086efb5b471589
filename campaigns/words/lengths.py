"""How many short messages a text is charged as, by what some of its customers would get."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from liquid.exceptions import LiquidError
from pyroaring import BitMap

from campaigns.channels import sms_parts
from campaigns.models import Campaign, MessageTemplate, TemplateRevision
from campaigns.words import forms, rendering, revisions, short_links, wording
from console import clock
from segments import traits
from segments.models import Customer

SAMPLE = 50


@dataclass(frozen=True)
class Parts:
    """Of one message: usually, and at most."""

    usual: Decimal = Decimal(1)
    most: int = 1


def of(campaign: Campaign, templates: list[int]) -> Parts:
    """Parts of a step's wordings; one where nobody is there to try them on."""
    found = [one for number in templates for one in _parts(campaign, number)]
    if not found:
        return Parts()
    return Parts(Decimal(round(100 * sum(found) / len(found))) / 100, max(found))


def _parts(campaign: Campaign, template: int) -> Iterator[int]:
    words = _words(campaign, template)
    if words is None or words.channel != forms.SMS:
        return
    try:
        letter = rendering.prepare(words, campaign_name=str(campaign), project=clock.project())
    except LiquidError:  # what `proofing` tells
        return
    customers = list(Customer.objects.filter(pk__in=_some(campaign)))
    known = traits.of([one.pk for one in customers], letter.traits)
    link, coupon = short_links.address(short_links.EXAMPLE), wording.EXAMPLE["coupon"]
    for one in customers:
        try:
            made = rendering.render(
                letter, one, known[one.pk], link=lambda _target: link, coupon=coupon, event={}
            )
        except wording.CannotRender:
            continue
        yield sms_parts.parts(made.text)


def _words(campaign: Campaign, template: int) -> TemplateRevision | None:
    """As they were frozen, or of a draft as they stand; None where there is no such template."""
    if not campaign.is_draft:
        return revisions.frozen_of(campaign.audience, template)
    found = MessageTemplate.objects.filter(pk=template).first()
    return revisions.unsaved(found) if found else None


def _some(campaign: Campaign) -> list[int]:
    """Members from all over the segment."""
    members = campaign.segment.members if campaign.segment else BitMap()
    step = max(1, len(members) // SAMPLE)
    return [members[at] for at in range(0, len(members), step)][:SAMPLE]
