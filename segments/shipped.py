"""The traits that ship: what each is called, what it means, and how it is computed."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from segments.models import Trait as Row
from segments.recipes.nodes import (
    Count,
    Days,
    Elsewhere,
    Events,
    Moment,
    Ratio,
    Recipe,
    Since,
    Sum,
)

WHOLE, NUMBER, MONEY, DATE, CHOICE = (kind.value for kind in Row.Kind)
Words = Promise | str


@dataclass(frozen=True)
class Trait:
    """One thing that we know: its name for people, its meaning, and how it comes about.

    The words of ours follow the reader's language.
    """

    key: str  # of its column, and its name in rules
    label: Words
    definition: Words
    recipe: Recipe
    kind: str = WHOLE
    unit: Words = ""
    is_shipped: bool = True

    @property
    def column(self) -> str:
        """Where its values stand, or the date that they are taken from."""
        return self.recipe.date if isinstance(self.recipe, Since) else self.key

    @property
    def is_derived(self) -> bool:
        """Whether it moves with the calendar alone, and is not stored."""
        return isinstance(self.recipe, Since)


_DAYS = _("days")
PAID, ACTIVE = Events(word="paid"), Events(word="active")


def _within(events: Events, days: int) -> Events:
    return Events(events.names, events.word, events.where, days)


BUYING = (
    Trait(
        "recency_days",
        _("days since the last order"),
        _("Whole days from the day of the last order to the day of the computation."),
        Since("last_order_on"),
        unit=_DAYS,
    ),
    Trait(
        "tenure_days",
        _("days since the first order"),
        _("Whole days from the day of the first order to the day of the computation."),
        Since("first_order_on"),
        unit=_DAYS,
    ),
    Trait("orders", _("orders"), _("Paid orders in all."), Count(PAID)),
    Trait(
        "orders_30d",
        _("orders in 30 days"),
        _("Paid orders in the 30 days that end with the day of the computation."),
        Count(_within(PAID, 30)),
    ),
    Trait(
        "orders_90d",
        _("orders in 90 days"),
        _("Paid orders in the 90 days that end with the day of the computation."),
        Count(_within(PAID, 90)),
    ),
    Trait(
        "monetary_minor",
        _("spent in all"),
        _("The amounts of all paid orders together."),
        Sum(PAID, "sum"),
        MONEY,
    ),
    Trait(
        "monetary_90d_minor",
        _("spent in 90 days"),
        _("The amounts of the orders paid in the 90 days that end with the day."),
        Sum(_within(PAID, 90), "sum"),
        MONEY,
    ),
    Trait(
        "average_order_minor",
        _("average order"),
        _("Spent in all, divided by the number of orders."),
        Ratio("monetary_minor", "orders"),
        MONEY,
    ),
    Trait(
        "first_order_on",
        _("first order"),
        _("The project's date of the first paid order."),
        Moment(PAID, "first"),
        DATE,
    ),
    Trait(
        "last_order_on",
        _("last order"),
        _("The project's date of the last paid order."),
        Moment(PAID, "last"),
        DATE,
    ),
)
BEING_THERE = (
    Trait(
        "active_days_30d",
        _("active days in 30"),
        _("Days, of the 30 that end with the day, with an event that counts as active."),
        Days(_within(ACTIVE, 30)),
        unit=_DAYS,
    ),
)
# `segments.scores` writes them.
SCORED = (
    Trait(
        "r_score",
        _("recency score"),
        _("1 to 5 by fifths of the customers with an order; 5 ordered most recently."),
        Elsewhere("rfm"),
    ),
    Trait(
        "f_score",
        _("frequency score"),
        _("1 to 5 by fifths of the customers with an order; 5 ordered most often."),
        Elsewhere("rfm"),
    ),
    Trait(
        "m_score",
        _("monetary score"),
        _("1 to 5 by fifths of the customers with an order; 5 spent most."),
        Elsewhere("rfm"),
    ),
)
SHIPPED: dict[str, Trait] = {one.key: one for one in (*BUYING, *BEING_THERE, *SCORED)}
