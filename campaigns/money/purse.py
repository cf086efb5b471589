"""A campaign's money in its budget: reserved when its yes is asked for, and given back at the end.

With the yes it is committed (`Campaign.on_approved`); `paying` spends it.
"""

import datetime as dt
import secrets

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign, Quote
from console import budgets, clock, roles
from console.models import Approval, Budget, Reservation, Staff
from console.states import NotAllowed

ANOTHER_TEAMS = gettext_lazy(
    "The budget “%(budget)s” is another team's: choose one of your own, or ask for money of it."
)
OVER = (Campaign.Status.SENT, Campaign.Status.CANCELLED)


class NeedsMoney(NotAllowed):
    """It costs something, and nobody said out of which budget, or how much at most."""


def limit(campaign: Campaign, quote: Quote) -> int:
    """What it may spend at most; nothing where it costs nothing.

    Raises:
        NeedsMoney: customers come in again and again, and nobody said when to stop.
    """
    if quote.is_free:
        return 0
    if campaign.limit_minor is not None:
        return campaign.limit_minor
    if quote.size is None:
        raise NeedsMoney(_("Say how much it may spend at most: customers come in again and again."))
    return quote.worst_minor


def require(campaign: Campaign, quote: Quote, *, by: Staff) -> int:
    """What it may spend, out of a budget that this person may use.

    Raises:
        NotAllowed: no budget, no limit, another team's budget, or another currency.
    """
    if quote.is_free:
        return 0
    if campaign.budget is None:
        raise NeedsMoney(_("It costs something: choose the budget that it is paid out of."))
    amount = limit(campaign, quote)
    if roles.allows(by, budgets.SPEND) and not roles.may_change(by, campaign.budget, budgets.SPEND):
        raise NotAllowed(ANOTHER_TEAMS % _named(campaign))
    roles.require(by, budgets.SPEND, record=campaign.budget)
    if campaign.budget.currency != clock.project().currency:
        raise NotAllowed(_("The budget “%(budget)s” is in another currency.") % _named(campaign))
    return amount


def reserve(campaign: Campaign, amount: int, approval: Approval, *, by: Staff, on: dt.date) -> None:
    """Set aside what its yes is asked for.

    Raises:
        BudgetExceeded: so much is not available.
        NotAllowed: the day is outside the budget's period.
    """
    if amount:
        assert campaign.budget is not None
        key = f"campaign:{campaign.pk}:asked:{approval.pk}"
        budgets.reserve(campaign.budget, amount, subject=campaign, key=key, on=on, by=by)


def release(campaign: Campaign, *, on: dt.date, by: Staff | None = None) -> int:
    """Give back all that was set aside for it and not spent; how much that was.

    What was given back is not there to be given back again: each time is a movement of its own.
    """
    if campaign.budget is None:
        return 0
    key = name(campaign, "rest")
    return budgets.release(campaign.budget, subject=campaign, key=key, on=on, by=by)


def sweep() -> int:
    """Give back what came to campaigns after they were over, as a coupon that ran out unused."""
    kind = ContentType.objects.get_for_model(Campaign)
    held = Reservation.objects.filter(
        Q(reserved_minor__gt=0) | Q(committed_minor__gt=0), subject_type=kind
    )
    over = Campaign.objects.filter(status__in=OVER, pk__in=held.values("subject_id"))
    return sum(_sweep(pk) for pk in over.values_list("pk", flat=True))


@transaction.atomic
def _sweep(pk: int) -> int:
    """One of them, if it is over still."""
    rows = Campaign.objects.select_for_update(of=("self",)).select_related("budget")
    campaign = rows.filter(pk=pk, status__in=OVER).first()
    return release(campaign, on=clock.today()) if campaign else 0


def of(campaign: Campaign) -> Reservation | None:
    """Its own balances; None where nothing was ever set aside."""
    return Reservation.objects.filter(
        budget=campaign.budget_id,
        subject_type=ContentType.objects.get_for_model(Campaign),
        subject_id=campaign.pk,
    ).first()


def room(campaign: Campaign, amount: int, *, on: dt.date) -> budgets.Room | None:
    """Whether its budget has so much for it now; None without a budget."""
    return budgets.room(campaign.budget, amount, on=on) if campaign.budget else None


def name(campaign: Campaign, deed: str) -> str:
    """A key for a movement that rows of its own make happen once."""
    return f"campaign:{campaign.pk}:{deed}:{secrets.token_hex(8)}"


def _named(campaign: Campaign) -> dict[str, Budget | None]:
    return {"budget": campaign.budget}
