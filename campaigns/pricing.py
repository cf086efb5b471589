"""Pricing: a campaign's messages, coupons and work for people, with what comes back."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from decimal import Decimal

from pyroaring import BitMap

from campaigns import parting, planning
from campaigns.costs import lines as costs
from campaigns.costs.lines import Line, Order
from campaigns.models import Campaign, ChannelAccount, CouponBatch, Evidence, Quote
from campaigns.offers import coupons
from campaigns.plans import exposure
from campaigns.plans.exposure import Share
from campaigns.plans.nodes import Message, Plan, Task, Wait
from campaigns.precedents.outlook import Range
from campaigns.providers import accounts
from campaigns.words import lengths
from console import clock, kept_words


def size_of(campaign: Campaign, audience: int, *, at: dt.datetime) -> int | None:
    """How many it is priced for: its audience; of one that lasts, the most that it lets in.

    None where it lasts and nothing limits how many come.
    """
    if not campaign.is_lasting:
        return audience
    limits = [campaign.most_in_all, _most_until_the_end(campaign, at)]
    return min((limit for limit in limits if limit is not None), default=None)


def _most_until_the_end(campaign: Campaign, at: dt.datetime) -> int | None:
    """As many as come a day, on every day from its start to its end."""
    if campaign.most_a_day is None or campaign.ends_at is None:
        return None
    begins = max(at, campaign.starts_at or at)
    days = (clock.day_of(campaign.ends_at) - clock.day_of(begins)).days + 1
    return campaign.most_a_day * max(0, days)


def gather(campaign: Campaign, members: BitMap, found: Evidence, *, at: dt.datetime) -> Quote:
    """Price it for its audience, or for the most that it lets in, and keep the quote."""
    quote = of(campaign, members, found, at=at)
    quote.save(force_insert=True)
    return quote


def of(campaign: Campaign, members: BitMap, found: Evidence, *, at: dt.datetime) -> Quote:
    """The same, not kept: who comes in together is known one by one, who comes later is not."""
    if not campaign.is_lasting:
        return made(campaign, len(members), found, at=at, members=members)
    return made(campaign, size_of(campaign, len(members), at=at), found, at=at)


def made(
    campaign: Campaign,
    size: int | None,
    found: Evidence,
    *,
    at: dt.datetime,
    members: BitMap | None = None,
) -> Quote:
    """Of so many customers; None: what one costs. With them, chance has divided them already."""
    plan, people = planning.of(campaign), 1 if size is None else size
    if members is None:
        counts = _by_shares(campaign, plan, people, least=_least(campaign, size))
        gets_it = round(people * (1 - campaign.control_share))
    else:
        counts = parting.counts(campaign, plan, members)
        gets_it = people - len(parting.control(campaign, members))
    lines = list(_lines(campaign, plan, _who_may_leave(campaign, plan, counts), found))
    total = costs.total(lines)
    return Quote(
        campaign=campaign,
        size=size,
        lines=[one.as_json() for one in lines],
        low_minor=total.low,
        expected_minor=round(total.middle),
        worst_minor=total.high,
        returns=_returns(found, gets_it),
        made_at=at,
    )


def _least(campaign: Campaign, size: int | None) -> float:
    """The share of them that comes for sure: where they come by themselves, perhaps nobody."""
    return 0 if campaign.is_lasting and size is not None else 1


def _by_shares(
    campaign: Campaign, plan: Plan, size: int, *, least: float
) -> dict[str, costs.Count]:
    """How many come to each step, when nobody knows yet who they are; of one, that one."""
    part = 1 - campaign.control_share if size > 1 else 1
    return {
        key: costs.times(size, share.times(least * part, part, part))
        for key, share in exposure.of(plan).items()
    }


def _who_may_leave(
    campaign: Campaign, plan: Plan, counts: Mapping[str, costs.Count]
) -> dict[str, costs.Count]:
    """While somebody waits, an event may take them out: behind a wait perhaps nobody is left."""
    waits = [key for key, step in plan.by_key.items() if isinstance(step, Wait)]
    behind = set().union(*map(plan.ahead, waits)) if campaign.exit_events else set()
    return {key: replace(count, low=0) if key in behind else count for key, count in counts.items()}


def _lines(
    campaign: Campaign, plan: Plan, counts: Mapping[str, costs.Count], found: Evidence
) -> Iterator[Line]:
    batches = CouponBatch.objects.in_bulk(
        [one.coupon for one in plan.messages() if one.coupon is not None]
    )
    for step in plan.by_key.values():
        count = counts[step.key]
        match step:
            case Message():
                yield from _message(campaign, step, count)
                if step.coupon in batches:
                    yield _coupon(step.key, batches[step.coupon], count, found)
            case Task():
                times = count if step.each else costs.Count(int(count.low > 0), 1, 1)
                yield Line("task", step.key, step.title, times, Decimal(clock.project().work_minor))


def _message(campaign: Campaign, step: Message, count: costs.Count) -> Iterator[Line]:
    """What it costs; where there is a second channel, at most what the dearer one does."""
    each, most = price(campaign, step.channel, [one.template for one in step.variants])
    if step.second is None:
        yield Line("message", step.key, step.channel, count, each, most=most)
        return
    other = step.second.channel
    usual, dearest = price(campaign, other, [step.second.template])
    low = 0 if usual < each else count.low
    yield Line("message", step.key, step.channel, replace(count, low=low), each, most=most)
    if dearest > most:
        more = costs.Count(0, 0, count.high)
        yield Line(
            "second", step.key, other, more, max(usual - each, Decimal(0)), most=dearest - most
        )


def price(campaign: Campaign, channel: str, templates: list[int]) -> tuple[Decimal, Decimal]:
    """What a message through a channel's own account costs: usually, and at most."""
    account = ChannelAccount.objects.filter(is_default=True, channel=channel).first()
    if account is None or not account.tariff:
        return Decimal(0), Decimal(0)
    if not accounts.KINDS[account.kind].per_part:
        return account.tariff, account.tariff
    parts = lengths.of(campaign, templates)
    return account.tariff * parts.usual, account.tariff * parts.most


