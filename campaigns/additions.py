"""More money for a campaign under way: asked for with evidence and price, and decided by others."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from pyroaring import BitMap

from campaigns import pricing, weight
from campaigns.models import Addition, Campaign, Evidence, Message, Quote, Wave
from campaigns.money import purse
from campaigns.outcomes import evidence
from console import approvals, audit, budgets, clock, figures, kept_words, ledger, roles
from console.approvals import Facts
from console.models import Approval, Staff
from console.states import NotAllowed
from segments import bitmaps

ACTION = "campaigns.submit"
Status = Campaign.Status
OPEN = {Status.SENDING, Status.PAUSED}


@transaction.atomic
def ask(
    campaign: Campaign, amount: int, *, because: str, key: str, by: Staff, at: dt.datetime
) -> Approval:
    """Ask for so much more; it is reserved at once, and may be spent with somebody else's yes.

    Raises:
        NotAllowed: the role or the team, not under way, no reason, or one waits already.
        BudgetExceeded: its budget has not so much.
    """
    kept = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    roles.require(by, ACTION, record=kept)
    if known := kept.additions.filter(key=key).first():
        return _again(known, amount)
    _require_sense(kept, because)
    assert kept.budget is not None
    roles.require(by, budgets.SPEND, record=kept.budget)
    ledger.require_amount(amount)
    found, quote = _outlook(kept, at)
    addition = Addition.objects.create(
        campaign=kept,
        amount_minor=amount,
        because=because.strip()[:300],
        evidence={"precedents": found.precedents, "expected": found.expected},
        price=_price(kept, quote),
        asked_by=by,
        asked_at=at,
        key=key,
    )
    addition.refresh_from_db()  # its numbers as the database writes them, as whoever approves does
    budgets.reserve(
        kept.budget,
        amount,
        subject=kept,
        key=f"addition:{addition.pk}:asked",
        on=clock.day_of(at),
        by=by,
    )
    audit.log("campaign.asked_for_more", kept, by=by, amount=amount, because=addition.because)
    return approvals.request(
        addition,
        by=by,
        summary=_summary(addition, quote),
        facts=_facts(kept, quote, found, amount),
    )


@transaction.atomic
def withdraw(addition: Addition, *, by: Staff) -> None:
    """Take the asking back; what was reserved for it is available again."""
    kept = Campaign.objects.select_for_update(of=("self",)).get(pk=addition.campaign_id)
    roles.require(by, ACTION, record=kept)
    pending = approvals.pending_for(addition)
    if pending is None:
        raise NotAllowed(_("This was decided already."))
    approvals.withdraw(pending, by=by)
    addition.on_rejected(pending)


def waiting(campaign: Campaign) -> Approval | None:
    """The asking for more that nobody has decided yet."""
    newest = campaign.additions.first()
    return approvals.pending_for(newest) if newest else None


def may_ask(campaign: Campaign, staff: Any) -> bool:
    """Whether this person could ask for more now."""
    is_on = campaign.status in OPEN and campaign.budget_id is not None
    return is_on and roles.may_change(staff, campaign, ACTION) and not waiting(campaign)


def call_off(campaign: Campaign, *, because: str) -> None:
    """The campaign is over: what was asked for is not wanted any more. The caller releases it."""
    newest = campaign.additions.first()
    if newest is not None and approvals.pending_for(newest):
        approvals.void(newest, because=because)


def _require_sense(campaign: Campaign, because: str) -> None:
    if campaign.status not in OPEN:
        raise NotAllowed(_("Only a campaign that is under way can get more money."))
    if campaign.budget is None:
        raise NotAllowed(_("It has no budget: it was approved as one that costs nothing."))
    if not because.strip():
        raise NotAllowed(_("Say why it needs more money."))
    if waiting(campaign):
        raise NotAllowed(_("More money was asked for already; it waits for a decision."))


def _again(known: Addition, amount: int) -> Approval:
    approval = approvals.latest_for(known)
    if approval is None or known.amount_minor != amount:
        raise NotAllowed(_("This key was used for another movement of money."))
    return approval


def _outlook(campaign: Campaign, at: dt.datetime) -> tuple[Evidence, Quote]:
    """What is known of campaigns like it now, and what those cost who are still on their way."""
    frozen = campaign.audience
    reached = Message.objects.filter(campaign=campaign, status=Message.Status.SENT)
    rest = frozen.members - bitmaps.from_ids(reached.values_list("customer", flat=True))
    found = evidence.made(campaign, rest or frozen.members, at=at)
    if campaign.is_lasting:
        return found, pricing.made(campaign, None, found, at=at)
    return found, pricing.of(campaign, _on_the_way(campaign), found, at=at)


def _on_the_way(campaign: Campaign) -> BitMap:
    """Who has still steps before them; nobody of the control is among them."""
    open_ = Wave.objects.filter(campaign=campaign).exclude(status=Wave.Status.DONE)
    return bitmaps.union(list(open_.values_list("members", flat=True)))


def _price(campaign: Campaign, quote: Quote) -> dict[str, Any]:
    """In minor units: what is to come, and where the money stands."""
    mine = purse.of(campaign)
    return {
        "size": quote.size,
        "lines": quote.lines,
        "cost_minor": [quote.low_minor, quote.expected_minor, quote.worst_minor],
        "spent_minor": mine.spent_minor if mine else 0,
        "left_minor": mine.committed_minor if mine else 0,
    }


def _summary(addition: Addition, quote: Quote) -> dict[str, Any]:
    budget = addition.campaign.budget
    assert budget is not None
    return {
        "amount": kept_words.each(lambda: figures.money(addition.amount_minor, budget.currency)),
        "because": addition.because,
        "size": quote.size,
        "precedents": len(addition.evidence["precedents"]),
        "cost_minor": addition.price["cost_minor"],
    }


def _facts(campaign: Campaign, quote: Quote, found: Evidence, amount: int) -> Facts:
    """As the campaign's own: but how much is what it may spend in all, and how many are all whom
    it is for, so that nothing is had in small parts that the whole would want another yes for."""
    mine, agreed = purse.of(campaign), campaign.quotes.first()
    before = mine.spent_minor + mine.committed_minor if mine else 0
    facts = weight.facts(campaign, quote, found).as_json()
    facts |= {"audience": agreed.size} if agreed else {}
    return Facts(**facts | {"amount_minor": before + amount})
