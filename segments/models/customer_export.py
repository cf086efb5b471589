"""A file of customers that somebody took out, to be fetched within a day."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import Job


class CustomerExport(models.Model):
    """Who took out what about whom; the file goes, this line stays."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", _("Excel workbook (XLSX)")

    label = models.CharField(_("customers of"), max_length=200)
    selection = models.JSONField(default=dict)
    columns = models.JSONField(_("columns"), default=list)
    has_contact = models.BooleanField(_("with names and addresses"), default=False)
    format = models.CharField(_("format"), max_length=4, choices=Format, default=Format.CSV)
    count = models.PositiveIntegerField(_("customers"), null=True)
    path = models.CharField(max_length=400, blank=True)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("exported by")
    )
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("can be fetched until"), null=True)

    class Meta:
        verbose_name = _("export of customers")
        verbose_name_plural = _("exports of customers")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.label
