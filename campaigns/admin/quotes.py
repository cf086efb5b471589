"""What a campaign costs and brings back, as its page and its approver see it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pyroaring import BitMap

from campaigns import planning, pricing
from campaigns.admin import money
from campaigns.models import Campaign, ChannelAccount, Evidence, Quote
from console import clock, figures, kept_words

WHAT: dict[str, Promise] = {
    "message": gettext_lazy("message"),
    "second": gettext_lazy("through the second channel, in addition"),
    "coupon": gettext_lazy("coupon"),
    "task": gettext_lazy("work for a person"),
}


def kept(campaign: Campaign) -> dict[str, Any]:
    """The price that it was submitted with last; empty where it never was."""
    quote = Quote.objects.filter(campaign=campaign).first()
    return {} if quote is None else {"quote": shown(quote, campaign)}


def now(campaign: Campaign, members: BitMap, found: Evidence) -> dict[str, Any]:
    """The price of a draft as it stands, for those who would get it now."""
    quote = pricing.of(campaign, members, found, at=clock.now())
    return {"quote": shown(quote, campaign), "purse": money.of_draft(campaign, quote)}


def shown(quote: Quote, campaign: Campaign) -> dict[str, Any]:
    currency = clock.project().currency
    names = planning.step_names(campaign)
    total = (quote.low_minor, quote.expected_minor, quote.worst_minor)
    returns = quote.returns and [quote.returns[edge] for edge in ("low", "middle", "high")]
    return {
        "made_at": quote.made_at,
        "size": quote.size,
        "comes_by_itself": campaign.is_lasting,
        "rows": [_row(line, currency, names) for line in quote.lines],
        "total": [figures.money(amount, currency) for amount in total],
        "returns": returns and [figures.money(round(amount), currency) for amount in returns],
        "costs": quote.expected_minor > 0,
        "roi": figures.signed_share(quote.roi, digits=0) if quote.roi is not None else "",
    }


def _row(line: Mapping[str, Any], currency: str, names: Mapping[str, str]) -> dict[str, Any]:
    name: Any = kept_words.said(line["name"])
    if line["what"] in {"message", "second"} and name in ChannelAccount.Channel.values:
        name = ChannelAccount.Channel(name).label
    return {
        "what": WHAT[line["what"]],
        "step": names.get(line["step"], line["step"]),
        "name": name,
        "count": _between(line["count"], figures.whole),
        "each": figures.rate(Decimal(line["each"]), currency),
        "assumes": _assumes(line),
        "cost": [figures.money(amount, currency) for amount in line["cost_minor"]],
    }


def _between(values: Sequence[int], write: Any) -> str:
    """The middle, with its bounds where they are not the same."""
    low, middle, high = values
    if low == high:
        return str(write(middle))
    return f"{write(middle)} ({write(low)}–{write(high)})"


def _assumes(line: Mapping[str, Any]) -> str:
    if line["rate"] is None:
        return ""
    share = figures.share(line["rate"][1])
    if line["is_seen"]:
        return _("%(share)s are redeemed, as in past campaigns; at most all") % {"share": share}
    return _("%(share)s are redeemed: a guess, because no past campaign tells") % {"share": share}
