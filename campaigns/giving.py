"""Who was given what by chance: the ways of a plan that its splits lead to."""

from collections.abc import Iterator
from dataclasses import dataclass

from pyroaring import BitMap

from campaigns import parting
from campaigns.models import Campaign
from campaigns.plans.nodes import Branch, Exit, Message, Plan, Split, Step, Task, walk

COUPON = "coupon"
MESSAGE, WORK = "message:", "work:"  # with the channel, or what the work is called, behind it


@dataclass(frozen=True)
class Arm:
    """Customers whom chance sent the same way, and what waits for them on it.

    What is on a way counts for all who take it, also where a branch on it is only for some: how
    customers are told apart there is no chance, and so is a part of the way.
    """

    way: tuple[str, ...]  # of each split: its key and the arm's
    given: frozenset[str]
    members: BitMap
    is_over: bool = False


def of(campaign: Campaign, plan: Plan, members: BitMap) -> list[Arm]:
    """The arms of everybody who came in to get it."""
    return list(_walk(campaign, plan.steps, [Arm((), frozenset(), members)]))


def _walk(campaign: Campaign, steps: tuple[Step, ...], arms: list[Arm]) -> list[Arm]:
    for step in steps:
        arms = [one for arm in arms for one in _through(campaign, step, arm)]
    return arms


def _through(campaign: Campaign, step: Step, arm: Arm) -> Iterator[Arm]:
    if arm.is_over:
        yield arm
        return
    match step:
        case Split():
            parts = parting.arms(campaign, step, arm.members)
            for one in step.arms:
                way = (*arm.way, f"{step.key}:{one.key}")
                yield from _walk(campaign, one.steps, [Arm(way, arm.given, parts[one.key])])
        case Exit():
            yield Arm(arm.way, arm.given, arm.members, is_over=True)
        case _other:
            inside = walk((step,)) if isinstance(step, Branch) else iter((step,))
            given = arm.given.union(*(_gives(one) for one in inside))
            yield Arm(arm.way, given, arm.members)


def _gives(step: Step) -> frozenset[str]:
    match step:
        case Message():
            coupon = {COUPON} if step.coupon is not None else set()
            return frozenset({f"{MESSAGE}{step.channel}", *coupon})
        case Task():
            return frozenset({f"{WORK}{step.title}"})
        case _other:
            return frozenset()
