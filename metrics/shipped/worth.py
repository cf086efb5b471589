"""What customers are worth: so far, and as the model foretells."""

from django.utils.translation import gettext_noop as _

from metrics.shipped.says import (
    CUSTOMERS,
    LAST,
    MONEY,
    NEITHER,
    NUMBER,
    VALUE,
    Definition,
    coded,
    derived,
    ever,
    ratio,
)

# Names and sentences are English msgids; the screen translates them.
WORTH = [
    Definition(
        "revenue_ever",
        _("Revenue so far"),
        MONEY,
        _("All revenue from the first day to this one."),
        VALUE,
        ever("revenue"),
        over=LAST,
        slices=("channel",),
        version=3,
    ),
    Definition(
        "customers_ever",
        _("Customers so far"),
        CUSTOMERS,
        _("All customers who were ever active, up to the day."),
        VALUE,
        ever("new_customers"),
        over=LAST,
        slices=("channel",),
        version=3,
    ),
    Definition(
        "ltv",
        _("Lifetime value so far (LTV)"),
        MONEY,
        _(
            "Realised revenue: all revenue up to the day, divided by all customers up to the day. "
            "It looks back and predicts nothing, so that young customers count as if they were "
            "finished."
        ),
        VALUE,
        ratio("revenue_ever", "customers_ever"),
        over=LAST,
    ),
    Definition(
        "spend_ever",
        _("Spent on acquisition so far"),
        MONEY,
        _("All that was spent on acquisition up to the day."),
        VALUE,
        ever("spend"),
        over=LAST,
        direction=NEITHER,
    ),
    Definition(
        "ltv_cac",
        _("LTV/CAC"),
        NUMBER,
        _(
            "Realised lifetime value divided by the cost of a customer, both from the first day "
            "to this one."
        ),
        VALUE,
        derived("revenue_ever / spend_ever"),
        over=LAST,
    ),
    Definition(
        "value_ahead",
        _("Foretold revenue"),
        MONEY,
        _(
            "What the orders of the coming months (12, unless the settings of lifetime value say "
            "otherwise) of all customers are expected to come to, discounted, as the model said "
            "on the day (BG/NBD and Gamma-Gamma). Known of days on which it was fitted."
        ),
        VALUE,
        coded("lifetime"),
        over=LAST,
        slices=("channel",),
    ),
    Definition(
        "ltv_predicted",
        _("Lifetime value with what is foretold (LTV, predicted)"),
        MONEY,
        _(
            "All revenue up to the day and the revenue foretold, divided by all customers up to "
            "the day. Who never ordered counts with nothing to come."
        ),
        VALUE,
        derived("(revenue_ever + value_ahead) / customers_ever"),
        over=LAST,
        slices=("channel",),
    ),
    Definition(
        "ltv_cac_predicted",
        _("LTV/CAC, predicted"),
        NUMBER,
        _(
            "Lifetime value with what is foretold, divided by the cost of a customer from the "
            "first day to this one."
        ),
        VALUE,
        derived("(revenue_ever + value_ahead) / spend_ever"),
        over=LAST,
    ),
]
