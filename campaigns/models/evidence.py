"""What past campaigns say about one that is asked for, and what was expected of it."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class Evidence(models.Model):
    """Kept when a campaign is submitted, and never changed: who decided has seen this.

    `precedents` are past campaigns as `campaigns.precedents` tells them, the most alike first;
    `expected` is what they make one expect, and what the campaign is measured against later;
    `skill` is how such expectations fared so far, as `campaigns.precedents.skill` tells it.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="evidence", verbose_name=_("campaign")
    )
    precedents = models.JSONField(default=list)
    expected = models.JSONField(default=dict)
    skill = models.JSONField(default=dict)
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.campaign}: {len(self.precedents)}"

    @property
    def has_precedent(self) -> bool:
        return bool(self.precedents)
