"""What was sent to us: accepted deliveries that wait to be sorted, and what could not be taken."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from segments.models.event_source import EventSource


class Delivery(models.Model):
    """The good items of one request, as one JSON list of `segments.items`; gone once sorted.

    No index but the number: writing one is all that an accepted request has to wait for.
    """

    source_id = models.IntegerField()
    received_at = models.DateTimeField()
    count = models.PositiveIntegerField()
    items = models.BinaryField()

    def __str__(self) -> str:
        return f"#{self.pk}: {self.count}"


class DeadLetter(models.Model):
    """One item that could not be taken, with the reason, until a person replays or drops it."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        REPLAYED = "replayed", _("replayed")
        DROPPED = "dropped", pgettext_lazy("a delivery", "dropped")

    NOUN: ClassVar[str] = "dead_letter"  # in the audit log
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.WAITING: {Status.REPLAYED, Status.DROPPED},
        Status.REPLAYED: set(),
        Status.DROPPED: set(),
    }

    source = models.ForeignKey(
        EventSource, models.CASCADE, related_name="dead_letters", verbose_name=_("source")
    )
    dialect = models.CharField(_("sent as"), max_length=16)  # "item": ours, already translated
    reason = models.CharField(_("reason"), max_length=40)  # a code of `dead_letters.REASONS`
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    event = models.CharField(_("event"), max_length=80, blank=True)
    raw = models.BinaryField()  # as it came, at most `deliveries.LONGEST_RAW` bytes of it
    received_at = models.DateTimeField(_("received at"))
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.WAITING)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["status", "-id"], name="dead_letter_by_status"),
            models.Index(fields=["received_at"], name="dead_letter_by_time"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.reason}"

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.WAITING
