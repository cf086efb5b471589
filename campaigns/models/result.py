"""What came of a campaign, written down by metrics so that it is read from here."""

from django.db import models
from django.utils.translation import gettext_lazy as _

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
    window_days = models.PositiveSmallIntegerField(_("days counted"))
    is_final = models.BooleanField(_("the window is over"), default=False)
    computed_at = models.DateTimeField(_("computed at"))

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")

    def __str__(self) -> str:
        return str(self.campaign)
