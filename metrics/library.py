"""The metrics that the console ships, each with the sentence that defines it."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from metrics.models import Metric

# Metrics whose days add up; of the others the sum of days means nothing.
SUMMED = {"revenue", "orders", "new_customers"}
CUSTOMERS, COUNT, MONEY, SHARE = (unit.value for unit in Metric.Unit)


@dataclass(frozen=True)
class Definition:
    """What a shipped metric says. A change of its meaning is a new version."""

    key: str
    name: str
    unit: str
    definition: str
    version: int = 1


# Names and sentences are English msgids; the screen translates them.
SHIPPED = [
    Definition(
        "dau",
        _("Daily actives (DAU)"),
        CUSTOMERS,
        _("Different customers who did at least one event that counts as active on the day."),
    ),
    Definition(
        "wau",
        _("Weekly actives (WAU)"),
        CUSTOMERS,
        _("Different customers who were active on the day or in the 6 days before it."),
    ),
    Definition(
        "mau",
        _("Monthly actives (MAU)"),
        CUSTOMERS,
        _("Different customers who were active on the day or in the 29 days before it."),
    ),
    Definition(
        "stickiness",
        _("Stickiness (DAU/MAU)"),
        SHARE,
        _("Daily active customers divided by the monthly active customers of the same day."),
    ),
    Definition(
        "new_customers",
        _("New customers"),
        CUSTOMERS,
        _("Customers who were active for the first time ever on the day."),
    ),
    Definition(
        "orders",
        _("Orders"),
        COUNT,
        _("Paid orders of the day. A basket is one order, however many items are in it."),
    ),
    Definition(
        "revenue",
        _("Revenue"),
        MONEY,
        _("The sum of the amounts of the day's paid orders; refunds count negative."),
    ),
    Definition(
        "buyers",
        _("Buyers"),
        CUSTOMERS,
        _("Different customers with at least one paid order on the day."),
    ),
    Definition(
        "arppu",
        _("Revenue per buyer (ARPPU)"),
        MONEY,
        _("The day's revenue divided by the day's buyers."),
    ),
    Definition(
        "average_order",
        _("Average order"),
        MONEY,
        _("The day's revenue divided by the day's orders."),
    ),
    Definition(
        "retention_d1",
        _("Next-day retention (D1)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the next day; "
            "known once that day has passed."
        ),
    ),
    Definition(
        "retention_d7",
        _("7-day retention (D7)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the 7th day after; "
            "known once that day has passed."
        ),
    ),
    Definition(
        "retention_d30",
        _("30-day retention (D30)"),
        SHARE,
        _(
            "Of the day's new customers, the share who were active on the 30th day after; "
            "known once that day has passed."
        ),
    ),
    Definition(
        "monthly_retention",
        _("Retention by month"),
        SHARE,
        _(
            "Of the customers who were active for the first time in a month, the share who "
            "were active so many calendar months later."
        ),
    ),
    Definition(
        "stage_customers",
        _("Customers by stage"),
        CUSTOMERS,
        _("Customers in each stage of the default stage set, when the stages were computed."),
    ),
]


@transaction.atomic
def install() -> int:
    """Write the shipped metrics that are missing or older; how many were written."""
    have = dict(Metric.objects.values_list("key", "version"))
    missing = [d for d in SHIPPED if have.get(d.key, 0) < d.version]
    for definition in missing:
        fields: dict[str, Any] = asdict(definition)
        Metric.objects.update_or_create(key=fields.pop("key"), defaults=fields)
    return len(missing)


def by_key() -> dict[str, Metric]:
    """All metrics, with the shipped ones in place."""
    install()
    return {metric.key: metric for metric in Metric.objects.all()}
