"""How a campaign's customers are told apart by chance: its control, arms of splits, wordings."""

from dataclasses import dataclass

from pyroaring import BitMap

from campaigns import assignment
from campaigns.models import Campaign
from campaigns.plans import nodes
from campaigns.plans.nodes import Branch, Contest, Exit, Message, Plan, Split, Step

CONTROL = ""  # the step of the group that gets nothing
WINNER = "winner"  # the wording of those who wait for one


@dataclass(frozen=True)
class Group:
    """Customers who get one arm or one wording; without a size where a branch comes before it."""

    step: str
    name: str
    share: float  # of those who get to the step
    size: int | None


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


def groups(campaign: Campaign, plan: Plan, members: BitMap) -> list[Group]:
    """The groups of these customers, as they will be when they come in together.

    Steps lead forward only, so that in reading order everybody has come to a step before it.
    """
    apart = control(campaign, members)
    found = [Group(CONTROL, CONTROL, campaign.control_share, len(apart))] if apart else []
    standing: dict[str, BitMap | None] = {plan.first: members - apart} if plan.first else {}
    for key, step in plan.by_key.items():
        here = standing.get(key, BitMap())
        parts = _parts(campaign, step, here)
        if len(parts) > 1:
            found += [Group(key, name, share, _size(those)) for name, share, those in parts]
        for entry, those in _ways(campaign, plan, step, here):
            if entry is not None:
                standing[entry] = _joined(standing.get(entry, BitMap()), those)
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
    campaign: Campaign, plan: Plan, step: Step, here: BitMap | None
) -> list[tuple[str | None, BitMap | None]]:
    """Where those before a step go on; nobody knows beforehand who goes which way of a branch."""
    match step:
        case Exit():
            return []
        case Branch():
            return [(plan.entry_of(way, step), None) for way in nodes.ways(step)]
        case Split():
            told = {} if here is None else arms(campaign, step, here)
            return [(plan.entry_of(arm.steps, step), told.get(arm.key)) for arm in step.arms]
        case _plain:
            return [(plan.follows[step.key], here)]


def _joined(one: BitMap | None, other: BitMap | None) -> BitMap | None:
    return None if one is None or other is None else one | other


def _size(members: BitMap | None) -> int | None:
    return None if members is None else len(members)
