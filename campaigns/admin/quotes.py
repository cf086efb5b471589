"""What a campaign costs and brings back, as its page and its approver see it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pyroaring import BitMap

from campaigns import parting, planning, pricing
from campaigns.admin import money
from campaigns.models import Audience, Campaign, ChannelAccount, Evidence, Quote
from console import clock, figures, kept_words

FEW = 100  # customers; of more nobody looks at a part
WHAT: dict[str, Promise] = {
    "message": gettext_lazy("message"),
    "second": gettext_lazy("through the second channel, in addition"),
    "coupon": gettext_lazy("coupon"),
    "task": gettext_lazy("work for a person"),
}


def kept(campaign: Campaign) -> dict[str, Any]:
    """The price that it was submitted with last; empty where it never was."""
    quote = Quote.objects.filter(campaign=campaign).first()
    if quote is None:
        return {}
    frozen = Audience.objects.filter(campaign=campaign).first()
    members = frozen.members if frozen else BitMap()
    return {"quote": shown(quote, campaign) | {"crowd": _crowd(quote, campaign, members)}}


def now(campaign: Campaign, members: BitMap, found: Evidence) -> dict[str, Any]:
    """The price of a draft as it stands, for those who would get it now."""
    quote = pricing.of(campaign, members, found, at=clock.now())
    told = shown(quote, campaign) | {"crowd": _crowd(quote, campaign, members)}
    return {"quote": told, "purse": money.of_draft(campaign, quote)}


def _crowd(quote: Quote, campaign: Campaign, members: BitMap) -> list[str]:
    """Where one customer is priced: how many the limit lets in, and what all of now would cost."""
    if quote.size is not None or not quote.worst_minor:
        return []
    currency = clock.project().currency
    said = []
    if campaign.limit_minor is not None:
        words = _("The limit of %(limit)s is enough for %(count)s customers at the worst.")
        count = figures.whole(campaign.limit_minor // quote.worst_minor)
        limit = figures.money(campaign.limit_minor, currency)
        said.append(words % {"limit": limit, "count": count})
    if get_it := len(members - parting.control(campaign, members)):
        words = _(
            "In the segment now: %(count)s customers who could get it. If all of them came in: "
            "about %(cost)s, at most %(most)s."
        )
        about = {
            "count": figures.whole(get_it),
            "cost": figures.money(get_it * quote.expected_minor, currency),
            "most": figures.money(get_it * quote.worst_minor, currency),
        }
        said.append(words % about)
    return said


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
        "count": _between(line["count"], _times),
        "each": figures.rate(Decimal(line["each"]), currency),
        "assumes": _assumes(line, currency),
        "cost": [figures.money(amount, currency) for amount in line["cost_minor"]],
    }


def _times(count: float) -> str:
    """A count; of few also its parts, so that the ways of a branch come to the whole."""
    return figures.whole(round(count)) if count >= FEW else figures.number(count)


def _between(values: Sequence[float], write: Any) -> str:
    """The middle, with its bounds where they are not the same."""
    low, middle, high = values
    if low == high:
        return str(write(middle))
    return f"{write(middle)} ({write(low)}–{write(high)})"


def _assumes(line: Mapping[str, Any], currency: str) -> str:
    if line["rate"] is None:
        return ""
    return _("; ").join(filter(None, [_redeemed(line), _order(line.get("order"), currency)]))


def _order(order: Mapping[str, Any] | None, currency: str) -> str:
    """By which order a share off is priced; quotes of before say none."""
    if not order:
        return ""
    worth = {"order": figures.money(order["minor"], currency)}
    if order["by"] == "orders":
        return _("of an order of %(order)s: their revenue, divided by their orders") % worth
    return (
        _(
            "of an order of at most %(order)s: their revenue, divided by buyers, for nobody "
            "counted their orders"
        )
        % worth
    )


def _redeemed(line: Mapping[str, Any]) -> str:
    share = figures.share(line["rate"][1])
    if line["is_seen"]:
        return _("%(share)s are redeemed, as in past campaigns; at most all") % {"share": share}
    return _("%(share)s are redeemed: a guess, because no past campaign tells") % {"share": share}
