"""What past campaigns like one brought, as its page and its approver see it."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign, Evidence
from console import clock, figures

ALIKE: dict[str, Promise] = {
    "people": gettext_lazy("the same people"),
    "channels": gettext_lazy("the same channels"),
    "offer": gettext_lazy("a similar offer"),
    "entry": gettext_lazy("the same way in"),
}
EXPECTED: dict[str, Promise] = {
    "share": gettext_lazy("conversion rate"),
    "lift": gettext_lazy("conversions because of the campaign"),
    "redeemed": gettext_lazy("redemption rate"),
    "revenue": gettext_lazy("revenue per customer"),
}


def kept(campaign: Campaign) -> dict[str, Any]:
    """What was found when it was submitted last; empty where it never was."""
    found = Evidence.objects.filter(campaign=campaign).first()
    return {} if found is None else {"evidence": shown(found)}


def shown(found: Evidence) -> dict[str, Any]:
    currency = clock.project().currency
    return {
        "found_at": found.found_at,
        "rows": [_row(one, currency) for one in found.precedents],
        "expected": _expected(found, currency),
        "without_control": all(one["lift"] is None for one in found.precedents),
    }


def _row(one: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        "pk": one["campaign"],
        "name": one["name"],
        "ended_on": one["ended_on"],
        "alike": [ALIKE[trait] for trait in one["alike"]],
        "people": figures.share(one["people"], digits=0),
        "size": figures.whole(one["size"]),
        "share": figures.share(one["share"]),
        "expected": figures.share(one["expected_share"]),
        "lift": _lift(one),
        "unsubscribed": figures.whole(one["unsubscribed"]),
        "each": figures.money(one["cost_per_purchase_minor"], currency),
        "roi": figures.signed_share(one["roi"], digits=0),
    }


def _lift(one: Mapping[str, Any]) -> str:
    """In percentage points with its bounds; without a control none is claimed."""
    if one["lift"] is None:
        return _("no control")
    points = figures.number(one["lift"] * 100, digits=1)
    if one["lift_low"] is None:
        return points
    return _("%(points)s (%(low)s to %(high)s)") % {
        "points": points,
        "low": figures.number(one["lift_low"] * 100, digits=1),
        "high": figures.number(one["lift_high"] * 100, digits=1),
    }


def _expected(found: Evidence, currency: str) -> list[dict[str, str | Promise]]:
    """What to expect of each customer, with the bounds that most precedents lie within."""
    told: list[dict[str, str | Promise]] = []
    for key, label in EXPECTED.items():
        if one := found.expected.get(key):
            is_money = key == "revenue"
            bounds = {
                edge: figures.money(round(one[edge]), currency)
                if is_money
                else figures.share(one[edge])
                for edge in ("low", "middle", "high")
            }
            told.append({"label": label, **bounds})
    return told
