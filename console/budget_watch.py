"""Looking after budgets: work for whoever keeps one that runs low, and ledgers counted anew."""

import datetime as dt
import logging

from django.utils.translation import gettext as _

from console import budgets, burn_down, figures, kept_words, work
from console.budgets import Room
from console.models import Budget

log = logging.getLogger(__name__)


def watch(*, today: dt.date) -> int:
    """Give work for each budget under way that runs low, once a version of its rule; how many."""
    found = Budget.objects.filter(archived_at=None, since__lte=today, until__gte=today)
    given = 0
    for budget in found.select_related("team", "created_by").prefetch_related("rules"):
        for words in burn_down.wrong(budget):
            log.error("the ledger of budget %s does not add up: %s", budget.pk, words)
        given += budgets.is_low(budget) and _tell(budget, today)
    return given


def _tell(budget: Budget, today: dt.date) -> bool:
    room = budgets.room(budget, 0, on=today)
    item = work.give(
        "budget",
        kept_words.each(lambda: _("The budget “%(budget)s” runs low") % {"budget": budget}),
        why=kept_words.each(lambda: _why(budget, room)),
        subject=budget,
        team=budget.team,
        on=today,
        once=f"budget-low:{budget.pk}:{budget.rule.number}",
    )
    return item is not None


def _why(budget: Budget, room: Room) -> str:
    return _("%(left)s of %(total)s are still available, until %(until)s.") % {
        "left": figures.money(room.available_minor, budget.currency),
        "total": figures.money(budget.total_minor, budget.currency),
        "until": budget.until.isoformat(),
    }
