"""What is agreed about stopping, and why something was stopped, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import expectations
from campaigns.models import Campaign, Stop
from console import figures

Cause = Stop.Cause


def agreed(campaign: Campaign) -> list[str]:
    """When it stops by itself, a sentence for each way."""
    return [*_return(campaign), *_guardrails(campaign)]


def _return(campaign: Campaign) -> Iterator[str]:
    if campaign.expected_roi is None:
        return
    said = {"roi": roi(campaign.expected_roi), "n": campaign.periods_below}
    if campaign.roi_period == Campaign.RoiPeriod.WEEK:
        yield (
            ngettext(
                "The ROI against the control is under %(roi)s for %(n)d closed week.",
                "The ROI against the control is under %(roi)s for %(n)d closed weeks in a row.",
                campaign.periods_below,
            )
            % said
        )
    else:
        yield (
            ngettext(
                "The ROI against the control is under %(roi)s for %(n)d closed month.",
                "The ROI against the control is under %(roi)s for %(n)d closed months in a row.",
                campaign.periods_below,
            )
            % said
        )


def _guardrails(campaign: Campaign) -> Iterator[str]:
    limits = {
        _("More than %(share)s of the messages led to an unsubscribe."): campaign.most_unsubscribed,
        _("More than %(share)s of the messages were reported as spam."): campaign.most_complained,
        _("More than %(share)s of the customers uninstalled or switched messages off."): (
            campaign.most_left
        ),
    }
    for words, most in limits.items():
        if most is not None:
            yield words % {"share": share(most)}


def warnings(campaign: Campaign) -> list[str]:
    """What cannot be told of it, for who makes and who approves it."""
    found = []
    if campaign.is_lasting and not expectations.control_share(campaign):
        found.append(
            _("Without a control group nobody can tell what it brings: only guardrails stop it.")
        )
    if all(getattr(campaign, name) is None for name in expectations.LIMITS):
        found.append(_("It has no guardrails."))
    return found


def why(stop: Stop) -> str:
    """Why it was stopped, with the numbers of that moment."""
    if stop.cause == Cause.ROI:
        return _of_return(stop.facts)
    said = {
        "count": figures.whole(stop.facts["count"]),
        "of": figures.whole(stop.facts["of"]),
        "share": share(stop.facts["count"] / stop.facts["of"]),
        "most": share(stop.facts["most"]),
    }
    match stop.cause:
        case Cause.UNSUBSCRIBED:
            words = _(
                "%(count)s of %(of)s messages led to an unsubscribe: %(share)s, over %(most)s."
            )
        case Cause.COMPLAINED:
            words = _(
                "%(count)s of %(of)s messages were reported as spam: %(share)s, over %(most)s."
            )
        case _cause:
            words = _(
                "%(count)s of %(of)s customers uninstalled or switched messages off: %(share)s, "
                "over %(most)s."
            )
    return words % said


def _of_return(facts: Mapping[str, Any]) -> str:
    periods = _("; ").join(f"{one['name']}: {roi(one['roi'])}" for one in facts["periods"])
    return _("The ROI was under %(expected)s. %(periods)s.") % {
        "expected": roi(facts["expected"]),
        "periods": periods,
    }


def roi(value: float | None) -> str:
    return figures.signed_share(value, digits=0)


def share(value: float) -> str:
    """With as many digits as it has, two at most: 2%, 0.3%, 0.05%."""
    digits = next((n for n in (0, 1) if abs(value * 100 - round(value * 100, n)) < 1e-9), 2)
    return figures.share(value, digits=digits)
