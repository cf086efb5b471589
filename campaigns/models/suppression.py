"""Addresses that nobody writes to any more."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from segments.models import Customer
from segments.models.fields import SealedEmailField


class Suppression(models.Model):
    """One address on the do-not-contact list of one channel.

    Of an erased person only a keyed digest of the address is left: enough not to write to it.
    """

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        BOUNCED = "bounced", _("the address does not exist")
        COMPLAINED = "complained", _("reported spam")
        BY_HAND = "by_hand", _("entered by hand")

    channel = models.CharField(_("channel"), max_length=16, default="email")
    address = SealedEmailField(_("address"), max_length=320, blank=True)
    digest = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    customer = models.ForeignKey(
        Customer, models.SET_NULL, null=True, related_name="+", verbose_name=_("customer")
    )
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("do not contact")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "address"],
                condition=~models.Q(address=""),
                name="one_line_an_address",
            ),
            models.UniqueConstraint(
                fields=["channel", "digest"],
                condition=~models.Q(digest=""),
                name="one_line_a_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"  # never the address: this goes into logs that nobody can change
