"""What numbers are to reach and reach elsewhere, how healthy it is, and what people say of it."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.models import Team
from metrics.models.metric import Metric


class Goal(models.Model):
    """What a metric is to come to over some days. Money is in minor units, shares from 0 to 1."""

    class Direction(models.TextChoices):
        AT_LEAST = "at_least", _("at least")
        AT_MOST = "at_most", _("at most")

    metric = models.ForeignKey(
        Metric, models.PROTECT, related_name="goals", verbose_name=_("metric")
    )
    slice = models.CharField(_("slice"), max_length=80, blank=True)
    since = models.DateField(pgettext_lazy("a period", "from"))
    until = models.DateField(_("until"))
    target = models.DecimalField(_("target"), max_digits=25, decimal_places=6)
    direction = models.CharField(
        _("direction"), max_length=8, choices=Direction, default=Direction.AT_LEAST
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    version = models.PositiveSmallIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        ordering: ClassVar = ["-until", "metric", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(until__gte=models.F("since")), name="goal_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=models.Q(target__gt=0), name="goal_has_a_target"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.since} – {self.until}"


class Benchmark(models.Model):
    """What a metric is elsewhere, such as the average of the industry: entered, with its source."""

    metric = models.ForeignKey(
        Metric, models.CASCADE, related_name="benchmarks", verbose_name=_("metric")
    )
    value = models.DecimalField(_("value"), max_digits=25, decimal_places=6)
    source = models.CharField(pgettext_lazy("of a number", "source"), max_length=200)
    day = models.DateField(_("as of"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("benchmark")
        verbose_name_plural = _("benchmarks")
        ordering: ClassVar = ["metric", "-day", "-id"]

    def __str__(self) -> str:
        return f"{self.metric}: {self.source}"


class Indicator(models.Model):
    """One of the numbers of the health scorecard: from which value on it is good or bad."""

    metric = models.OneToOneField(
        Metric, models.PROTECT, related_name="indicator", verbose_name=_("metric")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    # At `good` it counts fully, at `bad` not at all, in between in proportion.
    good = models.DecimalField(_("good from"), max_digits=25, decimal_places=6)
    bad = models.DecimalField(_("bad from"), max_digits=25, decimal_places=6)

    class Meta:
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(good=models.F("bad")), name="good_is_not_bad"
            ),
        ]

    def __str__(self) -> str:
        return str(self.metric)


class ReviewNote(models.Model):
    """What people say about a month, quarter or year: achievements, reflections, plans."""

    class Kind(models.TextChoices):
        ACHIEVED = "achieved", _("achieved")
        REFLECTED = "reflected", _("reflected")
        PLANNED = "planned", pgettext_lazy("a note", "planned")

    since = models.DateField(pgettext_lazy("a period", "from"))
    until = models.DateField(_("until"))
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    text = models.TextField(_("text"), max_length=4000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("note of a review")
        verbose_name_plural = _("notes of reviews")
        ordering: ClassVar = ["since", "kind", "id"]
        indexes: ClassVar = [models.Index(fields=["since", "until"], name="notes_of_a_period")]

    def __str__(self) -> str:
        return self.text[:40]
