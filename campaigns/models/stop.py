"""Closed periods of campaigns, and what the console stopped because of them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.campaign import Campaign
from console.models import WorkItem


class CampaignPeriod(models.Model):
    """What those who came in during a period cost and brought, and whether that was as agreed.

    Late data adds a row; none is ever changed: the highest revision is what is known now.
    """

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="periods", verbose_name=_("campaign")
    )
    grain = models.CharField(_("period"), max_length=5, choices=Campaign.RoiPeriod)
    begins_on = models.DateField(_("begins on"))
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    treated = models.PositiveIntegerField(_("meant to get the campaign"))
    treated_converted = models.PositiveIntegerField()
    treated_revenue_minor = models.BigIntegerField()
    control = models.PositiveIntegerField(pgettext_lazy("number of customers", "control"))
    control_converted = models.PositiveIntegerField()
    control_revenue_minor = models.BigIntegerField()
    cost_minor = models.BigIntegerField(_("cost"))
    # Beyond what the control makes one expect, with its 95 % bounds. None: nobody can tell.
    caused_minor = models.BigIntegerField(_("brought"), null=True)
    caused_low_minor = models.BigIntegerField(null=True)
    caused_high_minor = models.BigIntegerField(null=True)
    # The verdict, and what it was judged by.
    expected_roi = models.FloatField(_("expected ROI"), null=True)
    is_below = models.BooleanField(null=True)
    definition = models.JSONField(default=dict)  # how it was counted
    closed_on = models.DateField(_("closed on"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("period of a campaign")
        verbose_name_plural = _("periods of campaigns")
        ordering: ClassVar = ["campaign", "-begins_on", "-revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "grain", "begins_on", "revision"],
                name="one_campaign_period_a_revision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.begins_on}"

    @property
    def roi(self) -> float | None:
        """What it brought for each unit spent, less that unit."""
        return self._return_on(self.caused_minor)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The ROI's 95 % bounds."""
        return self._return_on(self.caused_low_minor), self._return_on(self.caused_high_minor)

    @property
    def may_be_chance(self) -> bool:
        """Whether it is below, and chance alone could have made it so."""
        high = self.bounds[1]
        return bool(self.is_below) and (
            high is None or self.expected_roi is None or high >= self.expected_roi
        )

    def _return_on(self, caused: int | None) -> float | None:
        return caused / self.cost_minor - 1 if caused is not None and self.cost_minor else None


class Stop(models.Model):
    """The console stopped a campaign; it goes on by a decision in writing, or never."""

    class Cause(models.TextChoices):
        ROI = "roi", _("the return stayed below what was agreed")
        UNSUBSCRIBED = "unsubscribed", _("too many unsubscribed")
        COMPLAINED = "complained", _("too many reported spam")
        LEFT = "left", _("too many uninstalled or switched messages off")

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="stops", verbose_name=_("campaign")
    )
    cause = models.CharField(_("why"), max_length=12, choices=Cause)
    # Of a guardrail count, of and most; of the return the agreed one, and each period's.
    facts = models.JSONField(default=dict)
    # Of the return: the first day of the run's first and last period.
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    stopped_on = models.DateField(_("stopped on"))
    stopped_at = models.DateTimeField(auto_now_add=True)
    # For half a year one period below what was agreed is enough to stop it again.
    watched_until = models.DateField(_("watched until"))
    # Late data says since then that what was agreed was kept after all; the stop stays told.
    doubted_on = models.DateField(null=True)
    work_item = models.ForeignKey(WorkItem, models.PROTECT, null=True, related_name="+")
    goes_on = models.BooleanField(_("goes on"), null=True)
    reason = models.TextField(pgettext_lazy("stop-loss", "decision"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("stop-loss", "decided by"),
    )
    decided_on = models.DateField(null=True)
    decided_at = models.DateTimeField(pgettext_lazy("stop-loss", "decided at"), null=True)

    class Meta:
        verbose_name = _("stop")
        verbose_name_plural = _("stops")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign"],
                condition=models.Q(decided_at__isnull=True),
                name="one_stop_waits_for_a_decision",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    decided_at__isnull=True, decided_by__isnull=True, goes_on__isnull=True
                )
                | models.Q(
                    decided_at__isnull=False, decided_by__isnull=False, goes_on__isnull=False
                )
                & ~models.Q(reason=""),
                name="a_stop_is_decided_in_writing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.campaign)

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.decided_at is None

    @property
    def periods(self) -> list[dict[str, Any]]:
        """The run that stopped it, as it was then."""
        found: list[dict[str, Any]] = self.facts.get("periods", [])
        return found
