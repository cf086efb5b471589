"""A file of customers that somebody brought in, and what each of its rows would change."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import Job


class CustomerImport(models.Model):
    """One file. It is checked, shown, and then applied whole or not at all."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("waiting for its columns to be named")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("waiting to be applied")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        FAILED = "failed", _("failed")

    # A job that is delivered again after its worker died begins anew; and since an apply that
    # did not come to its end changed nothing, the file may as well be checked again.
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.UPLOADED: {Status.CHECKING},
        Status.CHECKING: {Status.CHECKING, Status.CHECKED, Status.FAILED},
        Status.CHECKED: {Status.CHECKING, Status.APPLYING},
        Status.APPLYING: {Status.APPLYING, Status.APPLIED, Status.FAILED, Status.CHECKING},
        Status.FAILED: {Status.CHECKING},
        Status.APPLIED: set(),
    }

    name = models.CharField(_("file"), max_length=200)
    path = models.CharField(_("place"), max_length=400, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.UPLOADED)
    mapping = models.JSONField(_("columns"), default=dict)
    counts: Any = models.JSONField(default=dict)  # how many rows of each outcome
    error = models.TextField(_("error"), blank=True)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    applied_at = models.DateTimeField(_("applied at"), null=True)

    class Meta:
        verbose_name = _("import of customers")
        verbose_name_plural = _("imports of customers")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name


class CustomerImportRow(models.Model):
    """What one row of the file comes to; forgotten once it is applied.

    `before` and `after` hold the columns as the table of customers holds them, so that a
    sealed address stays sealed here.
    """

    class Outcome(models.TextChoices):
        NEW = "new", _("new customer")
        CHANGED = "changed", _("changes")
        SAME = "same", _("changes nothing")
        CONFLICT = "conflict", _("somebody has to look")
        BAD = "bad", _("cannot be read")

    customer_import = models.ForeignKey(CustomerImport, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()  # the line in the file; of a workbook the row
    outcome = models.CharField(max_length=8, choices=Outcome)
    identifier = models.CharField(max_length=200, blank=True)
    customer_id = models.IntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    consents = models.JSONField(null=True)  # of each channel: what it was, what it becomes
    reason = models.TextField(blank=True)
    values = models.JSONField(null=True)  # the row itself, of those that are left out

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["customer_import", "outcome", "number"], name="rows_by_outcome"),
            models.Index(fields=["customer_import", "identifier"], name="rows_by_identifier"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_import} {self.number}"
