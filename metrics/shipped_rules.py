"""The field's period rules, as data; each is added once its metric is there."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_noop as _

from metrics.models import Grain, Metric, PeriodRule

BELOW, ABOVE, FELL, _ROSE = (one.value for one in PeriodRule.Comparator)


@dataclass(frozen=True)
class Shipped:
    """One rule; a threshold that only the business knows ships switched off."""

    key: str
    name: str
    metric: str
    comparator: str
    threshold: Decimal | None  # None: the benchmark that is entered for the metric
    times: int
    plan: str
    is_on: bool = True
    days_to_act: int = 7

    def rule(self, metric: Metric) -> PeriodRule:
        return PeriodRule(
            name=self.name,
            metric=metric,
            grain=Grain.MONTH,
            comparator=self.comparator,
            threshold=self.threshold,
            against_industry=self.threshold is None,
            times=self.times,
            plan=self.plan,
            is_on=self.is_on,
            days_to_act=self.days_to_act,
            shipped_key=self.key,
        )


# Names and plans are English msgids; the screen translates them.
SHIPPED = [
    Shipped(
        "ltv-cac-low",
        _("LTV/CAC below 1.5 for three months"),
        "ltv_cac",
        BELOW,
        Decimal("1.5"),
        3,
        _(
            "Deep-dive into customer value: which channels and layers cost more than they bring, "
            "what the best customers did in their first 30 days, and what to stop. Watch the "
            "ratio for six months."
        ),
    ),
    Shipped(
        "roi-low",
        _("Return on acquisition under expectation for two months"),
        "roi",
        BELOW,
        Decimal(1),
        2,
        _("Decide in writing: stop the strategy, or say what changes and by when it pays."),
        is_on=False,
    ),
    Shipped(
        "nps-low",
        _("NPS below 20"),
        "nps",
        BELOW,
        Decimal(20),
        1,
        _("Start an experience project: read the detractors' words, name the three worst causes."),
    ),
    Shipped(
        "d1-fell",
        _("Next-day retention fell by 30% against the month before"),
        "retention_d1",
        FELL,
        Decimal("0.3"),
        1,
        _("Walk through the first day as a new customer; compare channels, versions and devices."),
    ),
    Shipped(
        "silent-many",
        _("More than 60% of the customers are silent"),
        "silent_share",
        ABOVE,
        Decimal("0.6"),
        1,
        _("Find out since when and who; wake them in waves, beginning with the most valuable."),
    ),
    Shipped(
        "cac-over-cap",
        _("A new customer costs more than the cap"),
        "cac",
        ABOVE,
        Decimal(2500),
        1,
        _("Cut the dearest channel back until the cost of a new customer is under the cap."),
        is_on=False,
    ),
    Shipped(
        "share-rate-low",
        _("Share rate under the industry's"),
        "share_rate",
        BELOW,
        None,
        1,
        _(
            "Adjust the content: see which pieces are shared and which are not, and by whom; make "
            "more of the first, and try another occasion or reward for sharing."
        ),
    ),
]
