"""How a campaign did in more than one way, and what the customers whom it was for are worth."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class Evaluation(models.Model):
    """Written by metrics. Of each dimension both sides, the difference, and its 95 % bounds.

    `dimensions` are conversion, retention, referral and nps; `ahead` is the predicted value of a
    customer, in minor units. What nobody knows is None, never nothing.
    """

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="evaluation")
    dimensions = models.JSONField(default=dict)
    ahead = models.JSONField(null=True)
    as_of = models.DateField(_("as of"))
    computed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")

    def __str__(self) -> str:
        return str(self.campaign)
