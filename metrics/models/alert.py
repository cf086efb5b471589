"""What is watched from day to day, and the warnings that came of it."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.kept_words import KeptName
from console.models import Team
from metrics.models.metric import Metric


class Watch(models.Model):
    """One metric and slice, and when a day of it is worth a warning."""

    class Kind(models.TextChoices):
        ANOMALY = "anomaly", _("stands out against its own season")
        LEVEL = "level", _("is beyond a level")
        CHANGE = "change", _("changed against the week before by at least")

    class Side(models.TextChoices):
        BOTH = "both", _("to either side")
        LOW = "low", _("downward")
        HIGH = "high", _("upward")

    metric = models.ForeignKey(
        Metric, models.PROTECT, related_name="watches", verbose_name=_("metric")
    )
    slice = models.CharField(_("slice"), max_length=80, blank=True)
    kind = models.CharField(_("when it"), max_length=7, choices=Kind, default=Kind.ANOMALY)
    side = models.CharField(_("side"), max_length=4, choices=Side, default=Side.BOTH)
    # In the metric's unit for a level; a share for a change; nothing for an anomaly.
    threshold = models.DecimalField(
        _("threshold"), max_digits=25, decimal_places=6, null=True, blank=True
    )
    cool_down_days = models.PositiveSmallIntegerField(
        _("days of rest"),
        default=3,
        help_text=_("After a warning is over, it is quiet for so many days."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    # While it warns, and some days longer, what this team has to do comes first.
    raises = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("raises the work of"),
        help_text=_(
            "While it warns, this team's work comes before everything else. One of the team's "
            "managers chooses it."
        ),
    )
    raised_days = models.PositiveSmallIntegerField(
        _("days it stays raised"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("Counted from the last day that gave cause; then it ends by itself."),
    )
    answer_days = models.PositiveSmallIntegerField(
        _("to be done within days"),
        default=1,
        validators=[MaxValueValidator(30)],
        help_text=_("How soon raised work is to be done, whatever its own deadline says."),
    )
    is_on = models.BooleanField(_("on"), default=True)
    snoozed_until = models.DateField(_("quiet until"), null=True, blank=True)
    is_shipped = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("alerts", "watch")
        verbose_name_plural = pgettext_lazy("alerts", "watches")
        ordering: ClassVar = ["metric_id", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["metric", "slice", "kind", "side"],
                name="one_watch_a_kind",
                violation_error_message=_("This is watched already."),
            ),
        ]

    def __str__(self) -> str:
        part = f" ({self.slice})" if self.slice else ""
        return f"{self.metric.label}{part} {self.get_kind_display()}"


class Alert(models.Model):
    """One warning, from the first day that gave cause to the day on which it was over."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("alerts", "open")
        ACKNOWLEDGED = "acknowledged", _("seen")
        RESOLVED = "resolved", _("over")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.OPEN: {Status.ACKNOWLEDGED, Status.RESOLVED},
        Status.ACKNOWLEDGED: {Status.RESOLVED},
        Status.RESOLVED: set(),
    }

    watch = models.ForeignKey(Watch, models.PROTECT, related_name="alerts")
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.OPEN)
    began_on = models.DateField(_("since"))
    last_on = models.DateField(_("last seen on"))
    value = models.DecimalField(_("value"), max_digits=25, decimal_places=6)
    # What it was held against: the usual value, the level, or the week before.
    expected = models.DecimalField(_("expected"), max_digits=25, decimal_places=6, null=True)
    note = KeptName(_("note"), max_length=200, blank=True)
    # The warning that tells the same cause already; then this one stands under it, quietly.
    cause = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="effects", verbose_name=_("part of")
    )
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    resolved_on = models.DateField(_("over on"), null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering: ClassVar = ["-began_on", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["watch"],
                condition=~models.Q(status="resolved"),
                name="one_open_alert_a_watch",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.watch} · {self.began_on}"
