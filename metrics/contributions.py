"""What each part of a campaign did: its messages, its coupon, its calls, or natural demand."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pyroaring import BitMap

from campaigns import giving, planning
from campaigns.models import Campaign
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
    treated, control = effects.everybody(came)
    found: dict[Given, BitMap] = defaultdict(BitMap)
    found[frozenset()] |= control
    for arm in giving.of(campaign, planning.of(campaign), treated):
        found[arm.given] |= arm.members
    return {given: found[given] for given in sorted(found, key=_by_size) if found[given]}


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
