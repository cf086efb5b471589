"""What words like 活跃 mean here, version by version."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Definition(models.Model):
    """One version of what a word means: which events count. Versions are only ever added."""

    class Key(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("of a customer", "active")
        INTERACTION = "interaction", _("interaction")
        PAID = "paid", _("paid")
        EFFECTIVE = "effective", _("effective")

    key = models.CharField(_("word"), max_length=12, choices=Key)
    version = models.PositiveIntegerField(_("version"))
    # The events that count; with `all_but` those that do not, so that new ones count.
    events = models.JSONField(_("events"), default=list)
    all_but = models.BooleanField(_("every event but these"), default=False)
    # Of effective customers: so many times within so many days of being first active.
    times = models.PositiveSmallIntegerField(_("times"), default=1)
    within_days = models.PositiveSmallIntegerField(_("days"), default=1)
    note = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("definition")
        verbose_name_plural = _("definitions")
        ordering: ClassVar = ["key", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "version"], name="one_definition_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.get_key_display()} v{self.version}"

    def counts(self, event: str) -> bool:
        """Whether an event of this name counts."""
        return (event in self.events) != self.all_but

    def says(self) -> dict[str, Any]:
        """Everything that a version can say; two that say the same are the same."""
        return {
            "events": sorted(self.events),
            "all_but": self.all_but,
            "times": self.times,
            "within_days": self.within_days,
        }
