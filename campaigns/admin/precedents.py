"""What past campaigns like one brought, as its page and its approver see it."""

from collections.abc import Mapping
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.admin import outcome
from campaigns.models import Campaign, Case, Evidence
from campaigns.outcomes import evidence
from campaigns.precedents.skill import PROMISED, Skill
from console import clock, figures, kept_words

ALIKE: dict[str, Promise] = {
    "team": gettext_lazy("the same team"),
    "people": gettext_lazy("the same people"),
    "layers": gettext_lazy("the same layers"),
    "channels": gettext_lazy("the same channels"),
    "offer": gettext_lazy("a similar offer"),
    "entry": gettext_lazy("the same way in"),
    "occasion": gettext_lazy("the same occasion"),
}
# What is told of each past campaign; a column of which nothing is known of any is left out.
COLUMNS: dict[str, Promise] = {
    "people": gettext_lazy("Of these customers"),
    "days": gettext_lazy("Days counted"),
    "size": gettext_lazy("Reached"),
    "share": gettext_lazy("Converted"),
    "expected": gettext_lazy("Expected then"),
    "activated": gettext_lazy("Woken, of those asleep"),
    "activated_anyway": gettext_lazy("Activated anyway"),
    "stayed": gettext_lazy("Active a week later"),
    "lift": gettext_lazy("Lift, points"),
    "unsubscribed": gettext_lazy("Unsubscribed"),
    "each": gettext_lazy("Cost for each"),
    "activation": gettext_lazy("Cost per activation"),
    "roi": gettext_lazy("ROI"),
}
EDGES = ("low", "middle", "high")
EXPECTED = ("share", "lift", "activated", "stayed", "redeemed", "revenue")


def kept(campaign: Campaign) -> dict[str, Any]:
    """What was found when it was submitted last; empty where it never was."""
    found = Evidence.objects.filter(campaign=campaign).first()
    return {} if found is None else {"evidence": shown(found)}


def shown(found: Evidence) -> dict[str, Any]:
    currency = clock.project().currency
    cases = _cases(found)
    rows = [_row(one, currency, cases) for one in found.precedents]
    untold = {figures.NOTHING, _("no control")}
    told = [name for name in COLUMNS if any(row["told"][name] not in untold for row in rows)]
    return {
        "found_at": found.found_at,
        "headings": [COLUMNS[name] for name in told],
        "is_compared": any(row["alike"] for row in rows),
        "rows": [row | {"cells": [row["told"][name] for name in told]} for row in rows],
        "expected": _expected(found, currency),
        "windows": _windows(found),
        "skill": _skill(found.skill),
        "without_control": all(one["lift"] is None for one in found.precedents),
    }


def of_budget(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The same for whoever decides about a request for money."""
    found = Evidence(precedents=evidence["rows"], expected={}, skill={})
    found.found_at = parse_datetime(evidence["found_at"]) or clock.now()
    return {"evidence": shown(found)}


def _cases(found: Evidence) -> Mapping[int, int]:
    """The cases of the precedents that were filed in the library, also since then."""
    past = [one["campaign"] for one in found.precedents]
    filed = Case.objects.filter(campaign__in=past, archived_at=None)
    return dict(filed.order_by().values_list("campaign", "pk"))


def _row(one: Mapping[str, Any], currency: str, cases: Mapping[int, int]) -> dict[str, Any]:
    return {
        "case": cases.get(one["campaign"]),
        "pk": one["campaign"],
        "name": kept_words.said(one["name"]),
        "ended_on": one["ended_on"],
        "alike": [ALIKE[trait] for trait in one["alike"]],
        "told": _told(one, currency),
    }


def _told(one: Mapping[str, Any], currency: str) -> dict[str, str]:
    """What was measured of it; what was kept before activation was measured tells none of it."""
    return {
        "people": figures.share(one["people"], digits=0),
        "days": figures.whole(one.get("days")),
        "size": figures.whole(one["size"]),
        "share": figures.share(one["share"]),
        "expected": figures.share(one["expected_share"]),
        "activated": figures.share(one.get("activated_share")),
        "activated_anyway": figures.share(one.get("activated_anyway")),
        "stayed": figures.share(one.get("stayed_share")),
        "lift": _lift(one),
        "unsubscribed": figures.whole(one["unsubscribed"]),
        "each": figures.money(one["cost_per_purchase_minor"], currency),
        "activation": figures.money(one.get("cost_per_activation_minor"), currency),
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
    for what in EXPECTED:
        if one := found.expected.get(what):
            bounds = {edge: outcome.value(what, one[edge], currency) for edge in EDGES}
            told.append({"label": outcome.WHAT[what], **bounds})
    return told


def _windows(found: Evidence) -> str:
    """That they counted over other days than this one, where there is one; else nothing."""
    days = [one["days"] for one in found.precedents if one.get("days")]
    if not days or found.campaign_id is None:
        return ""
    own, low, high = evidence.days_counted(found.campaign), min(days), max(days)
    if low <= own <= high:
        return ""
    told = {"days": str(low) if low == high else f"{low}–{high}", "own": own}
    if own < low:
        return (
            _(
                "They were counted over %(days)s days, this one over %(own)d. Its revenue is "
                "reckoned for as many days; of the shares expect less in fewer days."
            )
            % told
        )
    return (
        _(
            "They were counted over %(days)s days, this one over %(own)d. Its revenue is "
            "reckoned for as many days; of the shares expect more in more days."
        )
        % told
    )


def _skill(kept: Mapping[str, Any]) -> dict[str, Any] | None:
    """How forecasts of the past fared, so that one knows what this one is worth."""
    lines = [Skill(**one) for one in kept.get("lines", [])]
    if not lines:
        return None
    return {
        "forecasts": kept["forecasts"],
        "afterwards": kept["afterwards"],
        "rows": [
            {
                "what": outcome.WHAT[one.what],
                "count": figures.whole(one.count),
                # Not as a share: 100 % of three reads as if it were certain.
                "inside": _("%(some)s of %(all)s")
                % {"some": figures.whole(one.inside), "all": figures.whole(one.count)},
                "below": figures.whole(one.below),
                "above": figures.whole(one.above),
                "ratio": figures.share(one.ratio, digits=0),
                "is_few": one.is_few,
                "tone": "" if one.is_few else "good" if one.share >= PROMISED else "warn",
            }
            for one in lines
        ],
    }
