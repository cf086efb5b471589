"""The traits that ship: what each is called, what it means, and how it is computed."""

from django.utils.translation import gettext_lazy as _

from segments.described import CHOICE, DATE, MONEY, NUMBER, Trait
from segments.recipes.nodes import (
    Between,
    Change,
    Count,
    Days,
    Different,
    Events,
    Falling,
    Favourite,
    KnownSince,
    Moment,
    Next,
    Ratio,
    Since,
    Slope,
    Streak,
    Suggested,
    Sum,
    Until,
    Visits,
)
from segments.shipped_scores import SCORED

_DAYS = _("days")
PAID, ACTIVE = Events(word="paid"), Events(word="active")
ANSWERING = Events(word="interaction")
BOUGHT = Events(("item_bought",))
# Under the names that tracking plans usually have, as the metrics of registration know them.
STARTING = ("registration_started", "signup_started", "sign_up_started")
REGISTERING = ("registered", "signed_up", "user_registered", "sign_up")
REACHING = Events(("campaign_received", "message_sent"))


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
        "largest_order_minor",
        _("largest order"),
        _("The largest amount of a paid order."),
        Sum(PAID, "max"),
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
    Trait(
        "next_order_on",
        _("next order expected"),
        _(
            "The project's date of the last paid order, and as many days more as lie between two "
            "days with orders on average; of three such days at least."
        ),
        Next(PAID),
        DATE,
    ),
    Trait(
        "order_gap_days",
        _("usual days between orders"),
        _("Days from one day with a paid order to the next, on average."),
        Between("last_order_on", "next_order_on"),
        unit=_DAYS,
    ),
    Trait(
        "order_due_days",
        _("days since the next order was expected"),
        _("Below 0: so many days are left until then."),
        Since("next_order_on"),
        unit=_DAYS,
    ),
)
REGISTERED = (
    Trait(
        "registered_on",
        _("known since"),
        _("The project's date from which on we know the customer: of the registration."),
        KnownSince(),
        DATE,
    ),
    Trait(
        "registered_days",
        _("days since the registration"),
        _("Whole days from the day from which on we know the customer."),
        Since("registered_on"),
        unit=_DAYS,
    ),
    Trait(
        "days_to_first_order",
        _("days to the first order"),
        _("Whole days from the registration to the first paid order; 0 if that came before."),
        Between("registered_on", "first_order_on"),
        unit=_DAYS,
    ),
    Trait(
        "registration_minutes",
        _("registration duration"),
        _(
            "Minutes from the customer's first start of a registration to the first registration "
            "at or after it. Not known of who has not got to the end."
        ),
        Until(Events(STARTING), REGISTERING),
        NUMBER,
        unit=_("minutes"),
    ),
)
BEING_THERE = (
    Trait(
        "active_days_7d",
        _("active days in 7"),
        _("Days, of the 7 that end with the day, with an event that counts as active."),
        Days(_within(ACTIVE, 7)),
        unit=_DAYS,
    ),
    Trait(
        "active_days_30d",
        _("active days in 30"),
        _("Days, of the 30 that end with the day, with an event that counts as active."),
        Days(_within(ACTIVE, 30)),
        unit=_DAYS,
    ),
    Trait(
        "active_streak_days",
        _("active days in a row"),
        _("Days in a row with an event that counts as active, up to the day or the day before."),
        Streak(ACTIVE),
        unit=_DAYS,
    ),
    Trait(
        "interactions_30d",
        _("interactions in 30 days"),
        _("Events that count as interaction, in the 30 days that end with the day."),
        Count(_within(ANSWERING, 30)),
    ),
    Trait(
        "activity_change",
        _("change of activity"),
        _(
            "Active events a day in the last 7 whole days against the 28 before them, in percent "
            "of those: -30 is a third less than usual for this customer. Not known of who was "
            "not active in the 28 days."
        ),
        Change(ACTIVE),
        NUMBER,
        unit="%",
    ),
    Trait(
        "activity_slope",
        _("slope of activity"),
        _(
            "By how much the active events of a day grow from day to day: the straight line "
            "through the last 28 whole days. Not known of who was not active in them."
        ),
        Slope(_within(ACTIVE, 28)),
        NUMBER,
    ),
    Trait(
        "activity_falling_days",
        _("days of falling activity"),
        _(
            "Days in a row, up to the last whole day and 28 at most, on which the active events "
            "of the week that ends with the day were fewer than those of the week a day earlier."
        ),
        Falling(ACTIVE),
        unit=_DAYS,
    ),
    Trait(
        "visit_minutes",
        _("length of a visit"),
        _(
            "Minutes from the first to the last event of a visit, on average over 30 days. A "
            "visit ends when nothing happens for 30 minutes, and with the day."
        ),
        Visits(_within(ACTIVE, 30), "minutes"),
        NUMBER,
        unit=_("minutes"),
    ),
    Trait(
        "visit_minutes_7d",
        _("length of a visit in 7 days"),
        _("Minutes from the first to the last event of a visit, on average over 7 days."),
        Visits(_within(ACTIVE, 7), "minutes"),
        NUMBER,
        unit=_("minutes"),
    ),
    Trait(
        "visit_length_share",
        _("length of a visit against usual"),
        _(
            "The average visit of the last 7 days in percent of the customer's own average over "
            "30: 67 is a third less than usual. Not known of who had no visit in the 7 days."
        ),
        Ratio("visit_minutes_7d", "visit_minutes", percent=True),
        NUMBER,
        unit="%",
    ),
    Trait(
        "visits_30d",
        _("visits in 30 days"),
        _("Visits in the 30 days that end with the day; half an hour of nothing parts two."),
        Visits(_within(ACTIVE, 30), "count"),
    ),
)
LIKING = (
    Trait(
        "favourite_department",
        _("favourite department"),
        _("The department of the things bought most often; of two the one with more money."),
        Favourite(BOUGHT, "department"),
        CHOICE,
    ),
    Trait(
        "favourite_category",
        _("favourite category"),
        _("The category of the things bought most often; of two the one with more money."),
        Favourite(BOUGHT, "category"),
        CHOICE,
    ),
    Trait(
        "suggested_category",
        _("suggested category"),
        _(
            "The category that suits best and was not bought yet, by what customers bought who "
            "bought the same (item-to-item collaborative filtering)."
        ),
        Suggested(BOUGHT, "category"),
        CHOICE,
    ),
    Trait(
        "categories_bought",
        _("categories bought"),
        _("How many different categories of things the customer bought."),
        Different(BOUGHT, "category"),
    ),
    Trait(
        "orders_per_category",
        _("orders per category"),
        _("Orders, divided by the categories bought: the more, the stronger the preference."),
        Ratio("orders", "categories_bought"),
        NUMBER,
    ),
)
RESPONDING = (
    Trait(
        "coupons_redeemed",
        _("coupons redeemed"),
        _("How many coupons the customer redeemed in all."),
        Count(Events(("coupon_redeemed",))),
    ),
    Trait(
        "promotions_received",
        _("promotions received"),
        _("Campaigns and messages that reached the customer."),
        Count(REACHING),
    ),
    Trait(
        "promotions_answered",
        _("promotions answered"),
        _("Events that count as interaction: coupons redeemed, messages clicked."),
        Count(ANSWERING),
    ),
    Trait(
        "campaigns_received",
        _("campaigns received"),
        _("How many different campaigns reached the customer."),
        Different(REACHING, "campaign"),
    ),
    Trait(
        "campaigns_answered",
        _("campaigns answered"),
        _("Of how many different campaigns they redeemed a coupon or clicked a message."),
        Different(ANSWERING, "campaign"),
    ),
    Trait(
        "promotion_response",
        _("response to promotions"),
        _(
            "Campaigns answered, in percent of those received; at most 100, also for whoever "
            "redeemed a coupon of a campaign that never reached them."
        ),
        Ratio("campaigns_answered", "campaigns_received", percent=True, at_most=100),
        NUMBER,
        unit="%",
    ),
)
# Under the names that tracking plans usually have; what comes in under another name is taken as
# one of these, or gets a trait of one's own.
FRIENDLY = (
    *("friend_messaged", "friend_message_sent", "friend_liked", "friend_commented"),
    *("friend_visited", "friend_gift_sent", "friend_played_with"),
)
SPREADING = (
    Trait(
        "friends_change",
        _("change of deeds with friends"),
        _(
            "What the customer did with friends, such as writing to one or liking what one made: "
            "events a day in the last 7 whole days against the 28 before them, in percent of "
            "those. Not known of who did nothing with friends in the 28 days."
        ),
        Change(Events(FRIENDLY)),
        NUMBER,
        unit="%",
    ),
    Trait(
        "shares",
        _("shares"),
        _("How often the customer shared something with others."),
        Count(Events(("share", "shared", "content_shared", "product_shared", "item_shared"))),
    ),
    Trait(
        "invites",
        _("invitations"),
        _("How often the customer invited somebody."),
        Count(Events(("invite", "invited", "invite_sent", "friend_invited", "referral_sent"))),
    ),
    Trait(
        "content_made",
        _("content made"),
        _("Reviews, posts and comments that the customer wrote."),
        Count(
            Events(
                (
                    *("review_posted", "review_written", "post_created", "content_created"),
                    *("comment_posted", "ugc_created"),
                )
            )
        ),
    ),
)
SHIPPED: dict[str, Trait] = {
    one.key: one
    for group in (BUYING, REGISTERED, BEING_THERE, LIKING, RESPONDING, SPREADING, SCORED)
    for one in group
}