def _coupon(step: str, batch: CouponBatch, count: costs.Count, found: Evidence) -> Line:
    """Its face value as often as it will be redeemed; nobody redeems more than there are."""
    if batch.most_issued is not None:
        most = batch.most_issued
        count = costs.Count(min(count.low, most), min(count.middle, most), min(count.high, most))
    seen = found.expected.get("redeemed")
    rate = Share(**seen) if seen else costs.WITHOUT_PRECEDENT
    # Whatever was seen, everybody may come with one: that is what the money has to reach for.
    rate = Share(rate.low, rate.middle, 1.0)
    is_share = batch.kind == CouponBatch.Kind.PERCENT
    order = Order.of(found.precedents) if is_share else None
    usual = _usual(batch, order)
    most = coupons.face(batch) if coupons.is_bounded(batch) else usual
    return Line(
        "coupon",
        step,
        kept_words.as_kept(batch.name),
        count,
        Decimal(usual),
        rate=rate,
        most=Decimal(most),
        is_seen=bool(seen),
        order=order,
    )


def _usual(batch: CouponBatch, order: Order | None) -> int:
    """What one redemption costs: of a share off, by the order that past campaigns brought."""
    if batch.kind != CouponBatch.Kind.PERCENT:
        return batch.value_minor or 0
    if order is None:
        return batch.most_minor or 0
    worth = round(order.minor * (batch.percent or 0) / 100)
    return worth if batch.most_minor is None else min(worth, batch.most_minor)


def _returns(found: Evidence, gets_it: int) -> dict[str, float] | None:
    """What comes back, from what past campaigns brought a customer; None without a precedent."""
    revenue, share, lift = (found.expected.get(key) for key in ("revenue", "share", "lift"))
    if not revenue:
        return None
    back = asdict(Range(**revenue).times(gets_it))
    if lift and share and share["middle"]:
        back["caused"] = back["middle"] * lift["middle"] / share["middle"]
    return back
