"""How a campaign's customers are told apart by chance: its control, arms of splits, wordings."""

import math
from dataclasses import dataclass

from pyroaring import BitMap

from campaigns import assignment
from campaigns.costs.lines import Count, about
from campaigns.models import Campaign
from campaigns.plans import exposure, nodes
from campaigns.plans.nodes import Branch, Contest, Exit, Message, Plan, Split, Step

CONTROL = ""  # the step of the group that gets nothing
WINNER = "winner"  # the wording of those who wait for one


@dataclass(frozen=True)
class Group:
    """Customers who get one arm or one wording; nobody knows who where a branch comes before."""

    step: str
    name: str
    share: float  # of those who get to the step
    members: BitMap | None

    @property
    def size(self) -> int | None:
        return None if self.members is None else len(self.members)


@dataclass(frozen=True)
class Crowd:
    """Those who may come to a step; where no branch is before it, all of them do."""

    members: BitMap
    is_sure: bool = True


def control(campaign: Campaign, members: BitMap) -> BitMap:
    """The share that gets nothing, the same customers whenever they come in."""
    part = round(campaign.control_share * assignment.WHOLE)
    return assignment.share(members, part, salt=f"control {campaign.pk}")


def arms(campaign: Campaign, step: Split, members: BitMap) -> dict[str, BitMap]:
    """Who goes which way of a split."""
    weights = {arm.key: arm.weight for arm in step.arms}
    return assignment.split(members, weights, salt=f"campaign {campaign.pk} {step.key}")


def wordings(campaign: Campaign, step: Message, members: BitMap) -> dict[str, BitMap]:
    """Who gets which wording of a message."""
    weights = {one.key: one.weight for one in step.variants}
    return assignment.split(members, weights, salt=f"campaign {campaign.pk} {step.key} words")


def tried(campaign: Campaign, step: str, rule: Contest, members: BitMap) -> BitMap:
    """On whom the wordings of a message are tried; the others wait for the winner."""
    part = rule.share * assignment.WHOLE // 100
    return assignment.share(members, part, salt=f"trial {campaign.pk} {step}")


def crowds(campaign: Campaign, plan: Plan, members: BitMap) -> dict[str, Crowd]:
    """Who may come to each step of those who come in together, all but the control.

    Steps lead forward only, so that in reading order everybody has come to a step before it.
    """
    gets_it = Crowd(members - control(campaign, members))
    standing = {plan.first: gets_it} if plan.first else {}
    for key, step in plan.by_key.items():
        for entry, those in _ways(campaign, plan, step, standing.setdefault(key, Crowd(BitMap()))):
            if entry is not None:
                standing[entry] = _joined(standing.get(entry), those)
    return standing


def counts(campaign: Campaign, plan: Plan, members: BitMap) -> dict[str, Count]:
    """How many come to each step; exactly, where chance alone divides them on the way there."""
    shares, found = exposure.of(plan), crowds(campaign, plan, members)
    all_ = len(found[plan.first].members) if plan.first else 0
    told: dict[str, Count] = {}
    for key, crowd in found.items():
        most, share = len(crowd.members), shares[key]
        low, middle = math.floor(all_ * share.low), about(all_, share.middle)
        told[key] = (
            Count(most, most, most)
            if crowd.is_sure
            else Count(min(low, most), min(middle, most), most)
        )
    return told


def groups(campaign: Campaign, plan: Plan, members: BitMap) -> list[Group]:
    """The groups of these customers, as they will be when they come in together."""
    apart = control(campaign, members)
    found = [Group(CONTROL, CONTROL, campaign.control_share, apart)] if apart else []
    standing = crowds(campaign, plan, members)
    for key, step in plan.by_key.items():
        here = standing[key]
        parts = _parts(campaign, step, here.members if here.is_sure else None)
        if len(parts) > 1:
            found += [Group(key, name, share, those) for name, share, those in parts]
    return found


def _parts(
    campaign: Campaign, step: Step, here: BitMap | None
) -> list[tuple[str, float, BitMap | None]]:
    """Name, share and members of the parts into which a step divides those before it."""
    match step:
        case Split():
            weights = {arm.key: arm.weight for arm in step.arms}
            told = None if here is None else arms(campaign, step, here)
        case Message(contest=Contest() as rule):
            return _tried(campaign, step, rule, here)
        case Message():
            weights = {one.key: one.weight for one in step.variants}
            told = None if here is None else wordings(campaign, step, here)
        case _other:
            return []
    whole = sum(weights.values())
    return [
        (name, weight / whole, None if told is None else told[name])
        for name, weight in weights.items()
    ]


def _tried(
    campaign: Campaign, step: Message, rule: Contest, here: BitMap | None
) -> list[tuple[str, float, BitMap | None]]:
    """The wordings on those whom they are tried on, and the winner for the others."""
    first = None if here is None else tried(campaign, step.key, rule, here)
    told = None if first is None else wordings(campaign, step, first)
    whole, share = sum(one.weight for one in step.variants), rule.share / 100
    rest = None if here is None or first is None else here - first
    return [
        *(
            (one.key, share * one.weight / whole, None if told is None else told[one.key])
            for one in step.variants
        ),
        (WINNER, 1 - share, rest),
    ]


def _ways(
    campaign: Campaign, plan: Plan, step: Step, here: Crowd
) -> list[tuple[str | None, Crowd]]:
    """Where those before a step go on; nobody knows beforehand who goes which way of a branch."""
    match step:
        case Exit():
            return []
        case Branch():
            anybody = Crowd(here.members, is_sure=False)
            return [(plan.entry_of(way, step), anybody) for way in nodes.ways(step)]
        case Split():
            told = arms(campaign, step, here.members)
            return [
                (plan.entry_of(arm.steps, step), Crowd(told[arm.key], here.is_sure))
                for arm in step.arms
            ]
        case _plain:
            return [(plan.follows[step.key], here)]


def _joined(one: Crowd | None, other: Crowd) -> Crowd:
    if one is None:
        return other
    return Crowd(one.members | other.members, one.is_sure and other.is_sure)
