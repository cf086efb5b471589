"""What a plan asks of people, coupons and events beyond what there is, told before it happens."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns import parting, planning
from campaigns.costs.lines import Count
from campaigns.journeys import stepping
from campaigns.models import Campaign, CouponBatch, MessageTemplate
from campaigns.offers import coupons
from campaigns.plans.nodes import Message, Plan, Task
from campaigns.words import gaps, revisions
from console import figures, kept_words
from console.states import NotAllowed

Entry = Campaign.Entry


@dataclass(frozen=True)
class Shortage:
    """Something that does not reach, in words, and whether that is certain."""

    words: str
    is_certain: bool = False


def of(campaign: Campaign, members: BitMap, *, at: dt.datetime) -> list[Shortage]:
    """Of these customers, if they come in together.

    Raises:
        PlanError: the plan makes no sense.
        liquid.exceptions.LiquidError: for words that `proofing.mistakes` tells.
    """
    plan = planning.of(campaign)
    lost = list(_of_words(campaign, plan))
    if not _come_together(campaign):
        return lost
    counts, found = parting.counts(campaign, plan, members), lost
    wanted: dict[int, int] = {}
    for step in plan.by_key.values():
        count = counts[step.key]
        if isinstance(step, Task) and step.each:
            found += _of_work(step, count, is_sure=campaign.entry != Entry.PLAYBOOK)
        elif isinstance(step, Message) and step.coupon is not None:
            wanted[step.coupon] = wanted.get(step.coupon, 0) + count.high
    return [*found, *_of_coupons(wanted, at)]


def require(campaign: Campaign, members: BitMap, *, at: dt.datetime) -> list[str]:
    """What the approver has to read, in kept words.

    Raises:
        NotAllowed: it could not be carried out whatever the customers do.
    """
    found = of(campaign, members, at=at)
    for one in found:
        if one.is_certain:
            raise NotAllowed(one.words)
    if not found:
        return []
    return kept_words.each_line(lambda: [one.words for one in of(campaign, members, at=at)])


def _of_words(campaign: Campaign, plan: Plan) -> Iterator[Shortage]:
    """Words that nobody could get, because what they speak of is not there."""
    steps = list(plan.messages())
    templates = MessageTemplate.objects.in_bulk([one for step in steps for one in step.templates])
    needs = {pk: gaps.needed(revisions.unsaved(one)) for pk, one in templates.items()}
    for step in steps:
        for number in step.templates:
            said = {"name": templates.get(number, number)}
            asks = needs.get(number, set())
            if "coupon" in asks and step.coupon is None:
                words = _(
                    "“%(name)s” speaks of a coupon: give one in its step, or choose other words."
                )
                yield Shortage(words % said, is_certain=True)
            if "event" in asks and campaign.entry != Entry.EVENT:
                words = _("“%(name)s” speaks of an event, and no event lets customers in here.")
                yield Shortage(words % said, is_certain=True)


def _come_together(campaign: Campaign) -> bool:
    """Whether all of a segment may come at once; a playbook says itself whether they do."""
    if campaign.entry == Entry.SEGMENT:
        return bool(campaign.trigger.get("present"))
    return campaign.entry != Entry.EVENT


def _of_work(step: Task, count: Count, *, is_sure: bool) -> Iterator[Shortage]:
    most = stepping.MOST_WORK
    if count.high <= most:
        return
    said = {"title": step.title, "count": figures.whole(count.high), "most": figures.whole(most)}
    if is_sure and count.low > most:
        words = _(
            "“%(title)s” would make %(count)s work items at once; %(most)s are allowed. Give one "
            "for all, or choose a smaller segment."
        )
        yield Shortage(words % said, is_certain=True)
    else:
        words = _(
            "“%(title)s” may make %(count)s work items at once; where it is more than %(most)s, "
            "the campaign stops there."
        )
        yield Shortage(words % said)


def _of_coupons(wanted: dict[int, int], at: dt.datetime) -> Iterator[Shortage]:
    for batch in CouponBatch.objects.filter(pk__in=wanted).order_by("pk"):
        room = coupons.left(batch, at=at)
        if room is None or room >= wanted[batch.pk]:
            continue
        words = _(
            "Of the coupon “%(name)s” %(left)s are left; up to %(count)s customers are to get it. "
            "The others get no message."
        )
        count, left = figures.whole(wanted[batch.pk]), figures.whole(room)
        yield Shortage(words % {"name": batch, "left": left, "count": count})
