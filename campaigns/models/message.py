"""The work list of a sending campaign, and each message that left."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from segments.models import Customer
from segments.models.fields import BitmapField, SealedEmailField


class OutboxChunk(models.Model):
    """A part of the frozen audience that one worker claims and sends."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CLAIMED = "claimed", _("claimed")
        DONE = "done", _("done")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.WAITING: {Status.CLAIMED},
        # Put back when its sender stopped or died, or when some messages are to be tried again.
        Status.CLAIMED: {Status.WAITING, Status.CLAIMED, Status.DONE},
        Status.DONE: set(),
    }

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    members = BitmapField()
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    claimed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # In the real time of the database, not on the console's clock: nobody is shown it.
    not_before = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "number"], name="one_chunk_a_number"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["campaign", "number"],
                condition=~models.Q(status="done"),
                name="chunks_to_do",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} #{self.number}"


class Message(models.Model):
    """One message to one customer. The pair is unique: nobody is written to twice."""

    class Status(models.TextChoices):
        SENDING = "sending", _("sending")
        RETRY = "retry", _("to be tried again")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        HELD = "held", _("held: may or may not have left")
        SKIPPED = "skipped", _("skipped")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.SENDING: {Status.SENT, Status.RETRY, Status.FAILED, Status.HELD},
        Status.RETRY: {Status.SENDING, Status.FAILED, Status.SKIPPED},
        Status.SENT: set(),
        Status.FAILED: set(),
        Status.HELD: set(),
        Status.SKIPPED: set(),
    }

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="messages", verbose_name=_("campaign")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="messages", verbose_name=_("customer")
    )
    address = SealedEmailField(_("address"), max_length=320, blank=True)  # empty: forgotten
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.SENDING)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("claimed at"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    clicked_at = models.DateTimeField(_("clicked at"), null=True)
    unsubscribed_at = models.DateTimeField(_("unsubscribed at"), null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "customer"], name="one_message_a_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} → #{self.customer_id}"
