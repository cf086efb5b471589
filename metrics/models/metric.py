"""Numbers with a definition, and what they came to on each day."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Metric(models.Model):
    """One number that people report, with the definition that stands beside it."""

    class Unit(models.TextChoices):
        CUSTOMERS = "customers", _("customers")
        COUNT = "count", _("times")
        MONEY = "money", _("money")
        SHARE = "share", _("share")

    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    definition = models.TextField(_("definition"))
    unit = models.CharField(_("unit"), max_length=10, choices=Unit)
    version = models.PositiveSmallIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("metric")
        verbose_name_plural = _("metrics")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.label

    # The shipped words are English msgids in the table; other words pass as they are.
    @property
    def label(self) -> str:
        return gettext(self.name) if self.name else ""

    @property
    def explanation(self) -> str:
        return gettext(self.definition) if self.definition else ""


class Measurement(models.Model):
    """A metric's value for one closed day (or the cohort that began on it) and slice.

    A share keeps its numerator and denominator, so that days can be added up rightly.
    Money is in minor units of the project's currency.
    """

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="measurements")
    day = models.DateField(_("day"))
    slice = models.CharField(_("slice"), max_length=80, blank=True)
    value = models.DecimalField(_("value"), max_digits=25, decimal_places=6, null=True)
    numerator = models.BigIntegerField(_("numerator"), null=True)
    denominator = models.BigIntegerField(_("denominator"), null=True)
    # Of the word that the metric rests on, in force when it was measured; null: rests on none.
    definition_version = models.PositiveIntegerField(_("definition's version"), null=True)
    computed_at = models.DateTimeField(_("computed at"))

    class Meta:
        verbose_name = _("measurement")
        verbose_name_plural = _("measurements")
        ordering: ClassVar = ["metric", "day", "slice"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["metric", "day", "slice"], name="one_value_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.day}"
