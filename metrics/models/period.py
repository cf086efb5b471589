"""Months and weeks that are closed, what they came to, and the rules that they are held to."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.models import Team, WorkItem
from metrics.models.metric import Metric


class Grain(models.TextChoices):
    """How long a period is; weeks begin on Monday."""

    WEEK = "week", _("week")
    MONTH = "month", _("month")


class Closing(models.Model):
    """When a period closes: so many days after its end, for data that comes late. One row."""

    late_days = models.PositiveSmallIntegerField(_("days for late data"), default=3)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="closing_is_a_single_row"),
        ]

    def __str__(self) -> str:
        return str(self.late_days)


class PeriodResult(models.Model):
    """What a metric came to in a closed period. Late data adds a row; none is ever changed.

    The row with the highest revision is what is known now; the database refuses changes.
    """

    metric = models.ForeignKey(Metric, models.PROTECT, related_name="periods")
    slice = models.CharField(_("slice"), max_length=80, blank=True)
    grain = models.CharField(_("period"), max_length=5, choices=Grain)
    begins_on = models.DateField(_("begins on"))
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    value = models.DecimalField(_("value"), max_digits=25, decimal_places=6, null=True)
    numerator = models.BigIntegerField(null=True)
    denominator = models.BigIntegerField(null=True)
    closed_on = models.DateField(_("closed on"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("closed period")
        verbose_name_plural = _("closed periods")
        ordering: ClassVar = ["-begins_on", "metric", "slice", "-revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["metric", "slice", "grain", "begins_on", "revision"],
                name="one_result_a_revision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.begins_on}"


class PeriodRule(models.Model):
    """A metric against a threshold for so many closed periods in a row, and what follows."""

    class Comparator(models.TextChoices):
        BELOW = "below", _("is below")
        ABOVE = "above", _("is above")
        FELL = "fell", _("fell, against the period before, by at least")
        ROSE = "rose", _("rose, against the period before, by at least")

    name = models.CharField(_("name"), max_length=120)
    metric = models.ForeignKey(
        Metric, models.PROTECT, related_name="rules", verbose_name=_("metric")
    )
    slice = models.CharField(_("slice"), max_length=80, blank=True)
    grain = models.CharField(_("period"), max_length=5, choices=Grain, default=Grain.MONTH)
    comparator = models.CharField(_("comparison"), max_length=5, choices=Comparator)
    # In the metric's unit: money in minor units, shares from 0 to 1; falls and rises as shares.
    threshold = models.DecimalField(
        _("threshold"), max_digits=25, decimal_places=6, null=True, blank=True
    )
    # Or another metric's value of the same period and slice.
    benchmark = models.ForeignKey(
        Metric,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("or the value of"),
    )
    # Or the newest `Benchmark` as of the period's end: what it is elsewhere.
    against_industry = models.BooleanField(_("or the benchmark entered for it"), default=False)
    times = models.PositiveSmallIntegerField(_("periods in a row"), default=1)
    begins_on = models.DateField(_("watched from"), null=True, blank=True)
    ends_on = models.DateField(_("watched until"), null=True, blank=True)
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
    days_to_act = models.PositiveSmallIntegerField(_("days to act"), default=7)
    plan = models.TextField(_("plan"), blank=True, help_text=_("What a breach sets off."))
    is_on = models.BooleanField(_("on"), default=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1, editable=False)
    shipped_key = models.SlugField(blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("period rule")
        verbose_name_plural = _("period rules")
        ordering: ClassVar = ["-is_on", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shipped_key"],
                condition=~models.Q(shipped_key=""),
                name="a_shipped_rule_is_there_once",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(against_industry=True, threshold=None, benchmark=None)
                    | models.Q(against_industry=False)
                    & (models.Q(threshold__isnull=True) ^ models.Q(benchmark__isnull=True))
                ),
                name="a_rule_has_one_threshold",
            ),
            models.CheckConstraint(
                condition=models.Q(times__gte=1), name="a_rule_waits_for_a_period"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    # Shipped words are English msgids in the table; other words pass as they are.
    @property
    def label(self) -> str:
        return gettext(self.name) if self.name else ""

    @property
    def plan_words(self) -> str:
        return gettext(self.plan) if self.plan else ""


class PeriodVerdict(models.Model):
    """Whether a rule held in a period, judged by one result. Rows are only added."""

    rule = models.ForeignKey(PeriodRule, models.PROTECT, related_name="verdicts")
    rule_version = models.PositiveSmallIntegerField(_("rule's version"))
    result = models.ForeignKey(PeriodResult, models.PROTECT, related_name="verdicts")
    # With another revision of the benchmark the verdict is another one.
    benchmark = models.ForeignKey(PeriodResult, models.PROTECT, null=True, related_name="+")
    threshold = models.DecimalField(max_digits=25, decimal_places=6, null=True)
    # Unknown: there was no value, or nothing to compare it with.
    is_breach = models.BooleanField(null=True)
    judged_on = models.DateField(_("judged on"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-result__begins_on", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "rule_version", "result", "benchmark", "threshold"],
                nulls_distinct=False,
                name="one_verdict_a_revision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.is_breach}"


class Breach(models.Model):
    """A run of periods long enough that something had to be done, and the work it gave."""

    rule = models.ForeignKey(PeriodRule, models.PROTECT, related_name="breaches")
    began_on = models.DateField(_("first period"))
    last_on = models.DateField(_("last period"))
    found_on = models.DateField(_("found on"))
    work_item = models.ForeignKey(WorkItem, models.PROTECT, null=True, related_name="+")
    # How many periods it took: one is enough while an earlier breach is watched.
    times = models.PositiveSmallIntegerField(null=True)
    watched_until = models.DateField(_("watched until"), null=True)
    # Late data says since then that the run was shorter; the breach stays told.
    doubted_on = models.DateField(null=True)

    class Meta:
        ordering: ClassVar = ["-began_on", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "began_on"], name="one_breach_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.began_on}"
