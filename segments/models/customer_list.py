"""Lists of customers that people upload, to be used in rules."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.models import Job, Team
from segments.models.fields import BitmapField, digest_of


class CustomerList(models.Model):
    """The customers of an uploaded file, found by one kind of identifier."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        REFUSED = "refused", _("refused")  # some are unknown, and nobody said to leave them out
        READY = "ready", _("ready")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.UPLOADED: {Status.READY, Status.REFUSED},
        Status.REFUSED: {Status.UPLOADED},  # read again, perhaps without those who are unknown
        Status.READY: set(),
    }

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("identifier"), max_length=40)
    column = models.CharField(_("column"), max_length=200, blank=True)  # empty: as it is guessed
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.UPLOADED)
    path = models.CharField(max_length=400, blank=True, editable=False)
    leaves_unknown_out = models.BooleanField(_("leave unknown ones out"), default=False)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    unknown = models.PositiveIntegerField(_("unknown"), default=0)
    unknown_sample = models.JSONField(default=list)  # [line, what it said], the first few
    problem = models.TextField(_("why it was refused"), blank=True)
    members = BitmapField()
    digest = digest_of("members")
    size = models.PositiveIntegerField(_("customers"), default=0)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"), default=timezone.now)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)

    class Meta:
        verbose_name = _("list of customers")
        verbose_name_plural = _("lists of customers")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name
