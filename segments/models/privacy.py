"""What people ask about their data, how it was answered, and whom to forget for good."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.models import Job
from segments.models.customer import Customer


class PrivacyRequest(models.Model):
    """One person's request: a copy of everything that we know of them, or its erasure."""

    class Kind(models.TextChoices):
        EXPORT = "export", _("a copy of their data")
        ERASE = "erase", _("erasure")

    class How(models.TextChoices):
        MAIL = "mail", _("by e-mail")
        PHONE = "phone", _("by phone")
        LETTER = "letter", _("by letter")
        APP = "app", _("in the product")
        PERSON = "person", _("in person")
        AUTHORITY = "authority", _("through an authority")

    class Law(models.TextChoices):
        PIPL = "pipl", _("PIPL: 15 working days")
        GDPR = "gdpr", _("GDPR: 30 days")

    class Status(models.TextChoices):
        REQUESTED = "requested", _("waiting to be carried out")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("stopped: look at it")
        WITHDRAWN = "withdrawn", _("withdrawn")

    # Running again: the one that a crash interrupted is taken up by another worker.
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.REQUESTED: {Status.RUNNING, Status.WITHDRAWN},
        Status.RUNNING: {Status.RUNNING, Status.DONE, Status.FAILED},
        Status.FAILED: {Status.RUNNING, Status.WITHDRAWN},
        Status.DONE: set(),
        Status.WITHDRAWN: set(),
    }

    kind = models.CharField(_("asked for"), max_length=8, choices=Kind)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="privacy_requests", verbose_name=_("customer")
    )
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.REQUESTED)
    how = models.CharField(_("asked"), max_length=10, choices=How, default=How.MAIL)
    asked_on = models.DateField(_("asked on"))
    reference = models.CharField(
        _("reference"),
        max_length=80,
        blank=True,
        help_text=_("The number of a ticket or letter; no name and no address."),
    )
    law = models.CharField(_("by which law"), max_length=4, choices=Law, default=Law.PIPL)
    due_on = models.DateField(_("due on"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    created_at = models.DateTimeField(_("entered at"), default=timezone.now)
    carried_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("carried out by"),
    )
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    problem = models.TextField(_("what stopped it"), blank=True)

    # Of an erasure while it runs: the numbers that are this person's, what to look for (sealed,
    # and gone at the end), and each part that is done with what it removed.
    numbers = models.JSONField(default=list)
    wanted = models.TextField(blank=True)
    parts = models.JSONField(default=dict)
    certificate = models.JSONField(default=dict)
    digest = models.CharField(_("digest"), max_length=64, blank=True)

    # Of a copy: the file, until when it can be fetched, and the job that makes it.
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    path = models.CharField(max_length=400, blank=True)
    until = models.DateTimeField(_("to be fetched until"), null=True)
    fetched_at = models.DateTimeField(_("fetched at"), null=True)

    class Meta:
        verbose_name = _("privacy request")
        verbose_name_plural = _("privacy requests")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "kind"],
                condition=models.Q(status__in=["requested", "running", "failed"]),
                name="one_open_request_a_kind",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_on"],
                condition=models.Q(status__in=["requested", "running", "failed"]),
                name="privacy_by_deadline",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for the answer."""
        return self.status in {self.Status.REQUESTED, self.Status.RUNNING, self.Status.FAILED}


class ForgottenId(models.Model):
    """An identifier of an erased person, as a keyed digest: who knows it can ask, nobody can read.

    What a source tells about it from before the erasure is not taken any more.
    """

    digest = models.BinaryField(primary_key=True, max_length=32)
    at = models.DateTimeField()
    request = models.ForeignKey(PrivacyRequest, models.PROTECT, related_name="forgotten")

    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]
