"""Numbers with a definition, and what they came to on each day."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.kept_words import KeptWords
from console.models import Team


class Metric(models.Model):
    """One number that people report, with the definition that stands beside it."""

    class Unit(models.TextChoices):
        CUSTOMERS = "customers", _("customers")
        COUNT = "count", _("times")
        MONEY = "money", _("money")
        SHARE = "share", _("share")
        NUMBER = "number", _("number")
        MINUTES = "minutes", _("minutes")

    class Group(models.TextChoices):
        ACQUISITION = "acquisition", _("acquisition")
        ACTIVATION = "activation", _("activation")
        ACTIVITY = "activity", _("activity")
        RETENTION = "retention", _("retention")
        CONVERSION = "conversion", _("conversion")
        REFERRAL = "referral", _("referral")
        SATISFACTION = "satisfaction", _("satisfaction")
        MESSAGES = "messages", _("messages and campaigns")
        VALUE = "value", pgettext_lazy("metric group", "value")

    class Direction(models.TextChoices):
        MORE = "more", _("more is better")
        LESS = "less", _("less is better")
        NEITHER = "neither", _("neither is better")

    class Over(models.TextChoices):
        """What several days together come to."""

        SUM = "sum", _("the sum of the days")
        AVERAGE = "average", _("the average day")
        QUOTIENT = "quotient", _("its parts, each over all the days")
        LAST = "last", _("the last day")

    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    definition = models.TextField(_("definition"), blank=True)
    group = models.CharField(_("theme"), max_length=12, choices=Group, default=Group.ACTIVITY)
    unit = models.CharField(_("unit"), max_length=10, choices=Unit)
    direction = models.CharField(
        _("direction"), max_length=7, choices=Direction, default=Direction.MORE
    )
    over = models.CharField(_("several days"), max_length=8, choices=Over, default=Over.AVERAGE)
    recipe = models.JSONField(_("how it is computed"), default=dict)  # see `metrics.recipes`
    # Dimensions such as `stage` or `trait:value_tier`; see `metrics.slicing`.
    slices = models.JSONField(_("slices"), default=list)
    rests_on = models.CharField(max_length=12, blank=True, default="", editable=False)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    # Of what ships: which release's words and recipe these are, and whether people changed them.
    shipped_version = models.PositiveSmallIntegerField(null=True, editable=False)
    is_tailored = models.BooleanField(default=False, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    measured_version = models.PositiveSmallIntegerField(null=True, editable=False)
    failure = KeptWords(_("why it is not measured"), blank=True, default="")
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

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

    @property
    def is_shipped(self) -> bool:
        return self.shipped_version is not None

    @property
    def kind(self) -> str:
        return str(self.recipe.get("kind", ""))


class MetricVersion(models.Model):
    """What a metric said at one time. Rows are only added."""

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="versions")
    version = models.PositiveSmallIntegerField(_("version"))
    says = models.JSONField()  # name, definition, unit, direction, recipe, slices
    note = models.CharField(_("why"), max_length=300, blank=True)
    # Empty: the console came with it.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["metric", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["metric", "version"], name="one_row_a_metric_version"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} v{self.version}"


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
    metric_version = models.PositiveSmallIntegerField(_("metric's version"), null=True)
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


class MeasuredDay(models.Model):
    """From which data a day was measured; when they change, it is measured again."""

    day = models.DateField(primary_key=True)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return str(self.day)
