"""Forecasts of campaigns: what was approved beside what came, and how good forecasts were."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from campaigns.models import Audience, Campaign, CampaignResult, Evidence, Quote
from campaigns.outcomes import evidence
from campaigns.precedents import forecast
from campaigns.precedents.forecast import Line

Expected = dict[str, Mapping[str, float] | None]
# Of what runs elsewhere nobody asked before: it is told from what was known before it began.
APPROVED, AFTERWARDS = "approved", "afterwards"
FORESEEN = ("share", "lift", "activated", "stayed", "redeemed", "revenue")


def settle(campaign: Campaign, result: CampaignResult) -> dict[str, Any]:
    """What had been expected of a campaign, beside its result; empty where nobody expected."""
    found = Evidence.objects.filter(campaign=campaign).first()
    if found is not None:
        quote = Quote.objects.filter(campaign=campaign).first()
        return _kept(_approved(campaign, found, quote), result, APPROVED, found)
    if campaign.kind != Campaign.Kind.RECORDED or campaign.started_at is None:
        return {}
    return _kept(_afterwards(campaign), result, AFTERWARDS, None)


def lines(result: CampaignResult) -> list[Line]:
    """The lines of a kept forecast."""
    return forecast.read(result.forecast.get("lines", []))


def _kept(
    expected: Expected, result: CampaignResult, kind: str, found: Evidence | None
) -> dict[str, Any]:
    if not any(expected.values()):
        return {}
    told = forecast.lines(expected, came(result))
    return {
        "kind": kind,
        "evidence": found.pk if found else None,
        "made_at": found.found_at.isoformat() if found else None,
        "lines": [line.as_json() for line in told],
    }


def came(result: CampaignResult) -> dict[str, float | None]:
    """What came, by the names of `campaigns.precedents.forecast`; shares with their bounds."""
    (base, purchased, revenue), roi = result.told, result.roi_bounds or (None, None)
    each = {"revenue": revenue, "each": result.cost_minor}
    return {
        "reach": base,
        **_share("share", purchased, base),
        **_share("activated", result.activated, result.asleep),
        **_share("stayed", result.stayed, result.followed),
        **_share("redeemed", result.redeemed, base),
        **{what: one / base if one is not None and base else None for what, one in each.items()},
        "lift": result.lift,
        "lift_low": result.lift_low,
        "lift_high": result.lift_high,
        "cost": result.cost_minor,
        "roi": result.roi,
        "roi_low": roi[0],
        "roi_high": roi[1],
    }


def _share(what: str, count: int | None, of: int | None) -> dict[str, float | None]:
    if count is None or not of:
        return {what: None}
    low, high = forecast.bounds(count, of)
    return {what: count / of, f"{what}_low": low, f"{what}_high": high}


def _approved(campaign: Campaign, found: Evidence, quote: Quote | None) -> Expected:
    """What whoever decided had before them."""
    expected: Expected = {what: found.expected.get(what) for what in FORESEEN}
    if quote is None:
        return expected
    price = {"low": quote.low_minor, "middle": quote.expected_minor, "high": quote.worst_minor}
    if quote.size is None or campaign.is_lasting:
        people = quote.size or 1
        return expected | {"each": {edge: one / people for edge, one in price.items()}}
    gets_it = round(quote.size * (1 - campaign.control_share))
    expected |= {"cost": price, "reach": {"middle": gets_it}}
    # What was agreed, or else what past campaigns made one expect, is to be reached.
    roi = quote.roi if campaign.expected_roi is None else campaign.expected_roi
    return expected | ({"roi": {"low": roi, "middle": roi}} if roi is not None else {})


def _afterwards(campaign: Campaign) -> Expected:
    """What those that were over when it began would have made one expect."""
    began = campaign.started_at
    members = Audience.objects.filter(campaign=campaign).values_list("members", flat=True).first()
    if began is None or not members:
        return {}
    before = evidence.find(campaign, members, at=began, before=began)
    return {what: one for what, one in asdict(evidence.expected(before)).items() if one}
