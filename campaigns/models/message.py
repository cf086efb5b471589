"""Each message of a campaign that left, waits, or does not leave, and why."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.account import ChannelAccount
from campaigns.models.campaign import Campaign
from segments.models import Customer
from segments.models.fields import SealedCharField


class Message(models.Model):
    """One step's message to one customer. The four are unique: nobody is written to twice."""

    class Status(models.TextChoices):
        SENDING = "sending", _("sending")
        RETRY = "retry", _("to be tried again")
        DEFERRED = "deferred", _("put off")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        HELD = "held", _("held: may or may not have left")
        SKIPPED = "skipped", _("skipped")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.SENDING: {Status.SENT, Status.RETRY, Status.FAILED, Status.HELD, Status.SKIPPED},
        Status.DEFERRED: {Status.SENDING, Status.DEFERRED, Status.SKIPPED},
        Status.RETRY: {Status.SENDING, Status.DEFERRED, Status.FAILED, Status.SKIPPED},
        Status.SENT: set(),
        Status.FAILED: set(),
        # By a person who looked, or by a worker that was taken for dead.
        Status.HELD: {Status.SENT, Status.RETRY, Status.FAILED},
        Status.SKIPPED: set(),
    }

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="messages", verbose_name=_("campaign")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="messages", verbose_name=_("customer")
    )
    step = models.CharField(pgettext_lazy("plan", "step"), max_length=16, default="message")
    occurrence = models.PositiveIntegerField(default=0)  # the intake's number
    variant = models.CharField(_("variant"), max_length=16, blank=True, db_default="")
    channel = models.CharField(_("channel"), max_length=16, default="email")
    account = models.ForeignKey(
        ChannelAccount, models.SET_NULL, null=True, related_name="+", verbose_name=_("account")
    )
    # Empty: forgotten. An address, a telephone number or a device's token.
    address = SealedCharField(_("address"), max_length=512, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.SENDING)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    # Put off until then, in the real time of the database.
    due_at = models.DateTimeField(_("due at"), null=True)
    provider_id = models.CharField(
        _("number at the provider"), max_length=120, blank=True, db_default=""
    )
    cost_minor = models.PositiveIntegerField(_("cost"), default=0, db_default=0)
    created_at = models.DateTimeField(_("claimed at"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    clicked_at = models.DateTimeField(_("clicked at"), null=True)
    replied_at = models.DateTimeField(_("answered at"), null=True)
    # By programs that look into mails before people do; those are never counted as people.
    machine_opened_at = models.DateTimeField(_("opened by a machine at"), null=True)
    machine_clicked_at = models.DateTimeField(_("clicked by a machine at"), null=True)
    # In real time, by which machines are told: the console's clock may stand still.
    left_at = models.DateTimeField(null=True)
    trapped_at = models.DateTimeField(null=True)  # a link that nobody sees was followed
    unsubscribed_at = models.DateTimeField(_("unsubscribed at"), null=True)
    bounced_at = models.DateTimeField(_("came back at"), null=True)
    complained_at = models.DateTimeField(_("reported as spam at"), null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["campaign", "step", "occurrence", "customer"], name="one_message_a_step"
            ),
        ]
        indexes: ClassVar = [
            BrinIndex(fields=["created_at"], name="messages_by_time"),  # costs a sender nothing
            models.Index(
                fields=["provider_id"],
                condition=~models.Q(provider_id=""),
                name="message_by_provider_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} → #{self.customer_id}"
