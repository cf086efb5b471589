"""What came of a campaign, written down by metrics so that it is read from here."""

from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.campaign import Campaign


class Told(NamedTuple):
    """Of how many customers is told what came, how many of them bought, and for how much."""

    size: int
    purchased: int
    revenue_minor: int


class CampaignResult(models.Model):
    """Counts of customers, each at most once in each number but the orders."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="result")
    reached = models.PositiveIntegerField(_("reached"), default=0)
    sent = models.PositiveIntegerField(_("sent"), default=0)
    opened = models.PositiveIntegerField(_("opened"), default=0)
    clicked = models.PositiveIntegerField(_("clicked"), default=0)
    unsubscribed = models.PositiveIntegerField(_("unsubscribed"), default=0)
    purchased = models.PositiveIntegerField(_("purchased"), default=0)
    redeemed = models.PositiveIntegerField(_("redeemed a coupon"), null=True)
    revenue_minor = models.BigIntegerField(_("revenue"), default=0)
    # Of these purchases those with an amount; a customer may have several. None: not counted yet.
    orders = models.PositiveIntegerField(_("orders"), null=True)
    cost_minor = models.BigIntegerField(_("cost"), null=True)
    # Of those who came in: who was to get it, and the control. None where there is no control.
    treated = models.PositiveIntegerField(_("meant to get the campaign"), null=True)
    treated_purchased = models.PositiveIntegerField(null=True)
    treated_revenue_minor = models.BigIntegerField(null=True)
    control = models.PositiveIntegerField(
        pgettext_lazy("number of customers", "control"), null=True
    )
    control_purchased = models.PositiveIntegerField(null=True)
    control_revenue_minor = models.BigIntegerField(null=True)
    # The difference of the two shares, and its 95 % bounds.
    lift = models.FloatField(_("lift"), null=True)
    lift_low = models.FloatField(null=True)
    lift_high = models.FloatField(null=True)
    # The standard error of what it caused, in minor units.
    caused_error_minor = models.FloatField(null=True)
    # Of those it reached: who had been quiet before, and of these who became active in their
    # window; who was active in it, and of these whose week after it is over, who was again.
    asleep = models.PositiveIntegerField(_("asleep before"), null=True)
    activated = models.PositiveIntegerField(_("activated"), null=True)
    followed = models.PositiveIntegerField(_("active, and looked at a week later"), null=True)
    stayed = models.PositiveIntegerField(_("still active a week later"), null=True)
    # The same of everybody who came in, for the difference to the control.
    treated_asleep = models.PositiveIntegerField(null=True)
    treated_activated = models.PositiveIntegerField(null=True)
    treated_stayed = models.PositiveIntegerField(null=True)
    control_asleep = models.PositiveIntegerField(null=True)
    control_activated = models.PositiveIntegerField(null=True)
    control_stayed = models.PositiveIntegerField(null=True)
    # What had been approved, beside what came: lines of `campaigns.precedents.forecast`.
    forecast = models.JSONField(default=dict)
    # On how many customers' first day of doing it each day was: `[[day, customers], ...]`.
    days = models.JSONField(_("by day"), default=list)
    # What each part of it did, as `metrics.contributions` tells it; empty where nothing tells.
    parts = models.JSONField(default=dict)
    window_days = models.PositiveSmallIntegerField(_("days counted"))
    is_final = models.BooleanField(_("the window is over"), default=False)
    is_followed = models.BooleanField(_("the week after the window is over"), default=False)
    computed_at = models.DateTimeField(_("computed at"))

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")

    def __str__(self) -> str:
        return str(self.campaign)

    @property
    def base(self) -> int:
        """Customers that shares are of: whom it went to, or whom it reached elsewhere."""
        return self.sent or self.reached

    @property
    def told(self) -> Told:
        """What came, as every page tells it; of calls alone, of all whom they were meant for."""
        if not self.base and self.treated:
            bought, brought = self.treated_purchased or 0, self.treated_revenue_minor or 0
            return Told(self.treated, bought, brought)
        return Told(self.base, self.purchased, self.revenue_minor)

    @property
    def best_day(self) -> tuple[str, int] | None:
        """On which day most did it for the first time, the first of several, and how many."""
        best = max(self.days, key=lambda one: one[1], default=None)
        return None if best is None else (best[0], best[1])

    @property
    def caused_minor(self) -> int | None:
        """The revenue beyond what the control makes one expect; None without a control."""
        if not self.control or self.treated_revenue_minor is None:
            return None
        anyway = (self.control_revenue_minor or 0) * (self.treated or 0) / self.control
        return round(self.treated_revenue_minor - anyway)

    @property
    def roi(self) -> float | None:
        """What it brought for each unit spent, less that unit; None without cost or control."""
        caused, cost = self.caused_minor, self.cost_minor
        return caused / cost - 1 if caused is not None and cost else None

    @property
    def extra_purchases(self) -> float | None:
        """Purchases that would not have been without it, as the control tells."""
        return None if self.lift is None or self.treated is None else self.lift * self.treated

    @property
    def roi_bounds(self) -> tuple[float, float] | None:
        """The 95 % bounds of the ROI."""
        caused, cost, error = self.caused_minor, self.cost_minor, self.caused_error_minor
        if caused is None or not cost or error is None:
            return None
        return (caused - Z95 * error) / cost - 1, (caused + Z95 * error) / cost - 1

    @property
    def activated_share(self) -> float | None:
        """Of those who were asleep, who became active."""
        return _share(self.activated, self.asleep)

    @property
    def activated_anyway(self) -> float | None:
        """The same of the control, which got nothing."""
        return _share(self.control_activated, self.control_asleep)

    @property
    def stayed_share(self) -> float | None:
        """Of those who were active in their window, who still was in the week after."""
        return _share(self.stayed, self.followed)

    @property
    def stayed_points(self) -> float | None:
        """How many more of those who came in were active in the window and the week after than of
        the control, as a share of them."""
        mine = _share(self.treated_stayed, self.treated)
        theirs = _share(self.control_stayed, self.control)
        return None if mine is None or theirs is None else mine - theirs

    @property
    def cost_per_activation_minor(self) -> int | None:
        """What one activated customer cost, whether or not they would have come by themselves."""
        if self.cost_minor is None or not self.activated:
            return None
        return round(self.cost_minor / self.activated)


Z95 = 1.959963984540054


def _share(count: int | None, of: int | None) -> float | None:
    return count / of if count is not None and of else None
