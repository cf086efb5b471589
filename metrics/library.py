"""The metrics that the console ships, each with the sentence that defines it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from metrics.models import Metric
from segments.definitions import ACTIVE, EFFECTIVE, INTERACTION, PAID

# Metrics whose days add up; of the others the sum of days means nothing.
SUMMED = {"revenue", "orders", "new_customers", "effective_new"}
CUSTOMERS, COUNT, MONEY, SHARE = (unit.value for unit in Metric.Unit)


@dataclass(frozen=True)
class Definition:
    """What a shipped metric says. A change of its meaning is a new version."""

    key: str
    name: str
    unit: str
    definition: str
    version: int = 1
    # The word whose definition decides about it: `segments.definitions`. Not in the table.
    rests_on: str = field(default="", kw_only=True)


# Names and sentences are English msgids; the screen translates them.
SHIPPED = [
    Definition(
        "dau",
        _("Daily actives (DAU)"),
        CUSTOMERS,
        _("Different customers who did at least one event that counts as active on the day."),
        rests_on=ACTIVE,
    ),
    Definition(
        "wau",
        _("Weekly actives (WAU)"),
        CUSTOMERS,
        _("Different customers who were active on the day or in the 6 days before it."),
        rests_on=ACTIVE,
    ),
    Definition(
        "mau",
        _("Monthly actives (MAU)"),
        CUSTOMERS,
        _("Different customers who were active on the day or in the 29 days before it."),
        rests_on=ACTIVE,
    ),
    Definition(
        "stickiness",
        _("Stickiness (DAU/MAU)"),
        SHARE,
        _("Daily active customers divided by the monthly active customers of the same day."),
        rests_on=ACTIVE,
    ),
    Definition(
        "new_customers",
        _("New customers"),
        CUSTOMERS,
        _("Customers who were active for the first time ever on the day."),
        rests_on=ACTIVE,
    ),
    Definition(
        "orders",
        _("Orders"),
        COUNT,
        _("Paid orders of the day. A basket is one order, however many items are in it."),
        rests_on=PAID,
    ),
    Definition(
        "revenue",
        _("Revenue"),
        MONEY,
        _("The sum of the amounts of the day's paid orders; refunds count negative."),
        rests_on=PAID,
    ),
    Definition(
        "buyers",
        _("Buyers"),
        CUSTOMERS,
        _("Different customers with at least one paid order on the day."),
        rests_on=PAID,
    ),
    Definition(
        "arppu",
        _("Revenue per buyer (ARPPU)"),
        MONEY,
        _("The day's revenue divided by the day's buyers."),
        rests_on=PAID,
    ),
    Definition(
        "average_order",
        _("Average order"),
        MONEY,
        _("The day's revenue divided by the day's orders."),
        rests_on=PAID,
    ),
    Definition(
        "retention_d1",
        _("Next-day retention (D1)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the next day; "
            "known once that day has passed."
        ),
        rests_on=ACTIVE,
    ),
    Definition(
        "retention_d7",
        _("7-day retention (D7)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the 7th day after; "
            "known once that day has passed."
        ),
        rests_on=ACTIVE,
    ),
    Definition(
        "retention_d30",
        _("30-day retention (D30)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the 30th day after; "
            "known once that day has passed."
        ),
        rests_on=ACTIVE,
    ),
    Definition(
        "monthly_retention",
        _("Retention by month"),
        SHARE,
        _(
            "Of the customers who were active for the first time in a month, the share who "
            "were active so many calendar months later."
        ),
        rests_on=ACTIVE,
    ),
    Definition(
        "interacting",
        _("Interacting customers"),
        CUSTOMERS,
        _("Different customers with at least one event that counts as interaction on the day."),
        rests_on=INTERACTION,
    ),
    Definition(
        "effective_new",
        _("New effective customers"),
        CUSTOMERS,
        _("Customers who became effective on the day; nobody becomes it twice."),
        rests_on=EFFECTIVE,
    ),
    Definition(
        "stage_customers",
        _("Customers by stage"),
        CUSTOMERS,
        _("Customers in each stage of the default stage set, when the stages were computed."),
    ),
]


# Metric by metric the word that it rests on; a metric that is not here rests on none.
RESTS_ON = {one.key: one.rests_on for one in SHIPPED if one.rests_on}


@transaction.atomic
def install() -> int:
    """Write the shipped metrics that are missing or older; how many were written."""
    have = dict(Metric.objects.values_list("key", "version"))
    missing = [d for d in SHIPPED if have.get(d.key, 0) < d.version]
    for definition in missing:
        fields: dict[str, Any] = asdict(definition)
        del fields["rests_on"]
        Metric.objects.update_or_create(key=fields.pop("key"), defaults=fields)
    return len(missing)


def by_key() -> dict[str, Metric]:
    """All metrics, with the shipped ones in place."""
    install()
    return {metric.key: metric for metric in Metric.objects.all()}
