"""The one business that this console runs: its time zone, currency and clock."""

from typing import ClassVar
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def a_known_time_zone(name: str) -> None:
    """Refuse a name that the time zone database does not have."""
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)s is not a time zone; write one such as Asia/Shanghai."),
            params={"name": name},
        )


class Project(models.Model):
    """A single row, made by the first migration."""

    name = models.CharField(_("name"), max_length=120, default="User operations")
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="Asia/Shanghai",
        validators=[a_known_time_zone],
        help_text=_("Days begin and end in this zone."),
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="CNY", help_text=_("ISO 4217 code, such as CNY.")
    )
    work_minor = models.PositiveIntegerField(
        _("cost of a work item"),
        default=1_000,
        help_text=_(
            "What one work item costs in quotes, in the smallest unit such as fen or cents."
        ),
    )
    today_on = models.DateField(
        _("the console's today"),
        null=True,
        blank=True,
        help_text=_(
            "Pins the console's date, for demonstrations with past data. Empty: the real date."
        ),
    )

    # Which key the contacts are sealed with (`segments.sealing.hint`); empty: they are plain.
    sealed_with = models.CharField(max_length=12, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("project")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="project_is_a_single_row"),
        ]

    def __str__(self) -> str:
        return self.name
