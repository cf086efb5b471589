"""Lifetime value: what it is worked out from, in versions, and every run of its model."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class LifetimeRecipe(models.Model):
    """One version of the settings. Versions are only ever added; the newest rules."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    months = models.PositiveSmallIntegerField(_("months ahead"), default=12)
    # 0.01 makes a unit of money that comes in a month worth 1% less than one today.
    monthly_discount = models.DecimalField(
        _("discount a month"), max_digits=5, decimal_places=4, default=Decimal("0.01")
    )
    split_by = models.CharField(_("curves apart by"), max_length=60, blank=True)  # a trait
    contract_start = models.CharField(_("a contract begins with"), max_length=200, blank=True)
    contract_end = models.CharField(_("a contract ends with"), max_length=200, blank=True)
    note = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("settings of lifetime value")
        ordering: ClassVar = ["-version"]

    def __str__(self) -> str:
        return f"v{self.version}"

    @property
    def has_contracts(self) -> bool:
        return bool(self.contract_start and self.contract_end)


class LifetimeModel(models.Model):
    """One run: parameters and their likelihood, what they were fitted to, and how well they
    foretold. Runs are only ever added. A refused one changed no trait; the last good one rules."""

    class Refusal(models.TextChoices):
        NOTHING = "nothing", _("there are no orders yet")
        FEW = "few", _("too few customers came again")
        NOT_ARRIVED = "not_arrived", _("the search found no best parameters")

    recipe = models.ForeignKey(LifetimeRecipe, models.PROTECT, related_name="runs")
    day = models.DateField(_("as of"))
    since = models.DateField(_("orders since"), null=True)
    computed_at = models.DateTimeField(_("computed at"), default=timezone.now)
    seconds = models.FloatField(_("seconds"), default=0.0)
    refusal = models.CharField(_("refused"), max_length=12, choices=Refusal, blank=True)
    customers = models.PositiveIntegerField(_("customers"), default=0)
    repeaters = models.PositiveIntegerField(_("came again"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    paid_version = models.PositiveIntegerField(_("definition's version"))
    parameters = models.JSONField(_("parameters"), default=dict)  # r, alpha, a, b; p, q, v
    log_likelihood = models.FloatField(_("log-likelihood"), null=True)
    report = models.JSONField(default=dict)  # see `metrics.stats.lifetime.report`

    class Meta:
        verbose_name = _("lifetime value")
        verbose_name_plural = _("lifetime value")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.day} #{self.pk}"
