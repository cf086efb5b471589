"""Paying for what goes out, before it does: never more than was committed, by however many workers.

What a message cost stands in its row, what a coupon may cost in its own; both are written in the
transaction that spends the money. So the ledger and the rows always say the same, and whoever
takes up a dead worker's messages knows what they were paid with.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from campaigns.models import Campaign, Message, Purse
from campaigns.money import purse
from console import budgets, clock, figures, kept_words, ledger
from console.models import Budget

WORK = "work"  # the deed of which people's work is paid
SPENT = _("The approved budget is spent.")
SHORT = _("Only %(left)s of the approved budget is left, and what comes next costs more.")
NEEDS = _("What comes next costs %(cost)s; only %(left)s of the approved budget is left.")
NOT_ALL = _(
    "“%(title)s”: %(given)s were given, %(rest)s wait for money. Each costs %(cost)s, and only "
    "%(left)s of the approved budget is left."
)


class Broke(Exception):
    """The money does not reach; says so in kept words, for whoever looks after the campaign."""


@dataclass(frozen=True)
class Charge:
    """What a message costs, in minor units with parts of one, and with which account it leaves."""

    account: int
    price: Decimal


@dataclass(frozen=True)
class Paid:
    """Which messages may leave, and whether the money ended before them all."""

    numbers: Collection[int]
    is_short: bool = False


# --- messages -----------------------------------------------------------------


@transaction.atomic
def pay(campaign: Campaign, charges: Mapping[int, Charge]) -> Paid:
    """Pay for messages that are about to leave, by their numbers, as far as the money reaches.

    What is not about to leave any more, because somebody took this worker for dead, is not paid.
    """
    here = Message.objects.select_for_update(no_key=True).filter(
        pk__in=charges, status=Message.Status.SENDING
    )
    numbers = list(here.order_by("pk").values_list("pk", flat=True))
    free = {one for one in numbers if not charges[one].price}
    priced = [one for one in numbers if one not in free]
    if not priced or campaign.budget_id is None:
        return Paid(free, is_short=bool(priced))
    # A new row holds on to its campaign's, which is behind nobody's budget: so it is made first.
    kept, _made = Purse.objects.get_or_create(campaign=campaign)
    budget = _held(campaign)
    kept.refresh_from_db()
    left = _left(budget, campaign)
    costs, rest = whole({one: charges[one].price for one in priced}, kept.part, left)
    if costs:
        _write({one: (charges[one].account, cost) for one, cost in costs.items()})
        Purse.objects.filter(pk=kept.pk).update(part=rest)
        _spend(budget, campaign, sum(costs.values()), "messages")
    return Paid(free | costs.keys(), is_short=len(costs) < len(priced))


def whole(
    prices: Mapping[int, Decimal], part: Decimal, left: int
) -> tuple[dict[int, int], Decimal]:
    """Prices in whole minor units, as far as so many of them reach, and the part that is over.

    Of 4.5 fen every other message costs 4 and every other 5, so that the sum is right.
    """
    costs: dict[int, int] = {}
    for number, price in prices.items():
        cost = math.floor(part + price)
        if cost > left:
            break
        costs[number], left, part = cost, left - cost, part + price - cost
    return costs, part


@transaction.atomic
def give_back(campaign_id: int, numbers: Collection[int]) -> int:
    """Messages did not leave after all: what they were paid with may be spent again."""
    with connection.cursor() as cursor:
        cursor.execute(_UNPAID, [list(numbers)])
        amount = int(cursor.fetchone()[0] or 0)
    refund(campaign_id, amount, "messages")
    return amount


def refund(campaign_id: int, amount: int, deed: str) -> None:
    """Something was not spent after all; of a campaign that is over `settling` gives it back."""
    campaign = Campaign.objects.select_related("budget").get(pk=campaign_id) if amount else None
    if campaign is not None and campaign.budget is not None:
        key, on = purse.name(campaign, f"{deed}-back"), clock.today()
        budgets.refund(campaign.budget, amount, subject=campaign, key=key, on=on)


def no_money(campaign: Campaign, cost: int = 0) -> str:
    """In kept words, why nothing more leaves; `cost` is what is due next, where that is known."""
    budget = campaign.budget
    if budget is None:
        return kept_words.keep(_("It costs something now, and has no budget."))
    if _is_foreign(budget):
        words = _("The budget “%(budget)s” is in another currency.")
        return kept_words.keep(words, budget=budget)
    kept = purse.of(campaign)
    left = kept.committed_minor if kept else 0
    if not left:
        return kept_words.keep(SPENT)
    said = {"left": _money(left, budget)} | ({"cost": _money(cost, budget)} if cost else {})
    return kept_words.keep(NEEDS if cost else SHORT, **said)


def not_all(campaign: Campaign, title: str, *, given: int, rest: int, each: int) -> str:
    """In kept words, that the money reached for some work alone, or why it reaches for none."""
    budget = campaign.budget
    if budget is None or _is_foreign(budget):
        return no_money(campaign)
    kept = purse.of(campaign)
    left = _money(kept.committed_minor if kept else 0, budget)
    numbers = {"given": figures.whole(given), "rest": figures.whole(rest)}
    said = numbers | {"title": title, "cost": _money(each, budget), "left": left}
    return kept_words.keep(NOT_ALL, **said)


def ran_out(campaign: Campaign) -> bool:
    """Whether it was stopped because the approved money did not reach."""
    return kept_words.message(campaign.stopped_because) in {SPENT, SHORT, NEEDS, NOT_ALL}


def _money(minor: int, budget: Budget) -> str:
    return kept_words.each(lambda: figures.money(minor, budget.currency))


# --- anything else ------------------------------------------------------------


@transaction.atomic
def as_many(campaign: Campaign, each: int) -> int | None:
    """How many of so much each the money reaches for; None: they cost nothing.

    Nobody else spends of it until the caller's transaction ends.
    """
    if not each:
        return None
    if campaign.budget_id is None:
        return 0
    return _left(_held(campaign), campaign) // each


@transaction.atomic
def spend(campaign: Campaign, amount: int, deed: str) -> None:
    """Spend exactly so much.

    Raises:
        Broke: so much is not left.
    """
    if not amount:
        return
    if (as_many(campaign, amount) or 0) < 1:
        raise Broke(no_money(campaign, amount))
    _spend(_held(campaign), campaign, amount, deed)


def _held(campaign: Campaign) -> Budget:
    """Its budget, locked: behind the campaign's, its messages' and its coupons' rows."""
    assert campaign.budget is not None
    return ledger.lock(campaign.budget)


