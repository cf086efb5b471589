"""The metrics that stood here first, in the order that screens keep."""

from django.utils.translation import gettext_noop as _

from metrics.shipped.says import (
    ACQUISITION,
    ACTIVITY,
    CONVERSION,
    COUNT,
    CUSTOMERS,
    LAST,
    MONEY,
    NEITHER,
    OFTEN,
    QUOTIENT,
    RETENTION,
    SHARE,
    SUM,
    Definition,
    coded,
    count,
    customers,
    ratio,
    within,
)
from segments.definitions import ACTIVE, EFFECTIVE

# Names and sentences are English msgids; the screen translates them.
USUAL = [
    Definition(
        "dau",
        _("Daily actives (DAU)"),
        CUSTOMERS,
        _("Different customers who did at least one event that counts as active on the day."),
        ACTIVITY,
        customers("active"),
        slices=OFTEN,
    ),
    Definition(
        "wau",
        _("Weekly actives (WAU)"),
        CUSTOMERS,
        _("Different customers who were active on the day or in the 6 days before it."),
        ACTIVITY,
        within("dau", 7),
    ),
    Definition(
        "mau",
        _("Monthly actives (MAU)"),
        CUSTOMERS,
        _("Different customers who were active on the day or in the 29 days before it."),
        ACTIVITY,
        within("dau", 30),
        slices=OFTEN,
    ),
    Definition(
        "stickiness",
        _("Stickiness (DAU/MAU)"),
        SHARE,
        _("Daily active customers divided by the monthly active customers of the same day."),
        ACTIVITY,
        ratio("dau", "mau"),
        over=QUOTIENT,
    ),
    Definition(
        "new_customers",
        _("New customers"),
        CUSTOMERS,
        _("Customers who were active for the first time ever on the day."),
        ACQUISITION,
        coded("new"),
        over=SUM,
        slices=("channel", "device"),
        word=ACTIVE,
    ),
    Definition(
        "orders",
        _("Orders"),
        COUNT,
        _("Paid orders of the day. A basket is one order, however many items are in it."),
        CONVERSION,
        count("paid"),
        over=SUM,
        slices=OFTEN,
    ),
    Definition(
        "revenue",
        _("Revenue"),
        MONEY,
        _("The sum of the amounts of the day's paid orders; refunds count negative."),
        CONVERSION,
        {"kind": "simple", "take": "sum", "word": "paid"},
        over=SUM,
        slices=OFTEN,
    ),
    Definition(
        "buyers",
        _("Buyers"),
        CUSTOMERS,
        _("Different customers with at least one paid order on the day."),
        CONVERSION,
        customers("paid"),
        slices=OFTEN,
    ),
    Definition(
        "arppu",
        _("Revenue per buyer (ARPPU)"),
        MONEY,
        _("The day's revenue divided by the day's buyers."),
        CONVERSION,
        ratio("revenue", "buyers"),
        over=QUOTIENT,
    ),
    Definition(
        "average_order",
        _("Average order"),
        MONEY,
        _("The day's revenue divided by the day's orders."),
        CONVERSION,
        ratio("revenue", "orders"),
        over=QUOTIENT,
    ),
    Definition(
        "retention_d1",
        _("Next-day retention (D1)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the next day; "
            "known once that day has passed."
        ),
        RETENTION,
        coded("retention"),
        over=QUOTIENT,
        word=ACTIVE,
    ),
    Definition(
        "retention_d7",
        _("7-day retention (D7)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the 7th day after; "
            "known once that day has passed."
        ),
        RETENTION,
        coded("retention"),
        over=QUOTIENT,
        word=ACTIVE,
    ),
    Definition(
        "retention_d30",
        _("30-day retention (D30)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the 30th day after; "
            "known once that day has passed."
        ),
        RETENTION,
        coded("retention"),
        over=QUOTIENT,
        word=ACTIVE,
    ),
    Definition(
        "monthly_retention",
        _("Retention by month"),
        SHARE,
        _(
            "Of the customers who were active for the first time in a month, the share who "
            "were active so many calendar months later."
        ),
        RETENTION,
        coded("months"),
        over=QUOTIENT,
        word=ACTIVE,
    ),
    Definition(
        "interacting",
        _("Interacting customers"),
        CUSTOMERS,
        _("Different customers with at least one event that counts as interaction on the day."),
        ACTIVITY,
        customers("interaction"),
    ),
    Definition(
        "effective_new",
        _("New effective customers"),
        CUSTOMERS,
        _("Customers who became effective on the day; nobody becomes it twice."),
        ACQUISITION,
        coded("effective"),
        over=SUM,
        slices=("channel",),
        word=EFFECTIVE,
    ),
    Definition(
        "stage_customers",
        _("Customers by stage"),
        CUSTOMERS,
        _("Customers in each stage of the default stage set, when the stages were computed."),
        ACTIVITY,
        coded("stages"),
        over=LAST,
        direction=NEITHER,
    ),
]
