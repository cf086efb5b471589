"""What came of a campaign, written down by metrics so that it is read from here."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.campaign import Campaign


class CampaignResult(models.Model):
    """Counts of customers, each at most once in each number."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="result")
    reached = models.PositiveIntegerField(_("reached"), default=0)
    sent = models.PositiveIntegerField(_("sent"), default=0)
    opened = models.PositiveIntegerField(_("opened"), default=0)
    clicked = models.PositiveIntegerField(_("clicked"), default=0)
    unsubscribed = models.PositiveIntegerField(_("unsubscribed"), default=0)
    purchased = models.PositiveIntegerField(_("purchased"), default=0)
    redeemed = models.PositiveIntegerField(_("redeemed a coupon"), null=True)
    revenue_minor = models.BigIntegerField(_("revenue"), default=0)
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
    window_days = models.PositiveSmallIntegerField(_("days counted"))
    is_final = models.BooleanField(_("the window is over"), default=False)
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
