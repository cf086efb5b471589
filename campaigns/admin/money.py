"""A campaign's money on screens: what to choose, whether it reaches, and what came of it."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from campaigns import additions
from campaigns.models import Addition, Campaign, Quote
from campaigns.money import facts, paying, purse
from campaigns.money.facts import Settlement
from console import approvals, clock, figures, kept_words, roles
from console.models import Approval, Budget, Staff

SHOWN = 10


# --- choosing -----------------------------------------------------------------


def open_budgets(staff: Any, *, with_: int | None = None) -> QuerySet[Budget]:
    """Budgets that this person's campaigns may be paid out of now, the soonest over first.

    `with_` is one that was chosen already.
    """
    today = clock.today()
    found = Budget.objects.filter(archived_at=None, since__lte=today, until__gte=today)
    if getattr(staff, "role", None) != Staff.Role.ADMIN:
        found = found.filter(team=getattr(staff, "team_id", None))
    chosen = Budget.objects.filter(pk=with_ or 0)
    return (found | chosen).order_by("until", kept_words.by_name("name"))


def named(budget: Budget) -> str:
    """With what one has to know to choose it."""
    return _("%(budget)s · %(left)s available · until %(until)s") % {
        "budget": budget,
        "left": figures.money(budget.available_minor, budget.currency),
        "until": budget.until.isoformat(),
    }


def of_draft(campaign: Campaign, quote: Quote) -> dict[str, Any]:
    """Whether what a draft costs would find its money now: a sentence, and whether all is well."""
    try:
        amount = purse.limit(campaign, quote)
    except purse.NeedsMoney as missing:
        return {"words": str(missing), "is_good": False}
    currency = clock.project().currency
    said: dict[str, Any] = {"amount": figures.money(amount, currency), "budget": campaign.budget}
    if not amount:
        return {"words": _("It costs nothing, so it needs no budget."), "is_good": True}
    room = purse.room(campaign, amount, on=clock.today())
    if room is None:
        words = _("It may cost %(amount)s: choose the budget that it is paid out of.")
        return {"words": words % said, "is_good": False}
    said |= {
        "left": figures.money(room.available_minor, currency),
        "short": figures.money(room.short_minor, currency),
    }
    teams = {campaign.team_id, campaign.budget.team_id if campaign.budget else None} - {None}
    is_foreign = len(teams) > 1
    if is_foreign:
        words = str(purse.ANOTHER_TEAMS)
    elif not room.is_open:
        words = _("The budget “%(budget)s” is not open now.")
    elif room.short_minor:
        words = _("It may spend %(amount)s; “%(budget)s” has %(left)s left, %(short)s too little.")
    else:
        words = _("It may spend %(amount)s of the %(left)s that are left in “%(budget)s”.")
    is_good = room.is_open and not room.short_minor and not is_foreign
    return {"words": words % said, "is_good": is_good}


# --- what came of it ----------------------------------------------------------


def of(campaign: Campaign, staff: Any) -> dict[str, Any]:
    """The panel of a campaign's page; empty where no money was ever set aside."""
    found, budget = facts.of(campaign), campaign.budget
    if found is None or budget is None:
        return {}
    currency = budget.currency
    return {
        "money": {
            "budget": budget,
            "may_see_budget": roles.allows(staff, "budgets.view"),
            "rows": [(name, figures.money(value, currency)) for name, value in _rows(found)],
            "parts": _parts(found, currency),
            "askings": _askings(campaign, currency, staff),
            "may_ask": additions.may_ask(campaign, staff),
            "ran_out": paying.ran_out(campaign),
            "got_more": _got_more(campaign),
        }
    }


def asking(campaign: Campaign) -> list[tuple[str, Any]]:
    """What one has to know to ask for more."""
    found, budget = facts.of(campaign), campaign.budget
    if found is None or budget is None:
        return []
    rows = [(name, figures.money(value, budget.currency)) for name, value in _rows(found)]
    return [(_("Budget"), named(budget)), *rows]


def _got_more(campaign: Campaign) -> bool:
    """Whether more was approved after it stopped."""
    newest = campaign.additions.first()
    approval = approvals.latest_for(newest) if newest else None
    if approval is None or approval.status != Approval.Status.APPROVED or not campaign.paused_at:
        return False
    return approval.decided_at is not None and approval.decided_at > campaign.paused_at


def _rows(found: Settlement) -> list[tuple[str, int]]:
    """Everything that it comes to; what never was is left out."""
    rows = [
        (_("reserved until the approval"), found.reserved),
        (_("approved"), found.approved),
        (_("spent"), found.spent),
        ("– " + _("messages"), found.messages),
        ("– " + _("redeemed coupons"), found.redeemed),
        ("– " + _("kept for coupons until they have run out"), found.in_hands),
        ("– " + _("work for people"), found.work),
        (_("left to spend"), found.left),
        (_("given back"), found.given_back),
    ]
    return [(name, value) for name, value in rows if value or name == _("spent")]


def _parts(found: Settlement, currency: str) -> list[dict[str, Any]]:
    whole = found.reserved + found.approved or 1
    names = {
        "spent": (_("spent"), found.spent),
        "committed": (_("left to spend"), found.left),
        "reserved": (_("reserved until the approval"), found.reserved),
        "available": (_("given back"), found.given_back),
    }
    return [
        {
            "part": part,
            "name": name,
            "money": figures.money(value, currency),
            "width": round(100 * value / whole, 2),
        }
        for part, (name, value) in names.items()
    ]


def _askings(campaign: Campaign, currency: str, staff: Any) -> list[dict[str, Any]]:
    """The newest askings for more, each with what became of it."""
    sees = roles.allows(staff, "approvals.view")
    return [
        {
            "addition": one,
            "amount": figures.money(one.amount_minor, currency),
            "approval": approvals.latest_for(one),
            "sees": sees,
            "may_withdraw": roles.may_change(staff, campaign, additions.ACTION),
        }
        for one in campaign.additions.select_related("asked_by")[:SHOWN]
    ]


def said(campaign: Campaign, limit: int | None) -> list[tuple[str, Any]]:
    """For who decides: which budget, and how much at most."""
    if campaign.budget is None or not limit:
        return []
    return [
        (_("Budget"), campaign.budget),
        (_("May spend at most"), figures.money(limit, campaign.budget.currency)),
    ]


def said_of_more(addition: Addition) -> list[tuple[str, Any]]:
    """For who decides about more money: of what, and where the money stands."""
    campaign = addition.campaign
    assert campaign.budget is not None
    currency = campaign.budget.currency
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    return [
        (_("Campaign"), format_html('<a href="{}">{}</a>', page, campaign)),
        (_("Budget"), campaign.budget),
        (_("Spent so far"), figures.money(addition.price["spent_minor"], currency)),
        (_("Left to spend"), figures.money(addition.price["left_minor"], currency)),
    ]