def _left(budget: Budget, campaign: Campaign) -> int:
    """What may still be spent; nothing while prices are in another currency than the yes was."""
    return 0 if _is_foreign(budget) else ledger.reservation(budget, campaign).committed_minor


def _is_foreign(budget: Budget) -> bool:
    return budget.currency != clock.project().currency


def _spend(budget: Budget, campaign: Campaign, amount: int, deed: str) -> None:
    if amount:
        key = purse.name(campaign, deed)
        budgets.spend(budget, amount, subject=campaign, key=key, on=clock.today())


def _write(costs: Mapping[int, tuple[int, int]]) -> None:
    accounts, amounts = zip(*costs.values(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_PAID, [list(costs), list(accounts), list(amounts)])


_PAID = """
    UPDATE campaigns_message m SET account_id = given.account, cost_minor = given.cost
    FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS given (id, account, cost)
    WHERE m.id = given.id
"""
_UNPAID = """
    WITH paid AS (
        SELECT id, cost_minor FROM campaigns_message
        WHERE id = ANY(%s::bigint[]) AND cost_minor > 0 ORDER BY id FOR NO KEY UPDATE
    ), cleared AS (
        UPDATE campaigns_message m SET cost_minor = 0 FROM paid WHERE m.id = paid.id
    )
    SELECT sum(cost_minor) FROM paid
"""
