"""What each part of a campaign did: its messages, its coupon, its calls, or natural demand."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pyroaring import BitMap

from campaigns import giving, planning
from campaigns.models import Campaign, Trial, Wave
from campaigns.plans.nodes import Plan
from campaigns.plans.nodes import Split as SplitStep
from metrics import effects
from metrics.effects import Came, Done, Side
from metrics.stats import contributions
from metrics.stats.contributions import Group, Split

CONVERSION, REVENUE = "conversion", "revenue"
Given = frozenset[str]


def of(campaign: Campaign, came: Sequence[Came], done: Done) -> dict[str, Any]:
    """The groups that chance told apart and what did what; empty where chance told none apart."""
    sides = {given: done.of(members) for given, members in groups(campaign, came).items()}
    found = {
        CONVERSION: contributions.split([Group(given, one.done) for given, one in sides.items()]),
        REVENUE: contributions.split([Group(given, one.revenue) for given, one in sides.items()]),
    }
    if found[CONVERSION] is None and len(sides) < 2:
        return {}
    return {
        "groups": [_group(given, side) for given, side in sides.items()],
        **{measure: _told(one) for measure, one in found.items() if one is not None},
    }


def groups(campaign: Campaign, came: Sequence[Came]) -> dict[Given, BitMap]:
    """Who was given the same things; nothing: the control, and arms without a step."""
    plan = planning.of(campaign)
    treated, control = effects.everybody(_by_chance(campaign, plan, came))
    found: dict[Given, BitMap] = defaultdict(BitMap)
    found[frozenset()] |= control
    for arm in giving.of(campaign, plan, treated):
        found[arm.given] |= arm.members
    return {given: found[given] for given in sorted(found, key=_by_size) if found[given]}


def _by_chance(campaign: Campaign, plan: Plan, came: Sequence[Came]) -> list[Came]:
    """Those who came in together and went through every split before anybody chose a way."""
    left = list(came)
    for trial in Trial.objects.filter(campaign=campaign).exclude(winner=""):
        split = plan.by_key.get(trial.step)
        if isinstance(split, SplitStep):
            ways = {plan.entry_of(arm.steps, split) for arm in split.arms} - {None}
            through = Wave.objects.filter(campaign=campaign, step__in=ways).order_by()
            numbers = through.values_list("occurrence", flat=True)
            by_chance = set(numbers.filter(due_at__lt=trial.chosen_at))
            by_chance -= set(numbers.filter(due_at__gte=trial.chosen_at))
            left = [one for one in left if one.number in by_chance]
    return left


def _by_size(given: Given) -> tuple[int, list[str]]:
    return len(given), sorted(given)


def _group(given: Given, side: Side) -> dict[str, Any]:
    return {
        "given": sorted(given),
        "size": side.done.n,
        "done": side.done.count,
        "revenue_minor": side.revenue.total,
    }


def _told(found: Split) -> dict[str, Any]:
    return {"total": found.total, "beyond": found.beyond, "parts": list(_parts(found))}


def _parts(found: Split) -> Iterator[dict[str, Any]]:
    for part, share in zip(found.parts, contributions.shares(found), strict=True):
        yield {
            "names": list(part.names),
            "amount": part.amount,
            "low": part.low,
            "high": part.high,
            "share": share,
        }
