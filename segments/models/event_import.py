"""A file of events that somebody brought in, with its column mapping and its end."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import Job


class EventImport(models.Model):
    """One file. It is loaded whole or not at all, but for rows that were asked to be left out."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("waiting for its columns to be named")
        LOADING = "loading", _("loading")
        LOADED = "loaded", _("loaded")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")
        UNDOING = "undoing", _("being taken back")
        UNDONE = "undone", _("taken back")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.UPLOADED: {Status.LOADING, Status.FAILED, Status.STOPPED},
        # A loading that was killed is taken up again.
        Status.LOADING: {Status.LOADING, Status.LOADED, Status.FAILED, Status.STOPPED},
        Status.FAILED: {Status.LOADING, Status.STOPPED},
        Status.STOPPED: {Status.LOADING},
        Status.LOADED: {Status.UNDOING},
        # Killed, it is taken up again; what failed can be asked for again.
        Status.UNDOING: {Status.UNDOING, Status.UNDONE, Status.LOADED},
        Status.UNDONE: set(),
    }
    SETTLED: ClassVar = {Status.LOADED, Status.UNDONE}

    name = models.CharField(_("file"), max_length=200)
    path = models.CharField(_("place"), max_length=400)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.UPLOADED)
    mapping = models.JSONField(_("columns"), default=dict)
    again = models.BooleanField(default=False)  # though the same content was loaded before
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    rows = models.BigIntegerField(_("rows"), default=0)
    skipped = models.BigIntegerField(_("rows without a customer"), default=0)
    left_out = models.JSONField(_("rows left out"), default=dict)  # how many, by what they have
    bad = models.BigIntegerField(_("bad rows left out"), default=0)
    erased = models.BigIntegerField(_("events of erased customers"), default=0)
    events = models.BigIntegerField(_("events"), default=0)
    known = models.BigIntegerField(_("events that were there already"), default=0)
    first_on = models.DateField(_("first day"), null=True)
    last_on = models.DateField(_("last day"), null=True)
    customers_new = models.BigIntegerField(_("new customers"), default=0)
    error = models.TextField(_("error"), blank=True)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    loaded_at = models.DateTimeField(_("loaded at"), null=True)
    undone_at = models.DateTimeField(_("taken back at"), null=True)
    stop_asked_at = models.DateTimeField(_("asked to stop at"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def merged(self) -> int:
        """Rows that were the same event as one before them."""
        others = self.skipped + self.bad + sum(self.left_out.values()) + self.erased
        return self.rows - others - self.events - self.known
