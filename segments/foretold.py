"""The traits that a model foretells; they are there once it has run for the first time."""

from django.utils.translation import gettext_lazy as _

from segments.described import MONEY, NUMBER, Trait
from segments.recipes.nodes import Elsewhere

MODEL = "lifetime"  # what writes them: `metrics.lifetime_value`
RISKS = (30, 60, 90)  # days ahead
ALIVE, ORDERS, VALUE = "p_alive", "expected_orders_90", "predicted_value"
RISK = {days: f"churn_risk_{days}" for days in RISKS}

_SILENT = _(
    "How likely the customer orders nothing in the next so many days, having left or being slow, "
    "by the model of lifetime value (BG/NBD). Known of who has ordered."
)
FORETOLD: dict[str, Trait] = {
    one.key: one
    for one in (
        Trait(
            ALIVE,
            _("likely still a customer"),
            _(
                "How likely the customer has not left for good, from how often and how lately "
                "they ordered (BG/NBD). Known of who has ordered; who did so once counts as 100%."
            ),
            Elsewhere(MODEL),
            NUMBER,
            unit="%",
        ),
        Trait(
            ORDERS,
            _("orders expected in 90 days"),
            _("Days with an order that the model of lifetime value expects in the next 90 days."),
            Elsewhere(MODEL),
            NUMBER,
        ),
        Trait(
            VALUE,
            _("predicted value"),
            _(
                "What the orders of the next months are expected to come to (12, unless the "
                "settings of lifetime value say otherwise), later ones discounted: expected "
                "orders (BG/NBD) times their expected amount (Gamma-Gamma)."
            ),
            Elsewhere(MODEL),
            MONEY,
        ),
        Trait(
            RISK[30], _("risk of no order in 30 days"), _SILENT, Elsewhere(MODEL), NUMBER, unit="%"
        ),
        Trait(
            RISK[60], _("risk of no order in 60 days"), _SILENT, Elsewhere(MODEL), NUMBER, unit="%"
        ),
        Trait(
            RISK[90], _("risk of no order in 90 days"), _SILENT, Elsewhere(MODEL), NUMBER, unit="%"
        ),
    )
}
