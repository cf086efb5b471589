"""Ways of telling customers' value apart, version by version, and what each run of them found."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from segments.models.fields import BitmapField


class Scoring(models.Model):
    """One version of a way of scoring. Versions are only ever added; the newest rules."""

    class Kind(models.TextChoices):
        RFM = "rfm", _("RFM")
        VALUE = "value", _("Value score")
        POTENTIAL = "potential", _("High potential")
        CLUSTERS = "clusters", _("Clusters")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    version = models.PositiveIntegerField(_("version"))
    recipe = models.JSONField(_("recipe"))  # see `segments.scoring`, a module a kind
    note = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("scoring")
        verbose_name_plural = _("scorings")
        ordering: ClassVar = ["kind", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "version"], name="one_scoring_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} v{self.version}"


class ScoringRun(models.Model):
    """What a scoring found on a day: thresholds, sizes, what explains them."""

    scoring = models.ForeignKey(Scoring, models.PROTECT, related_name="runs")
    day = models.DateField(_("as of"))
    computed_at = models.DateTimeField(_("computed at"), default=timezone.now)
    customers = models.PositiveIntegerField(_("customers"))
    summary = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-day", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scoring", "day"], name="one_run_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.scoring} {self.day}"


class TierFlow(models.Model):
    """Who moved from one cell or tier to another with a run, as a set. Empty stands for none.

    Where a customer stands now is the `Column` of the scoring's layer.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=Scoring.Kind)
    on = models.DateField(_("on"))
    was = models.CharField(max_length=40, blank=True)  # the key of a cell or tier
    now = models.CharField(max_length=40, blank=True)
    members = BitmapField()
    size = models.PositiveIntegerField(_("customers"))

    class Meta:
        ordering: ClassVar = ["-on", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "on", "was", "now"], name="one_tier_flow"),
        ]

    def __str__(self) -> str:
        return f"{self.on}: {self.was or '–'} → {self.now or '–'}"
