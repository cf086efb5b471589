"""What is agreed about when a campaign stops by itself: how a draft begins, and what is asked."""

import math
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign, Quote
from console.states import NotAllowed

# What mail providers (spam: 0.3 %) and the field (the rest) hold to be too much.
BEGINS: dict[str, float] = {
    "most_unsubscribed": 0.02,
    "most_complained": 0.003,
    "most_left": 0.02,
}
LIMITS = tuple(BEGINS)
PERIODS = ("expected_roi", "roi_period", "periods_below")
NO_PERIODS = gettext_lazy("Only a campaign that lasts has periods to be judged: leave it empty.")
MOST_ROI, MOST_PERIODS = 1000, 12


def begun(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a new draft; who wants no guardrail says so."""
    return {**BEGINS, **fields}


def check(fields: Mapping[str, Any]) -> None:
    """Refuse in words what could not be judged."""
    roi = fields.get("expected_roi")
    if roi is not None and not -1 <= roi <= MOST_ROI:  # what is no number is refused as well
        raise NotAllowed(
            _("The expected ROI is from −100%% to %(most)d times.") % {"most": MOST_ROI}
        )
    for name in LIMITS:
        share = fields.get(name)
        if share is not None and not 0 <= share <= 1:
            raise NotAllowed(_("A guardrail is a share from 0% to 100%."))
    if not 1 <= fields.get("periods_below", 1) <= MOST_PERIODS:
        raise NotAllowed(_("It stops after 1 to %(most)d periods.") % {"most": MOST_PERIODS})


def without_periods(entry: str, fields: Mapping[str, Any]) -> list[str]:
    """What is agreed about the periods of a campaign that has none, by the field's name."""
    if entry != Campaign.Entry.ONCE:
        return []
    blank = Campaign()
    begins = {name: getattr(blank, name) for name in PERIODS}
    return [name for name in PERIODS if fields.get(name, begins[name]) != begins[name]]


def require_periods(entry: str, fields: Mapping[str, Any]) -> None:
    """Refuse in words what could never stop a campaign that runs once."""
    if without_periods(entry, fields):
        raise NotAllowed(str(NO_PERIODS))


def judged(campaign: Campaign) -> bool:
    """Whether its periods are held to a return: it lasts, and somebody is its control."""
    return campaign.is_lasting and bool(control_share(campaign))


def control_share(campaign: Campaign) -> float:
    """Its own control's share; of a play's campaign, its playbook's."""
    play = getattr(campaign, "play", None)
    return campaign.control_share or (play.playbook.control_share if play else 0.0)


def proposed(quote: Quote) -> float:
    """What past campaigns make one expect; that it pays back what it costs, where none tells or
    they did not."""
    roi = quote.roi
    return max(0.0, round(min(roi, MOST_ROI), 2)) if roi is not None and math.isfinite(roi) else 0.0


def agree(campaign: Campaign, quote: Quote) -> None:
    """Write down what is expected of one that lasts and costs something, if nobody said it."""
    if campaign.expected_roi is None and campaign.is_lasting and quote.worst_minor:
        campaign.expected_roi = proposed(quote)
        campaign.save(update_fields=["expected_roi"])
