"""The kinds of things that customers do."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.Model):
    """A kind of event by its name, and whether doing it counts as being active (活跃)."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    counts_as_active = models.BooleanField(
        _("counts as active"),
        default=True,
        help_text=_("Customers who did this on a day are that day's active customers."),
    )
    volume = models.BigIntegerField(_("events"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"), null=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True)

    class Meta:
        verbose_name = _("event type")
        verbose_name_plural = _("event types")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
