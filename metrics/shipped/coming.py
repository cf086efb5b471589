"""How customers come, begin, use it and stay."""

from django.utils.translation import gettext_noop as _

from metrics.shipped.says import (
    ACQUISITION,
    ACTIVATION,
    ACTIVITY,
    COUNT,
    CUSTOMERS,
    FEATURES,
    LAST,
    LESS,
    MAKING,
    MINUTES,
    MONEY,
    NEITHER,
    NUMBER,
    QUOTIENT,
    REGISTERING,
    RETENTION,
    SHARE,
    STARTING,
    SUM,
    Definition,
    coded,
    conversion,
    count,
    customers,
    derived,
    ratio,
    within,
)
from segments.definitions import ACTIVE, PAID

# Names and sentences are English msgids; the screen translates them.
COMING = [
    # --- acquisition -------------------------------------------------------------
    Definition(
        "new_by_app",
        _("New customers by app"),
        CUSTOMERS,
        _("New customers of the day whose first event came from an app."),
        ACQUISITION,
        coded("new_by_app"),
        over=SUM,
        word=ACTIVE,
    ),
    Definition(
        "app_share",
        _("Share of the app"),
        SHARE,
        _("Of the day's new customers, the share whose first event came from an app."),
        ACQUISITION,
        ratio("new_by_app", "new_customers"),
        over=QUOTIENT,
    ),
    Definition(
        "spend",
        _("Spent on acquisition"),
        MONEY,
        _("What was entered, imported or posted as spent for the day, for every channel."),
        ACQUISITION,
        coded("spend"),
        over=SUM,
        direction=NEITHER,
    ),
    Definition(
        "cac",
        _("Cost of a new customer (CAC)"),
        MONEY,
        _("What was spent, divided by the new customers of the same days."),
        ACQUISITION,
        ratio("spend", "new_customers"),
        over=QUOTIENT,
        direction=LESS,
        slices=("channel",),
        version=3,
    ),
    Definition(
        "roi",
        _("Return on acquisition (ROI)"),
        SHARE,
        _("The revenue of the days, less what was spent on acquisition, divided by that."),
        ACQUISITION,
        derived("(revenue - spend) / spend"),
        over=QUOTIENT,
        slices=("channel",),
        version=3,
    ),
    # --- activation --------------------------------------------------------------
    Definition(
        "first_order_conversion",
        _("First-order conversion"),
        SHARE,
        _("Of the day's new customers, the share with a paid order on it or in the 7 days after."),
        ACTIVATION,
        conversion("new", "paid", 7),
        over=QUOTIENT,
        slices=("channel", "device"),
    ),
    Definition(
        "registration_minutes",
        _("Registration duration"),
        MINUTES,
        _("Minutes from the day's first start of a registration to its end, on average."),
        ACTIVATION,
        conversion(STARTING, REGISTERING, 1, "minutes"),
        over=QUOTIENT,
        direction=LESS,
    ),
    Definition(
        "minutes_to_aha",
        _("Time to aha"),
        MINUTES,
        _(
            "Minutes from the registration to the first feature used, on average, of those who "
            "get there in 14 days. Which event is the aha moment here is for you to say: "
            "change the recipe."
        ),
        ACTIVATION,
        conversion(REGISTERING, FEATURES, 14, "minutes"),
        over=QUOTIENT,
        direction=LESS,
    ),
    Definition(
        "feature_customers",
        _("Customers who use the feature"),
        CUSTOMERS,
        _("Different customers who used the feature on the day."),
        ACTIVATION,
        customers(FEATURES),
    ),
    Definition(
        "feature_use",
        _("Feature use"),
        SHARE,
        _("Customers who used the feature, divided by the day's active customers."),
        ACTIVATION,
        ratio("feature_customers", "dau"),
        over=QUOTIENT,
    ),
    # --- activity ----------------------------------------------------------------
    Definition(
        "sessions",
        _("Sessions"),
        COUNT,
        _("Visits of active customers: each ends before 30 minutes without an event."),
        ACTIVITY,
        {"kind": "simple", "take": "visits", "word": "active"},
        over=SUM,
    ),
    Definition(
        "seconds_in_app",
        _("Seconds of use"),
        COUNT,
        _("From the first to the last event of each visit of the day, all visits together."),
        ACTIVITY,
        {"kind": "simple", "take": "seconds", "word": "active"},
        over=SUM,
    ),
    Definition(
        "daily_minutes",
        _("Daily time of use"),
        MINUTES,
        _("Minutes of use of the day divided by its active customers."),
        ACTIVITY,
        derived("seconds_in_app / dau / 60"),
        over=QUOTIENT,
    ),
    Definition(
        "interaction_rate",
        _("Interaction rate"),
        SHARE,
        _("Interacting customers divided by the day's active customers."),
        ACTIVITY,
        ratio("interacting", "dau"),
        over=QUOTIENT,
    ),
    Definition(
        "content_made",
        _("Content made"),
        COUNT,
        _("Reviews, posts and comments that customers wrote on the day."),
        ACTIVITY,
        count(MAKING),
        over=SUM,
    ),
    Definition(
        "content_each",
        _("Content an active customer"),
        NUMBER,
        _("Reviews, posts and comments of the day divided by its active customers."),
        ACTIVITY,
        ratio("content_made", "dau"),
        over=QUOTIENT,
    ),
    Definition(
        "creating",
        _("Creating customers"),
        CUSTOMERS,
        _("Different customers who wrote a review, post or comment on the day."),
        ACTIVITY,
        customers(MAKING),
    ),
    Definition(
        "creating_month",
        _("Creating customers in 30 days"),
        CUSTOMERS,
        _("Different customers who wrote something on the day or in the 29 days before it."),
        ACTIVITY,
        within("creating", 30),
    ),
    Definition(
        "creator_share",
        _("Share of creators"),
        SHARE,
        _("Of the monthly actives, the share who wrote something within the same 30 days."),
        ACTIVITY,
        ratio("creating_month", "mau"),
        over=QUOTIENT,
    ),
    # --- retention ---------------------------------------------------------------
    Definition(
        "existing_retention",
        _("30-day retention of existing customers"),
        SHARE,
        _(
            "Of the day's active customers who first came at least 30 days before, the share who "
            "were active again in the next 30 days; known once those have passed."
        ),
        RETENTION,
        coded("retention"),
        over=QUOTIENT,
        word=ACTIVE,
    ),
    Definition(
        "next_month_retention",
        _("Next-month retention"),
        SHARE,
        _(
            "Of the customers who were active for the first time in a month, the share who were "
            "active in the next calendar month; known once that is over, and kept at the first "
            "day of the first."
        ),
        RETENTION,
        coded("months"),
        over=QUOTIENT,
        word=ACTIVE,
    ),
    Definition(
        "repurchase_rate",
        _("Repurchase rate"),
        SHARE,
        _(
            "Of the customers who bought on the day or in the 89 days before, the share who did "
            "so on at least two days."
        ),
        RETENTION,
        coded("repurchase"),
        over=LAST,
        word=PAID,
    ),
    Definition(
        "woken",
        _("Woken customers"),
        CUSTOMERS,
        _(
            "Customers who were active on the day, after at least 30 days on which they were not. "
            "Whose work that was, playbooks and campaigns tell against their control."
        ),
        RETENTION,
        coded("woken"),
        over=SUM,
        slices=("channel",),
        word=ACTIVE,
    ),
    Definition(
        "woken_stay",
        _("Active again 7 days after waking"),
        SHARE,
        _(
            "Of the customers woken on the day, the share who were active again in the 7 days "
            "after it; known once those have passed."
        ),
        RETENTION,
        coded("woken_stay"),
        over=QUOTIENT,
        word=ACTIVE,
    ),
    Definition(
        "silent_share",
        _("Share of silent customers"),
        SHARE,
        _(
            "Of all customers who were ever active, the share who were not active on the day or in "
            "the 29 days before it."
        ),
        RETENTION,
        derived("(customers_ever - mau) / customers_ever"),
        over=LAST,
        direction=LESS,
    ),
]
