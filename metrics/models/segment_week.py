"""The weekly report on segments: what stood in it, and who gets it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SegmentWeek(models.Model):
    """One week's report as it was sent; numbers only."""

    monday = models.DateField(_("week of"), unique=True)
    data = models.JSONField()  # see `metrics.segment_weeks`
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        verbose_name = _("weekly report on segments")
        verbose_name_plural = _("weekly reports on segments")
        ordering: ClassVar = ["-monday"]

    def __str__(self) -> str:
        return f"{self.monday:%G-W%V}"


class SegmentReader(models.Model):
    """Somebody who gets the report by mail every Monday."""

    staff = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="reads_segments"
    )
    since = models.DateTimeField(auto_now_add=True)
    mailed_for = models.DateField(null=True)  # the Monday of the last one

    def __str__(self) -> str:
        return str(self.staff)
